"""Evidence: photos, attendance lists and the like that members put into inbox/<cycle>/<member>/evidence/. Listed with their hash, never read as data."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from datetime import UTC
from itertools import groupby

from domain.agreement import Agreement
from domain.datafiles import csv_bytes
from tasks.store import Info, Store

COLUMNS = ("member", "file", "size", "sha256", "received_at", "cycle")


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """A row of feedback/<cycle>/<member>/evidence.csv and of data/evidence.csv; `file` is its path below the evidence folder, `size` in bytes."""

    member: str
    file: str
    size: int
    sha256: str
    received_at: str
    cycle: str

    @property
    def key(self) -> str:
        return f"inbox/{self.cycle}/{self.member}/evidence/{self.file}"


def list_evidence(store: Store, agreement: Agreement, cycles: Sequence[str]) -> list[EvidenceFile]:
    """Every evidence file of these cycles, in order of cycle, member and name. A file is hashed when it is new or has changed; what is known of it
    lies beside the member's feedback, where the member sees that it arrived."""
    found: list[EvidenceFile] = []
    for cycle in cycles:
        infos = [info for info in store.list(f"inbox/{cycle}/") if _is_evidence(info.key, agreement)]
        listings = {member: list(of_member) for member, of_member in groupby(infos, key=lambda info: info.key.split("/")[2])}
        kept = store.read_many([info.key for info in store.list(f"feedback/{cycle}/") if info.key.endswith("/evidence.csv") and info.key.count("/") == 3])
        for member, of_member in listings.items():
            key = f"feedback/{cycle}/{member}/evidence.csv"
            known = {(row["file"], int(row["size"]), row["received_at"]): row["sha256"] for row in _rows(kept.get(key, b""))}
            files = [file for info in of_member if (file := _described(store, info, cycle, member, known))]
            listing = evidence_csv(files)
            if kept.get(key) != listing:
                store.write(key, listing)
            found += files
    return found


def _is_evidence(key: str, agreement: Agreement) -> bool:
    parts = key.split("/")
    return len(parts) > 4 and parts[3].casefold() == "evidence" and agreement.member(parts[2]) is not None


def _described(store: Store, info: Info, cycle: str, member: str, known: dict[tuple[str, int, str], str]) -> EvidenceFile | None:
    """None for a file that was taken away meanwhile."""
    name, received = info.key.split("/", 4)[4], f"{info.modified.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    sha256 = known.get((name, info.size, received), "")
    if not sha256:
        looked_at = store.head(info.key)
        if looked_at is None:
            return None
        sha256 = looked_at.sha256
    return EvidenceFile(member, name, info.size, sha256, received, cycle)


def _rows(listing: bytes) -> Iterable[dict[str, str]]:
    return csv.DictReader(io.StringIO(listing.decode("utf-8"), newline=""))


def evidence_csv(files: Iterable[EvidenceFile]) -> bytes:
    return csv_bytes(COLUMNS, (astuple(file) for file in files))
