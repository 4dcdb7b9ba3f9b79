"""Which cycles are open on a day: schedules act on these only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.agreement_files import read_agreement
from domain.completeness import due_dates, open_cycles
from tests.builders import agreement_files, small_agreement

AGREEMENT = small_agreement()
FIRST = AGREEMENT.cycles[0]
ZONE = ZoneInfo(AGREEMENT.timezone)
LAST = due_dates(AGREEMENT, "bb", FIRST.code)[1].replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        (datetime(FIRST.opens.year, FIRST.opens.month, FIRST.opens.day, 0, 0, tzinfo=ZONE), True),
        (datetime(FIRST.opens.year, FIRST.opens.month, FIRST.opens.day, 0, 0, tzinfo=ZONE) - timedelta(seconds=1), False),
        (LAST, True),
        (LAST + timedelta(hours=1), True),
        (LAST + timedelta(days=1, seconds=1), False),
    ],
)
def test_a_cycle_is_open_from_its_first_day_to_a_day_after_the_last_file_is_taken(moment: datetime, is_open: bool) -> None:
    assert (FIRST.code in open_cycles(AGREEMENT, moment.astimezone(UTC))) is is_open


def test_an_extension_keeps_a_cycle_open() -> None:
    due = (LAST + timedelta(days=30)).replace(tzinfo=None)
    rows = f"member,due,reason,by\nbb,{due:%Y-%m-%dT%H:%M},Flood,AO\n"
    extended, problems = read_agreement(agreement_files() | {f"desk/{FIRST.code}/extensions.csv": rows.encode()})
    assert extended is not None, problems
    assert FIRST.code in open_cycles(extended, LAST + timedelta(days=20))
