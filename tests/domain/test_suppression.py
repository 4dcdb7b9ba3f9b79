"""A public edition: small groups of people are withheld, and no sum that is printed tells them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.figures import WITHHELD, Figures, IndicatorFigure, SdgFigure, Withheld
from domain.suppression import Cell, Sum, for_everybody, withheld_cells
from tasks.profiles import load_profile
from tests.builders import small_agreement

SMALL = 5

LOGFRAME = (
    "indicator,level,result,statement,title,measure,unit,direction,value_kind,across_members,across_periods,disaggregation,sdg,baseline,baseline_year,target,target_year,milestones,source\n"
    "P,output,Op1,S,People,people,people,up,period,sum,sum,sex:female|male|other,8.8,,,,,,\n"
    "N,output,Op1,S,Number,number,units,up,period,sum,sum,sex:female|male|other,8.8,,,,,,\n"
    "X,output,Op1,S,Apart,people,people,up,period,none,sum,,8.8,,,,,,\n"
)
MEMBERS = (
    "member,name,country,language,decimal,email,role,sensitivity\n"
    "aa,Alpha,BE,en,.,,coordinator,\nbb,Beta,KE,en,.,,beneficiary,\nee,Eu House,MM,en,.,,beneficiary,eu-only\n"
)


def table(rows: Sequence[Sequence[int]]) -> tuple[dict[Cell, int], list[Sum]]:
    """A table with sums of rows and columns: cells and sums."""
    height, width = len(rows), len(rows[0])
    cells: dict[Cell, int] = {("reporting", (r, c)): rows[r][c] for r, c in product(range(height), range(width))}
    cells |= {("reporting", (r, "all")): sum(rows[r]) for r in range(height)} | {("reporting", ("all", c)): sum(row[c] for row in rows) for c in range(width)}
    cells["reporting", ("all", "all")] = sum(map(sum, rows))
    lines = [Sum(("reporting", (r, "all")), [("reporting", (r, c)) for c in range(width)]) for r in [*range(height), "all"]]
    lines += [Sum(("reporting", ("all", c)), [("reporting", (r, c)) for r in range(height)]) for c in [*range(width), "all"]]
    return cells, lines


@given(st.integers(1, 5).flatmap(lambda width: st.lists(st.lists(st.integers(0, 30), min_size=width, max_size=width), min_size=1, max_size=6)), st.booleans())
@settings(deadline=None)
def test_no_printed_sum_tells_a_withheld_number(rows: list[list[int]], rather_total: bool) -> None:
    cells, sums = table(rows)
    sums = [each._replace(first=each.total if rather_total else None) for each in sums]
    withheld = withheld_cells(cells, sums, SMALL)
    assert {cell for cell, number in cells.items() if 0 < number < SMALL} <= withheld
    for total, parts, _ in sums:
        unseen = [cell for cell in (total, *parts) if cell in withheld]
        others = [cell for cell in (total, *parts) if cell not in withheld and cells[cell]]
        assert len(unseen) != 1 or not others
        if unseen and total not in withheld:
            assert sum(cells[cell] for cell in unseen) >= SMALL


def test_nothing_is_withheld_without_a_small_number() -> None:
    assert withheld_cells(*table([[5, 9, 0], [12, 7, 0]]), SMALL) == set()


def test_what_is_withheld_in_one_scope_is_withheld_in_all() -> None:
    cells: dict[Cell, int] = {("reporting", "a"): 3, ("cumulative", "a"): 103, ("cumulative", "b"): 50, ("reporting", "b"): 0}
    assert withheld_cells(cells, [], SMALL) == {("reporting", "a"), ("cumulative", "a")}


def test_a_withheld_number_is_contagious_and_prints_nothing() -> None:
    assert all(isinstance(value, Withheld) for value in (WITHHELD + 3, 3 + WITHHELD, 3 - WITHHELD, sum([1, WITHHELD, 2])))
    assert str(WITHHELD) == "" and bool(WITHHELD)


# --- figures ----------------------------------------------------------------------------------------------------------


def figure(indicator: str, value: int, *groups: tuple[str, str], scope: Any = "reporting", **more: Any) -> IndicatorFigure:
    fields: dict[str, Any] = {"level": "network", "area": "", "numerator": None, "denominator": None, "unit": "", "contributions": 1, "derived": False, "sources": ()} | more
    return IndicatorFigure(indicator, scope, slice=groups, value=Fraction(value), **fields)


def public(indicators: list[IndicatorFigure], sdg: list[SdgFigure] = []) -> Figures:
    agreement = small_agreement(logframe=LOGFRAME, members=MEMBERS)
    first = agreement.cycles[0].code
    return for_everybody(agreement, Figures(first, (first,), (first,), indicators, list(sdg), [], [], []), SMALL)


def printed(figures: Figures) -> dict[Any, Any]:
    return {(f.indicator, f.area, f.slice): None if isinstance(f.value, Withheld) else f.value for f in figures.indicators}


def test_a_small_group_takes_the_next_smallest_with_it() -> None:
    groups = [figure("P", 43), figure("P", 30, ("sex", "female")), figure("P", 10, ("sex", "male")), figure("P", 3, ("sex", "other"))]
    assert printed(public(groups)) == {("P", "", ()): 43, ("P", "", (("sex", "female"),)): 30, ("P", "", (("sex", "male"),)): None, ("P", "", (("sex", "other"),)): None}


def test_what_is_not_disaggregated_covers_a_small_group() -> None:
    groups = [figure("P", 100), figure("P", 30, ("sex", "female")), figure("P", 3, ("sex", "other"))]
    assert printed(public(groups))["P", "", (("sex", "female"),)] == 30


def test_a_small_total_takes_its_progress_with_it() -> None:
    (total,) = public([figure("P", 2, scope="cumulative", progress=Fraction(50), rating="delayed")]).indicators
    assert isinstance(total.value, Withheld) and total.progress is None and total.rating is None


def test_numbers_that_count_no_people_stay() -> None:
    assert printed(public([figure("N", 4), figure("N", 3, ("sex", "male"))])) == {("N", "", ()): 4, ("N", "", (("sex", "male"),)): 3}


def test_of_members_only_public_ones_and_only_what_is_never_combined() -> None:
    figures = [
        figure("P", 50, level="member", area="aa"), figure("P", 50, level="country", area="KE"), figure("P", 50),
        figure("X", 70, level="member", area="aa"), figure("X", 4, level="member", area="bb/KE"), figure("X", 80, level="member", area="ee"),
    ]  # fmt: skip
    assert printed(public(figures)) == {("P", "", ()): 50, ("X", "aa", ()): 70, ("X", "bb/KE", ()): None}


def test_crossings_of_dimensions_are_left_out() -> None:
    assert printed(public([figure("P", 50), figure("P", 20, ("sex", "male"), ("age", "30+"))])) == {("P", "", ()): 50}


def row(kind: Any, code: str, women: int, men: int, other: int = 0, unknown: int = 0) -> SdgFigure:
    return SdgFigure("reporting", code, kind, 1, 0, women, men, other, unknown, 0)


@pytest.mark.parametrize("small", ["women", "men"])
def test_goals_keep_additive_and_tell_no_small_number(small: str) -> None:
    numbers = {"women": 40, "men": 60} | {small: 3}
    figures = [
        row("goal", "5", **numbers), row("target", "5.5", **numbers), row("goal", "8", 100, 90), row("target", "8.8", 100, 90), row("goal", "16", 20, 30), row("bare", "16", 20, 30),
        row("unattributed", "", 0, 0), row("total", "", numbers["women"] + 120, numbers["men"] + 120),
    ]  # fmt: skip
    shown = {(f.kind, f.sdg): f for f in public([], figures).sdg}
    hidden = {key for key, f in shown.items() if isinstance(getattr(f, small), Withheld)}
    assert hidden == {("goal", "5"), ("target", "5.5"), ("goal", "16"), ("bare", "16")}
    assert isinstance(shown["goal", "5"].people, Withheld), "all people less the other sex would tell it"
    assert shown["total", ""].people == numbers["women"] + numbers["men"] + 240


def test_what_parts_are_withheld_of_may_be_told_where_it_is_large() -> None:
    (goal,) = public([], [row("goal", "5", 40, 60, other=3, unknown=4)]).sdg
    assert isinstance(goal.other, Withheld) and isinstance(goal.unknown, Withheld) and goal.others == 7 and goal.people == 107


def test_the_profile_says_what_is_a_small_group() -> None:
    cells: dict[Cell, int] = {("reporting", number): number for number in range(12)}
    assert withheld_cells(cells, [], 1) == set()
    assert withheld_cells(cells, [], 10) == {("reporting", number) for number in range(1, 10)}
    assert load_profile("prag-2018").small_groups_below == load_profile("ndici-2021").small_groups_below == 5
