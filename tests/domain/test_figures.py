"""Figures by the rules of contract section 5: by example, and by properties that must hold for any rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.datafiles import csv_bytes, plain_number, two_decimals
from domain.figures import IndicatorFigure, SdgFigure
from domain.indicators import indicator_figures
from domain.money import allocate, cost_lines, finance_lines, in_cents, rounded_half_away, support_lines, with_totals
from domain.sdg_figures import sdg_figures
from domain.submission import AcceptedRow
from tests.builders import LOGFRAME_COLUMNS, accepted, small_agreement

CYCLES, REPORTING = ("C1", "C2", "C3"), ("C2", "C3")
AGREEMENT = small_agreement()
LABELS = {str(heading): "" for heading in range(1, 12)}


def number(member: str, cycle: str, value: Any, indicator: str = "N1", country: str = "KE", row: int = 2, **values: Any) -> AcceptedRow:
    return accepted("indicators", member, cycle, row, indicator=indicator, country=country, value=None if value is None else Decimal(str(value)), **values)


def figures(rows: Sequence[AcceptedRow], agreement: Any = AGREEMENT) -> dict[tuple[str, str, str, str, tuple[Any, ...]], IndicatorFigure]:
    found = indicator_figures(agreement, rows, CYCLES, REPORTING)
    return {(f.indicator, f.scope, f.level, f.area, f.slice): f for f in found}


def value(found: Any, indicator: str, scope: str, level: str = "network", area: str = "", slice_: tuple[Any, ...] = ()) -> Fraction | None:
    return found[indicator, scope, level, area, slice_].value


def with_row(row: str) -> Any:
    return small_agreement(logframe=f"{LOGFRAME_COLUMNS}\n{row}\n")


# --- indicators -------------------------------------------------------------------------------------------------------


def test_a_period_figure_is_the_cycles_own_and_the_reporting_period_adds_its_cycles() -> None:
    found = figures([number("bb", "C1", "17.1"), number("bb", "C2", "4711.2"), number("bb", "C3", 3), number("cc", "C3", 4, country="SN")])
    assert value(found, "N1", "period") == 7
    assert value(found, "N1", "reporting") == Fraction("4718.2")
    assert value(found, "N1", "cumulative") == Fraction("4735.3")
    assert found["N1", "cumulative", "network", "", ()].contributions == 2
    assert value(found, "N1", "cumulative", "member", "bb") == Fraction("4731.3")
    assert value(found, "N1", "cumulative", "country", "SN") == 4


@pytest.mark.parametrize(("method", "expected"), [("sum", 12), ("max", 7), ("mean", 4), ("latest", 2)])
def test_across_periods_by_each_method(method: str, expected: int) -> None:
    agreement = with_row(f"N1,output,Op1,R,T,number,u,up,period,sum,{method},,,,,,,,")
    assert value(figures([number("bb", "C1", 3), number("bb", "C2", 7), number("bb", "C3", 2)], agreement), "N1", "cumulative") == expected


@pytest.mark.parametrize(("method", "expected"), [("sum", 12), ("max", 7), ("mean", 4)])
def test_across_members_by_each_method_over_contributions(method: str, expected: int) -> None:
    agreement = with_row(f"N1,output,Op1,R,T,number,u,up,period,{method},sum,,,,,,,,")
    rows = [number("bb", "C3", 3), number("bb", "C3", 7, country="SN"), number("cc", "C3", 2)]
    assert value(figures(rows, agreement), "N1", "period") == expected


def test_an_indicator_that_is_never_combined_has_member_figures_only() -> None:
    agreement = with_row("N1,output,Op1,R,T,number,u,up,period,none,sum,,,,,,,,")
    found = figures([number("bb", "C3", 3), number("bb", "C3", 7, country="SN"), number("cc", "C3", 2)], agreement)
    assert {(key[2], key[3]) for key in found} == {("member", "bb/KE"), ("member", "bb/SN"), ("member", "cc")}


def test_a_cumulative_figure_is_the_latest_and_its_period_the_increase() -> None:
    found = figures([number("bb", "C1", 100, "K1"), number("bb", "C3", 130, "K1"), number("cc", "C2", 8, "K1", "SN")])
    assert value(found, "K1", "cumulative") == 138
    assert value(found, "K1", "period") == 30
    assert value(found, "K1", "reporting") == 38
    assert found["K1", "period", "network", "", ()].contributions == 1


def test_a_cumulative_figure_starts_from_the_members_baseline() -> None:
    files = "member,indicator,country,from,to,baseline,target\nbb,K1,KE,,,40,100\n"
    agreement = small_agreement(assignments=files)
    found = figures([number("bb", "C3", 45, "K1")], agreement)
    assert (value(found, "K1", "period"), value(found, "K1", "cumulative")) == (5, 45)


def test_a_percentage_is_the_sum_of_numerators_over_the_sum_of_denominators() -> None:
    def share(member: str, cycle: str, n: int, d: int) -> AcceptedRow:
        return number(member, cycle, None, "R1", numerator=Decimal(n), denominator=Decimal(d))

    found = figures([share("bb", "C2", 30, 60), share("cc", "C2", 20, 40), share("bb", "C3", 1, 3), share("cc", "C3", 0, 0)])
    total = found["R1", "reporting", "network", "", ()]
    assert (total.numerator, total.denominator, total.value) == (51, 103, Fraction(5100, 103))
    assert value(found, "R1", "period", "member", "cc") is None


def test_a_percentage_given_as_value_only_is_shown_for_its_member_and_in_no_total() -> None:
    rows = [number("bb", "C3", 74, "R1"), number("cc", "C3", None, "R1", numerator=Decimal(1), denominator=Decimal(2))]
    found = figures(rows)
    assert value(found, "R1", "period", "member", "bb") == 74
    total = found["R1", "period", "network", "", ()]
    assert (total.value, total.contributions) == (50, 1)


def test_yes_no_counts_the_yes_among_the_reported() -> None:
    def answer(member: str, cycle: str, word: str) -> AcceptedRow:
        return accepted("indicators", member, cycle, 2, indicator="Y1", country="KE", value=word)

    found = figures([answer("bb", "C1", "no"), answer("bb", "C2", "yes"), answer("cc", "C1", "no")])
    total = found["Y1", "cumulative", "network", "", ()]
    assert (total.numerator, total.denominator, total.value) == (1, 2, 1)
    assert ("Y1", "period", "network", "", ()) not in found


def test_progress_is_the_way_from_baseline_to_target_and_never_capped() -> None:
    found = figures([number("bb", "C3", 310)])
    total = found["N1", "cumulative", "network", "", ()]
    assert (total.progress, total.baseline, total.target) == (300, Decimal(10), Decimal(110))
    assert found["N1", "cumulative", "member", "bb", ()].progress is None


ROWS = st.lists(
    st.tuples(st.sampled_from(["aa", "bb", "cc"]), st.sampled_from(CYCLES), st.sampled_from(["KE", "SN"]), st.decimals("0", "9999", places=2)), max_size=25,
    unique_by=lambda row: row[:3],
)  # fmt: skip


@given(ROWS, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_order_of_rows_changes_no_figure(rows: list[Any], random: Any) -> None:
    made = [number(m, c, v, country=country, row=i) for i, (m, c, country, v) in enumerate(rows, start=2)]
    shuffled = list(made)
    random.shuffle(shuffled)
    by_content = {key: (f.value, f.contributions, set(f.sources)) for key, f in figures(made).items()}
    assert {key: (f.value, f.contributions, set(f.sources)) for key, f in figures(shuffled).items()} == by_content


@given(ROWS)
@settings(max_examples=60, deadline=None)
def test_members_and_countries_of_a_sum_add_up_to_the_network(rows: list[Any]) -> None:
    found = figures([number(m, c, v, country=country) for m, c, country, v in rows])
    for scope in ("period", "reporting", "cumulative"):
        for level in ("member", "country"):
            parts = [f for f in found.values() if (f.scope, f.level) == (scope, level)]
            network = [f for f in found.values() if (f.scope, f.level) == (scope, "network")]
            assert sum((f.value or 0 for f in parts), Fraction(0)) == sum((f.value or 0 for f in network), Fraction(0))


@given(ROWS)
@settings(max_examples=60, deadline=None)
def test_a_zero_row_and_a_member_split_in_two_change_no_sum(rows: list[Any]) -> None:
    def network(made: list[AcceptedRow]) -> dict[str, Fraction | None]:
        return {key[1]: f.value for key, f in figures(made).items() if key[2] == "network" and f.value}

    made = [number(m, c, v, country=country) for m, c, country, v in rows]
    zero = [*made, number("dd", "C3", 0, country="PE")]
    halves = [number(m if i % 2 else "dd", c, v, country=country if i % 2 else f"{country}{m}") for i, (m, c, country, v) in enumerate(rows)]
    assert network(zero) == network(made) == network(halves)


@given(st.lists(st.tuples(st.sampled_from(["aa", "bb", "cc"]), st.sampled_from(CYCLES), st.integers(0, 50), st.integers(50, 90)), max_size=12, unique_by=lambda r: r[:2]))
@settings(max_examples=60, deadline=None)
def test_a_percentage_equals_its_sums(rows: list[Any]) -> None:
    made = [number(m, c, None, "R1", numerator=Decimal(n), denominator=Decimal(d)) for m, c, n, d in rows]
    total = figures(made).get(("R1", "cumulative", "network", "", ()))
    if rows:
        assert total is not None
        assert total.value == Fraction(100 * sum(r[2] for r in rows), sum(r[3] for r in rows))


# --- SDGs -------------------------------------------------------------------------------------------------------------


def activity(member: str, code: str, sdg: Any, cycle: str = "C3", row: int = 2, **values: Any) -> AcceptedRow:
    codes = tuple((c, None) if isinstance(c, str) else c for c in sdg)
    return accepted("activities", member, cycle, row, activity=code, country="KE", result="Op1", type="event", sdg=codes, **values)


def payment(member: str, amount: str, code: str | None = "A1", cycle: str = "C3", row: int = 2, heading: str = "2", currency: str = "EUR") -> AcceptedRow:
    paid = {"C1": date(2019, 3, 1), "C2": date(2019, 9, 1), "C3": date(2020, 3, 1)}[cycle]
    return accepted("expenditure", member, cycle, row, heading=heading, country="KE", payment_date=paid, currency=currency, amount=Decimal(amount), activity=code)


def goals(activities: list[AcceptedRow], payments: list[AcceptedRow], sdg_money: str = "main") -> dict[tuple[str, str, str], SdgFigure]:
    agreement = small_agreement(sdg_money=sdg_money)
    found = sdg_figures(agreement, activities, cost_lines(agreement, payments), CYCLES, REPORTING)
    return {(f.scope, f.kind, f.sdg): f for f in found}


def test_an_activity_counts_under_its_main_goal_and_is_significant_under_the_others() -> None:
    found = goals([activity("bb", "A1", ["8.8", "8.5", "16.7", "16.6", "5"], women=Decimal(3), men=Decimal(2))], [])
    assert (found["period", "goal", "8"].activities_main, found["period", "goal", "8"].activities_significant) == (1, 0)
    assert found["period", "goal", "16"].activities_significant == 1
    assert found["period", "target", "8.5"].activities_significant == found["period", "target", "16.6"].activities_significant == 1
    assert found["period", "bare", "5"].activities_significant == 1
    assert (found["period", "goal", "8"].women, found["period", "total", ""].women, found["period", "goal", "16"].women) == (3, 3, 0)
    assert found["period", "total", ""].activities_significant == found["period", "unattributed", ""].activities_significant == 0


def test_the_largest_share_is_the_main_one() -> None:
    found = goals([activity("bb", "A1", [("8.8", Decimal(40)), ("5.5", Decimal(60))])], [])
    assert (found["period", "goal", "5"].activities_main, found["period", "goal", "8"].activities_significant) == (1, 1)


def test_over_cycles_an_activity_counts_once_as_last_reported_while_participations_add_up() -> None:
    rows = [activity("bb", "A1", ["8.8"], "C1", women=Decimal(3)), activity("bb", "a1", ["5.5"], "C3", women=Decimal(4))]
    found = goals(rows, [])
    assert ("cumulative", "goal", "8") in found
    assert (found["cumulative", "goal", "8"].activities_main, found["cumulative", "goal", "5"].activities_main) == (0, 1)
    assert (found["cumulative", "goal", "8"].women, found["cumulative", "goal", "5"].women, found["cumulative", "total", ""].women) == (3, 4, 7)


def test_a_joint_activity_counts_once_by_its_leading_row_and_takes_the_money_of_all() -> None:
    rows = [
        activity("bb", "B9", ["5.5"], joint="J1", women=Decimal(30), lead="no"),
        activity("cc", "C9", ["8.8"], joint="j1", women=Decimal(31), lead="yes"),
    ]
    found = goals(rows, [payment("bb", "100.00", "B9"), payment("cc", "50.00", "C9")])
    assert (found["period", "goal", "8"].activities_main, found["period", "total", ""].women) == (1, 31)
    assert found["period", "goal", "8"].expenditure == 15000
    assert ("period", "goal", "5") not in found
    unled = goals([activity("cc", "C9", ["8.8"], joint="J1"), activity("bb", "B9", ["5.5"], joint="J1")], [])
    assert unled["period", "goal", "5"].activities_main == 1


def test_cancelled_activities_count_nowhere_but_their_money_follows_their_sdg() -> None:
    found = goals([activity("bb", "A1", ["8.8"], status="cancelled", women=Decimal(9))], [payment("bb", "10.00")])
    assert (found["period", "total", ""].activities_main, found["period", "total", ""].women, found["period", "target", "8.8"].expenditure) == (0, 0, 1000)


def test_money_follows_the_latest_earlier_activity_and_is_else_not_attributed() -> None:
    rows = [activity("bb", "A1", ["8.8"], "C1"), activity("bb", "A1", ["5.5"], "C2")]
    found = goals(rows, [payment("bb", "10.00"), payment("bb", "3.00", "ZZ"), payment("bb", "2.00", None), payment("dd", "99.00")])
    assert (found["period", "goal", "5"].expenditure, found["period", "unattributed", ""].expenditure) == (1000, 500)
    assert found["period", "total", ""].expenditure == 1500


@given(
    st.lists(st.tuples(st.sampled_from(["A1", "A2", "A3", None]), st.integers(-100000, 10000000), st.sampled_from(CYCLES)), max_size=20),
    st.lists(st.integers(1, 60), min_size=3, max_size=3),
    st.sampled_from(["main", "weights"]),
)
@settings(max_examples=80, deadline=None)
def test_goals_and_not_attributed_add_up_to_the_total_for_any_split(lines: list[Any], weights: list[int], sdg_money: str) -> None:
    shares = [Decimal(w) for w in weights]
    split = list(zip(["8.8", "5", "16.7"], shares, strict=True))
    activities = [activity("bb", "A1", split, "C1"), activity("bb", "A2", ["17.17", "8.8"], "C2"), activity("cc", "A3", ["4"], "C1")]
    payments = [payment("bb", f"{Decimal(cents) / 100:f}", code, cycle, row=i) for i, (code, cents, cycle) in enumerate(lines, start=2)]
    found = goals(activities, payments, sdg_money)
    for scope in ("period", "reporting", "cumulative"):
        rows = [f for f in found.values() if f.scope == scope]
        total = found[scope, "total", ""].expenditure
        assert total == sum(f.expenditure for f in rows if f.kind in ("goal", "unattributed"))
        assert total == sum(f.expenditure for f in rows if f.kind in ("target", "bare", "unattributed"))
    assert found["cumulative", "total", ""].expenditure == sum(cents for _, cents, _ in lines)


# --- money ------------------------------------------------------------------------------------------------------------


@given(st.integers(-(10**9), 10**9), st.lists(st.integers(1, 100), min_size=1, max_size=10))
def test_a_split_adds_up_to_the_cent_and_a_negative_line_mirrors_a_positive_one(cents: int, shares: list[int]) -> None:
    weights = [Decimal(share) for share in shares]
    parts = allocate(cents, weights)
    assert sum(parts) == cents
    assert allocate(-cents, weights) == [-part for part in parts]
    assert all(abs(part - Fraction(cents * share, sum(shares))) < 1 for part, share in zip(parts, shares, strict=True))


def test_ties_of_a_split_go_to_the_one_listed_first() -> None:
    assert allocate(100, [Decimal(1)] * 3) == [34, 33, 33]
    assert allocate(-5, [Decimal(50), Decimal(50)]) == [-3, -2]


def test_a_half_goes_away_from_zero() -> None:
    assert [rounded_half_away(Fraction(n, 2)) for n in (1, -1, 3, -3, 5)] == [1, -1, 2, -2, 3]
    assert in_cents(Decimal("0.01"), Decimal("2")) == 1
    assert in_cents(Decimal("-0.01"), Decimal("2")) == -1
    assert in_cents(Decimal("655957"), Decimal("655.957")) == 100000


def test_headings_are_totalled_in_every_column() -> None:
    column = with_totals({"1": 10000, "6": 5000, "10": 300}, Decimal("7.00"))
    assert (column["7"], column["8"], column["9"], column["10"], column["11"]) == (15000, 1050, 16050, 300, 16350)


def finance(payments: list[AcceptedRow], before: dict[str, int] | None = None) -> dict[str, Any]:
    lines = finance_lines(AGREEMENT, cost_lines(AGREEMENT, payments), CYCLES, REPORTING, before, LABELS, Decimal(25))
    return {line.heading: line for line in lines}


def test_the_period_is_what_the_cumulative_adds_to_what_was_delivered_before() -> None:
    payments = [payment("bb", "100.00", cycle="C1"), payment("bb", "40.00", cycle="C2"), payment("bb", "60.00", cycle="C3"), payment("dd", "999.00")]
    line = finance(payments)["2"]
    assert (line.previous, line.period, line.cumulative, line.variation) == (10000, 10000, 20000, 20000 - 1000000)
    delivered = {str(heading): 0 for heading in range(1, 12)} | {"2": 9000}
    corrected = finance(payments, delivered)["2"]
    assert (corrected.previous, corrected.period) == (9000, 11000)


def test_a_heading_above_its_budget_by_more_than_the_flexibility_is_flagged() -> None:
    assert not finance([payment("bb", "12500.00")])["2"].over_flexibility
    assert finance([payment("bb", "12500.01")])["2"].over_flexibility


def test_use_of_support_is_in_no_total() -> None:
    lines = cost_lines(AGREEMENT, [payment("dd", "50.00", heading="1"), payment("bb", "10.00", heading="1")])
    assert [(line.member, line.heading, line.period, line.cumulative) for line in support_lines(lines, REPORTING)] == [("dd", "1", 5000, 5000)]
    assert finance([payment("dd", "50.00", heading="1")])["11"].cumulative == 0


# --- numbers in files -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("exact", "text"), [(Fraction("4728.3"), "4728.3"), (Fraction(1, 3), "0.33333333333333333"), (Fraction(-5), "-5"), (Fraction(2**70), str(2**70))])
def test_figures_are_exact_or_have_seventeen_digits(exact: Fraction, text: str) -> None:
    assert plain_number(exact) == text


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=6))
def test_a_decimal_figure_is_printed_as_it_is(number_: Decimal) -> None:
    assert Decimal(plain_number(Fraction(number_))) == number_


def test_money_has_two_decimals() -> None:
    assert [two_decimals(Fraction(x)) for x in ("0.005", "-0.005", "3")] == ["0.01", "-0.01", "3.00"]




def test_a_carriage_return_in_a_text_does_not_end_a_row() -> None:
    import csv
    import io

    written = csv_bytes(("a", "b"), [("x\ry\r\nz", "1")]).decode()
    assert list(csv.reader(io.StringIO(written, newline=""))) == [["a", "b"], ["x\ny\nz", "1"]]


def test_shares_and_slices_are_added_without_losing_a_digit() -> None:
    from domain.rules.slices import Figure, judge_slices
    from domain.sdg import parse_sdg

    thirds = ("33." + "3" * 29 + "3", "33." + "3" * 29 + "3", "33." + "3" * 29 + "4")
    assert parse_sdg("; ".join(f"{code}={share}" for code, share in zip(("8.8", "5.5", "4"), thirds, strict=True))) not in ("weights", "unknown")
    assert parse_sdg(f"8.8=60.{'0' * 27}1; 5.5=40") == "weights"
    definition = with_row("N1,output,Op1,R,T,number,u,up,period,sum,sum,sex:female|male,,,,,,,").indicators_in("C3")["N1"]
    large = Decimal(10) ** 27
    figures_ = [Figure(0, (), large), Figure(1, (("sex", "female"),), large), Figure(2, (("sex", "male"),), Decimal("0.4"))]
    assert set(judge_slices(definition, figures_).exceeding) == {1, 2}
    assert judge_slices(definition, figures_[1:]).derived[0].value == Decimal("1" + "0" * 27 + ".4")
