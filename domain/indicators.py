"""Indicator figures: from members' rows to network, member and country (contract section 5, rules 1–6).

A contribution is one (indicator, member, country, slice), however many cycles it was reported in. Its readings are first carried across
periods, then contributions are combined across members. Everything is a Fraction, so sums are exact and a percentage is never averaged
from percentages.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from domain.agreement import Agreement, Indicator
from domain.figures import SCOPES, IndicatorFigure, Scope, Slice, Source
from domain.submission import AcceptedRow


class Contribution(NamedTuple):
    indicator: str
    member: str
    country: str
    slice: Slice


class Reading(NamedTuple):
    """What a contribution says for a cycle or a scope. Percentages and yes_no carry numerator and denominator; a percentage of which
    only the value was given has `value` alone; a text has none of the three."""

    numerator: Fraction | None
    denominator: Fraction | None
    value: Fraction | None
    derived: bool
    sources: tuple[Source, ...]

    @property
    def has_pair(self) -> bool:
        return self.denominator is not None


Readings = dict[Contribution, dict[str, Reading]]
"""Contribution to its readings by cycle."""


# --- reading the rows -------------------------------------------------------------------------------------------------


def slice_of(row: AcceptedRow, definition: Indicator) -> Slice:
    """The dimensions of the indicator that the row fills, in the logframe's order; () is the total."""
    return tuple((name, row.values[name]) for name in definition.disaggregation if row.values.get(name) is not None)


def sources_of(row: AcceptedRow) -> tuple[Source, ...]:
    """The row itself, or the rows a derived one was made of."""
    rows = row.derived_from or (row.row,)
    return tuple(Source(row.member, row.submission, row.sheet, number) for number in rows)


def _fraction(value: Decimal | None) -> Fraction | None:
    return None if value is None else Fraction(value)


def reading_of(row: AcceptedRow, definition: Indicator) -> Reading:
    """A row as a reading of its indicator's measure."""
    derived, sources = bool(row.derived_from), sources_of(row)
    match definition.measure:
        case "qualitative":
            return Reading(None, None, None, derived, sources)
        case "yes_no":
            return Reading(Fraction(row.values["value"] == "yes"), Fraction(1), None, derived, sources)
        case "percentage" if row.values["denominator"] is not None:
            return Reading(_fraction(row.values["numerator"]), _fraction(row.values["denominator"]), None, derived, sources)
        case _:
            return Reading(None, None, _fraction(row.values["value"]), derived, sources)


def readings_of(agreement: Agreement, rows: Iterable[AcceptedRow]) -> Readings:
    """All accepted rows of the indicators sheet, by contribution and cycle; each cycle is read by the logframe rows valid in it."""
    logframes = {cycle.code: agreement.indicators_in(cycle.code) for cycle in agreement.cycles}
    readings: Readings = defaultdict(dict)
    for row in rows:
        definition = logframes[row.cycle][row.values["indicator"]]
        key = Contribution(definition.indicator, row.member, row.values["country"], slice_of(row, definition))
        readings[key][row.cycle] = reading_of(row, definition)
    return readings


# --- across periods ---------------------------------------------------------------------------------------------------


def combine_periods(method: str, readings: Sequence[Reading]) -> Reading:
    """Readings of one contribution, in order of cycles, by `across_periods` (rules 1 and 4): pairs are added or the latest is taken;
    a percentage given as a value only is left out of a sum of pairs."""
    if method == "latest" or len(readings) == 1:
        return readings[-1]
    derived = any(reading.derived for reading in readings)
    sources = tuple(source for reading in readings for source in reading.sources)
    pairs = [reading for reading in readings if reading.has_pair]
    if pairs:
        numerator, denominator = sum_pairs(pairs)
        return Reading(numerator, denominator, None, derived, tuple(s for reading in pairs for s in reading.sources))
    return Reading(None, None, combine_values(method, [r.value for r in readings if r.value is not None]), derived, sources)


def sum_pairs(readings: Iterable[Reading]) -> tuple[Fraction, Fraction]:
    """Σ numerator and Σ denominator of the readings that have them."""
    numerator = denominator = Fraction(0)
    for reading in readings:
        if reading.numerator is not None and reading.denominator is not None:
            numerator += reading.numerator
            denominator += reading.denominator
    return numerator, denominator


def combine_values(method: str, values: Sequence[Fraction]) -> Fraction:
    """Sum, maximum or plain mean of at least one value."""
    match method:
        case "sum":
            return sum(values, Fraction(0))
        case "max":
            return max(values)
        case "mean":
            return sum(values, Fraction(0)) / len(values)
        case _:
            raise ValueError(f"no way to combine values by {method!r}")


def _increase(latest: Reading, before: Reading | None, baseline: Fraction) -> Reading:
    """Rule 2: a cumulative figure minus the latest one before the first cycle concerned, or the member's baseline."""
    start = baseline if before is None or before.value is None else before.value
    earlier = before.sources if before else ()
    derived = latest.derived or bool(before and before.derived)
    return Reading(None, None, (latest.value or Fraction(0)) - start, derived, (*earlier, *latest.sources))


def reading_in_scope(
    definition: Indicator, by_cycle: Mapping[str, Reading], cycles: Sequence[str], concerned: Sequence[str], cumulative: bool, baseline: Fraction
) -> Reading | None:
    """A contribution's figure for a scope; None where it was not reported in any of the cycles concerned.

    `cycles` run from the contract's start to the report's own, `concerned` are those of the scope; `cumulative`: the scope is cumulative."""
    reported = [by_cycle[cycle] for cycle in concerned if cycle in by_cycle]
    if not reported:
        return None
    if definition.measure in ("yes_no", "qualitative"):
        return reported[-1]
    if definition.value_kind == "period":
        return combine_periods(definition.across_periods, reported)
    if cumulative or definition.measure == "percentage":
        return reported[-1]
    before = [by_cycle[cycle] for cycle in cycles[: cycles.index(concerned[0])] if cycle in by_cycle]
    return _increase(reported[-1], before[-1] if before else None, baseline)


# --- across members ---------------------------------------------------------------------------------------------------


def combine_members(definition: Indicator, readings: Sequence[Reading]) -> Reading | None:
    """Readings of all contributions of a level, by `across_members` (rules 3–5); None where nothing can be combined."""
    derived = any(reading.derived for reading in readings)
    sources = tuple(dict.fromkeys(source for reading in readings for source in reading.sources))
    match definition.measure:
        case "qualitative":
            return Reading(None, None, None, derived, sources)
        case "yes_no":
            numerator, denominator = sum_pairs(readings)
            return Reading(numerator, denominator, numerator, derived, sources)
        case "percentage" if readings[0].has_pair:
            numerator, denominator = sum_pairs(readings)
            value = 100 * numerator / denominator if denominator else None
            return Reading(numerator, denominator, value, derived, sources)
        case "percentage":
            return readings[0] if len(readings) == 1 else None
        case _:
            if len(readings) == 1:
                return readings[0]
            values = [reading.value for reading in readings if reading.value is not None]
            return Reading(None, None, combine_values(definition.across_members, values), derived, sources)


def never_combined(definition: Indicator) -> bool:
    """Whether there are member figures only: `across_members` none, and texts."""
    return definition.across_members == "none" or definition.measure == "qualitative"


def _areas(definition: Indicator, of_scope: Mapping[Contribution, Reading]) -> dict[tuple[str, str], list[Reading]]:
    """(level, area) to the readings that make its figure, for the contributions of one indicator and slice.

    A percentage without numerator and denominator is shown for its member and left out of every total."""
    areas: dict[tuple[str, str], list[Reading]] = defaultdict(list)
    alone: dict[str, list[tuple[str, Reading]]] = defaultdict(list)
    for (_, member, country, _), reading in of_scope.items():
        value_only = definition.measure == "percentage" and not reading.has_pair
        if value_only or never_combined(definition):
            alone[member].append((country, reading))
        else:
            for area in (("network", ""), ("member", member), ("country", country)):
                areas[area].append(reading)
    for member, entries in alone.items():
        single = len(entries) == 1 and ("member", member) not in areas
        for country, reading in entries:
            areas["member", member if single else f"{member}/{country}"].append(reading)
    return areas


# --- the figures ------------------------------------------------------------------------------------------------------


def definitions_for(agreement: Agreement, cycles: Sequence[str]) -> dict[str, Indicator]:
    """Each indicator's logframe row as valid in the report's cycle or, if it has ended, in its last one; in the logframe's order."""
    latest: dict[str, Indicator] = {}
    for cycle in cycles:
        latest.update(agreement.indicators_in(cycle))
    order = list(dict.fromkeys(row.indicator for row in agreement.logframe))
    return {code: latest[code] for code in order if code in latest}


def assigned_baseline(agreement: Agreement, contribution: Contribution, cycle: str) -> Fraction:
    """The member's baseline in assignments.csv for a cumulative figure, else 0: that of the row valid in the cycle, or the only one there is.

    It is a baseline of the total, so slices start from 0."""
    rows = [
        row
        for row in agreement.assignments
        if (row.indicator, row.member, row.country) == contribution[:3] and row.baseline is not None and not contribution.slice
    ]
    valid = [row for row in rows if agreement.valid_in(row.from_, row.to, cycle)]
    return Fraction((valid or rows)[0].baseline or 0) if rows else Fraction(0)


def progress(definition: Indicator, cumulative: Fraction | None) -> Fraction | None:
    """Rule 6, in percent: (cumulative − baseline) / (target − baseline); None without either or where they are equal."""
    if cumulative is None or definition.baseline is None or definition.target is None or definition.baseline == definition.target:
        return None
    baseline, target = Fraction(definition.baseline), Fraction(definition.target)
    return 100 * (cumulative - baseline) / (target - baseline)


def slice_order(definition: Indicator, slice_: Slice) -> tuple[object, ...]:
    """The total first, then single dimensions, then crossings, categories as the logframe lists them."""
    names = list(definition.disaggregation)
    return (len(slice_), [(names.index(name), definition.disaggregation[name].index(category)) for name, category in slice_])


def _figures_of_scope(agreement: Agreement, definition: Indicator, readings: Mapping[Contribution, Reading], scope: Scope) -> list[IndicatorFigure]:
    """One indicator's rows of one scope: network, then members, then countries; each its slices."""
    by_slice: dict[Slice, dict[Contribution, Reading]] = defaultdict(dict)
    for contribution, reading in readings.items():
        by_slice[contribution.slice][contribution] = reading
    figures = []
    for slice_, of_slice in by_slice.items():
        for (level, area), parts in _areas(definition, of_slice).items():
            combined = combine_members(definition, parts)
            if combined is None:
                continue
            network_total = level == "network" and not slice_
            figures.append(
                IndicatorFigure(
                    indicator=definition.indicator,
                    scope=scope,
                    level=level,  # type: ignore[arg-type]
                    area=area,
                    slice=slice_,
                    numerator=combined.numerator,
                    denominator=combined.denominator,
                    value=combined.value,
                    unit=definition.unit,
                    contributions=len(parts),
                    derived=combined.derived,
                    sources=combined.sources,
                    baseline=definition.baseline if network_total else None,
                    target=definition.target if network_total else None,
                    progress=progress(definition, combined.value) if network_total and scope == "cumulative" else None,
                )
            )
    levels = ("network", "member", "country")
    figures.sort(key=lambda f: (levels.index(f.level), f.area, slice_order(definition, f.slice)))
    return figures


def indicator_figures(agreement: Agreement, rows: Iterable[AcceptedRow], cycles: Sequence[str], reporting: Sequence[str]) -> list[IndicatorFigure]:
    """All rows of data/indicators.csv for a report of the last of `cycles`, in order of logframe, scope, level, area and slice."""
    by_indicator: dict[str, Readings] = defaultdict(dict)
    for contribution, by_cycle in sorted(readings_of(agreement, rows).items()):
        by_indicator[contribution.indicator][contribution] = by_cycle
    concerned: dict[Scope, Sequence[str]] = {"period": cycles[-1:], "reporting": reporting, "cumulative": cycles}

    figures = []
    for code, definition in definitions_for(agreement, cycles).items():
        for scope in SCOPES:
            of_scope = {}
            for contribution, by_cycle in by_indicator.get(code, {}).items():
                baseline = assigned_baseline(agreement, contribution, concerned[scope][0])
                reading = reading_in_scope(definition, by_cycle, cycles, concerned[scope], scope == "cumulative", baseline)
                if reading is not None:
                    of_scope[contribution] = reading
            figures += _figures_of_scope(agreement, definition, of_scope, scope)
    return figures
