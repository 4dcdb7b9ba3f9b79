"""Readings: what a file was read as is kept, so that a file that has not changed is neither fetched nor read again.

quality/<cycle>/readings/<member>/<submission>.json.gz, in the operator's part of the store. A reading holds for one state of the file, the agreement
and the program; any other is thrown away and made anew. It is plain JSON: nothing in it is executed.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib import metadata
from typing import Any

from domain.agreement import Agreement
from domain.findings import Finding
from domain.submission import Corrected, Row, Sheet, Submission
from tasks.program import program
from tasks.store import Info, Store

log = logging.getLogger("fpa")

FORMAT = 1
_NEVER = datetime(1900, 1, 1, tzinfo=UTC)


State = tuple[str, str, int]
"""What a listing tells of an object: key, token, size."""


def signature(agreement: Agreement) -> str:
    """What a reading depends on beside the file: the program, and what the reader asks the agreement."""
    asked = agreement.model_dump_json(include={"contract", "members", "logframe", "corrections"})
    about = (str(FORMAT), program()["sources_sha256"], metadata.version("python-calamine"), metadata.version("chardet"), asked)
    return hashlib.sha256("\n".join(about).encode()).hexdigest()


def _folder(cycle: str) -> str:
    return f"quality/{cycle}/readings/"


def _place(submission: Submission) -> str:
    return f"{_folder(submission.cycle)}{submission.member}/{submission.submission}.json.gz"


def state_of(info: Info) -> State:
    return info.key, info.token, info.size


def known_readings(store: Store, agreement: Agreement, cycles: Sequence[str]) -> dict[State, Submission]:
    """The readings of these cycles that still hold, by the state of the file each was made of. They have no time of arrival yet."""
    kept = store.read_many([info.key for cycle in cycles for info in store.list(_folder(cycle))])
    holds = signature(agreement)
    readings = {}
    for data in kept.values():
        try:
            content = json.loads(gzip.decompress(data))
            if content["signature"] == holds:
                readings[content["key"], content["token"], content["size"]] = _read(content)
        except (OSError, EOFError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError):
            continue  # written by another program, or broken off: read again
    return readings


def forget_readings(store: Store, readings: Iterable[Submission]) -> None:
    """Of files that are no longer what they were."""
    for submission in readings:
        store.delete(_place(submission))


def keep_readings(store: Store, agreement: Agreement, submissions: Iterable[tuple[Submission, Info]]) -> None:
    """Keeps what was read just now; before arrival and rules are judged."""
    holds = signature(agreement)
    for submission, info in submissions:
        content = {
            "signature": holds, "key": info.key, "token": info.token, "size": info.size, "sha256": submission.sha256, "submission": _written(submission),
        }  # fmt: skip
        data = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
        store.write(_place(submission), gzip.compress(data, 1, mtime=0))


# --- a submission as JSON ---------------------------------------------------------------------------------------------


def _written(s: Submission) -> dict[str, Any]:
    return {
        "member": s.member, "cycle": s.cycle, "part": s.part, "nil": s.nil, "decimal": s.decimal, "cover": s.cover,
        "cover_cells": {key: list(place) for key, place in s.cover_cells.items()},
        "sheets": [
            {
                "name": sheet.name,
                "letters": sheet.letters,
                "columns": list(sheet.rows[0].values) if sheet.rows else [],
                "rows": [[row.number, [_value(value) for value in row.values.values()], row.raw, sorted(row.faults)] for row in sheet.rows],
            }
            for sheet in s.sheets.values()
        ],
        "findings": [asdict(finding) for finding in s.findings],
        "corrected": [asdict(corrected) for corrected in s.corrected],
    }  # fmt: skip


def _value(value: Any) -> Any:
    """Text as it is; a number as ["n", "1.50"], a day as ["d", "2019-02-01"]."""
    match value:
        case Decimal():
            return ["n", str(value)]
        case date():
            return ["d", value.isoformat()]
        case _:
            return value


def _read_value(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return Decimal(value[1]) if value[0] == "n" else date.fromisoformat(value[1])


def _read(kept: Mapping[str, Any]) -> Submission:
    """Raises KeyError, ValueError, TypeError and the like for what is no reading."""
    content = kept["submission"]
    return Submission(
        member=content["member"], cycle=content["cycle"], key=kept["key"], sha256=kept["sha256"], size=kept["size"], received_at=_NEVER,
        part=content["part"], nil=content["nil"], decimal=content["decimal"], cover=dict(content["cover"]),
        cover_cells={key: (place[0], place[1]) for key, place in content["cover_cells"].items()},
        sheets={sheet["name"]: _sheet(sheet) for sheet in content["sheets"]},
        findings=[Finding(**finding) for finding in content["findings"]],
        corrected=[Corrected(**corrected) for corrected in content["corrected"]],
    )  # fmt: skip


def _sheet(content: Mapping[str, Any]) -> Sheet:
    columns = content["columns"]
    rows = [Row(number, dict(zip(columns, map(_read_value, values), strict=True)), raw, set(faults)) for number, values, raw, faults in content["rows"]]
    return Sheet(content["name"], dict(content["letters"]), rows)
