"""Reminders: on which days whom."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from domain.agreement_files import read_agreement
from domain.completeness import due_dates
from domain.reminders import DAYS, MAKE_UP_DAYS, reminded_cycles, reminder_of
from tests.builders import agreement_files, small_agreement

AGREEMENT = small_agreement(yaml=agreement_files(due="2019-07-31T18:00")["agreement/agreement.yaml"].decode())
CYCLE = AGREEMENT.cycles[0]
MEMBER = AGREEMENT.members[1]
DUE = due_dates(AGREEMENT, MEMBER.member, CYCLE.code)[0].date()


def test_a_reminder_on_each_of_its_days_made_up_for_on_the_next_but_not_after_it_has_become_another() -> None:
    said = {day: reminder_of(AGREEMENT, MEMBER, CYCLE.code, DUE + timedelta(days=day)) for day in range(-30, 40)}
    assert [day for day, reminder in said.items() if reminder == day] == list(DAYS)
    made_up = {day: reminder for day, reminder in said.items() if reminder is not None and reminder != day}
    assert made_up == {day + more: day for day in DAYS for more in range(1, MAKE_UP_DAYS + 1) if day + more not in DAYS}
    assert made_up[0] == -1, "on the due date itself, what should have been said the day before"


def test_none_before_the_cycle_opens() -> None:
    early = CYCLE.opens - timedelta(days=1)
    days = (early - DUE).days
    agreement = AGREEMENT.model_copy(update={"cycles": (CYCLE.model_copy(update={"opens": DUE}), *AGREEMENT.cycles[1:])})
    assert reminder_of(agreement, MEMBER, CYCLE.code, DUE - timedelta(days=7)) is None and days < 0


def test_a_members_own_due_date_counts() -> None:
    rows = f"member,due,reason,by\n{MEMBER.member},{DUE + timedelta(days=20)}T18:00,Flood,AO\n"
    extended, problems = read_agreement(agreement_files(due="2019-07-31T18:00") | {f"desk/{CYCLE.code}/extensions.csv": rows.encode()})
    assert extended is not None, problems
    assert reminder_of(extended, MEMBER, CYCLE.code, DUE + timedelta(days=13)) == -7
    assert reminder_of(extended, extended.members[2], CYCLE.code, DUE + timedelta(days=7)) == 7


@pytest.mark.parametrize(("day", "reminded"), [(CYCLE.opens - timedelta(days=1), False), (CYCLE.opens, True), (DUE + timedelta(days=23), True), (DUE + timedelta(days=24), False), (date(2030, 1, 1), False)])
def test_cycles_in_which_somebody_may_have_to_be_reminded(day: date, reminded: bool) -> None:
    assert (CYCLE.code in reminded_cycles(AGREEMENT, day)) is reminded
