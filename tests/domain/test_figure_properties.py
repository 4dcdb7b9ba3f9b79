"""What must hold of the figures of any accepted rows (contract section 5), seen in the data files as they are delivered."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from domain import datafiles
from domain.agreement import Agreement
from domain.submission import AcceptedRow, Judged
from tasks.aggregate import aggregate
from tasks.profiles import load_profile
from tests.builders import LOGFRAME_COLUMNS, accepted, small_agreement

CYCLES = ("C1", "C2", "C3")
MEMBERS = ("aa", "bb", "cc", "dd")
COUNTRIES = ("KE", "SN", "PE")
SEXES, AGES = ("female", "male", "unknown"), ("young", "old")
PROFILE = load_profile("prag-2018")
_MEMBERS_CSV = "member,name,country,language,decimal,email,role\n" + "".join(
    f"{code},{code},KE,en,.,,{role}\n" for code, role in {"aa": "coordinator", "bb": "beneficiary", "cc": "affiliated-entity", "dd": "third-party", "zz": "beneficiary"}.items()
)
_LOGFRAME_CSV = f"""{LOGFRAME_COLUMNS}
SUM,output,Op1,R,T,number,u,up,period,sum,sum,sex:female|male|unknown; age:young|old,,,,,,,
MAX,output,Op1,R,T,number,u,up,period,max,max,sex:female|male|unknown,,,,,,,
MEAN,output,Op1,R,T,money,u,up,period,mean,mean,,,,,,,,
LAST,output,Op1,R,T,people,u,up,period,sum,latest,,,,,,,,
DATE,output,Op1,R,T,number,u,up,cumulative,sum,latest,sex:female|male|unknown,,,,,,,
EACH,output,Op1,R,T,number,u,up,period,none,sum,,,,,,,,
RATE,output,Op1,R,T,percentage,u,up,period,sum,sum,,,,,,,,
ASK,output,Op1,R,T,yes_no,u,up,period,sum,latest,,,,,,,,
"""
SUMS = ("SUM", "LAST", "DATE")
"""Indicators that are added across members."""


def agreement(sdg_money: str = "main") -> Agreement:
    return small_agreement(members=_MEMBERS_CSV, logframe=_LOGFRAME_CSV, sdg_money=sdg_money)


AGREEMENTS = {sdg_money: agreement(sdg_money) for sdg_money in ("main", "weights")}
Rows = list[AcceptedRow]
Files = dict[str, list[dict[str, str]]]


def data_bytes(rows: Sequence[AcceptedRow], cycle: str = "C3", sdg_money: str = "main") -> dict[str, bytes]:
    of_sheet = {sheet: [row for row in rows if row.sheet == sheet] for sheet in ("activities", "indicators", "expenditure")}
    figures, _ = aggregate(AGREEMENTS[sdg_money], PROFILE, Judged([], of_sheet), [], cycle, None)
    return {
        "indicators": datafiles.indicators_csv(AGREEMENTS[sdg_money], figures), "sdg": datafiles.sdg_csv(figures), "finance": datafiles.finance_csv(figures),
        "lineage": datafiles.lineage_csv(figures),
    }  # fmt: skip


def data(rows: Sequence[AcceptedRow], cycle: str = "C3", sdg_money: str = "main") -> Files:
    return {name: list(csv.DictReader(io.StringIO(content.decode(), newline=""))) for name, content in data_bytes(rows, cycle, sdg_money).items()}


def network(files: Files, *columns: str, codes: Sequence[str] | None = None) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Of the network's and countries' figures these columns, by indicator, scope, level, area and slice."""
    return {
        (row["indicator"], row["scope"], row["level"], row["area"], row["sex"], row["age"]): tuple(row[column] for column in columns)
        for row in files["indicators"] if row["level"] != "member" and (codes is None or row["indicator"] in codes)
    }  # fmt: skip


def without_zeros(sdg: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Rows of sdg.csv in which something stands."""
    return [dict(row) for row in sdg if any(float(value) for name, value in row.items() if name not in ("scope", "sdg", "kind"))]


# --- any rows ---------------------------------------------------------------------------------------------------------

CENTS = st.integers(-5_000_000, 90_000_000).map(lambda cents: Decimal(cents) / 100)
DECIMALS = st.decimals(-1000, 100_000, places=3, allow_nan=False)
SHARES = st.lists(st.integers(1, 60), min_size=1, max_size=4)
CODES = st.permutations(["8.8", "8.5", "5", "5.5", "16.7", "17.17"])


@st.composite
def indicator_rows(draw: st.DrawFn) -> Rows:
    """One row for each contribution and cycle drawn; a derived one stands for two rows of its file."""
    places = st.tuples(
        st.sampled_from(MEMBERS), st.sampled_from(CYCLES), st.sampled_from(COUNTRIES), st.sampled_from(["SUM", "MAX", "MEAN", "LAST", "DATE", "EACH", "RATE", "ASK"]),
        st.sampled_from([None, *SEXES]), st.sampled_from([None, *AGES]),
    )  # fmt: skip
    rows = []
    for number, (member, cycle, country, code, sex, age) in enumerate(draw(st.lists(places, max_size=25, unique=True)), start=2):
        values: dict[str, Any] = {"indicator": code, "country": country}
        if code in ("SUM", "MAX", "DATE"):
            values["sex"] = sex
        if code == "SUM":
            values["age"] = age
        match code:
            case "RATE":
                values |= {"numerator": Decimal(draw(st.integers(0, 40))), "denominator": Decimal(draw(st.integers(40, 90)))}
            case "ASK":
                values["value"] = draw(st.sampled_from(["yes", "no"]))
            case "LAST":
                values["value"] = Decimal(draw(st.integers(0, 500)))
            case _:
                values["value"] = draw(DECIMALS)
        row = accepted("indicators", member, cycle, number, **values)
        key = (member, cycle, country, code, values.get("sex"), values.get("age"))
        if key in {(r.member, r.cycle, r.values["country"], r.values["indicator"], r.values["sex"], r.values["age"]) for r in rows}:
            continue
        rows.append(replace(row, row=0, derived_from=(number, number + 1)) if code == "SUM" and draw(st.booleans()) else row)
    return rows


@st.composite
def activity_rows(draw: st.DrawFn) -> Rows:
    """Activities of members, some of them joint, in the country that their code says."""
    places = st.tuples(st.sampled_from(MEMBERS), st.sampled_from(CYCLES), st.sampled_from(["A1", "A2", "A3"]))
    rows = []
    for number, (member, cycle, code) in enumerate(draw(st.lists(places, max_size=10, unique=True)), start=2):
        shares = draw(SHARES)
        codes = draw(CODES)[: len(shares)]
        weights = [Decimal(share) for share in shares] if draw(st.booleans()) else [None] * len(shares)
        people = {name: draw(st.none() | st.integers(0, 300).map(Decimal)) for name in ("women", "men", "other", "unknown")}
        values = people | {
            "activity": code, "country": COUNTRIES[int(code[1]) - 1], "result": "Op1", "type": "event", "sdg": tuple(zip(codes, weights, strict=True)),
            "status": draw(st.sampled_from(["done", "done", "ongoing", "cancelled", "postponed"])), "joint": f"J{code[1]}" if draw(st.integers(0, 3)) == 0 else None,
            "lead": draw(st.sampled_from([None, "yes", "no"])),
        }  # fmt: skip
        rows.append(accepted("activities", member, cycle, number, **values))
    return rows


@st.composite
def payment_rows(draw: st.DrawFn) -> Rows:
    days = {"C1": date(2019, 3, 1), "C2": date(2019, 9, 1), "C3": date(2020, 3, 1)}
    places = st.tuples(st.sampled_from(MEMBERS), st.sampled_from(CYCLES), st.sampled_from(["A1", "A2", "A3", "A9", None]), CENTS, st.sampled_from(["EUR", "KES"]), st.sampled_from("1256"))
    return [
        accepted("expenditure", member, cycle, number, heading=heading, country=COUNTRIES[int(code[1]) % 3 - 1] if code else "KE", payment_date=days[cycle], currency=currency, amount=amount, activity=code)
        for number, (member, cycle, code, amount, currency, heading) in enumerate(draw(st.lists(places, max_size=14)), start=2)
    ]  # fmt: skip


ALL_ROWS = st.tuples(indicator_rows(), activity_rows(), payment_rows()).map(lambda parts: [row for part in parts for row in part])
SETTINGS = st.sampled_from(["main", "weights"])
few = settings(max_examples=100, deadline=None)


# --- what changes nothing ---------------------------------------------------------------------------------------------


@given(ALL_ROWS, SETTINGS, st.randoms(use_true_random=False))
@few
def test_the_order_in_which_rows_files_members_and_cycles_come_changes_no_byte(rows: Rows, sdg_money: str, order: random.Random) -> None:
    shuffled = list(rows)
    order.shuffle(shuffled)
    for cycle in ("C2", "C3"):
        assert data_bytes(shuffled, cycle, sdg_money) == data_bytes(rows, cycle, sdg_money)


@given(ALL_ROWS, SETTINGS)
@few
def test_a_member_split_in_two_by_country_changes_no_figure_of_network_and_countries(rows: Rows, sdg_money: str) -> None:
    rows = [replace(row, values=row.values | {"joint": None}) for row in rows]  # who leads a joint activity depends on who its members are
    halves = [replace(row, member="zz") if row.member == "bb" and row.values["country"] != "KE" else row for row in rows]
    whole, split = data(rows, sdg_money=sdg_money), data(halves, sdg_money=sdg_money)
    assert network(split, "numerator", "denominator", "value", "contributions") == network(whole, "numerator", "denominator", "value", "contributions")
    assert split["sdg"] == whole["sdg"]
    assert split["finance"] == whole["finance"]


@given(ALL_ROWS, SETTINGS)
@few
def test_rows_of_zero_change_no_sum(rows: Rows, sdg_money: str) -> None:
    zeros = [accepted("indicators", "zz", cycle, 90 + i, indicator=code, country="BO", value=Decimal(0)) for i, code in enumerate(SUMS) for cycle in CYCLES]
    zeros += [accepted("indicators", "zz", "C3", 95, indicator="RATE", country="BO", numerator=Decimal(0), denominator=Decimal(0))]
    zeros += [accepted("expenditure", "zz", "C3", 97, heading="2", country="BO", payment_date=date(2020, 3, 1), currency="KES", amount=Decimal("0.00"), activity="A9")]
    before, after = data(rows, sdg_money=sdg_money), data([*rows, *zeros], sdg_money=sdg_money)
    sums = (*SUMS, "RATE")
    was, now = network(before, "numerator", "denominator", "value", codes=sums), network(after, "numerator", "denominator", "value", codes=sums)
    assert {key: now[key] for key in was} == was
    assert all(set(now[key]) <= {"", "0"} for key in now.keys() - was.keys())
    assert after["sdg"] == before["sdg"]
    assert after["finance"] == before["finance"]


@given(activity_rows(), st.sampled_from(["8.8", "5"]))
@few
def test_an_activity_without_participants_changes_no_participations(rows: Rows, sdg: str) -> None:
    nobody = accepted("activities", "zz", "C3", 99, activity="A1", country="BO", result="Op1", type="event", sdg=((sdg, None),), women=Decimal(0))

    def participations(files: Files) -> list[dict[str, str]]:
        kept = [row | {"activities_main": "0", "activities_significant": "0"} for row in files["sdg"]]
        return without_zeros(kept)

    assert participations(data([*rows, nobody])) == participations(data(rows))


# --- what adds up -----------------------------------------------------------------------------------------------------


@given(indicator_rows())
@few
def test_the_period_figures_of_a_sum_add_up_to_the_cumulative_one(rows: Rows) -> None:
    def of(cycle: str, scope: str) -> dict[tuple[str, ...], Decimal]:
        found = data(rows, cycle)["indicators"]
        return {(r["level"], r["area"], r["sex"], r["age"]): Decimal(r["value"]) for r in found if (r["indicator"], r["scope"]) == ("SUM", scope)}

    periods = [of(cycle, "period") for cycle in CYCLES]
    cumulative, reporting = of("C3", "cumulative"), of("C3", "reporting")
    assert cumulative == {key: sum((period.get(key, Decimal(0)) for period in periods), Decimal(0)) for period in periods for key in period}
    assert reporting == {key: sum((period.get(key, Decimal(0)) for period in periods[1:]), Decimal(0)) for period in periods[1:] for key in period}


@given(ALL_ROWS, SETTINGS)
@few
def test_goals_and_what_is_not_attributed_add_up_to_the_total_in_every_column(rows: Rows, sdg_money: str) -> None:
    for cycle in ("C2", "C3"):
        found = data(rows, cycle, sdg_money)["sdg"]
        for scope in ("period", "reporting", "cumulative"):
            of_scope = [row for row in found if row["scope"] == scope]
            total = next(row for row in of_scope if row["kind"] == "total")
            for column in ("activities_main", "women", "men", "other", "unknown", "expenditure_eur"):
                for kinds in (("goal", "unattributed"), ("target", "bare", "unattributed")):
                    assert sum(Decimal(row[column]) for row in of_scope if row["kind"] in kinds) == Decimal(total[column]), (scope, column, kinds)


@given(ALL_ROWS)
@few
def test_both_settings_of_sdg_money_give_the_same_total_and_the_same_counts(rows: Rows) -> None:
    main, weights = data(rows, sdg_money="main"), data(rows, sdg_money="weights")
    assert main["finance"] == weights["finance"]
    assert [row for row in main["sdg"] if row["kind"] == "total"] == [row for row in weights["sdg"] if row["kind"] == "total"]


@given(payment_rows())
@few
def test_finance_adds_up_to_the_money_under_the_goals_and_the_periods_to_the_cumulative_column(rows: Rows) -> None:
    by_cycle = {cycle: {row["heading"]: row for row in data(rows, cycle)["finance"]} for cycle in CYCLES}
    for heading in map(str, range(1, 12)):
        line = by_cycle["C3"][heading]
        assert Decimal(line["period_eur"]) + Decimal(line["previous_eur"]) == Decimal(line["cumulative_eur"])
        assert Decimal(line["previous_eur"]) == Decimal(by_cycle["C1"][heading]["cumulative_eur"])  # the report of C3 covers C2 too
    spent = next(row["expenditure_eur"] for row in data(rows)["sdg"] if (row["scope"], row["kind"]) == ("cumulative", "total"))
    assert spent == by_cycle["C3"]["7"]["cumulative_eur"]


@st.composite
def partitions(draw: st.DrawFn) -> Rows:
    """For members and cycles a total of SUM with all its slices by sex and by age, which add up to it."""
    rows: Rows = []
    for member, cycle in draw(st.lists(st.tuples(st.sampled_from(MEMBERS), st.sampled_from(CYCLES)), min_size=1, max_size=8, unique=True)):
        parts = {(sex, age): draw(DECIMALS) for sex in SEXES for age in AGES}
        slices: dict[tuple[str | None, str | None], Decimal] = {(None, None): sum(parts.values(), Decimal(0))}
        slices |= {(sex, None): sum((parts[sex, age] for age in AGES), Decimal(0)) for sex in SEXES}
        slices |= {(None, age): sum((parts[sex, age] for sex in SEXES), Decimal(0)) for age in AGES}
        for (sex, age), value in (slices | parts).items():
            rows.append(accepted("indicators", member, cycle, len(rows) + 2, indicator="SUM", country="KE", sex=sex, age=age, value=value))
    return rows


@given(partitions())
@few
def test_the_slices_of_a_full_partition_add_up_to_the_total(rows: Rows) -> None:
    found = data(rows)["indicators"]
    for scope, level, area in {(r["scope"], r["level"], r["area"]) for r in found}:
        of_area = {(r["sex"], r["age"]): Decimal(r["value"]) for r in found if (r["scope"], r["level"], r["area"]) == (scope, level, area)}
        total = of_area["", ""]
        assert sum(of_area[sex, ""] for sex in SEXES) == total
        assert sum(of_area["", age] for age in AGES) == total
        assert sum(of_area[sex, age] for sex in SEXES for age in AGES) == total


@given(st.lists(DECIMALS, min_size=1, max_size=9))
@few
def test_decimals_are_added_exactly(numbers: list[Decimal]) -> None:
    rows = [accepted("indicators", MEMBERS[i % 4], CYCLES[i % 3], i + 2, indicator="SUM", country=f"C{i}", value=number) for i, number in enumerate(numbers)]
    total = next(row for row in data(rows)["indicators"] if (row["scope"], row["level"]) == ("cumulative", "network"))
    assert Decimal(total["value"]) == sum(numbers)


def test_seventeen_point_one_and_4711_point_two_are_4728_point_three() -> None:
    rows = [accepted("indicators", member, "C3", 2, indicator="SUM", country="KE", value=Decimal(value)) for member, value in (("aa", "17.1"), ("bb", "4711.2"))]
    found = {(row["scope"], row["level"], row["area"]): row["value"] for row in data(rows)["indicators"]}
    assert found["period", "network", ""] == found["cumulative", "country", "KE"] == "4728.3"
