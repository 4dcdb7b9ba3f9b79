"""The workbooks of a report, read back with openpyxl: formulas beside our own figures, texts that stay texts, nobody named who may not be.

tests/office lets LibreOffice compute the same formulas."""

from __future__ import annotations

import io
import itertools
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import openpyxl
import pytest

from domain.agreement import Agreement
from domain.codes import LANGUAGES
from domain.figures import Figures, MissingRate
from domain.indicators import definitions_for
from domain.money import HEADINGS, CostLine, spent_by_heading, with_totals
from domain.submission import AcceptedRow, Judged
from tasks.aggregate import aggregate
from tasks.financial_report import financial_report
from tasks.logframe import logframe_workbook
from tasks.phrases import phrases
from tasks.profiles import load_profile
from tests.builders import LOGFRAME, accepted, small_agreement

PROFILE = load_profile("prag-2018")
HOSTILE = '=HYPERLINK("http://evil","x")\x00\x0b\ufffe\ud800 <b>&'
MEMBERS = (
    "member,name,country,language,decimal,email,role,sensitivity\n"
    'aa,Alpha,BE,en,.,,coordinator,\nbb,=Beta(),KE,en,.,,beneficiary,\ncc,Gamma,SN,fr,",",,affiliated-entity,\n'
    "dd,Delta,PE,es,.,,third-party,\nee,Hidden House,MM,en,.,,beneficiary,internal\ngg,Silent Third,PE,es,.,,third-party,internal\n"
)
BUDGET = (
    "heading,amount_eur,description,unit,units,unit_value_eur,from,to\n"
    "1.1.1,30000.00,=Technical,month,12,2500.00,,\n1.1.2,20000.00,,,,,,\n2,10000.00,,,,,,C1\n2,12000.00,,,,,C2,\n"
    "5.1,1000.00,Leaflets,,,,,\n5.10,19000.00,Radio,,,,,\n6,10000.00,,,,,,\n10,3000.00,,,,,,C1\n10,1000.00,,,,,C2,\n"
)
RATES = "month,currency,rate\n" + "".join(f"{month},{rate}\n" for month in ("2019-03", "2019-09", "2020-03") for rate in ("KES,110", "XOF,655.957", "MMK,1700"))
AMENDMENTS = "number,signed,from,what,reason\n=1+1,2019-07-01,C2,-Travel raised,@need\n"
MILESTONES = LOGFRAME + (
    "T1,output,Op1,A result,With milestones,number,=unit,up,period,sum,sum,,,10,2018,110,2021,2019:40; 2020:80.5,+Registers\n"
    "S1,outcome,Oc1,Another,Rating of each,number,rating,down,period,none,latest,,,,,,,,\n"
    "E1,outcome,Oc1,Another,Money moved,money,EUR,up,cumulative,sum,latest,,,100.50,2018,5000,2021,,\n"
)

Report = tuple[Agreement, Figures, list[CostLine], list[AcceptedRow]]


# --- reports ----------------------------------------------------------------------------------------------------------


def payment(member: str, cycle: str, row: int, heading: str, amount: str, currency: str = "EUR", **values: Any) -> AcceptedRow:
    paid = {"C1": date(2019, 3, 1), "C2": date(2019, 9, 1), "C3": date(2020, 3, 1)}[cycle]
    country = {"ee": "MM", "cc": "SN", "dd": "PE", "gg": "PE"}.get(member, "KE")
    given = {"heading": heading, "country": country, "payment_date": paid, "currency": currency, "amount": Decimal(amount), "supplier": f"Supplier of {member}", "document": f"{member}-{row}"}
    return accepted("expenditure", member, cycle, row, **given | values)


def reading(member: str, cycle: str, row: int, indicator: str, value: str | None = None, **values: Any) -> AcceptedRow:
    numbers = {name: Decimal(values.pop(name)) for name in ("numerator", "denominator") if name in values}
    given = {"indicator": indicator, "country": "MM" if member == "ee" else "KE", "value": None if value is None else value if value in ("yes", "no") else Decimal(value)}
    return accepted("indicators", member, cycle, row, **given | numbers | values)


def payments(cycle: str) -> list[AcceptedRow]:
    return [
        payment("aa", cycle, 2, "1.1.1", "100.10"), payment("bb", cycle, 2, "1.1.2", "33333.33", "KES", description="=Wages()", activity="A1"),
        payment("bb", cycle, 3, "1", "7.00", description="Secret workshop", activity=" a2 "), payment("bb", cycle, 4, "5.1", "0.50"), payment("bb", cycle, 5, "5.10", "900.00"),
        payment("cc", cycle, 2, "2", "5000.50", document=HOSTILE), payment("cc", cycle, 3, "5.1", "-0.10"), payment("cc", cycle, 4, "3.2", "100000", "XOF"),
        payment("ee", cycle, 2, "2", "170000", "MMK", description="Hidden costs", activity="A9"), payment("dd", cycle, 2, "6", "99.00"), payment("gg", cycle, 2, "6", "11.00"),
    ]  # fmt: skip


def readings(cycle: str) -> list[AcceptedRow]:
    return [
        reading("bb", cycle, 2, "N1", "5"), reading("bb", cycle, 3, "P1", "30"), reading("bb", cycle, 4, "P1", "20", sex="female"), reading("bb", cycle, 5, "P1", "3", sex="male"),
        reading("bb", cycle, 6, "P1", "7", sex="female", age="young"), reading("bb", cycle, 7, "R1", numerator="1", denominator="3"), reading("cc", cycle, 7, "R1", numerator="2", denominator="3"),
        reading("bb", cycle, 8, "Y1", "yes"), reading("cc", cycle, 8, "Y1", "no"), reading("bb", cycle, 9, "Q1", comment="Minister Kamau told us"), reading("ee", cycle, 9, "Q1", comment="Hidden words"),
        reading("ee", cycle, 2, "N1", "4"), reading("bb", cycle, 12, "T1", "30.5"), reading("bb", cycle, 13, "S1", "4"), reading("bb", cycle, 14, "E1", "1234.5"),
    ]  # fmt: skip


ACTIVITIES = [
    accepted("activities", "bb", "C3", 2, activity="A1", country="KE", sdg=(("8", None),)),
    accepted("activities", "bb", "C3", 3, activity="A2", country="KE", sdg=(("8", None),), sensitivity="internal"),
]


def report(cycle: str = "C3", before: Mapping[str, int] | None = None, rows: Sequence[AcceptedRow] | None = None, **files: str) -> Report:
    agreement = small_agreement(**{"members": MEMBERS, "logframe": MILESTONES, "budget": BUDGET, "rates": RATES, "amendments": AMENDMENTS} | files)
    cycles = agreement.cycles_to(cycle)
    paid = [row for code in cycles for row in payments(code)] if rows is None else list(rows)
    measured = [row for code in cycles for row in readings(code)] if rows is None else []
    figures, lines = aggregate(agreement, PROFILE, Judged([], {"activities": [], "indicators": measured, "expenditure": paid}), [], cycle, before)
    return agreement, figures, lines, ACTIVITIES


DELIVERED = {heading: cents + 12345 * (heading in ("2", "7", "9", "11")) + 864 * (heading in ("8", "9", "11")) for heading, cents in {
    line.heading: line.previous for line in report()[1].finance}.items()}  # fmt: skip
"""What the last report said: 123.45 EUR more of travel, 8.64 of them in indirect costs, than the rows now give."""


def finance(made: Report, language: str = "en", described: bool = True) -> bytes:
    agreement, figures, lines, activities = made
    return financial_report(agreement, PROFILE, figures, lines, language, activities if described else None)


def logframe(made: Report, language: str = "en") -> bytes:
    return logframe_workbook(made[0], PROFILE, made[1], language)


def opened(content: bytes, values: bool = True) -> Any:
    return openpyxl.load_workbook(io.BytesIO(content), data_only=values)


def table(sheet: Any, first: str) -> tuple[list[str], list[dict[str, Any]]]:
    """The header row that begins with this label, and the rows below it to the first empty one, as dicts by label."""
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    top = next(number for number, row in enumerate(rows) if row[0] == first)
    labels = [label for label in rows[top] if label is not None]
    body = itertools.takewhile(lambda row: any(cell is not None for cell in row), rows[top + 1 :])
    return labels, [dict(zip(rows[top], row, strict=True)) for row in body]


def costs(content: bytes, values: bool = True) -> list[dict[str, Any]]:
    """The rows of the table of costs, by machine name."""
    names = list(phrases("annexes", "en")["report"]["columns"])
    _labels, rows = table(opened(content, values).worksheets[1], "Line")
    return [dict(zip(names, row.values(), strict=True)) for row in rows if row["Line"]]


def every_text(content: bytes) -> str:
    return "\n".join(str(cell.value) for sheet in opened(content).worksheets for row in sheet.iter_rows() for cell in row if cell.value is not None)


def cents(value: Any) -> int:
    scaled = Decimal(repr(value)) * 100
    assert scaled == int(scaled), value
    return int(scaled)


# --- financial report -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("before", [None, DELIVERED])
@pytest.mark.parametrize("cycle", ["C1", "C3"])
def test_the_table_of_costs_shows_the_figures_of_finance_csv(cycle: str, before: Mapping[str, int] | None) -> None:
    made = report(cycle, before if cycle == "C3" else None)
    shown = {row["line"]: row for row in reversed(costs(finance(made)))}  # a heading stands above a line of the same code
    assert set(HEADINGS) <= set(shown)
    for line in made[1].finance:
        row = shown[line.heading]
        assert [cents(row[name]) for name in ("budget", "period", "before", "cumulative", "variation")] == [line.budget, line.period, line.previous, line.cumulative, line.variation]
        assert row["variation_pct"] == (None if line.variation_pct is None else pytest.approx(float(line.variation_pct / 100))) or row["variation_pct"] == ""
        assert bool(row["remark"]) is line.over_flexibility
    checks = [row for row in opened(finance(made)).worksheets[1].iter_rows(values_only=True) if row[1] == "Agrees with finance.csv"]
    assert [cell for cell in checks[0][2:] if cell] == ["yes"] * 5


def test_subtotals_variation_and_percentages_are_formulas() -> None:
    rows = {row["line"]: row for row in reversed(costs(finance(report()), values=False))}
    for heading in ("7", "8", "9", "11"):
        for name in ("budget", "transactions", "period", "cumulative", "variation", "variation_pct"):
            assert str(rows[heading][name]).startswith("="), (heading, name)
    for heading in ("1", "2", "6", "10"):
        assert all(str(rows[heading][name]).startswith("=") for name in ("transactions", "period", "cumulative", "variation", "variation_pct"))
    assert "SUMIFS" in rows["2"]["transactions"]
    assert all("SUMIFS" in rows[code]["transactions"] for code in ("1.1.1", "5.1", "5.10"))


def test_what_changed_since_the_last_report_stands_under_corrections() -> None:
    made = report(before=DELIVERED)
    with_totals_of_list = with_totals(spent_by_heading(line for line in made[2] if line.row.cycle in made[1].reporting), made[0].contract.indirect_rate)
    shown = {row["line"]: row for row in reversed(costs(finance(made)))}
    assert cents(shown["2"]["corrections"]) == -12345
    assert cents(shown["1"]["corrections"]) == 0
    for line in made[1].finance:
        assert cents(shown[line.heading]["transactions"]) == with_totals_of_list[line.heading]
        assert cents(shown[line.heading]["corrections"]) == line.period - with_totals_of_list[line.heading]


def test_lines_stand_under_their_heading_with_what_the_budget_says_of_them() -> None:
    rows = costs(finance(report()))
    assert [row["line"] for row in rows] == ["1", "1", "1.1.1", "1.1.2", "2", "3", "3.2", "4", "5", "5.1", "5.10", "6", "7", "8", "9", "10", "11"]
    line = next(row for row in rows if row["line"] == "1.1.1")
    assert (line["description"], line["unit"], line["units"], line["unit_value"], line["budget"]) == ("=Technical", "month", 12, 2500, 30000)
    assert [row["description"] for row in rows if row["line"] == "1"] == ["Human resources", "On no line of the budget"]
    for heading in ("1", "3", "5"):
        below = [row for row in rows if row["line"].startswith(f"{heading}.") or (row["line"] == heading and row["description"] == "On no line of the budget")]
        for name in ("budget", "transactions", "period", "before", "cumulative"):
            assert sum(cents(row[name]) for row in below) == cents(next(row for row in rows if row["line"] == heading)[name])


def test_lines_5_1_and_5_10_are_told_apart_by_a_key_that_no_spreadsheet_takes_for_a_number() -> None:
    content = finance(report())
    _, rows = table(opened(content)["Transaction list"], "Member")
    assert {row["Key"] for row in rows} == {f"h{row['Heading']}" for row in rows}
    shown = {row["line"]: row for row in costs(content)}
    assert (cents(shown["5.1"]["transactions"]), cents(shown["5.10"]["transactions"])) == (80, 180000)


def test_the_transaction_list_has_the_costs_of_the_reporting_period_and_its_sums_look_at_all_of_them() -> None:
    made = report()
    content = finance(made)
    _labels, rows = table(opened(content)["Transaction list"], "Member")
    listed = [line for line in made[2] if line.cost and line.row.cycle in made[1].reporting]
    assert made[1].reporting == ("C2", "C3")
    assert sorted(cents(row["EUR"]) for row in rows) == sorted(line.cents for line in listed)
    shillings = next(row for row in rows if row["Currency"] == "KES")
    assert [shillings[name] for name in ("Member", "Submission", "Row", "Heading", "Country", "Document", "Amount", "Rate", "EUR", "Paid on")] == [
        "=Beta()", "bb-C2", 2, "1.1.2", "Kenya", "bb-2", 33333.33, 110, 303.03, datetime(2019, 9, 1)]
    sheet = opened(content, values=False)["Transaction list"]
    top = next(cell.row for cell in sheet["A"] if cell.value == "Member")
    formula = next(row for row in costs(content, values=False) if row["line"] == "2")["transactions"]
    for letter, label in (("L", "EUR"), ("M", "Key")):
        assert sheet[f"{letter}{top}"].value == label
        assert f"'Transaction list'!${letter}${top + 1}:${letter}${top + len(listed)}" in formula
    assert sheet.column_dimensions["M"].hidden


def test_suppliers_stay_out_and_unnamed_members_show_heading_date_and_euro_only() -> None:
    for language, described in itertools.product(LANGUAGES, (True, False)):
        content = finance(report(), language, described)
        text = every_text(content)
        for secret in ("Supplier of", "Hidden", "ee-", "MMK", "Myanmar", "Birmanie", "1700", "170000", "Silent", "Secret workshop", "gg"):
            assert secret not in text, secret
        assert ("=Wages()" in text) is described  # without the activities nobody can tell which costs may be described
    content = finance(report())
    _, rows = table(opened(content)["Transaction list"], "Member")
    assert [row for row in rows if row["Member"] == "member not named"] == rows[-2:]
    assert [[label for label, cell in row.items() if cell not in (None, "")] for row in rows[-2:]] == [["Member", "Heading", "Paid on", "EUR", "Key"]] * 2
    assert [row["EUR"] for row in rows[-2:]] == [100, 100]
    assert [row["Submission"] for row in rows if row["Description"]] == ["bb-C2", "bb-C3"]


def test_a_cost_is_described_where_its_activity_is_accepted_and_never_internal() -> None:
    codes = {"A1": "Accepted", " a2 ": "Internal", "A3": "Internal in one cycle", "A4": "In error or mistyped", None: "Of no activity"}
    rows = [payment("bb", "C1", row, "2", "1", description=said, activity=code) for row, (code, said) in enumerate(codes.items(), 2)]
    third = [accepted("activities", "bb", cycle, 4, activity="A3", sensitivity=marked) for cycle, marked in (("C1", "internal"), ("C2", None))]
    of_another = accepted("activities", "cc", "C1", 2, activity="A4")
    agreement, figures, lines, activities = report("C1", rows=rows)
    listed = table(opened(financial_report(agreement, PROFILE, figures, lines, "en", [*activities, *third, of_another]))["Transaction list"], "Member")[1]
    assert [row["Description"] for row in listed if row["Description"]] == ["Accepted", "Of no activity"]


def test_the_eu_owes_its_share_of_eligible_costs_and_never_more_than_its_contribution() -> None:
    made = report()
    total = next(line for line in made[1].finance if line.heading == "11")
    rows = table(opened(finance(made))["Sources of funding"], "Source")[1]
    of_costs = [cents(row["Of costs to date"]) for row in rows if row["Of costs to date"] is not None]
    share = (Fraction(total.cumulative * 75, 100) + Fraction(1, 2)).__floor__()
    assert of_costs == [share, total.cumulative - share, total.cumulative]
    dear = report(rows=[payment("aa", "C3", 2, "2", "400000.00")])
    rows = table(opened(finance(dear))["Sources of funding"], "Source")[1]
    assert [cents(row["Of costs to date"]) for row in rows if row["Of costs to date"] is not None] == [7500000, 42800000 - 7500000, 42800000]
    formula = opened(finance(made), values=False)["Sources of funding"]["D5"].value
    assert formula.startswith("=MIN(ROUND(")


def test_support_is_in_a_table_of_its_own_and_in_no_total() -> None:
    made = report()
    rows = table(opened(finance(made))["Use of support"], "Member")[1]
    assert [tuple(row.values()) for row in rows] == [("Delta", "6 Other", 198, 297), ("member not named", "6 Other", 22, 33)]
    six = next(row for row in costs(finance(made)) if row["line"] == "6")
    assert (six["transactions"], six["cumulative"]) == (0, 0)


def test_addenda_and_the_change_of_each_heading_of_the_budget() -> None:
    sheet = opened(finance(report()))["Addenda, use of contingencies"]
    assert [tuple(row.values()) for row in table(sheet, "Addendum")[1]] == [("=1+1", datetime(2019, 7, 1), "C2", "-Travel raised", "@need")]
    changes = {row["Heading"]: row["Change"] for row in table(sheet, "Heading")[1] if row.get("Now") is not None}
    assert (changes["2 Travel"], changes["10 Provision for contingency reserve"], changes["1 Human resources"]) == (2000, -2000, 0)


def test_rates_used_are_listed_once_and_money_without_a_rate_is_named() -> None:
    agreement, figures, lines, activities = report()
    figures.missing_rates.append(MissingRate("UGX", "2020-04", Decimal("5000.5"), 2))
    rows = table(opened(financial_report(agreement, PROFILE, figures, lines, "en", activities))["Rates used"], "Month")[1]
    assert [tuple(row.values()) for row in rows] == [
        ("2019-09", "KES", 110, 1, None), ("2020-03", "KES", 110, 1, None), ("2019-09", "XOF", 655.957, 1, None), ("2020-03", "XOF", 655.957, 1, None),
        ("2020-04", "UGX", None, 2, 5000.5),
    ]  # fmt: skip


def test_a_final_report_asks_for_pending_payments_and_an_interim_one_for_a_forecast() -> None:
    assert opened(finance(report("C3"))).sheetnames[:5] == ["Information", "Final report", "Sources of funding", "Addenda, use of contingencies", "Transaction list"]
    assert opened(finance(report("C1"))).sheetnames[:3] == ["Information", "Interim report", "Forecast budget & follow-up"]


# --- logframe ---------------------------------------------------------------------------------------------------------


def test_every_indicator_stands_in_the_logframe_with_its_figures() -> None:
    made = report()
    agreement, figures = made[0], made[1]
    rows = table(opened(logframe(made)).worksheets[0], "Results chain")[1]
    by_code = {row["Code"]: row for row in rows if row["Code"]}
    assert list(by_code) == list(definitions_for(agreement, figures.cycles))
    found = {(f.indicator, f.scope): f for f in figures.indicators if f.level == "network" and f.slice == ()}
    for code, row in by_code.items():
        for label, scope in (("Current value (cumulative)", "cumulative"), ("This reporting period", "reporting")):
            figure = found.get((code, scope))
            assert row[label] == (None if figure is None or figure.value is None else pytest.approx(float(figure.value)))
    target = by_code["T1"]
    assert [target[name] for name in ("Baseline", "Target", "Milestones", "Unit", "Source and means of verification")] == [10, 110, "2019: 40\n2020: 80.5", "=unit", "+Registers"]
    assert target["Progress, %"] == pytest.approx(float(found["T1", "cumulative"].progress or 0))
    assert target["As of"] == datetime(2020, 6, 30)
    assert (by_code["R1"]["Numerator (cumulative)"], by_code["R1"]["Denominator (cumulative)"]) == (9, 18)
    assert by_code["K1"]["As of"] in (None, "")  # not reported: no value and no day of one


def test_groups_stand_beneath_and_say_what_is_not_disaggregated() -> None:
    rows = table(opened(logframe(report())).worksheets[0], "Results chain")[1]
    beneath = [(row["Indicator"], row["Current value (cumulative)"]) for row in rows if row["Indicator"].startswith(("Sex", "Age"))]
    assert beneath == [("Sex: women", 60), ("Sex: men", 9), ("Sex: not disaggregated", 21), ("Sex × Age: women × young", 21)]
    assert [row["Indicator"] for row in rows if "answered" in row["Indicator"]] == [
        "in words; members that answered: 2", "by member, not combined; members that answered: 1"]


def test_the_encoding_sheet_has_a_row_for_the_total_each_group_and_each_country() -> None:
    labels, rows = table(opened(logframe(report())).worksheets[1], "Result level")
    words = phrases("annexes", "en")["opsys"]["columns"]
    assert labels == [label.format(year=year) for name, label in words.items() for year in ((2019, 2020) if name == "intermediate_target" else (0,))]
    of = {code: [row for row in rows if row["Indicator code"] == code] for code in ("T1", "P1", "R1", "Q1", "N1")}
    assert [of["T1"][0][name] for name in ("Intermediate target 2019", "Intermediate target 2020", "Final target", "Target year", "Value type", "Current value")] == [
        40, 80.5, 110, 2021, "quantitative", 91.5]
    assert [(row["Disaggregated by"], row["Group"], row["Current value"]) for row in of["P1"]] == [
        (None, None, 90), ("Sex", "women", 60), ("Sex", "men", 9), ("Sex × Age", "women × young", 21), ("country", "Kenya", 90)]
    assert (of["R1"][0]["Value type"], of["R1"][0]["Comment"]) == ("percentage", "9 of 18. Members’ numerators and denominators are added.")
    assert (of["Q1"][0]["Value type"], of["Q1"][0]["Current value"]) == ("qualitative", None)
    assert [(row["Group"], row["Current value"]) for row in of["N1"]] == [(None, 27), ("Kenya", 15)]  # Myanmar has unnamed members only
    assert all(row["Corporate indicator"] in (None, "") for row in rows)


def test_no_member_is_named_in_the_logframe() -> None:
    for language in LANGUAGES:
        text = every_text(logframe(report(), language))
        for secret in ("Alpha", "Beta", "Gamma", "Hidden", "Kamau", "Myanmar", "Birmanie"):
            assert secret not in text, secret


# --- both -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_inputs_give_the_same_bytes_in_any_order_of_members(language: str) -> None:
    assert finance(report(), language) == finance(report(), language)
    assert logframe(report(), language) == logframe(report(), language)
    rows = [row for cycle in ("C1", "C2", "C3") for row in payments(cycle)]
    assert finance(report(rows=rows), language) == finance(report(rows=rows[::-1]), language)


def test_texts_of_others_never_become_formulas_and_hostile_ones_do_no_harm() -> None:
    made = report(logframe=MILESTONES.replace("With milestones", "=1+1"))
    agreement = made[0].model_copy(update={"contract": made[0].contract.model_copy(update={"title": HOSTILE, "number": "=cmd|' /C calc'!A0"})})
    ours = re.compile(r"=(ROUND|IF|SUM|MIN)\(|=[A-Z]+\d+(\*|$)|='[^']+'!|=Information!")
    for content in (finance((agreement, *made[1:])), logframe((agreement, *made[1:]))):
        for sheet in opened(content, values=False).worksheets:
            for cell in itertools.chain.from_iterable(sheet.iter_rows()):
                assert cell.hyperlink is None
                if cell.data_type == "f":
                    assert ours.match(cell.value), (sheet.title, cell.coordinate, cell.value)
                    assert not {"cmd", "HYPERLINK", "Wages", "Beta", "Technical"} & set(re.findall(r"\w+", cell.value))
        text = every_text(content)
        assert "=cmd|' /C calc'!A0" in text and "\ud800" not in text
        assert '=HYPERLINK("http://evil","x") <b>&' in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_sheets_print_across_fitted_to_the_width_with_their_header_row(language: str) -> None:
    for content, sheets in ((finance(report("C1"), language), 8), (finance(report("C3"), language), 7), (logframe(report(), language), 2)):
        workbook = opened(content)
        assert len(workbook.worksheets) == sheets
        for sheet in workbook.worksheets:
            assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
            assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight, sheet.sheet_properties.pageSetUpPr.fitToPage) == (1, 0, True)
            assert sheet.freeze_panes
            assert sheet.print_title_rows or sheet.title == workbook.sheetnames[0]
            assert len(sheet.title) <= 31


def test_a_report_without_costs_or_figures_can_be_written() -> None:
    made = report("C1", rows=[], amendments="number,signed,from,what,reason\n")
    shown = {row["line"]: row for row in reversed(costs(finance(made)))}
    assert all(shown[heading]["cumulative"] == 0 for heading in HEADINGS)
    assert "Nothing to list." in every_text(finance(made))
    rows = table(opened(logframe(made)).worksheets[0], "Results chain")[1]
    assert all(row["Current value (cumulative)"] in (None, "") for row in rows)
