"""Feedback: every file of a cycle is answered, beside its receipt: findings.csv, the file itself with its faults marked, and a page to read."""

from __future__ import annotations

import hashlib
import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version

from domain.agreement import Agreement
from domain.completeness import counting_keys
from domain.datafiles import findings_csv
from domain.findings import Finding
from domain.submission import AcceptedRow, Judged, Submission
from tasks.children import GivenUp, run_each
from tasks.marked import marked_workbook
from tasks.store import Store
from tasks.summary import Answer, summary_page

log = logging.getLogger("fpa")

MARKED, FINDINGS, SUMMARY = "marked.xlsx", "findings.csv", "summary.html"


def write_feedback(store: Store, agreement: Agreement, cycle: str, submissions: Sequence[Submission], judged: Judged) -> list[str]:
    """Writes feedback/<cycle>/<member>/<submission>/… for each file of the cycle whose answer changed; gives the keys written.

    A file that could not be read, or in which nothing was found, has no marked copy."""
    answers = {folder(answer.submission): answer for answer in answers_of(agreement, cycle, submissions, judged)}
    wanted: dict[str, bytes] = {}
    for place, answer in answers.items():
        wanted[f"{place}/{FINDINGS}"] = findings_csv(answer.findings)
        wanted[f"{place}/{SUMMARY}"] = summary_page(agreement, answer, version("fpa-reporting"))
    there = {info.key for info in store.list(f"feedback/{cycle}/")}
    kept = store.read_many([key for key in wanted if key in there])
    changed = [key for key, content in wanted.items() if kept.get(key) != content]
    to_mark = [
        answer
        for place, answer in answers.items()
        if has_marked_copy(answer) and (f"{place}/{MARKED}" not in there or any(f"{place}/{name}" in changed for name in (FINDINGS, SUMMARY)))
    ]
    written = []
    for key, content in _marked(store, to_mark):
        store.write(key, content)
        written.append(key)
    for key in changed:  # after the copy that the page speaks of
        store.write(key, wanted[key])
    return [*written, *changed]


def folder(submission: Submission) -> str:
    return f"feedback/{submission.cycle}/{submission.member}/{submission.submission}"


def has_marked_copy(answer: Answer) -> bool:
    unread = {"submission.unreadable", "submission.unknown-member"}
    return bool(answer.findings) and not any(finding.rule in unread for finding in answer.findings)


def answers_of(agreement: Agreement, cycle: str, submissions: Sequence[Submission], judged: Judged) -> Iterable[Answer]:
    """What is to be said of each file of the cycle."""
    findings: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for finding in judged.findings:
        if finding.cycle == cycle:
            findings[finding.member, finding.submission].append(finding)
    accepted: dict[tuple[str, str], list[AcceptedRow]] = defaultdict(list)
    for rows in judged.accepted.values():
        for row in rows:
            if row.cycle == cycle:
                accepted[row.member, row.submission].append(row)
    counting = counting_keys(submissions)
    languages = {member.member: member.language for member in agreement.members}
    of_cycle = [submission for submission in submissions if submission.cycle == cycle]
    parts: dict[str, set[str]] = defaultdict(set)
    for submission in of_cycle:
        if submission.key in counting:
            parts[submission.member] |= {submission.part} if submission.part else {"programme", "finance"}
    for submission in of_cycle:
        own = (submission.member, submission.submission)
        has = parts[submission.member]
        yield Answer(
            submission, findings[own], accepted[own], submission.key in counting, bool(has),
            next((part for part in ("programme", "finance") if has and part not in has), ""),
            languages.get(submission.member, agreement.contract.language),
        )  # fmt: skip


def _marked(store: Store, answers: Sequence[Answer]) -> Iterable[tuple[str, bytes]]:
    """The marked copies, by key; a file that has been replaced meanwhile, or is too much to copy, has none."""
    contents: Mapping[str, bytes] = store.read_many([answer.submission.key for answer in answers])
    same = [answer for answer in answers if hashlib.sha256(contents[answer.submission.key]).hexdigest() == answer.submission.sha256]
    jobs = [(contents[answer.submission.key], answer.findings, answer.language) for answer in same]
    for number, (answer, copy) in enumerate(zip(same, run_each(marked_workbook, jobs), strict=True), start=1):
        if isinstance(copy, GivenUp):
            log.warning("no marked copy of %s: it is too large", answer.submission.key)
        else:
            yield f"{folder(answer.submission)}/{MARKED}", copy
        if number % 25 == 0:
            log.info("marked %d of %d workbooks", number, len(same))
