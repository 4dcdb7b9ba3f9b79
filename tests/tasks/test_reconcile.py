"""The second reckoning agrees with the program where the figures are right, and names what is not."""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

import pytest

from domain import datafiles
from domain.agreement import Agreement
from domain.agreement_files import read_agreement
from domain.completeness import counting_keys
from domain.reading import read_submission
from domain.sample import sample_files
from domain.submission import AcceptedRow, Judged, in_order
from tasks import reconcile as module
from tasks.aggregate import aggregate
from tasks.collect import judge_arrival
from tasks.profiles import load_profile
from tasks.reconcile import Difference, Reconciliation, reconcile
from tasks.report import data_files
from tasks.validate import judge
from tests.builders import AGREEMENT_YAML, CONTRACT, LOGFRAME_COLUMNS, accepted, small_agreement
from tests.oracle.worlds import CODES, agreement_files, make_worlds

PROFILE = load_profile("prag-2018")
CYCLES = ("C1", "C2", "C3")
Rows = dict[str, list[AcceptedRow]]


@dataclass(frozen=True)
class Report:
    """What a report's flow hands to the reconciliation."""

    agreement: Agreement
    data: dict[str, bytes]
    cycles: Sequence[str]
    reporting: Sequence[str]
    previous: Mapping[str, int] | None

    def reconciled(self, **data: bytes | None) -> Reconciliation:
        """With some of its files replaced (indicators=…, None: left out)."""
        changed = {name.removesuffix(".csv"): content for name, content in self.data.items()} | data
        return reconcile(self.agreement, {f"{name}.csv": content for name, content in changed.items() if content is not None}, self.cycles, self.reporting, self.previous)


def report_of(agreement: Agreement, rows: Mapping[str, Sequence[AcceptedRow]], cycle: str = "C3", previous: Mapping[str, int] | None = None) -> Report:
    """A report's data files, as the program makes them of accepted rows."""
    of_cycles = {sheet: in_order(rows[sheet], agreement.cycles_to(cycle)) for sheet in ("activities", "indicators", "expenditure")}
    figures, lines = aggregate(agreement, PROFILE, Judged([], of_cycles), [], cycle, previous)
    data = {
        "indicators.csv": datafiles.indicators_csv(agreement, figures), "sdg.csv": datafiles.sdg_csv(figures), "finance.csv": datafiles.finance_csv(figures),
        "activities.csv": datafiles.activities_csv(of_cycles["activities"]), "indicator_rows.csv": datafiles.indicator_rows_csv(agreement, of_cycles["indicators"]),
        "expenditure.csv": datafiles.expenditure_csv(lines),
    }  # fmt: skip
    return Report(agreement, data, figures.cycles, figures.reporting, previous)


@cache
def demo() -> tuple[Report, Report]:
    """The two reports of the sample, read and judged as the program does it; the second follows the first, delivered."""
    files = sample_files()
    agreement, problems = read_agreement({file.key: file.data for file in files})
    assert agreement is not None, problems
    read = []
    for file in files:
        folder, cycle, member = [*file.key.split("/"), "", ""][:3]
        if folder == "inbox" and file.arrived:
            read.append(read_submission(file.data, key=file.key, member=member, cycle=cycle, received_at=file.arrived, agreement=agreement))
    rows = judge(agreement, read, counting_keys(read), PROFILE.questions, PROFILE.lines).accepted
    first = report_of(agreement, rows, "2019-H1")
    return first, report_of(agreement, rows, "2020-H1", {row["heading"]: int(Decimal(row["cumulative_eur"]) * 100) for row in table(first.data["finance.csv"])})


def table(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def file_of(rows: Sequence[Mapping[str, str]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


# --- agreement --------------------------------------------------------------------------------------------------------


def test_the_samples_reports_agree_to_the_last_figure() -> None:
    for report in demo():
        result = report.reconciled()
        assert result.differences == ()
        assert result.agrees
        of_file = {name: len(table(report.data[name])) for name in ("indicators.csv", "sdg.csv", "finance.csv", "expenditure.csv")}
        assert result.compared == of_file | {"sdg.csv": 7 * of_file["sdg.csv"], "finance.csv": 6 * 11}


def test_the_control_totals_are_those_of_the_files() -> None:
    report = demo()[1]
    totals = report.reconciled().totals
    paid, sdg = table(report.data["expenditure.csv"]), table(report.data["sdg.csv"])
    to_date = {row["kind"]: row for row in sdg if row["scope"] == "cumulative" and row["sdg"] == ""}
    assert totals["accepted rows of activities"] == len(table(report.data["activities.csv"]))
    assert totals["rows of expenditure that are costs"] == sum(row["cost"] == "yes" for row in paid)
    assert totals["rows of expenditure that are use of support"] == sum(row["cost"] == "" for row in paid) > 0
    assert totals["costs to date, EUR"] == totals["costs to date under the goals and not attributed, EUR"] == to_date["total"]["expenditure_eur"]
    assert totals["costs in the reporting period, EUR"] == f"{sum(Decimal(row['amount_eur']) for row in paid if row['cost'] and row['cycle'] in report.reporting)}"
    assert totals["costs to date not attributed to an SDG, EUR"] == to_date["unattributed"]["expenditure_eur"]
    assert totals["activities that took place to date"] == int(to_date["total"]["activities_main"])
    assert totals["participations to date"] == sum(int(to_date["total"][name]) for name in ("women", "men", "other", "unknown"))


def test_it_goes_into_the_manifest_and_is_the_same_each_time_and_in_whatever_order_the_rows_come() -> None:
    report = demo()[1]
    shuffled = {}
    for name, content in report.data.items():
        rows = table(content)
        random.Random(7).shuffle(rows)
        shuffled[name.removesuffix(".csv")] = file_of(rows)
    wrong = change("finance", {"heading": "2"}, period_eur="1.00")(report)
    first = json.dumps(report.reconciled(finance=wrong).as_dict(), allow_nan=False)
    assert json.loads(first)["differences"] == [{"figure": "finance/2/period_eur", "column": "period_eur", "delivered": "1.00", "recomputed": "146252.58"}]
    assert json.dumps(report.reconciled(finance=wrong).as_dict()) == first
    assert report.reconciled(**shuffled) == report.reconciled()


# --- random worlds ----------------------------------------------------------------------------------------------------

MEMBERS = {"aa": "coordinator", "bb": "beneficiary", "cc": "affiliated-entity", "dd": "third-party", "ee": "beneficiary", "ff": "associate"}
DIMENSIONS = {"sex": ("female", "male", "unknown"), "age": ("young", "30+")}
COUNTRIES, SDGS = ("KE", "SN"), ("8.8", "8.5", "8", "5", "5.5", "16.7", "17.17", "4")
MONTHS = {"C1": "2019-03", "C2": "2019-09", "C3": "2020-03"}


def random_logframe(rng: random.Random) -> str:
    """Indicators of every kind; some come later, end earlier, or are measured otherwise from a cycle on."""
    def line(code: str, measure: str, kind: str, valid: str) -> str:
        number = measure in ("number", "people", "money")
        members = rng.choice(["sum", "sum", "max", "mean", "none"] if number else ["sum", "sum", "none"])
        periods = "latest" if kind == "cumulative" or measure in ("yes_no", "qualitative") else rng.choice(["sum", "max", "mean", "latest"] if number else ["sum", "latest"])
        names = rng.sample(list(DIMENSIONS), rng.randint(0, 2)) if measure != "qualitative" else []
        dimensions = "; ".join(f"{name}:{'|'.join(DIMENSIONS[name])}" for name in names)
        aims = rng.choice([",,,", "10,2018,110.5,2020", "5.25,2018,5.25,2020", ",,7,2020", "3,2018,,"]) if measure != "qualitative" else ",,,"
        return f"{code},output,Op1,R,T,{measure},u,up,{kind},{members},{periods},{dimensions},8.8,{aims},,,{valid}\n"

    lines = [f"{LOGFRAME_COLUMNS},from,to\n"]
    for place in range(14):
        measure = rng.choice(["number", "number", "people", "people", "money", "percentage", "percentage", "yes_no", "qualitative"])
        kind = "period" if measure in ("yes_no", "qualitative") else rng.choice(["period", "period", "cumulative"])
        validity = rng.choice([[","]] * 6 + [[",C2"], ["C2,"], [",C1", "C2,"], [",C2", "C3,"]])
        lines += [line(f"I{place}", measure, kind, valid) for valid in validity]
    return "".join(lines)


def random_agreement(rng: random.Random) -> Agreement:
    rate = rng.choice(["7.00", "6.5", "0", "3.333"])
    weights = rng.choice(["main", "weights"])
    assigned = [
        f"{member},I{place},{country},{valid},{baseline},\n"
        for member in MEMBERS for place in range(14) if rng.random() < 0.4 for country in COUNTRIES
        for valid, baseline in rng.choice([[(",", "12")], [(",C1", "4.5"), ("C2,", "")], [(",C2", ""), ("C3,", "7.25")], [(",C1", "3"), ("C2,", "9")]])
    ]  # fmt: skip
    return small_agreement(
        yaml=AGREEMENT_YAML.format(number=CONTRACT, sdg_money=weights, due="2099-12-31T18:00").replace("indirect_rate: 7.00", f"indirect_rate: {rate}"),
        members="member,name,country,language,decimal,email,role\n" + "".join(f"{code},{code},KE,en,.,,{role}\n" for code, role in MEMBERS.items()),
        logframe=random_logframe(rng),
        assignments="member,indicator,country,from,to,baseline,target\n" + "".join(assigned),
        budget=rng.choice(["heading,amount_eur\n1,50000.00\n2,10000.00\n5.7,20000.00\n6,10000.00\n10,1000.00\n",
                           "heading,amount_eur,from,to\n1.1.1,500.55,,C2\n1.1.1,7000.10,C3,\n1.1.2,33.33,,\n3,10,,\n"]),
        rates="month,currency,rate\n" + "".join(f"{month},KES,{rng.choice(['110', '113.377', '0.37'])}\n" for month in MONTHS.values()),
    )  # fmt: skip


def random_figure(rng: random.Random, measure: str, cycle: str) -> dict[str, Any]:
    """A value alone is given in one cycle only: what several of them come to has a test of its own."""
    match measure:
        case "yes_no":
            return {"value": rng.choice(["yes", "no"])}
        case "qualitative":
            return {"comment": "Better; \"worse\"\nthan before"}
        case "percentage" if cycle == "C2" and rng.random() < 0.4:
            return {"value": Decimal(rng.randint(0, 1000)) / 10}
        case "percentage":
            top, bottom = rng.choice([(3, 7), (0, 0), (5, 5), (10, 40), ("2.5", "3.25")])
            return {"numerator": Decimal(top), "denominator": Decimal(bottom)}
        case "people":
            return {"value": Decimal(rng.randint(0, 300))}
        case _:
            return {"value": Decimal(rng.randint(-50, 9000)) / rng.choice([1, 10, 1000])}


def random_readings(rng: random.Random, agreement: Agreement) -> list[AcceptedRow]:
    rows = []
    for cycle in CYCLES:
        for member in MEMBERS:
            for definition in agreement.indicators_in(cycle).values():
                for country in rng.sample(COUNTRIES, rng.choice([0, 1, 1, 2])):
                    slices: list[dict[str, str]] = [{}] if rng.random() < 0.9 else []
                    slices += [{name: category} for name, categories in definition.disaggregation.items() for category in categories if rng.random() < 0.6]
                    if len(definition.disaggregation) == 2:
                        slices += [{"sex": sex, "age": age} for sex in DIMENSIONS["sex"] for age in DIMENSIONS["age"] if rng.random() < 0.3]
                    for slice_ in slices:
                        values = random_figure(rng, definition.measure, cycle) | {"indicator": definition.indicator, "country": country} | slice_
                        row = accepted("indicators", member, cycle, len(rows) + 2, **values)
                        derived = definition.across_members == "sum" and definition.measure in ("number", "people", "money") and rng.random() < 0.2
                        rows.append(AcceptedRow(member, cycle, row.submission, "indicators", 0, row.values, (3, 4)) if derived else row)
    return rows


def random_activities(rng: random.Random) -> list[AcceptedRow]:
    """Codes come in any case; A0 to A3 occur again in other cycles, with or without a joint code."""
    rows = []
    for cycle in CYCLES:
        for member in MEMBERS:
            for place in range(rng.randint(0, 4)):
                codes = rng.sample(SDGS, rng.randint(1, 4))
                even = {1: ("100",), 2: ("50", "50"), 3: ("33.3", "33.3", "33.4"), 4: ("10", "20", "30", "40")}[len(codes)]
                shares = [Decimal(share) for share in even] if rng.random() < 0.6 else [None] * len(codes)
                people = {name: rng.choice([None, Decimal(rng.randint(0, 40))]) for name in ("women", "men", "other", "unknown")}
                values = people | {
                    "activity": rng.choice(["A", "a"]) + str(place), "status": rng.choice(["done"] * 5 + ["ongoing", "unplanned", "cancelled", "postponed"]),
                    "sdg": tuple(zip(codes, shares, strict=True)), "joint": rng.choice([None] * 4 + ["J1", "j1 ", "J2"]), "lead": rng.choice([None, None, "yes", "no"]),
                }  # fmt: skip
                rows.append(accepted("activities", member, cycle, place + 2, **values))
    return rows


def random_payments(rng: random.Random) -> list[AcceptedRow]:
    return [
        accepted(
            "expenditure", member, cycle, place + 2, heading=rng.choice(["1", "1.1.2", "2", "5.7", "6"]), country="KE", payment_date=date.fromisoformat(f"{MONTHS[cycle]}-15"),
            currency=rng.choice(["EUR", "KES"]), amount=Decimal(rng.randint(-5000, 500000)) / rng.choice([1, 100, 200, 1000]), activity=rng.choice([None, "A0", " a1", "A2", "A9"]),
        )
        for cycle in CYCLES for member in MEMBERS for place in range(rng.randint(0, 6))
    ]  # fmt: skip


def random_report(seed: int) -> Report:
    rng = random.Random(seed)
    agreement = random_agreement(rng)
    rows: Rows = {"indicators": random_readings(rng, agreement), "activities": random_activities(rng), "expenditure": random_payments(rng)}
    previous = {str(heading): rng.randint(0, 10**7) for heading in range(1, 12)} if rng.random() < 0.3 else None
    return report_of(agreement, rows, rng.choice(["C1", "C2", "C3", "C3"]), previous)


@pytest.mark.parametrize("seed", range(40))
def test_random_reports_agree_to_the_last_figure(seed: int) -> None:
    result = random_report(seed).reconciled()
    assert result.differences == ()
    assert result.compared["indicators.csv"] > 100


@pytest.mark.parametrize("seed", range(500, 507))
def test_reports_of_members_files_agree_to_the_last_figure(seed: int) -> None:
    """Three inboxes of the oracle's, read and judged; the data files whole, as a report delivers them, with figures of an earlier one in every other."""
    worlds = make_worlds(seed)
    agreement, problems = read_agreement(agreement_files(worlds[0]))
    assert agreement is not None, problems
    for number, world in enumerate(worlds):
        read = [read_submission(f.data, key=f.key, member=f.member, cycle=f.cycle, received_at=f.received, agreement=agreement) for f in world.files]
        for submission in read:
            judge_arrival(agreement, submission, include_late=False)
        judged = judge(agreement, read, counting_keys(read), PROFILE.questions, PROFILE.lines)
        previous = {str(heading): 12345 * heading - 50000 for heading in range(1, 12)} if number % 2 else None
        figures, lines = aggregate(agreement, PROFILE, judged, read, CODES[-1], previous)
        data = data_files(agreement, figures, lines, judged, [], [], [])
        result = Report(agreement, data, figures.cycles, figures.reporting, previous).reconciled()
        assert result.differences == ()
        assert result.compared["indicators.csv"] == len(table(data["indicators.csv"])) > 0


@pytest.mark.parametrize("decimals", [2, 15, 16, 30])
def test_shares_are_exact_to_thirty_decimals(decimals: int) -> None:
    """The last code has the largest share, by its last decimal: it is the main one, and has the cent that is left over."""
    threes = "33." + "3" * (decimals - 1)
    shares = [Decimal(f"{threes}{digit}") for digit in "334"]
    activity = accepted("activities", "bb", "C3", 2, activity="A", sdg=tuple(zip(("8.8", "5.5", "16.7"), shares, strict=True)), women=Decimal(3))
    amounts = ("0.01", "10.00", "-10.00", "9999999999999999.99")
    payments = [
        accepted("expenditure", "bb", "C3", row, heading="2", country="KE", payment_date=date(2020, 2, 1), currency="EUR", amount=Decimal(amount), activity="A")
        for row, amount in enumerate(amounts, 2)
    ]  # fmt: skip
    for amount, payment in zip(amounts, payments, strict=True):
        report = report_of(small_agreement(sdg_money="weights"), {"activities": [activity], "indicators": [], "expenditure": [payment]})
        assert report.reconciled().differences == (), amount


def test_a_dimension_counts_in_the_cycles_whose_logframe_row_has_it() -> None:
    """An addendum measures P1 by age and no longer by sex; what still stands under sex in its cycle says nothing."""
    row = "P1,output,Op1,A result,People,people,people,up,period,sum,sum,{},5.5,,,,,,,{}\n"
    logframe = f"{LOGFRAME_COLUMNS},from,to\n" + row.format("sex:female|male", ",C2") + row.format("age:young|old", "C3,")
    said = [
        accepted("indicators", "bb", cycle, row, indicator="P1", country="KE", value=Decimal(value), **slice_)
        for row, (cycle, value, slice_) in enumerate((("C2", 9, {}), ("C2", 4, {"sex": "female"}), ("C3", 7, {"sex": "female"}), ("C3", 3, {"sex": "male", "age": "old"})), 2)
    ]  # fmt: skip
    report = report_of(small_agreement(logframe=logframe), {"activities": [], "indicators": said, "expenditure": []})
    assert report.reconciled().differences == ()
    values = {(figure["sex"], figure["age"]): figure["value"] for figure in table(report.data["indicators.csv"]) if (figure["scope"], figure["level"]) == ("cumulative", "network")}
    assert values == {("", ""): "16", ("female", ""): "4", ("", "old"): "3"}


def test_percentages_given_as_a_value_only_are_not_added_over_cycles() -> None:
    """Rule 4: "across periods the pairs are added"; half and half of two years are not all."""
    agreement = small_agreement()
    halves = [accepted("indicators", "bb", cycle, 2, indicator="R1", country="KE", value=Decimal(50)) for cycle in ("C2", "C3")]
    assert report_of(agreement, {"activities": [], "indicators": halves, "expenditure": []}).reconciled().differences == ()


# --- what is wrong is named -------------------------------------------------------------------------------------------

Change = Callable[[Report], bytes]


def change(name: str, where: Mapping[str, str], **cells: str) -> Change:
    """The file with other cells in the first row that matches."""
    def changed(report: Report) -> bytes:
        rows = table(report.data[f"{name}.csv"])
        place = next(place for place, row in enumerate(rows) if where.items() <= row.items())
        rows[place] |= cells
        return file_of(rows)

    return changed


def without(name: str, where: Mapping[str, str]) -> Change:
    def changed(report: Report) -> bytes:
        rows = table(report.data[f"{name}.csv"])
        rows.remove(next(row for row in rows if where.items() <= row.items()))
        return file_of(rows)

    return changed


def with_another(name: str, where: Mapping[str, str], **cells: str) -> Change:
    """A copy of the first row that matches, with other cells, at the end."""
    def changed(report: Report) -> bytes:
        rows = table(report.data[f"{name}.csv"])
        return file_of([*rows, next(row for row in rows if where.items() <= row.items()) | cells])

    return changed


TRAINED = {"indicator": "Op1.2-a", "scope": "cumulative", "level": "network", "sex": "female", "age": ""}
TOTAL = {"scope": "cumulative", "kind": "total"}
WRONG: dict[str, tuple[str, Change, Difference]] = {
    "a cent of a heading": ("finance", change("finance", {"heading": "2"}, cumulative_eur="228177.70"), Difference("finance/2/cumulative_eur", "cumulative_eur", "228177.70", "228177.69")),
    "a share of a heading": ("finance", change("finance", {"heading": "1"}, variation_pct="-30.3574876"), Difference("finance/1/variation_pct", "variation_pct", "-30.3574876", "-30.3574875")),
    "a heading left out": (
        "finance", without("finance", {"heading": "8"}), Difference("finance/8", "row", "no such row",
        "budget_eur 126000.00, period_eur 66796.00, previous_eur 30850.31, cumulative_eur 97646.31, variation_eur -28353.69, variation_pct -22.502928571428573"),
    ),
    "a count under a goal": (
        "sdg", change("sdg", {"scope": "period", "sdg": "8"}, activities_main="18"), Difference("sdg/period/goal/8/activities_main", "activities_main", "18", "17")),
    "participants in total": ("sdg", change("sdg", TOTAL, women="5234"), Difference("sdg/cumulative/total//women", "women", "5234", "5235")),
    "a cent under a target": (
        "sdg", change("sdg", {"scope": "reporting", "sdg": "8.8"}, expenditure_eur="1817.36"), Difference("sdg/reporting/target/8.8/expenditure_eur", "expenditure_eur", "1817.36", "1817.37")),
    "a target that nobody works on": (
        "sdg", with_another("sdg", {"kind": "target"}, scope="period", sdg="2.1"),
        Difference("sdg/period/target/2.1", "row", "activities_main 3, activities_significant 5, women 44, men 28, other 0, unknown 0, expenditure_eur 8883.79", "no such row")),
    "a value": ("indicators", change("indicators", {"indicator": "Op1.1-a", "scope": "period", "level": "network"}, value="30"), Difference("indicators/period/network//Op1.1-a", "value", "30", "29.0")),
    "a value in its ninth digit": (
        "indicators", change("indicators", {"indicator": "Im1-b", "scope": "period", "level": "network", "sex": "male"}, value="42.290419261676647"),
        Difference("indicators/period/network//Im1-b/sex=male", "value", "42.290419261676647", "42.290419161676645")),
    "text for a value": ("indicators", change("indicators", {"indicator": "Op1.1-a", "scope": "period", "level": "network"}, value="nan"), Difference("indicators/period/network//Op1.1-a", "value", "nan", "29.0")),
    "a numerator": ("indicators", change("indicators", {"indicator": "Im1-a", "scope": "period", "level": "network"}, numerator="5"), Difference("indicators/period/network//Im1-a", "numerator", "5", "4.0")),
    "contributions": ("indicators", change("indicators", {"indicator": "Im1-a", "scope": "period", "level": "network"}, contributions="14"), Difference("indicators/period/network//Im1-a", "contributions", "14", "13")),
    "progress": ("indicators", change("indicators", {"indicator": "Im1-a", "scope": "cumulative"}, progress=""), Difference("indicators/cumulative/network//Im1-a", "progress", "", "66.66666666666666")),
    "a baseline": ("indicators", change("indicators", {"indicator": "Im1-a", "scope": "cumulative"}, baseline="1"), Difference("indicators/cumulative/network//Im1-a", "baseline", "1", "0.0")),
    "a figure that is not derived": (
        "indicators", change("indicators", {"indicator": "Oc1-a", "scope": "cumulative"}, derived="yes"), Difference("indicators/cumulative/network//Oc1-a", "derived", "yes", "")),
    "money with one decimal": (
        "indicators", change("indicators", {"indicator": "Op3.1-a", "scope": "cumulative", "level": "network"}, value="219800.0"),
        Difference("indicators/cumulative/network//Op3.1-a", "value", "219800.0", "219800.00")),
    "a figure twice": ("indicators", with_another("indicators", TRAINED), Difference("indicators/cumulative/network//Op1.2-a/sex=female", "row", "2 times", "once")),
    "a wrong amount in EUR": (
        "expenditure", change("expenditure", {"member": "andina-bo", "row": "2", "cycle": "2019-H1"}, amount_eur="2731.04"),
        Difference("expenditure/andina-bo/0dde29cd20d8/2", "amount_eur", "2731.04", "2731.03")),
    "a wrong rate": (
        "expenditure", change("expenditure", {"member": "andina-bo", "row": "2", "cycle": "2019-H1"}, rate="7.8771"), Difference("expenditure/andina-bo/0dde29cd20d8/2", "rate", "7.8771", "7.8770")),
    "use of support among the costs": (
        "expenditure", change("expenditure", {"member": "lempira-hn", "cycle": "2019-H1"}, cost="yes", submission="0"), Difference("expenditure/lempira-hn/0/2", "cost", "yes", "")),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_cell_or_row_is_the_one_difference_and_both_sides_are_named(wrong: str) -> None:
    name, changed, expected = WRONG[wrong]
    assert demo()[1].reconciled(**{name: changed(demo()[1])}).differences == (expected,)


def test_a_figure_left_out_and_one_that_is_too_many_are_named_with_what_stands_on_the_other_side() -> None:
    report = demo()[1]
    figure = "indicators/cumulative/network//Op1.2-a/sex=female"
    (missing,) = report.reconciled(indicators=without("indicators", TRAINED)(report)).differences
    (delivered,) = [row for row in table(report.data["indicators.csv"]) if TRAINED.items() <= row.items()]
    assert (missing.figure, missing.column, missing.delivered) == (figure, "row", "no such row")
    assert missing.recomputed.startswith(f"value {delivered['value']}.0, contributions {delivered['contributions']}")
    (extra,) = report.reconciled(indicators=with_another("indicators", TRAINED, indicator="Op9", age="30+")(report)).differences
    assert extra == Difference("indicators/cumulative/network//Op9/sex=female/age=30+", "row", extra.delivered, "no such row")
    assert extra.delivered.startswith(f"value {delivered['value']}, contributions {delivered['contributions']}")


def test_an_accepted_row_that_is_not_there_makes_every_figure_differ_that_it_went_into() -> None:
    report = demo()[1]
    row = next(row for row in table(report.data["indicator_rows.csv"]) if (row["indicator"], row["cycle"]) == ("Op1.1-a", "2020-H1"))
    named = {difference.figure for difference in report.reconciled(indicator_rows=without("indicator_rows", row)(report)).differences}
    assert named == {
        f"indicators/{scope}/{area}/Op1.1-a"
        for scope in ("period", "reporting", "cumulative") for area in ("network/", f"member/{row['member']}", f"country/{row['country']}")
    }  # fmt: skip
    activity = next(row for row in table(report.data["activities.csv"]) if (row["cycle"], row["status"], row["joint"]) == ("2020-H1", "done", ""))
    counts = [d for d in report.reconciled(activities=without("activities", activity)(report)).differences if d.figure.endswith("total//activities_main")]
    assert [int(d.delivered) - int(d.recomputed) for d in counts] == [1, 1, 1]


def test_a_payment_of_another_amount_is_seen_in_its_line_and_in_every_total() -> None:
    report = demo()[1]
    paid = change("expenditure", {"member": "andina-bo", "row": "2", "cycle": "2019-H1"}, amount="21512.44")(report)
    named = {(d.figure, d.delivered, d.recomputed) for d in report.reconciled(expenditure=paid).differences}
    assert ("expenditure/andina-bo/0dde29cd20d8/2", "2731.03", "2731.04") in named
    assert ("finance/1/cumulative_eur", "501426.09", "501426.10") in named
    assert ("sdg/cumulative/total//expenditure_eur", "1394947.24", "1394947.25") in named


def test_rows_that_cannot_be_reckoned_with_are_named_and_not_passed_over() -> None:
    report = demo()[1]
    where = {"indicator": "Op1.1-a", "cycle": "2020-H1", "member": "haki-ke"}
    number = next(row["row"] for row in table(report.data["indicator_rows.csv"]) if where.items() <= row.items())
    for value in ("1" + "0" * 60, "many"):
        found = report.reconciled(indicator_rows=change("indicator_rows", where, value=value)(report)).differences
        assert Difference(f"indicator_rows/haki-ke/30c3df7dc236/{number}", "value", value, "no number, or too long to reckon with") in found
    unknown = report.reconciled(indicator_rows=with_another("indicator_rows", where, indicator="Op9.9-z")(report)).differences
    assert unknown == (Difference(f"indicator_rows/haki-ke/30c3df7dc236/{number}", "indicator", "Op9.9-z", "in no logframe row valid in 2020-H1"),)
    crowd = report.reconciled(activities=change("activities", {"member": "haki-ke", "status": "done"}, women="9" * 40)(report)).differences
    assert [(d.column, d.delivered) for d in crowd if d.figure.startswith("activities/")] == [("women", "9" * 40)]
    for sheet in ("indicator_rows", "activities", "expenditure"):
        (strange,) = report.reconciled(**{sheet: with_another(sheet, {}, cycle="2031-H1", row="9")(report)}).differences
        assert (strange.figure.split("/")[0], strange.column, strange.delivered, strange.recomputed) == (sheet, "cycle", "2031-H1", "no cycle of this report")
    riches = report.reconciled(expenditure=change("expenditure", {"member": "haki-ke"}, amount="9" * 50)(report)).differences
    assert [(d.column, d.recomputed) for d in riches if d.figure.startswith("expenditure/")] == [("amount_eur", "")]


def test_a_file_that_is_missing_or_lacks_a_column_is_one_clear_error() -> None:
    report = demo()[0]
    for content in (None, b"", b"heading,label\n1,x\n"):
        with pytest.raises(ValueError, match=r"data/finance\.csv cannot be read as the table it should be"):
            report.reconciled(finance=content)


# --- hostile and empty ------------------------------------------------------------------------------------------------

HOSTILE = ["'); DROP TABLE difference; --", "=HYPERLINK(\"http://x\")", "one\r\ntwo\nthree", "a,\"b\";c", "\ufeff\u2028\x00", "$(id) {{7*7}} %s", "ß", "SELECT * FROM read_csv('/etc/passwd')"]


def test_what_members_wrote_is_only_ever_text() -> None:
    agreement = small_agreement()
    activities = [
        accepted("activities", "bb", "C3", row, activity=text, title=text, description=text, joint=text if row % 2 else None, sdg=(("8.8", None),), women=Decimal(row))
        for row, text in enumerate(HOSTILE, 2)
    ]  # fmt: skip
    payments = [
        accepted("expenditure", "bb", "C3", row, heading="2", country="KE", payment_date=date(2020, 2, 1), currency="EUR", amount=Decimal(row), activity=text.upper(), supplier=text)
        for row, text in enumerate(HOSTILE, 2)
    ]  # fmt: skip
    words = [accepted("indicators", "bb", "C3", row, indicator="Q1", country="KE", comment=text, source=text) for row, text in enumerate(HOSTILE[:1], 2)]
    result = report_of(agreement, {"activities": activities, "indicators": words, "expenditure": payments}).reconciled()
    assert result.differences == ()
    assert result.totals["activities that took place to date"] == len(HOSTILE)
    assert result.totals["costs to date not attributed to an SDG, EUR"] == "0.00"


def test_a_report_without_a_row_agrees_too() -> None:
    plain = small_agreement(logframe=f"{LOGFRAME_COLUMNS}\nN1,output,Op1,A result,A number,number,pieces,up,period,sum,sum,,8.8,,,,,,\n")
    for agreement in (small_agreement(), plain):
        result = report_of(agreement, {"activities": [], "indicators": [], "expenditure": []}, "C1").reconciled()
        assert result.differences == ()
        assert result.compared == {"indicators.csv": 0, "sdg.csv": 7 * 6, "finance.csv": 6 * 11, "expenditure.csv": 0}


def test_duckdb_reaches_neither_files_nor_network(monkeypatch: pytest.MonkeyPatch) -> None:
    import duckdb

    tried = []

    def outcome(connection: Any) -> Reconciliation:
        for statement in ("SELECT * FROM read_csv('/etc/hosts')", "COPY total TO 'total.csv'", "INSTALL httpfs", "ATTACH 'other.db'", "SET enable_external_access = true", "SELECT * FROM tried"):
            with pytest.raises(duckdb.Error):
                connection.execute(statement)
            tried.append(statement)
        return Reconciliation({}, (), {})

    monkeypatch.setattr(module, "_outcome", outcome)
    random_report(0).reconciled()
    assert len(tried) == 6
