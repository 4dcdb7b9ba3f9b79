"""Who is reminded of what is owed, and when: 21, 14, 7 and 1 days before and after the due date."""

from __future__ import annotations

from datetime import date, timedelta

from domain.agreement import Agreement, Member
from domain.completeness import due_dates

DAYS = (-21, -14, -7, -1, 1, 7, 14, 21)
"""Days from the member's due date (its own, where it was extended) on which it is reminded."""
MAKE_UP_DAYS = 2
"""So many days later a reminder is still sent that was not sent on its day, because nothing ran then."""


def reminded_cycles(agreement: Agreement, today: date) -> list[str]:
    """Codes of the cycles in which somebody may have to be reminded on that day."""
    found = []
    for cycle in agreement.cycles:
        last = max([due_dates(agreement, member.member, cycle.code)[0] for member in agreement.members], default=cycle.due).date()
        if cycle.opens <= today <= last + timedelta(days=DAYS[-1] + MAKE_UP_DAYS):
            found.append(cycle.code)
    return found


def reminder_of(agreement: Agreement, member: Member, cycle: str, today: date) -> int | None:
    """Which of DAYS a member that owes something is reminded for on that day; None for none, and before the cycle opens."""
    if today < agreement.cycle(cycle).opens:
        return None
    days = (today - due_dates(agreement, member.member, cycle)[0].date()).days
    return next((day for day in reversed(DAYS) if day <= days <= day + MAKE_UP_DAYS and (day > 0) == (days > 0)), None)
