"""Delivered reports against what their manifests say, all of them in one go."""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tasks import deliver
from tasks.faults import OperatorFault
from tasks.outcome import Outcome
from tasks.settings import read_settings
from tasks.steps import step
from tasks.store import Info, Store, open_store

log = logging.getLogger("fpa")
_MANIFEST = re.compile(r"reports/([^/]+)/(v\d{4,})/manifest\.json")


@dataclass(frozen=True, slots=True)
class Verified:
    """A delivered report and how it differs: `faults` of its own files, `moved` inputs that are no longer those it was made of; a line each."""

    path: str
    faults: tuple[str, ...]
    moved: tuple[str, ...]


class LookedAtOnce:
    """A store that looks at an object once: reports share their inputs, and looking takes reading all of it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._found: dict[str, Info | None] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def head(self, key: str) -> Info | None:
        if key not in self._found:
            self._found[key] = self._store.head(key)
        return self._found[key]


@step
def find_reports(cycle: str | None) -> list[str]:
    """Where the delivered reports lie. Raises OperatorFault where a cycle is asked for that has none."""
    return delivered_paths(open_store(read_settings().storage), cycle)


@step
def verify_each(paths: Sequence[str]) -> list[Verified]:
    """Each report against its manifest and its inputs."""
    store: Any = LookedAtOnce(open_store(read_settings().storage))
    found = []
    for path in paths:
        found.append(verify_path(store, path))
        log.info("verified %s: %d differences, %d inputs changed since", path, len(found[-1].faults), len(found[-1].moved))
    return found


def delivered_paths(store: Store, cycle: str | None = None) -> list[str]:
    """reports/<cycle>/<version> of every delivered report, or of one cycle's, in order. Raises OperatorFault where a cycle is asked for that has none."""
    found = [match.group(1, 2) for info in store.list("reports/") if (match := _MANIFEST.fullmatch(info.key))]
    asked = [entry for entry in found if not cycle or entry[0].casefold() == cycle.strip().casefold()]
    if cycle and not asked:
        delivered = ", ".join(sorted({code for code, _ in found})) or "none"
        raise OperatorFault(f"No report of {cycle!r} is delivered; delivered are those of: {delivered}.")
    return [f"reports/{code}/{version}" for code, version in sorted(asked, key=lambda entry: (entry[0], int(entry[1][1:])))]


def verify_path(store: Store, path: str) -> Verified:
    """One report. A manifest that cannot be read, or is not the one that latest.json was written for, is a fault of the report too."""
    try:
        manifest = store.read(f"{path}/manifest.json")
        lines = deliver.verify(store, path)
    except (ValueError, KeyError, TypeError):
        return Verified(path, (f"{path}/manifest.json: is damaged",), ())
    own = [line for line in lines if line.startswith(f"{path}/")]
    return Verified(path, (*own, *_against_latest(store, path, manifest)), tuple(line for line in lines if not line.startswith(f"{path}/")))


def _against_latest(store: Store, path: str, manifest: bytes) -> list[str]:
    folder, _, version = path.rpartition("/")
    key = f"{folder}/latest.json"
    if deliver.versions(store, folder.removeprefix("reports/"))[-1] != version:
        return []
    try:
        latest = json.loads(store.read(key))
        if latest["version"] != version:
            return [f"{key}: names {latest['version']}, the newest is {version}"]
        changed = latest["manifest_sha256"] != hashlib.sha256(manifest).hexdigest()
    except (ValueError, KeyError, TypeError):
        return [f"{key}: is damaged"]
    except OperatorFault:
        return [f"{key}: is missing"]
    return [f"{path}/manifest.json: has changed since it was delivered"] if changed else []


def summarise(reports: Sequence[Verified]) -> Outcome:
    """What a person has to see to is a report that is no longer what was delivered. That inputs go on (a new rate, a corrected submission) is usual: it is
    said of each cycle's newest report, which a new one may follow."""
    if not reports:
        return Outcome(done=["no report is delivered yet"])
    faults = [fault for report in reports for fault in report.faults]
    whole = sum(not report.faults for report in reports)
    newest = {report.path.rpartition("/")[0]: report for report in reports}
    moved = [
        f"{report.path}: {len(report.moved)} of its inputs have changed since; first {report.moved[0].partition(':')[0]}" for report in newest.values() if report.moved
    ]
    return Outcome(done=[f"{whole} of {len(reports)} delivered reports are as their manifests say", *moved], needs_person=faults)
