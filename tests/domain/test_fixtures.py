"""Files of tests/fixtures, as members send them: a file put there is a test (tests/fixtures/README.md says how it is named)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from domain.completeness import counting_keys, timeliness
from domain.reading import file_kind, read_submission
from domain.rules import RULES
from domain.submission import Submission
from tasks.collect import Arrival, read_files
from tasks.profiles import load_profile
from tasks.store import Info
from tasks.validate import judge
from tests.builders import clean, small_agreement

AGREEMENT = small_agreement()
PROFILE = load_profile("prag-2018")
RECEIVED = datetime(2019, 7, 1, 12, tzinfo=UTC)
FIXTURES = Path(__file__).parent.parent / "fixtures"
SHOULD_PASS = sorted((FIXTURES / "should_pass").iterdir())
SHOULD_FAIL = sorted((FIXTURES / "should_fail").iterdir())
PLACE = re.compile(r"@([a-z]*)(C\d)?$")

NEED_OTHER_FILES_OR_TIMES = {
    "submission.late", "submission.too-late", "indicators.value.fell", "indicators.value.outlier", "indicators.indicator.not-reported", "activities.joint.suspected", "indicators.value.off-track",
    "narrative.number.differs", "expenditure.amounts.round", "expenditure.total.leap", "submission.rows.left-out",
}  # fmt: skip
INFORM_ONLY = {"indicators.row.blank", "indicators.total.derived", "sheet.hidden", "sheet.rows-hidden", "sheet.encoding", "sheet.row.left", "cell.corrected"}


@dataclass(frozen=True)
class Answer:
    """What a member is told of a file, and its rows once they are judged."""

    rules: set[str]
    rows: dict[str, list[dict[str, Any]]]


def read(path: Path) -> Submission:
    """The file as it lies in the folder that its name gives, else in that of bb for C1."""
    place = PLACE.search(path.stem)
    member, cycle = (place[1] or "bb", place[2] or "C1") if place else ("bb", "C1")
    key, data = f"inbox/{cycle}/{member}/{path.name}", path.read_bytes()
    if AGREEMENT.member(member) is None:  # never opened
        return read_files(AGREEMENT, [(Arrival(member, cycle, Info(key, len(data), RECEIVED, "")), data, RECEIVED)])[0]
    assert timeliness(AGREEMENT, member, cycle, RECEIVED) == "on time"
    return read_submission(data, key=key, member=member, cycle=cycle, received_at=RECEIVED, agreement=AGREEMENT)


def rows_of(submission: Submission) -> dict[str, list[dict[str, Any]]]:
    return {name: [row.values for row in sheet.rows] for name, sheet in submission.sheets.items() if sheet.rows}


@cache
def answers() -> dict[str, Answer]:
    """Every file by its name, all judged in one go (the rules cost more than the rows). None counts, so none is held against another."""
    submissions = {path.name: read(path) for path in (*SHOULD_PASS, *SHOULD_FAIL)}
    in_order = sorted(submissions.values(), key=lambda s: (s.cycle, s.member, s.received_at, s.key))
    found: dict[str, set[str]] = {submission.submission: set() for submission in in_order}
    assert len(found) == len(SHOULD_PASS) + len(SHOULD_FAIL), "two files have the same bytes or name"
    for finding in judge(AGREEMENT, in_order, {}, PROFILE.questions, PROFILE.lines).findings:
        assert finding.message and "{" not in finding.message
        if finding.severity != "info":
            found[finding.submission].add(finding.rule)
    return {name: Answer(found[submission.submission], rows_of(submission)) for name, submission in submissions.items()}


@cache
def expected_rows() -> dict[str, list[dict[str, Any]]]:
    """The accepted rows of builders.clean(), whose content every file of should_pass has."""
    submission = read_submission(clean(), key="clean.zip", member="bb", cycle="C1", received_at=RECEIVED, agreement=AGREEMENT)
    judged = judge(AGREEMENT, [submission], counting_keys([submission]), PROFILE.questions, PROFILE.lines)
    assert judged.findings == []
    return {name: [row.values for row in rows] for name, rows in judged.accepted.items() if rows}


@pytest.mark.parametrize("path", SHOULD_PASS, ids=lambda path: path.name)
def test_a_sound_file_is_accepted_as_it_is_meant(path: Path) -> None:
    answer = answers()[path.name]
    assert answer.rules == set()
    assert answer.rows == expected_rows()


@pytest.mark.parametrize("path", SHOULD_FAIL, ids=lambda path: path.name)
def test_a_faulty_file_is_answered_with_the_rules_in_its_name(path: Path) -> None:
    assert answers()[path.name].rules == set(path.name.partition("--")[0].split("+"))


def test_every_rule_that_one_file_can_break_has_a_file() -> None:
    shown = {rule for path in SHOULD_FAIL for rule in path.name.partition("--")[0].split("+")}
    assert shown <= set(RULES)
    judged_alone = set(RULES) - NEED_OTHER_FILES_OR_TIMES - INFORM_ONLY
    assert judged_alone <= shown


def test_every_file_would_be_taken_from_the_inbox() -> None:
    assert {path.name for path in (*SHOULD_PASS, *SHOULD_FAIL) if file_kind(path.name) != "submission"} == set()
