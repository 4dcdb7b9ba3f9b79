"""What is allowed and yet unlikely: rules beyond the contract's, all of them warnings."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import ACTIVITY, NUMBER, PAYMENT, small_agreement, submission
from tests.domain.made_files import xlsx
from tests.tasks.test_validate import found, judged, of, people, read, share

TRACK = "member,indicator,country,from,to,baseline,target\nbb,K1,KE,,,10,110\nbb,N1,KE,,,,100\n"


def rules(result: Any) -> list[tuple[str, str, str]]:
    return [(rule, sheet, cell) for rule, severity, sheet, cell in found(result) if severity == "warning"]


@pytest.mark.parametrize("text", ["To be completed", "lorem ipsum dolor sit amet", "À compléter", "por definir...", "???", "a confirmar", "Blah blah blah"])
def test_a_text_that_says_nothing(text: str) -> None:
    result = judged(of("activities", ACTIVITY | {"outcome": text}))
    assert [(f.rule, f.severity, f.column, f.value) for f in result.findings] == [("cell.filler", "warning", "outcome", text)]
    assert len(result.accepted["activities"]) == 1


@pytest.mark.parametrize("text", ["Test of the new law", "To be completed in May: the second half", "Test", "In progress", "Testing"])
def test_a_text_that_says_something(text: str) -> None:
    assert found(judged(of("activities", ACTIVITY | {"outcome": text}))) == []


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (share("0.45"), ["indicators.percentage.fraction", "indicators.percentage.not-aggregable"]),
        (share("45"), ["indicators.percentage.not-aggregable"]), (share("1"), ["indicators.percentage.not-aggregable"]), (share("0"), ["indicators.percentage.not-aggregable"]),
        (share("0.45", "45", "100"), ["indicators.percentage.fraction"]), (share("0.9", "9", "1000"), []), (share("45", "45", "100"), []),
    ],
)  # fmt: skip
def test_a_percentage_typed_as_a_fraction(row: dict[str, str], expected: list[str]) -> None:
    assert sorted(f.rule for f in judged(of("indicators", row)).findings) == expected


@pytest.mark.parametrize(
    ("text", "differs"),
    [
        ("We trained 120 people.", True), ("We trained 102 people.", False), ("In 2019 we met three times, 12 days in all.", False), ("120 came, 102 stayed.", False),
        ("Nearly 1,020 households", False), ("code KE-120, 20 % more", False),
    ],
)  # fmt: skip
def test_a_number_in_a_text_against_its_indicator(text: str, differs: bool) -> None:
    data = xlsx(
        {
            "cover": [["contract", "TEST/2019/1"], ["cycle", "C1"], ["member", "bb"], ["part", "programme"]],
            "activities": [list(ACTIVITY), list(ACTIVITY.values())],
            "indicators": [["indicator", "country", "value", "sex"], ["P1", "KE", 102], ["P1", "KE", 60, "female"], ["P1", "KE", 42, "male"]],
            "narrative": [["section", "text", "about"], ["changed", text, "p1"], ["changed", text, "Op1"]],
        }
    )
    result = judged(read(data, name="a.xlsx"))
    assert rules(result) == ([("narrative.number.differs", "narrative", "B2")] if differs else [])
    if differs:
        assert "says 120" in result.findings[0].message and "102" in result.findings[0].message


@pytest.mark.parametrize(("amount", "step", "expected"), [(1000, 1000, True), (1001, 37, False)])
def test_round_amounts(amount: int, step: int, expected: bool) -> None:
    rows = [PAYMENT | {"document": f"D{i}", "amount": str(amount + i * step)} for i in range(20)]
    result = judged(of("expenditure", *rows))
    assert rules(result) == ([("expenditure.amounts.round", "expenditure", "")] if expected else [])
    assert rules(judged(of("expenditure", *rows[:19]))) == []


@pytest.mark.parametrize(("factor", "expected"), [(6, True), (4, False)])
def test_a_leap_of_expenditure_from_one_cycle_to_the_next(factor: int, expected: bool) -> None:
    def files(cycle: str, month: str, amount: int) -> bytes:
        rows = [PAYMENT | {"payment_date": f"2019-{month}-10", "document": f"{cycle}{i}", "amount": str(amount + i), "activity": ""} for i in range(10)]
        return submission("bb", cycle, [], [NUMBER], rows)

    result = judged(read(files("C1", "03", 1111)), read(files("C2", "09", 1111 * factor), cycle="C2", minutes=9))
    assert rules(result) == ([("expenditure.total.leap", "expenditure", "")] if expected else [])


def test_most_rows_in_error() -> None:
    rows = [people(str(i) if i > 11 else "many", "female", "young") | {"country": "KE"} for i in range(20)]
    rows = [row | {"indicator": "N1", "sex": "", "age": "", "country": code} for row, code in zip(rows, ["AD", "AE", "AF", "AG", "AI", "AL", "AM", "AO", "AR", "AT", "AU", "AZ", "BA", "BB", "BD", "BE", "BF", "BG", "BH", "BI"], strict=True)]
    result = judged(of("indicators", *rows))
    assert ("submission.rows.left-out", "", "") in rules(result)
    assert rules(judged(of("indicators", *rows[8:]))) == []


@pytest.mark.parametrize(
    ("indicator", "value", "comment", "expected"),
    [("K1", "60", "", False), ("K1", "300", "", True), ("K1", "11", "", True), ("K1", "300", "A second office", False), ("N1", "1", "", True), ("N1", "40", "", False), ("M1", "900", "", False)],
)
def test_a_figure_far_from_what_could_be_expected(indicator: str, value: str, comment: str, expected: bool) -> None:
    agreement = small_agreement(assignments=TRACK)
    row = {"indicator": indicator, "country": "KE", "value": value, "comment": comment}
    month = {"C1": "2019-02", "C2": "2019-08"}["C2"]
    activity = ACTIVITY | {"start": f"{month}-01", "end": f"{month}-02"}
    result = judged(read(submission("bb", "C2", [activity], [row]), cycle="C2", agreement=agreement), agreement=agreement)
    assert [f.rule for f in result.findings] == (["indicators.value.off-track"] if expected else [])
