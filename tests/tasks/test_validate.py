"""Every rule of contract section 4: found at the right cell with the right severity, and no other finding."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.agreement import Agreement
from domain.completeness import counting_keys
from domain.reading import read_submission
from domain.rules import RULES
from domain.submission import Judged, Submission
from tasks.profiles import load_profile
from tasks.validate import RuleCrashed, failing_rows, judge, load_catalogue, load_suite, new_context
from tests.builders import ACTIVITY, NUMBER, PAYMENT, clean, small_agreement, submission

AGREEMENT = small_agreement()
PROFILE = load_profile("prag-2018")

# columns of the small agreement's CSV sheets, in the order in which tests.builders writes them
A = dict(zip(["activity", "title", "type", "start", "end", "country", "result", "sdg", "women", "men", "other", "unknown", "status", "plan", "joint", "lead", "deviation"], "ABCDEFGHIJKLMNOPQ", strict=True))
E = dict(zip(["heading", "country", "payment_date", "currency", "amount", "activity", "supplier", "document", "invoice_date", "recipient", "description"], "ABCDEFGHIJK", strict=True))

Found = tuple[str, str, str, str]


def read(data: bytes, member: str = "bb", cycle: str = "C1", name: str = "report.zip", minutes: int = 0, agreement: Agreement = AGREEMENT) -> Submission:
    received = datetime(2019, 7, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    return read_submission(data, key=f"inbox/{cycle}/{member}/{name}", member=member, cycle=cycle, received_at=received, agreement=agreement)


def judged(*files: Submission, agreement: Agreement = AGREEMENT) -> Judged:
    ordered = sorted(files, key=lambda s: (s.cycle, s.member, s.received_at, s.key))
    return judge(agreement, ordered, counting_keys(ordered), PROFILE.questions, PROFILE.lines)


def found(result: Judged) -> list[Found]:
    return [(f.rule, f.severity, f.sheet, f.cell) for f in result.findings]


def of(sheet: str, *rows: Mapping[str, str]) -> Submission:
    rows_of: dict[str, Sequence[Mapping[str, str]]] = {"activities": [ACTIVITY], "indicators": [NUMBER], "expenditure": []} | {sheet: rows}
    return read(submission("bb", "C1", **rows_of))


def people(value: str, sex: str = "", age: str = "") -> dict[str, str]:
    return {"indicator": "P1", "country": "KE", "value": value, "sex": sex, "age": age}


def share(value: str = "", numerator: str = "", denominator: str = "") -> dict[str, str]:
    return {"indicator": "R1", "country": "KE", "value": value, "numerator": numerator, "denominator": denominator}


# --- one row ----------------------------------------------------------------------------------------------------------

ROW_CASES: list[tuple[str, str, str, str, dict[str, str]]] = [
    *[("cell.required", "error", "activities", column, {column: ""}) for column in ("activity", "title", "type", "start", "end", "country", "result", "sdg")],
    *[("cell.required", "error", "expenditure", column, {column: ""}) for column in ("heading", "country", "payment_date", "currency", "amount")],
    ("cell.required", "error", "activities", "title", {"title": "TBD"}),
    ("cell.not-a-number", "error", "activities", "women", {"women": "50+"}),
    ("cell.not-a-number", "error", "expenditure", "amount", {"amount": "50-60"}),
    ("cell.not-a-date", "error", "activities", "start", {"start": "31/02/2019"}),
    ("cell.not-a-date", "error", "activities", "end", {"end": "02/27/2019"}),
    ("cell.ambiguous-number", "error", "expenditure", "amount", {"amount": "23,14"}),
    ("cell.formula-error", "error", "activities", "title", {"title": "#REF!"}),
    ("cell.not-in-list", "error", "activities", "country", {"country": "UK"}),
    ("cell.not-in-list", "error", "activities", "type", {"type": "party"}),
    ("cell.not-in-list", "error", "activities", "result", {"result": "Op9"}),
    ("cell.not-in-list", "error", "activities", "status", {"status": "maybe"}),
    ("cell.not-in-list", "error", "activities", "lead", {"lead": "perhaps"}),
    ("cell.not-in-list", "error", "expenditure", "heading", {"heading": "7"}),
    ("cell.not-in-list", "error", "expenditure", "currency", {"currency": "KSH"}),
    ("activities.dates.reversed", "error", "activities", "end", {"end": "2019-01-30"}),
    ("activities.dates.outside-period", "error", "activities", "start", {"start": "2019-07-01", "end": "2019-07-02"}),
    ("activities.participants.invalid", "error", "activities", "women", {"women": "-1"}),
    ("activities.participants.invalid", "error", "activities", "men", {"men": "2.5"}),
    ("activities.sdg.unknown", "error", "activities", "sdg", {"sdg": "8.15"}),
    ("activities.sdg.unknown", "error", "activities", "sdg", {"sdg": "8.8; 18"}),
    ("activities.sdg.weights", "error", "activities", "sdg", {"sdg": "8.8=60; 5.5"}),
    ("activities.sdg.weights", "error", "activities", "sdg", {"sdg": "8.8=60; 5.5=41"}),
    ("activities.sdg.weights", "error", "activities", "sdg", {"sdg": "8.8=100; 5.5=0"}),
    ("activities.sdg.too-many", "error", "activities", "sdg", {"sdg": "1;2;3;4;5;6;7;8;9;10;11"}),
    ("expenditure.date.earlier-cycle", "warning", "expenditure", "payment_date", {}),
    ("expenditure.date.outside-period", "error", "expenditure", "payment_date", {"payment_date": "2019-07-01"}),
    ("expenditure.date.outside-period", "error", "expenditure", "payment_date", {"payment_date": "2018-12-31"}),
    ("expenditure.rate.missing", "error", "expenditure", "currency", {"currency": "ZMW"}),
    ("expenditure.document.missing", "warning", "expenditure", "document", {"document": ""}),
    ("expenditure.supplier.missing", "warning", "expenditure", "supplier", {"supplier": "n/a"}),
    ("expenditure.amount.negative", "warning", "expenditure", "amount", {"amount": "-1100"}),
    ("expenditure.activity.unknown", "warning", "expenditure", "activity", {"activity": "A77"}),
]


@pytest.mark.parametrize(("rule", "severity", "sheet", "column", "edit"), ROW_CASES, ids=lambda value: str(value)[:40])
def test_a_broken_row_is_found_at_its_cell_and_nothing_else_is(rule: str, severity: str, sheet: str, column: str, edit: dict[str, str]) -> None:
    letter = (A if sheet == "activities" else E)[column]
    if rule == "expenditure.date.earlier-cycle":
        result = judged(read(submission("bb", "C2", [ACTIVITY | {"start": "2019-08-01", "end": "2019-08-02"}], [NUMBER], [PAYMENT]), cycle="C2"))
    else:
        result = judged(of(sheet, (ACTIVITY if sheet == "activities" else PAYMENT) | edit))
    assert found(result) == [(rule, severity, sheet, f"{letter}2")]
    used = len(result.accepted[sheet]) == 1
    assert used == (severity != "error")


@pytest.mark.parametrize("cycle", ["C1", "C2", "C3"])
def test_a_clean_submission_has_no_finding(cycle: str) -> None:
    assert found(judged(read(clean("bb", cycle), cycle=cycle))) == []


GOOD = [
    ("activities", {"status": "cancelled", "start": "", "end": ""}),
    ("activities", {"start": "2018-11-01", "end": "2019-01-01"}),
    ("activities", {"sdg": "SDG 8.8; ODS 5,5"}),
    ("activities", {"sdg": "8.8=60; 5.5=40", "type": "Training – formación", "country": "ke", "result": "op1", "lead": "sí"}),
    ("activities", {"country": "298"}),
    ("expenditure", {"heading": "5.7", "currency": "eur", "amount": "1,100.00", "activity": "a1"}),
]


@pytest.mark.parametrize(("sheet", "edit"), GOOD, ids=str)
def test_what_the_contract_allows_is_no_finding(sheet: str, edit: dict[str, str]) -> None:
    assert found(judged(of(sheet, (ACTIVITY if sheet == "activities" else PAYMENT) | edit))) == []


INDICATOR_CASES: list[tuple[str, str, str, list[dict[str, str]]]] = [
    ("cell.required", "error", "A2", [NUMBER | {"indicator": ""}]),
    ("cell.not-in-list", "error", "A2", [NUMBER | {"indicator": "N9"}]),
    ("cell.not-in-list", "error", "I2", [people("5", "women")]),
    ("cell.not-in-list", "error", "I2", [NUMBER | {"sex": "female"}]),
    ("cell.not-in-list", "error", "C2", [{"indicator": "Y1", "country": "KE", "value": "perhaps"}]),
    ("indicators.row.blank", "info", "C2", [NUMBER | {"value": "-"}]),
    ("indicators.value.negative", "error", "C2", [people("-1")]),
    ("indicators.number.negative", "warning", "C2", [NUMBER | {"value": "-1"}]),
    ("indicators.value.not-whole", "error", "C2", [people("1.5")]),
    ("indicators.percentage.denominator", "error", "E2", [share("", "1", "0")]),
    ("indicators.percentage.denominator", "error", "E2", [share("", "1", "-2")]),
    ("indicators.percentage.denominator", "error", "E2", [share("50", "1", "")]),
    ("indicators.percentage.exceeds", "error", "D2", [share("", "3", "2")]),
    ("indicators.percentage.not-aggregable", "warning", "C2", [share("50")]),
    ("indicators.row.repeat", "warning", "C3", [NUMBER, NUMBER]),
]


@pytest.mark.parametrize(("rule", "severity", "cell", "rows"), INDICATOR_CASES, ids=lambda value: str(value)[:40])
def test_a_broken_indicator_row_is_found_at_its_cell(rule: str, severity: str, cell: str, rows: list[dict[str, str]]) -> None:
    assert found(judged(of("indicators", *rows))) == [(rule, severity, "indicators", cell)]


@pytest.mark.parametrize("row", [share("", "0", "0"), share("", "2", "2"), people("0"), {"indicator": "Y1", "country": "KE", "value": "oui"},
                                 {"indicator": "Q1", "country": "KE", "comment": "Better."}], ids=str)  # fmt: skip
def test_zero_and_words_are_figures(row: dict[str, str]) -> None:
    result = judged(of("indicators", row))
    assert found(result) == []
    assert len(result.accepted["indicators"]) == 1


# --- several rows -----------------------------------------------------------------------------------------------------


def rules_at(result: Judged) -> list[tuple[str, str]]:
    return [(f.rule.removeprefix("indicators."), f.cell) for f in result.findings]


def values(result: Judged) -> dict[tuple[str | None, str | None], int]:
    return {(row.values["sex"], row.values["age"]): int(row.values["value"]) for row in result.accepted["indicators"]}


def test_different_figures_for_the_same_slice_put_all_of_them_out_of_use() -> None:
    result = judged(of("indicators", NUMBER, NUMBER | {"value": "6"}, NUMBER))
    assert rules_at(result) == [("row.conflict", "C2"), ("row.conflict", "C3"), ("row.conflict", "C4")]
    assert result.accepted["indicators"] == []


def test_slices_above_their_total_are_not_used_while_the_total_is() -> None:
    result = judged(of("indicators", people("10"), people("8", "female"), people("3", "male"), people("10", age="young")))
    assert rules_at(result) == [("slices.exceed-total", "C3"), ("slices.exceed-total", "C4")]
    assert values(result) == {(None, None): 10, (None, "young"): 10}


def test_slices_below_their_total_are_used_and_said_once_at_the_total() -> None:
    result = judged(of("indicators", people("10"), people("4", "female"), people("3", "male")))
    assert rules_at(result) == [("slices.below-total", "C2")]
    assert len(values(result)) == 3


def test_a_total_is_derived_from_the_first_dimension_reported_in_full_and_held_against_the_others() -> None:
    result = judged(of("indicators", people("9", age="young"), people("4", "female"), people("3", "male")))
    assert rules_at(result) == [("slices.exceed-total", "C2"), ("total.derived", "C3")]
    total = next(row for row in result.accepted["indicators"] if row.derived_from)
    assert (int(total.values["value"]), total.derived_from) == (7, (3, 4))
    assert (None, "young") not in values(result)


def test_a_total_is_derived_from_a_crossing_reported_in_full_and_single_slices_too() -> None:
    crossing = [people("1", "female", "young"), people("2", "female", "old"), people("3", "male", "young"), people("4", "male", "old")]
    result = judged(of("indicators", *crossing))
    assert rules_at(result) == [("total.derived", "C2")]
    assert values(result) == {(None, None): 10, ("female", None): 3, ("male", None): 7, (None, "young"): 4, (None, "old"): 6,
                              ("female", "young"): 1, ("female", "old"): 2, ("male", "young"): 3, ("male", "old"): 4}  # fmt: skip


def test_slices_without_a_total_that_cannot_be_derived_are_not_used() -> None:
    result = judged(of("indicators", people("4", "female"), people("1", "unknown")))
    assert rules_at(result) == [("total.missing", "C2"), ("total.missing", "C3")]
    assert result.accepted["indicators"] == []


def test_one_cause_one_finding_a_row_in_error_is_not_seen_by_rules_over_several_rows() -> None:
    result = judged(of("indicators", people("ten"), people("4", "female"), people("6", "male")))
    assert rules_at(result) == [("cell.not-a-number", "C2"), ("total.derived", "C3")]


def test_the_repeat_of_an_activity_code_is_an_error_unless_the_first_is_in_error_itself() -> None:
    result = judged(of("activities", ACTIVITY, ACTIVITY | {"activity": "a1 – again"}))
    assert found(result) == [("activities.activity.duplicate", "error", "activities", "A3")]
    result = judged(of("activities", ACTIVITY | {"type": "party"}, ACTIVITY))
    assert found(result) == [("cell.not-in-list", "error", "activities", "C2")]


def test_a_payment_that_stands_there_twice_is_used_and_listed() -> None:
    result = judged(of("expenditure", PAYMENT, PAYMENT, PAYMENT | {"document": "D2"}))
    assert found(result) == [("expenditure.row.repeat", "warning", "expenditure", "E3")]
    assert len(result.accepted["expenditure"]) == 3


def test_support_above_the_ceiling_is_found_in_order_of_payment_over_the_whole_contract() -> None:
    grant = PAYMENT | {"heading": "6", "recipient": "T1", "currency": "EUR", "amount": "600"}
    first = read(submission("bb", "C1", [ACTIVITY], [NUMBER], [grant | {"payment_date": "2019-05-01", "document": "X"}, grant]))
    second = read(submission("cc", "C2", [], [], [grant | {"payment_date": "2019-08-01", "country": "SN", "activity": "", "recipient": "t1"}]), "cc", "C2")
    assert [(f.member, f.rule, f.cell) for f in judged(first, second).findings] == [
        ("bb", "expenditure.recipient.ceiling", "J2"),
        ("cc", "expenditure.recipient.ceiling", "J2"),
    ]


def test_activities_alike_at_two_members_are_suspected_to_be_one() -> None:
    edits: dict[str, dict[str, str]] = {"aa": {}, "bb": {}, "cc": {"type": "event"}}
    files = [read(submission(member, "C1", [ACTIVITY | edit], [NUMBER]), member) for member, edit in edits.items()]
    assert [(f.member, f.rule, f.cell) for f in judged(*files).findings] == [("aa", "activities.joint.suspected", "A2"), ("bb", "activities.joint.suspected", "A2")]
    joint = [read(submission(member, "C1", [ACTIVITY | {"joint": "J1"}], [NUMBER]), member) for member in ("aa", "bb")]
    assert found(judged(*joint)) == []


# --- over cycles ------------------------------------------------------------------------------------------------------


def to_date(cycle: str, value: str) -> Submission:
    return read(submission("bb", cycle, [], [{"indicator": "K1", "country": "KE", "value": value}]), cycle=cycle)


def test_a_figure_to_date_that_falls_is_a_warning() -> None:
    assert [(f.cycle, f.rule, f.cell) for f in judged(to_date("C1", "9"), to_date("C3", "8")).findings] == [("C3", "indicators.value.fell", "C2")]
    assert found(judged(to_date("C1", "9"), to_date("C3", "9"))) == []


def test_an_indicator_reported_before_and_not_now_is_a_warning_and_a_blank_row_is_a_row() -> None:
    other = read(submission("bb", "C2", [], [NUMBER]), cycle="C2")
    (finding,) = judged(to_date("C1", "9"), other).findings
    assert (finding.rule, finding.sheet, finding.row, finding.value, finding.cycle) == ("indicators.indicator.not-reported", "indicators", None, "K1", "C2")
    assert [f.rule for f in judged(to_date("C1", "9"), to_date("C2", "")).findings] == ["indicators.row.blank"]


def test_a_figure_far_from_those_of_the_peers_is_a_warning_that_states_its_test() -> None:
    members = "member,name,country,language,decimal,email,role\n" + "".join(f"m{i},M{i},KE,en,.,,beneficiary\n" for i in range(9))
    agreement = small_agreement(members=members)
    files = [read(submission(f"m{i}", "C1", [], [NUMBER | {"value": str(10 + i if i < 8 else 900)}]), f"m{i}", agreement=agreement) for i in range(9)]
    (finding,) = judged(*files, agreement=agreement).findings
    assert (finding.member, finding.rule, finding.cell) == ("m8", "indicators.value.outlier", "C2")
    assert "modified z-score" in finding.message


def test_payments_after_the_end_are_a_warning_in_the_final_cycle_until_the_due_date() -> None:
    agreement = small_agreement(due="2020-08-15T18:00")
    rows = [PAYMENT | {"payment_date": day, "currency": "EUR", "activity": "", "document": day} for day in ("2020-08-15", "2020-08-16")]
    result = judged(read(submission("bb", "C3", [], [NUMBER], rows), cycle="C3", agreement=agreement), agreement=agreement)
    assert found(result) == [("expenditure.date.closing", "warning", "expenditure", "C2"), ("expenditure.date.outside-period", "error", "expenditure", "C3")]


def test_an_earlier_activity_of_the_member_may_be_charged_later() -> None:
    first = read(submission("bb", "C1", [ACTIVITY], [NUMBER]))
    later = read(submission("bb", "C2", [], [NUMBER], [PAYMENT | {"payment_date": "2019-08-01"}]), cycle="C2")
    assert found(judged(first, later)) == []
    assert [f.rule for f in judged(later).findings] == ["expenditure.activity.unknown"]


# --- which rows count -------------------------------------------------------------------------------------------------


def test_a_later_part_takes_the_place_of_that_part_of_a_whole_file_only() -> None:
    def files() -> tuple[Submission, Submission, Submission]:
        whole = submission("bb", "C1", [ACTIVITY], [NUMBER], [PAYMENT])
        programme = submission("bb", "C1", [ACTIVITY | {"women": "20"}], [NUMBER | {"value": "9"}], without=["expenditure"], cover={"part": "programme"})
        finance = submission("bb", "C1", expenditure=[PAYMENT | {"amount": "2200"}], without=["activities", "indicators"], cover={"part": "finance"})
        return read(whole, name="w.zip"), read(programme, name="p.zip", minutes=5), read(finance, name="f.zip", minutes=9)

    whole, programme, _ = files()
    result = judged(whole, programme)
    assert found(result) == []
    assert [(row.submission, row.values["women"]) for row in result.accepted["activities"]] == [(programme.submission, Decimal(20))]
    assert [(row.submission, row.values["value"]) for row in result.accepted["indicators"]] == [(programme.submission, Decimal(9))]
    assert [row.submission for row in result.accepted["expenditure"]] == [whole.submission]

    whole, programme, finance = files()
    result = judged(whole, programme, finance)
    assert [(row.submission, row.values["amount"]) for row in result.accepted["expenditure"]] == [(finance.submission, Decimal(2200))]
    assert {row.submission for row in result.accepted["indicators"]} == {programme.submission}


def test_two_parts_are_judged_as_one_submission() -> None:
    programme = read(submission("bb", "C1", [ACTIVITY], [NUMBER], without=["expenditure"], cover={"part": "programme"}), name="p.zip")
    finance = read(submission("bb", "C1", expenditure=[PAYMENT], without=["activities", "indicators"], cover={"part": "finance"}), name="f.zip", minutes=5)
    result = judged(programme, finance)
    assert found(result) == []
    assert {sheet: len(rows) for sheet, rows in result.accepted.items() if rows} == {"activities": 1, "indicators": 1, "expenditure": 1}


def test_a_superseded_file_is_answered_but_only_the_newest_is_used() -> None:
    result = judged(of("indicators", NUMBER | {"value": "x"}), read(submission("bb", "C1", [ACTIVITY], [NUMBER]), name="new.zip", minutes=9))
    assert found(result) == [("cell.not-a-number", "error", "indicators", "C2")]
    assert [row.values["value"] for row in result.accepted["indicators"]] == [5]


def test_a_nil_report_needs_no_sheet_and_has_no_row() -> None:
    nil = read(submission("bb", "C1", without=["activities", "indicators", "expenditure"], cover={"nil": "oui"}))
    result = judged(nil)
    assert (found(result), any(result.accepted.values())) == ([], False)


def test_a_sheet_with_a_missing_column_rejects_the_submission_and_is_judged_no_further() -> None:
    data = submission("bb", "C1", [ACTIVITY | {"type": "party"}], [NUMBER])
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"title", b"headline") if name == "activities.csv" else old.read(name))
    result = judged(read(out.getvalue()))
    assert [(f.rule, f.severity, f.sheet, f.column) for f in result.findings] == [("submission.column-missing", "reject", "activities", "title")]
    assert not any(result.accepted.values())


# --- the suites themselves --------------------------------------------------------------------------------------------


def test_every_rule_has_its_message_in_every_language() -> None:
    catalogue = load_catalogue()
    assert set(catalogue.messages) == set(RULES)
    assert all(set(sentences) == {"en", "fr", "es", "pt"} for sentences in catalogue.messages.values())


def test_messages_are_in_the_members_language_and_fill_in_their_words() -> None:
    french = read(submission("cc", "C1", [], [NUMBER | {"value": "environ 5"}]), "cc")
    (finding,) = judged(french).findings
    assert finding.message == "« environ 5 » n’est pas un nombre. Écrivez seulement le chiffre, sans mots, unités ni approximations."
    for case in (people("4", "female"), NUMBER | {"value": ""}, share("50")):
        for f in judged(of("indicators", case)).findings:
            assert "{" not in f.message and f.message


def test_a_rule_that_great_expectations_drops_or_cannot_run_is_the_operators_problem() -> None:
    rule = load_suite("cover")[0]
    misspelt = type(rule)(**{**{name: getattr(rule, name) for name in rule.__slots__}, "expectation": {**rule.expectation, "type": "expect_nonsense"}})
    with pytest.raises(RuleCrashed, match="no expectation"):
        failing_rows(new_context(), "cover", [misspelt], {rule.column: [None]})
    with pytest.raises(RuleCrashed, match="which is not there"):
        failing_rows(new_context(), "cover", [rule], {"other": [None]})


def test_more_than_two_hundred_failing_rows_are_all_found() -> None:
    rows: list[dict[str, Any]] = [PAYMENT | {"document": "", "supplier": f"S{i}"} for i in range(450)]
    assert sum(f.rule == "expenditure.document.missing" for f in judged(of("expenditure", *rows)).findings) == 450

