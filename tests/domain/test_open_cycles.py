"""Which cycles are open on a day: schedules act on these only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.agreement import Agreement
from domain.agreement_files import read_agreement
from domain.completeness import cycles_to_report, due_dates, open_cycles, unsettled_cycles
from tasks.profiles import load_profile
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


# --- cycles that are looked after, and reports that are to be made -----------------------------------------------------

YAML = agreement_files(due="2019-07-31T18:00")["agreement/agreement.yaml"].decode().replace('12-15, due: "2019-07-31', '12-15, due: "2020-01-31').replace('06-15, due: "2019-07-31T18:00", grace_days: 10, report: final', '06-15, due: "2020-07-31T18:00", grace_days: 10, report: final')
DATED = small_agreement(yaml=YAML)
"""C1 (interim) is taken until 10 August 2019 and due at the EU on 29 August; C2 makes no report; C3 (final) is taken until 10 August 2020."""
PROFILE = load_profile("prag-2018")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def with_exchange(*events: str, cycle: str = "C1") -> Agreement:
    rows = "version,date,event,note\n" + "".join(f"v0001,2019-08-{20 + number},{event},\n" for number, event in enumerate(events))
    agreement, problems = read_agreement(agreement_files(yaml=YAML) | {f"desk/{cycle}/exchange.csv": rows.encode()})
    assert agreement is not None, problems
    return agreement


@pytest.mark.parametrize(
    ("moment", "due"),
    [("2019-08-10 17:59", []), ("2019-08-10 18:01", ["C1"]), ("2019-08-29 23:59", ["C1"]), ("2019-08-30 00:01", []), ("2020-02-20 12:00", []), ("2020-08-11 12:00", ["C3"])],
)
def test_a_report_is_to_be_made_from_when_no_file_is_taken_any_more_until_it_is_due_at_the_eu(moment: str, due: list[str]) -> None:
    assert cycles_to_report(DATED, PROFILE, at(moment), ()) == due


def test_a_report_that_is_made_or_sent_is_not_to_be_made() -> None:
    assert cycles_to_report(DATED, PROFILE, at("2019-08-20 12:00"), {"C1"}) == []
    assert cycles_to_report(with_exchange("sent"), PROFILE, at("2019-08-20 12:00"), ()) == []


def test_a_cycle_is_looked_after_until_the_eu_has_decided() -> None:
    assert unsettled_cycles(DATED, at("2019-06-14 12:00")) == []
    assert unsettled_cycles(DATED, at("2019-11-01 12:00")) == ["C1"]
    assert unsettled_cycles(with_exchange("sent", "questions", "answered"), at("2019-11-01 12:00")) == ["C1"]
    assert unsettled_cycles(with_exchange("sent", "accepted"), at("2019-11-01 12:00")) == []
    assert unsettled_cycles(DATED, at("2020-08-05 12:00")) == ["C2", "C3"]
    assert unsettled_cycles(with_exchange("accepted", cycle="C3"), at("2020-08-20 12:00")) == [], "C2 is part of the report of C3"
    assert unsettled_cycles(with_exchange("accepted", cycle="C3"), at("2020-08-05 12:00")) == ["C3"], "files are still taken"
