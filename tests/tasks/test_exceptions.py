"""Waivers and corrections: what the operator answers for is used, told to the member, and listed; what meets nothing is listed too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from domain.agreement_files import read_agreement
from domain.submission import Judged
from tests.builders import ACTIVITY, NUMBER, PAYMENT, agreement_files, small_agreement, submission
from tests.tasks.test_validate import judged, people, read

WAIVERS = "rule,member,cycle,cell,row,reason,by,until\n"
CORRECTIONS = "member,cycle,sheet,row,column,expect,value,reason,by\n"


def result(sheets: Mapping[str, Any], waivers: str = "", corrections: str = "", cover: Mapping[str, str] = {}) -> Judged:
    tables = ({"waivers": WAIVERS + waivers} if waivers else {}) | ({"corrections": CORRECTIONS + corrections} if corrections else {})
    agreement = small_agreement(**tables)
    filled = {"activities": [ACTIVITY], "indicators": [NUMBER], "expenditure": []} | dict(sheets)
    return judged(read(submission("bb", "C1", cover=cover, **filled), agreement=agreement), agreement=agreement)


def effects(found: Judged) -> list[tuple[str, str, str, str]]:
    return [(e.kind, e.sheet, e.cell or e.row, e.effect) for e in found.exceptions]


REVERSED = ACTIVITY | {"activity": "A2", "end": "2019-01-30"}


@pytest.mark.parametrize("place", [",", "E3,", ",3", ",a2", "e3,3"])
def test_a_waiver_turns_an_error_into_a_listed_exception(place: str) -> None:
    found = result({"activities": [ACTIVITY, REVERSED]}, f"activities.dates.reversed,bb,C1,{place},The record was lost,The officer,\n")
    assert [(f.rule, f.severity, f.cell) for f in found.findings] == [("activities.dates.reversed", "warning", "E3")]
    assert "Accepted as an exception: The record was lost." in found.findings[0].message
    assert [row.values["activity"] for row in found.accepted["activities"]] == ["A1", "A2"]
    assert effects(found) == [("waiver", "activities", "E3", "accepted")]
    assert (found.exceptions[0].reason, found.exceptions[0].by) == ("The record was lost", "The officer")


@pytest.mark.parametrize(
    ("waiver", "effect"),
    [
        ("activities.dates.reversed,bb,C1,E4,,r,b,", "matches nothing"),
        ("activities.dates.reversed,bb,C1,,A1,r,b,", "matches nothing"),
        ("activities.dates.reversed,aa,C1,,,r,b,", "matches nothing"),
        ("activities.sdg.too-many,bb,C1,,,r,b,", "matches nothing"),
        ("activities.dates.reversed,bb,C1,,,r,b,2019-06-30", "expired"),
    ],
)
def test_a_waiver_that_does_not_hold_changes_nothing_and_is_listed(waiver: str, effect: str) -> None:
    found = result({"activities": [ACTIVITY, REVERSED]}, waiver + "\n")
    assert [(f.rule, f.severity) for f in found.findings] == [("activities.dates.reversed", "error")]
    assert [e.effect for e in found.exceptions] == [effect]


def test_a_waiver_holds_on_its_last_day() -> None:
    found = result({"activities": [REVERSED]}, "activities.dates.reversed,bb,C1,,,r,b,2019-07-01\n")
    assert [f.severity for f in found.findings] == ["warning"]


def test_a_cell_that_nothing_is_added_up_by_can_be_waived_and_no_other() -> None:
    waivers = "cell.required,bb,C1,,,Never written down,The officer,\ncell.not-a-date,bb,C1,,,Calendar of the country,The officer,\n"
    rows = [ACTIVITY | {"title": ""}, ACTIVITY | {"activity": "A2", "start": "some day"}, ACTIVITY | {"activity": "A3", "sdg": ""}]
    found = result({"activities": rows}, waivers)
    assert [(f.rule, f.severity, f.cell) for f in found.findings] == [
        ("cell.required", "warning", "B2"), ("cell.not-a-date", "warning", "D3"), ("cell.required", "error", "H4"),
    ]  # fmt: skip
    assert [row.values["activity"] for row in found.accepted["activities"]] == ["A1", "A2"]
    alone = result({"activities": [ACTIVITY | {"sdg": ""}]}, "cell.required,bb,C1,H2,,r,b,\n")
    assert [e.effect for e in alone.exceptions] == ["cannot be counted"]


def test_waived_slices_are_used_although_they_exceed_the_total() -> None:
    rows = [people("10"), people("8", "female"), people("7", "male"), people("0", "unknown")]
    found = result({"indicators": rows}, "indicators.slices.exceed-total,bb,C1,,,r,b,\n")
    assert {f.severity for f in found.findings} == {"warning"}
    assert len(found.accepted["indicators"]) == 4


def test_a_correction_is_applied_where_the_cell_still_says_what_was_expected() -> None:
    rows = [PAYMENT | {"amount": "1,100.00"}, PAYMENT | {"document": "D2", "amount": "9"}]
    corrections = "bb,C1,expenditure,D1,amount,1100,110.5,A point too far,The officer\nbb,C1,expenditure,3,amount,8,7,Too late,The officer\n"
    found = result({"expenditure": rows}, corrections=corrections)
    assert [str(row.values["amount"]) for row in found.accepted["expenditure"]] == ["110.5", "9"]
    assert [(f.rule, f.severity, f.cell, f.value) for f in found.findings] == [("cell.corrected", "info", "E2", "1,100.00")]
    assert "from “1,100.00” to “110.5”: A point too far" in found.findings[0].message
    assert [(e.kind, e.row, e.was, e.now, e.effect) for e in found.exceptions] == [
        ("correction", "2", "1,100.00", "110.5", "corrected"), ("correction", "3", "8", "7", "the cell says something else"),
    ]  # fmt: skip


def test_a_correction_mends_what_could_not_be_read_in_the_files_own_decimal() -> None:
    rows = [PAYMENT | {"amount": "23.14.5", "payment_date": "soon"}]
    corrections = "bb,C1,expenditure,D1,amount,23.14.5,1234.5,r,b\nbb,C1,expenditure,D1,payment_date,SOON,2019-03-02,r,b\n"
    found = result({"expenditure": rows}, corrections=corrections, cover={"decimal": ","})
    assert {(f.rule, f.column) for f in found.findings} == {("cell.corrected", "payment_date"), ("cell.corrected", "amount")}
    [row] = found.accepted["expenditure"]
    assert (str(row.values["amount"]), str(row.values["payment_date"])) == ("1234.5", "2019-03-02")


def test_a_correction_fills_or_empties_a_cell_and_finds_an_indicator_by_its_codes() -> None:
    corrections = "bb,C1,indicators,N1/KE,comment,,Seen on site,r,b\nbb,C1,activities,A1,women,10,,r,b\n"
    found = result({}, corrections=corrections)
    assert found.accepted["indicators"][0].values["comment"] == "Seen on site"
    assert found.accepted["activities"][0].values["women"] is None
    assert {e.effect for e in found.exceptions} == {"corrected"}


def test_the_cover_can_be_corrected() -> None:
    found = result({}, corrections="bb,C1,cover,contract,contract,WRONG/1,TEST/2019/1,r,b\n", cover={"contract": "WRONG/1"})
    assert [(f.rule, f.sheet) for f in found.findings] == [("cell.corrected", "cover")]
    assert found.accepted["activities"]


def test_an_unknown_rule_is_a_fault_and_one_that_nobody_can_waive_a_notice() -> None:
    files = agreement_files(waivers=WAIVERS + "cell.nonsense,bb,C1,,,r,b,\nsubmission.unreadable,bb,C1,,,r,b,\n")
    _, problems = read_agreement(files)
    assert [(p.row, p.severity) for p in problems] == [(2, "error"), (3, "notice")]
