"""What the plan lets expect, and how a figure stands to it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.agreement import Indicator
from domain.profile import Ratings
from domain.progress import expected_value, rating
from tasks.profiles import load_profile, profile_names
from tests.builders import small_agreement

RATINGS = load_profile("prag-2018").ratings
GRADES = ["at risk", "delayed", "on track", "exceeded"]
N1 = small_agreement().indicators_in("C1")["N1"]  # 10 at the end of 2018, 110 at the end of 2020


def plan(**values: Any) -> Indicator:
    return N1.model_copy(update=values)


FALLING = plan(direction="down", baseline=Decimal(110), target=Decimal(10))


# --- what is expected -------------------------------------------------------------------------------------------------


def test_the_plan_runs_straight_by_days_from_year_end_to_year_end() -> None:
    assert expected_value(N1, date(2018, 12, 31)) == 10
    assert expected_value(N1, date(2019, 1, 1)) == 10 + Fraction(100, 731)
    assert expected_value(N1, date(2019, 12, 31)) == 10 + Fraction(36500, 731)  # 2020 has a day more
    assert expected_value(N1, date(2020, 12, 31)) == 110


def test_before_the_first_point_the_first_is_expected_and_after_the_last_the_last() -> None:
    assert expected_value(N1, date(2001, 1, 1)) == 10
    assert expected_value(N1, date(2031, 1, 1)) == 110


def test_milestones_bend_the_plan() -> None:
    definition = plan(milestones={2019: Decimal("20.5")})
    assert expected_value(definition, date(2019, 12, 31)) == Fraction("20.5")
    assert expected_value(definition, date(2019, 12, 30)) == 10 + Fraction("10.5") * Fraction(364, 365)
    assert expected_value(definition, date(2020, 7, 1)) == Fraction("20.5") + Fraction("89.5") * Fraction(183, 366)


def test_in_the_targets_year_the_target_holds_and_not_a_milestone() -> None:
    assert expected_value(plan(milestones={2020: Decimal(5)}), date(2020, 12, 31)) == 110


@pytest.mark.parametrize(
    "values",
    [
        {"baseline": None, "baseline_year": None, "target": None, "target_year": None},
        {"target": None, "target_year": None},
        {"baseline": None, "baseline_year": None},
        {"target_year": 2018},
    ],
)
def test_a_single_point_is_no_plan(values: dict[str, Any]) -> None:
    assert expected_value(plan(**values), date(2019, 6, 30)) is None


def test_milestones_alone_are_a_plan() -> None:
    definition = plan(baseline=None, baseline_year=None, target=None, target_year=None, milestones={2020: Decimal(4), 2019: Decimal(2)})
    assert expected_value(definition, date(2019, 12, 31)) == 2
    assert expected_value(definition, date(2021, 1, 1)) == 4


numbers = st.decimals(-(10**6), 10**6, places=2, allow_nan=False)
days = st.dates(date(2010, 1, 1), date(2035, 12, 31))


@st.composite
def plans(draw: st.DrawFn, rising: bool | None = None) -> Indicator:
    """Two to six points; rising or falling all the way, or as it comes."""
    years = sorted(draw(st.sets(st.integers(2012, 2032), min_size=2, max_size=6)))
    values = [draw(numbers) for _ in years]
    if rising is not None:
        values.sort(reverse=not rising)
    milestones = dict(zip(years[1:-1], values[1:-1], strict=True))
    return plan(baseline=values[0], baseline_year=years[0], target=values[-1], target_year=years[-1], milestones=milestones)


def points(definition: Indicator) -> list[tuple[int, Decimal]]:
    assert definition.baseline is not None and definition.baseline_year and definition.target is not None and definition.target_year
    return [(definition.baseline_year, definition.baseline), *sorted(definition.milestones.items()), (definition.target_year, definition.target)]


@given(plans())
def test_at_its_points_the_plan_is_exact(definition: Indicator) -> None:
    for year, value in points(definition):
        assert expected_value(definition, date(year, 12, 31)) == Fraction(value)


@given(plans(), days)
def test_the_plan_never_leaves_the_values_on_either_side(definition: Indicator, day: date) -> None:
    expected = expected_value(definition, day)
    assert expected is not None
    for (since, before), (until, after) in pairwise(points(definition)):
        if date(since, 12, 31) <= day <= date(until, 12, 31):
            assert min(before, after) <= expected <= max(before, after)


@given(st.booleans().flatmap(lambda rising: st.tuples(st.just(rising), plans(rising))), days, st.integers(0, 4000))
def test_a_plan_that_rises_or_falls_does_so_day_by_day(made: tuple[bool, Indicator], day: date, later: int) -> None:
    rising, definition = made
    first, second = expected_value(definition, day), expected_value(definition, day + timedelta(later))
    assert first is not None and second is not None
    assert first <= second if rising else first >= second


# --- how a figure stands to it ----------------------------------------------------------------------------------------

HALF_WAY = date(2019, 12, 31)  # 49.93… of the 100 on the way are expected
EXPECTED = Fraction(36500, 731)


@pytest.mark.parametrize(
    ("share", "grade"), [(Fraction(9, 10), "on track"), (Fraction(899, 1000), "delayed"), (Fraction(6, 10), "delayed"), (Fraction(599, 1000), "at risk"), (Fraction(0), "at risk"), (Fraction(-1), "at risk")]
)
def test_a_figure_is_held_against_what_was_expected_by_then(share: Fraction, grade: str) -> None:
    assert rating(N1, 10 + share * EXPECTED, HALF_WAY, RATINGS) == grade
    assert rating(FALLING, 110 - share * EXPECTED, HALF_WAY, RATINGS) == grade


def test_exceeded_is_beyond_the_target_whatever_the_day() -> None:
    assert rating(N1, Fraction(110), date(2020, 12, 31), RATINGS) == "on track"
    assert rating(N1, Fraction(1101, 10), date(2019, 1, 1), RATINGS) == "exceeded"
    assert rating(FALLING, Fraction(10), date(2020, 12, 31), RATINGS) == "on track"
    assert rating(FALLING, Fraction(99, 10), date(2019, 1, 1), RATINGS) == "exceeded"
    assert rating(FALLING, Fraction(120), date(2020, 12, 31), RATINGS) == "at risk"


def test_while_nothing_is_expected_only_the_wrong_way_is_a_risk() -> None:
    for day in (date(2018, 12, 31), date(2018, 1, 1)):
        assert rating(N1, Fraction(10), day, RATINGS) == "on track"
        assert rating(N1, Fraction(11), day, RATINGS) == "on track"
        assert rating(N1, Fraction(9), day, RATINGS) == "at risk"
        assert rating(FALLING, Fraction(111), day, RATINGS) == "at risk"
        assert rating(FALLING, Fraction(109), day, RATINGS) == "on track"


@pytest.mark.parametrize(
    ("definition", "figure"),
    [
        (N1, None),
        (plan(baseline=None, baseline_year=None, milestones={2019: Decimal(5)}), Fraction(5)),
        (plan(target=None, target_year=None, milestones={2019: Decimal(5)}), Fraction(5)),
        (plan(target=Decimal("10.0")), Fraction(5)),
        (plan(target_year=2018), Fraction(50)),
    ],
)
def test_without_a_figure_or_a_way_to_go_there_is_no_rating(definition: Indicator, figure: Fraction | None) -> None:
    assert rating(definition, figure, HALF_WAY, RATINGS) is None


@given(st.booleans().flatmap(lambda rising: st.tuples(st.just(rising), plans(rising))), days, numbers, numbers)
def test_a_figure_further_on_the_way_is_never_rated_worse(made: tuple[bool, Indicator], day: date, one: Decimal, other: Decimal) -> None:
    rising, definition = made
    behind, ahead = sorted((one, other), reverse=not rising)
    grades = [rating(definition, Fraction(figure), day, RATINGS) for figure in (behind, ahead)]
    if definition.baseline == definition.target:
        assert grades == [None, None]
    else:
        assert GRADES.index(grades[0] or "") <= GRADES.index(grades[1] or "")


@given(plans(), days, numbers)
def test_a_mirrored_plan_rates_a_mirrored_figure_alike(definition: Indicator, day: date, figure: Decimal) -> None:
    assert definition.baseline is not None and definition.target is not None
    milestones = {year: -value for year, value in definition.milestones.items()}
    mirrored = definition.model_copy(update={"baseline": -definition.baseline, "target": -definition.target, "milestones": milestones})
    assert rating(definition, Fraction(figure), day, RATINGS) == rating(mirrored, Fraction(-figure), day, RATINGS)


def test_the_percentages_are_the_profiles() -> None:
    strict = Ratings(exceeded_pct=Decimal(120), on_track_pct=Decimal(100), delayed_pct=Decimal("99.5"))
    assert rating(N1, Fraction(125), HALF_WAY, strict) == "on track"
    assert rating(N1, Fraction(131), HALF_WAY, strict) == "exceeded"
    assert rating(N1, 10 + EXPECTED * Fraction(997, 1000), HALF_WAY, strict) == "delayed"


@pytest.mark.parametrize("name", sorted(profile_names()))
def test_the_percentages_of_every_profile_are_in_order(name: str) -> None:
    ratings = load_profile(name).ratings
    assert 0 < ratings.delayed_pct < ratings.on_track_pct <= ratings.exceeded_pct
