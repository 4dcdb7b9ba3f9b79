"""Delivered reports against what their manifests say, all of them in one go."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from typing import Any

from tasks.inspection import LookedAtOnce, Verified, delivered_paths, verify_deeply, verify_path
from tasks.outcome import Outcome
from tasks.settings import read_settings
from tasks.signing import known_keys
from tasks.steps import step
from tasks.store import open_store

log = logging.getLogger("fpa")


@step
def find_reports(cycle: str | None) -> list[str]:
    """Where the delivered reports lie. Raises OperatorFault where a cycle is asked for that has none."""
    return delivered_paths(open_store(read_settings().storage), cycle)


@step
def verify_each(paths: Sequence[str]) -> list[Verified]:
    """Each report against its manifest, its inputs and its history; of each cycle the newest also by its figures and the PDF standards, which take longer.
    Raises OperatorFault for keys that cannot be read."""
    settings = read_settings()
    store: Any = LookedAtOnce(open_store(settings.storage))
    keys = known_keys(settings)
    newest = {path.rpartition("/")[0]: path for path in paths}.values()
    found = []
    for path in paths:
        found.append(verify_deeply(store, path, keys, settings.verapdf) if path in newest else verify_path(store, path, keys))
        log.info("verified %s: %d differences, %d inputs changed since", path, len(found[-1].faults) + len(found[-1].history), len(found[-1].moved))
    return found


def summarise(reports: Sequence[Verified]) -> Outcome:
    """What a person has to see to is a report that is no longer what was delivered. That inputs go on (a new rate, a corrected submission) is usual: it is
    said of each cycle's newest report, which a new one may follow; likewise what else was checked."""
    if not reports:
        return Outcome(done=["no report is delivered yet"])
    faults = [fault for report in reports for fault in report.faults]
    known = {report.path for report in reports if report.faults}
    faults += dict.fromkeys(line for report in reports for line in report.history if "/".join(line.split("/")[:3]) not in known)
    whole = sum(not report.faults for report in reports)
    newest = {report.path.rpartition("/")[0]: report for report in reports}.values()
    moved = [f"{report.path}: {len(report.moved)} of its inputs have changed since; first {report.moved[0].partition(':')[0]}" for report in newest if report.moved]
    said = Counter(note for report in newest for note in report.notes)
    notes = [f"{report.path}: {note}" for report in newest for note in report.notes if said[note] == 1]
    notes += [f"{number} newest reports: {note}" for note, number in said.items() if number > 1]
    return Outcome(done=[f"{whole} of {len(reports)} delivered reports are as their manifests say", *moved, *notes], needs_person=faults)
