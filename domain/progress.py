"""Progress against the plan: what the logframe's milestones let expect on a day, and how a figure stands to it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Literal

from domain.agreement import Indicator
from domain.profile import Ratings

Rating = Literal["exceeded", "on track", "delayed", "at risk"]


def planned_points(definition: Indicator) -> list[tuple[date, Fraction]]:
    """Baseline, milestones and target in order of time, each on the last day of its year; of two in one year the target holds before a milestone, a
    milestone before the baseline."""
    points: dict[int, Decimal] = {}
    if definition.baseline is not None and definition.baseline_year is not None:
        points[definition.baseline_year] = definition.baseline
    points |= definition.milestones
    if definition.target is not None and definition.target_year is not None:
        points[definition.target_year] = definition.target
    return [(date(year, 12, 31), Fraction(points[year])) for year in sorted(points)]


def expected_value(definition: Indicator, day: date) -> Fraction | None:
    """What the plan lets expect of the network's cumulative figure on that day, in the indicator's unit: linear by days between two points, the first
    point's value before it, the last one's after it. None where the logframe gives fewer than two points."""
    points = planned_points(definition)
    if len(points) < 2:
        return None
    if day <= points[0][0]:
        return points[0][1]
    for (since, before), (until, after) in pairwise(points):
        if day <= until:
            return before + (after - before) * Fraction((day - since).days, (until - since).days)
    return points[-1][1]


def rating(definition: Indicator, cumulative: Fraction | None, day: date, ratings: Ratings) -> Rating | None:
    """How the network's cumulative figure (in the indicator's unit) stands on a day, by the percentages of the profile, for indicators that rise and
    that fall alike: exceeded beyond the target, else by the share of what was expected since the baseline.

    As long as the plan expects nothing yet, a figure is on track unless it went the wrong way. None without a figure, a baseline or a target
    that differs from it, and short of the target without a plan in time."""
    if cumulative is None or definition.baseline is None or definition.target is None or definition.baseline == definition.target:
        return None
    baseline = Fraction(definition.baseline)
    towards_target = _percent_of_way(baseline, Fraction(definition.target), cumulative)
    if towards_target > Fraction(ratings.exceeded_pct):
        return "exceeded"
    expected = expected_value(definition, day)
    if expected is None:
        return None
    if expected == baseline:
        return "on track" if towards_target >= 0 else "at risk"
    achieved = _percent_of_way(baseline, expected, cumulative)
    if achieved >= Fraction(ratings.on_track_pct):
        return "on track"
    return "delayed" if achieved >= Fraction(ratings.delayed_pct) else "at risk"


def _percent_of_way(start: Fraction, end: Fraction, here: Fraction) -> Fraction:
    """Below 0 on the other side of the start, above 100 beyond the end."""
    return 100 * (here - start) / (end - start)
