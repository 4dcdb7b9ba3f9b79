"""Feedback: every file read gets its findings back, beside its receipt."""

from __future__ import annotations

from collections.abc import Sequence

from domain.datafiles import findings_csv
from domain.findings import Finding
from domain.submission import Submission
from tasks.store import Store


def write_feedback(store: Store, cycle: str, submissions: Sequence[Submission], findings: Sequence[Finding]) -> list[str]:
    """Writes feedback/<cycle>/<member>/<submission>/findings.csv for each file of the cycle whose findings changed; gives the keys written."""
    wanted = {}
    for submission in submissions:
        if submission.cycle == cycle:
            own = [f for f in findings if (f.member, f.cycle, f.submission) == (submission.member, cycle, submission.submission)]
            wanted[f"feedback/{cycle}/{submission.member}/{submission.submission}/findings.csv"] = findings_csv(own)
    there = {info.key for info in store.list(f"feedback/{cycle}/")}
    kept = store.read_many([key for key in wanted if key in there])
    written = [key for key, content in wanted.items() if kept.get(key) != content]
    for key in written:
        store.write(key, wanted[key])
    return written
