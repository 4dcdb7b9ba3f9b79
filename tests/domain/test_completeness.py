"""Which file counts, and the one state each member has in each cycle."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.completeness import counting, member_states, open_rejections, timeliness
from domain.findings import Finding
from domain.submission import Judged, Submission
from tests.builders import agreement_files, small_agreement

DUE = "2019-07-31T18:00"  # in Brussels, which is two hours ahead of UTC then
AGREEMENT = small_agreement(due=DUE)
ON_TIME, LATE, TOO_LATE = (datetime(2019, 7, 31, 16, 0, tzinfo=UTC) + shift for shift in (timedelta(0), timedelta(seconds=1), timedelta(days=10, seconds=1)))


def file(name: str = "a", received: datetime = ON_TIME, rejected: str = "", member: str = "bb", **more: Any) -> Submission:
    sha = name.encode().hex().ljust(64, "0")
    findings = [Finding(member, "C1", sha[:12], rejected, "reject")] if rejected else []
    return Submission(member, "C1", f"inbox/C1/{member}/{name}", sha, 1, received, findings=findings, **more)


def state(*files: Submission) -> str:
    states = member_states(AGREEMENT, ["C1"], files, Judged([f for s in files for f in s.findings], {}))
    return next(row.state for row in states if row.member == "bb")


@pytest.mark.parametrize(
    ("received", "expected"),
    [(ON_TIME, "on time"), (LATE, "late"), (TOO_LATE - timedelta(seconds=1), "late"), (TOO_LATE, "too late")],
)
def test_an_arrival_is_held_against_the_due_date_in_the_agreements_time_zone(received: datetime, expected: str) -> None:
    assert timeliness(AGREEMENT, "bb", "C1", received) == expected


def test_an_extension_moves_a_members_own_due_date_and_never_shortens_the_days_of_grace() -> None:
    from domain.agreement_files import read_agreement

    files = agreement_files(due=DUE) | {"desk/C1/extensions.csv": b"member,due,reason,by\nbb,2019-09-01T18:00,Floods,Officer\ncc,2019-08-02T18:00,Illness,Officer\n"}
    agreement, problems = read_agreement(files)
    assert agreement is not None, problems
    assert timeliness(agreement, "bb", "C1", datetime(2019, 9, 1, 16, 0, tzinfo=UTC)) == "on time"
    assert timeliness(agreement, "bb", "C1", datetime(2019, 9, 1, 16, 1, tzinfo=UTC)) == "too late"
    assert timeliness(agreement, "cc", "C1", datetime(2019, 8, 2, 15, 0, tzinfo=UTC)) == "on time"
    assert timeliness(agreement, "cc", "C1", datetime(2019, 8, 9, 15, 0, tzinfo=UTC)) == "late"
    assert timeliness(agreement, "aa", "C1", datetime(2019, 8, 2, 15, 0, tzinfo=UTC)) == "late"


def test_states() -> None:
    assert state() == "missing"
    assert state(file()) == "on time"
    assert state(file(received=LATE)) == "late"
    assert state(file(received=TOO_LATE, rejected="submission.too-late")) == "too late"
    assert state(file(rejected="submission.unreadable")) == "rejected"
    assert state(file(nil=True)) == "nil"
    assert state(file("a"), file("b", LATE, "submission.unreadable")) == "on time"
    assert state(file("p", part="programme"), file("f", LATE, part="finance")) == "late"
    assert state(file("p", part="programme")) == "missing"


def test_outside_its_time_a_member_owes_nothing() -> None:
    members = "member,name,country,language,decimal,email,role,from,to\naa,A,BE,en,.,,coordinator,,\nbb,B,KE,en,.,,beneficiary,2019-07-01,\n"
    states = member_states(small_agreement(members=members), ["C1", "C2"], [], Judged([], {}))
    assert [(row.cycle, row.member, row.state) for row in states] == [
        ("C1", "aa", "missing"), ("C1", "bb", "not due"), ("C2", "aa", "missing"), ("C2", "bb", "missing"),
    ]  # fmt: skip


def test_the_newest_good_file_counts_and_of_equal_times_the_last_by_key() -> None:
    old, new, broken = file("old"), file("new", LATE), file("newer", LATE + timedelta(1), "submission.unreadable")
    assert counting([new, broken, old]) == [new]
    assert counting([file("b"), file("c"), file("a")])[0].key.endswith("/c")
    assert open_rejections([old, broken]) == [broken]
    assert open_rejections([file("x", ON_TIME - timedelta(1), "submission.unreadable"), new]) == []


def test_of_parts_the_newest_of_each_counts_and_a_whole_file_counts_for_both() -> None:
    whole, programme = file("whole"), file("p", LATE, part="programme")
    assert {s.key[-1] for s in counting([whole, programme])} == {"e", "p"}
    assert counting([file("p", part="programme"), file("f", part="finance"), file("whole", LATE)])[0].part is None
