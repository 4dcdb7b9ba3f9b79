"""Indicator figures: from members' rows to network, member and country (contract section 5, rules 1–6).

A contribution is one (indicator, member, country, slice), however many cycles it was reported in. Its readings are first carried across
periods, then contributions are combined across members. Numbers are whole ones, in units of a fraction of 1 that holds all decimals of their
indicator: sums are exact, and a percentage is never averaged from percentages. All rows of an indicator are worked on at once, as arrays.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import lcm
from typing import Any, NamedTuple

import numpy as np

from domain.agreement import Agreement, Assignment, Indicator
from domain.arrays import Array, first_of_group, group_starts, last_of_group, ranges_of, whole_numbers
from domain.figures import SCOPES, WITHHELD, IndicatorFigure, Scope, Slice, Sources, Withheld
from domain.numbers import EXACT
from domain.submission import AcceptedRow


class Contribution(NamedTuple):
    indicator: str
    member: str
    country: str
    slice: Slice


# --- reading the rows -------------------------------------------------------------------------------------------------


def slice_of(row: AcceptedRow, definition: Indicator) -> Slice:
    """The dimensions of the indicator that the row fills, in the logframe's order; () is the total."""
    return _slice(definition, row.values)


def _slice(definition: Indicator, values: Mapping[str, Any]) -> Slice:
    return tuple((name, values[name]) for name in definition.disaggregation if values.get(name) is not None)


def slice_order(definition: Indicator, slice_: Slice) -> tuple[object, ...]:
    """The total first, then single dimensions, then crossings, categories as the logframe lists them; what it lists no more comes last."""
    names = list(definition.disaggregation)

    def place(name: str, category: str) -> tuple[int, int, str, str]:
        categories = definition.disaggregation.get(name, ())
        return (names.index(name) if name in names else len(names), categories.index(category) if category in categories else len(categories), name, category)

    return (len(slice_), [place(name, category) for name, category in slice_])


@dataclass(frozen=True, slots=True)
class Numbers:
    """Numbers of contributions, as arrays: `group` says which contribution an element belongs to (numbered from 0); `numerator` and `denominator` count
    where it is `paired` (percentages with both, yes_no), `value` where not; all three in units of 1/`unit`. `derived`: not reported as such."""

    group: Array
    value: Array
    numerator: Array
    denominator: Array
    paired: Array
    derived: Array
    unit: int


@dataclass(frozen=True, slots=True)
class Readings(Numbers):
    """What members reported for one indicator: an element per accepted row, in order of member, country, slice and cycle. `cycle` numbers the cycles,
    `rows` are the rows themselves."""

    definition: Indicator
    contributions: list[Contribution]
    cycle: Array
    rows: Sequence[AcceptedRow]


def readings_of(agreement: Agreement, rows: Sequence[AcceptedRow], cycles: Sequence[str]) -> dict[str, Readings]:
    """All accepted rows of the indicators sheet by indicator; each cycle is read by the logframe rows valid in it."""
    definitions = definitions_for(agreement, cycles)
    indicators, what, assigned = list(definitions), _what_rows_report(agreement, definitions, rows, cycles), _assigned(agreement)
    member, members = _numbered([row.member for row in rows])
    country, countries = _numbered([row.values["country"] for row in rows])
    order = np.lexsort((what.cycle, what.slice, country, member, what.indicator))
    ends = np.searchsorted(what.indicator[order], np.arange(len(indicators) + 1))
    found = {}
    for number, code in enumerate(indicators):
        of = order[ends[number] : ends[number + 1]]
        if len(of):
            changes = first_of_group(member[of], country[of], what.slice[of])
            starts = of[np.flatnonzero(changes)].tolist()
            contributions = [Contribution(code, members[member[i]], countries[country[i]], what.slices[what.indicator[i]][what.slice[i]]) for i in starts]
            baselines = [baseline for _, baseline in assigned.get(code, ())]
            found[code] = _readings(definitions[code], contributions, np.cumsum(changes) - 1, what.cycle[of], [rows[i] for i in of.tolist()], len(cycles), baselines)
    return found


class _What(NamedTuple):
    """For each row the places of its indicator, its slice (among `slices` of the indicator) and its cycle."""

    indicator: Array
    slice: Array
    cycle: Array
    slices: list[list[Slice]]


def _what_rows_report(agreement: Agreement, definitions: Mapping[str, Indicator], rows: Sequence[AcceptedRow], cycles: Sequence[str]) -> _What:
    """Rows that fill the same cells report the same slice, so slices are made once for each way of filling them."""
    dimensions, indicators, cycle_places = agreement.dimensions, list(definitions), {code: place for place, code in enumerate(cycles)}
    ways: dict[tuple[Any, ...], int] = {}
    way = np.fromiter(
        (ways.setdefault((row.cycle, row.values["indicator"], *map(row.values.get, dimensions)), len(ways)) for row in rows), np.int64, len(rows)
    )
    logframes = {cycle: agreement.indicators_in(cycle) for cycle in cycles}
    reported = [(code, _slice(logframes[cycle][code], dict(zip(dimensions, categories, strict=True)))) for cycle, code, *categories in ways]
    found: dict[str, dict[Slice, Slice]] = {code: {} for code in indicators}
    for code, slice_ in reported:
        names = list(definitions[code].disaggregation)
        found[code][slice_] = tuple(sorted(slice_, key=lambda filled: names.index(filled[0]) if filled[0] in names else len(names)))
    slices = [sorted(set(found[code].values()), key=lambda slice_: slice_order(definitions[code], slice_)) for code in indicators]
    slice_places = [{slice_: place for place, slice_ in enumerate(of)} for of in slices]
    indicator_places = {code: place for place, code in enumerate(indicators)}
    of_way = np.array(
        [(indicator_places[code], slice_places[indicator_places[code]][found[code][slice_]], cycle_places[cycle]) for (code, slice_), (cycle, *_) in zip(reported, ways, strict=True)],
        np.int64,
    ).reshape(-1, 3)
    return _What(of_way[way, 0], of_way[way, 1], of_way[way, 2], slices)


def _numbered(values: Sequence[str]) -> tuple[Array, list[str]]:
    """Each value's place among the distinct ones, which are in order."""
    distinct = sorted(set(values))
    places = {value: place for place, value in enumerate(distinct)}
    return np.fromiter(map(places.__getitem__, values), np.int64, len(values)), distinct


def _readings(
    definition: Indicator, contributions: list[Contribution], group: Array, cycle: Array, rows: Sequence[AcceptedRow], cycles: int, baselines: Sequence[Decimal]
) -> Readings:
    """Rows of one indicator as whole numbers of its measure; `cycles`: how many there are, `baselines`: what may be taken from its figures."""
    values, numerators, denominators = _as_written(definition.measure, rows)
    decimals = max((-number.as_tuple().exponent for column in (values, numerators, denominators) for number in column if number is not None), default=0)  # type: ignore[operator]
    decimals = max(0, decimals, *(-int(baseline.as_tuple().exponent) for baseline in baselines))
    room = 2 * len(rows) * (lcm(*range(1, cycles + 1)) if definition.across_periods == "mean" else 1)
    value, numerator, denominator = (_whole(column, decimals, room, baselines) for column in (values, numerators, denominators))
    paired = np.fromiter((number is not None for number in denominators), bool, len(rows))
    derived = np.fromiter((bool(row.derived_from) for row in rows), bool, len(rows))
    return Readings(group, value, numerator, denominator, paired, derived, 10**decimals, definition, contributions, cycle, rows)


def _as_written(measure: str, rows: Sequence[AcceptedRow]) -> tuple[list[Decimal | None], list[Decimal | None], list[Decimal | None]]:
    """Values, numerators and denominators; None where the measure or the row has none. Each answer to yes_no is one of one (rule 5)."""
    nothing: list[Decimal | None] = [None] * len(rows)
    match measure:
        case "qualitative":
            return nothing, nothing, nothing
        case "yes_no":
            return nothing, [Decimal(row.values["value"] == "yes") for row in rows], [Decimal(1)] * len(rows)
        case "percentage":
            return tuple([row.values[name] for row in rows] for name in ("value", "numerator", "denominator"))  # type: ignore[return-value]
        case _:
            return [row.values["value"] for row in rows], nothing, nothing


def _whole(numbers: Sequence[Decimal | None], decimals: int, room: int, beside: Sequence[Decimal]) -> Array:
    """Decimals in units of 1/10**decimals (0 where there is none): as int64 where `room` times the largest of them (and of those `beside`) fits,
    else as Python's whole numbers."""
    whole = [0 if number is None else int(EXACT.scaleb(number, decimals)) for number in (*numbers, *beside)]
    return whole_numbers(whole, room)[: len(numbers)]


# --- across periods ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Parts(Numbers):
    """The contributions of one indicator that have a figure in a scope, an element each, made of the rows at `places` from `first[i]` to before `first[i + 1]`."""

    places: Array
    first: Array


def parts_in_scope(readings: Readings, since: int, cumulative: bool, baselines: Mapping[int, Fraction]) -> Parts:
    """Rules 1, 2, 4 and 5: contributions that were reported in the cycles from number `since` on. `cumulative`: the scope is cumulative;
    `baselines`: of contributions by number, for figures to date."""
    definition, concerned = readings.definition, np.flatnonzero(readings.cycle >= since)
    as_reported = definition.measure in ("yes_no", "qualitative")
    if definition.value_kind == "period" and not as_reported and definition.across_periods != "latest":
        return _combined_periods(readings, concerned)
    latest = concerned[last_of_group(readings.group[concerned])]
    if definition.value_kind == "period" or as_reported or cumulative or definition.measure == "percentage":
        return _as_reported(readings, latest)
    return _increase(readings, latest, np.flatnonzero(readings.cycle < since), baselines)


def _as_reported(readings: Readings, places: Array) -> Parts:
    """One row of each contribution, as it stands."""
    numbers = (readings.value[places], readings.numerator[places], readings.denominator[places], readings.paired[places], readings.derived[places])
    return Parts(readings.group[places], *numbers, readings.unit, places, np.arange(len(places) + 1))


def _increase(readings: Readings, latest: Array, before: Array, baselines: Mapping[int, Fraction]) -> Parts:
    """Rule 2: a cumulative figure minus the latest one before the first cycle concerned or, where there is none, the member's baseline."""
    group = readings.group[latest]
    earlier = np.full(len(readings.contributions), -1)
    before = before[last_of_group(readings.group[before])]
    earlier[readings.group[before]] = before
    earlier = earlier[group]
    start = np.where(earlier >= 0, readings.value[earlier], 0)
    for i in np.flatnonzero(earlier < 0).tolist() if baselines else ():
        start[i] = int(baselines.get(int(group[i]), Fraction(0)) * readings.unit)
    made_of = np.stack([earlier, latest], axis=1)
    first = np.append(0, np.cumsum((made_of >= 0).sum(axis=1)))
    derived = readings.derived[latest] | ((earlier >= 0) & readings.derived[earlier])
    nothing = np.zeros(len(latest), np.int64)
    return Parts(group, readings.value[latest] - start, nothing, nothing, readings.paired[latest], derived, readings.unit, made_of[made_of >= 0], first)


def _combined_periods(readings: Readings, places: Array) -> Parts:
    """Rules 1 and 4: values are added, or their maximum or plain mean is taken; pairs are added. A percentage given as a value only is left out
    where there are pairs, and is as last reported where there are none: percentages are never added."""
    paired_groups = np.zeros(len(readings.contributions), bool)
    paired_groups[readings.group[places[readings.paired[places]]]] = True
    if readings.definition.measure == "percentage":
        last_alone = ~paired_groups[readings.group[places]] & last_of_group(readings.group[places])
        places = places[readings.paired[places] | last_alone]
    group = readings.group[places]
    starts = group_starts(group)
    if not len(starts):
        return _as_reported(readings, places)
    count, factor = np.diff(np.append(starts, len(group))), 1
    value = combined(readings.definition.across_periods, readings.value[places], starts)
    if readings.definition.across_periods == "mean":
        factor = lcm(*set(count.tolist()))
        value = value * (factor // count)
    numerator, denominator = (np.add.reduceat(column[places], starts) * factor for column in (readings.numerator, readings.denominator))
    derived = np.logical_or.reduceat(readings.derived[places], starts)
    group = group[starts]
    return Parts(group, value, numerator, denominator, paired_groups[group], derived, readings.unit * factor, places, np.append(starts, len(places)))


def combined(method: str, numbers: Array, starts: Array) -> Array:
    """Sum or maximum of each group of numbers that begins at `starts`; for a mean the sum, which is still to be divided."""
    match method:
        case "sum" | "mean":
            return np.add.reduceat(numbers, starts)
        case "max":
            return np.maximum.reduceat(numbers, starts)
        case _:
            raise ValueError(f"no way to combine values by {method!r}")


# --- across members ---------------------------------------------------------------------------------------------------


def never_combined(definition: Indicator) -> bool:
    """Whether there are member figures only: `across_members` none, and texts."""
    return definition.across_members == "none" or definition.measure == "qualitative"


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes the figures of one indicator and scope."""

    readings: Readings
    parts: Parts
    scope: Scope

    def figures(self) -> list[IndicatorFigure]:
        """Network, then members, then countries; each its slices. A percentage without numerator and denominator is shown for its member and left
        out of every total, like an indicator that is never combined."""
        definition, parts = self.readings.definition, self.parts
        contributions = [self.readings.contributions[group] for group in parts.group.tolist()]
        alone = np.full(len(contributions), True) if never_combined(definition) else ~parts.paired if definition.measure == "percentage" else np.full(len(contributions), False)
        together = np.flatnonzero(~alone)
        member_figures = self._level("member", together, contributions, lambda c: c.member)
        combined_areas = {(figure.area, figure.slice) for figure in member_figures}
        member_figures += self._alone(np.flatnonzero(alone).tolist(), contributions, combined_areas)
        if alone.any():
            order = {slice_: slice_order(definition, slice_) for slice_ in {c.slice for c in contributions}}
            member_figures.sort(key=lambda figure: (figure.area, order[figure.slice]))
        return [*self._level("network", together, contributions, lambda c: ""), *member_figures, *self._level("country", together, contributions, lambda c: c.country)]

    def _level(self, level: str, chosen: Array, contributions: Sequence[Contribution], area_of: Callable[[Contribution], str]) -> list[IndicatorFigure]:
        """Rules 3 to 5: the contributions of each area and slice, combined by `across_members`."""
        if not len(chosen):
            return []
        keys = [(area_of(contributions[i]), contributions[i].slice) for i in chosen.tolist()]
        order = {slice_: slice_order(self.readings.definition, slice_) for slice_ in {slice_ for _, slice_ in keys}}
        areas = sorted(set(keys), key=lambda key: (key[0], order[key[1]]))
        places = {key: place for place, key in enumerate(areas)}
        area = np.fromiter(map(places.__getitem__, keys), np.int64, len(keys))
        by_area = np.argsort(area, kind="stable")
        chosen, starts = chosen[by_area], group_starts(area[by_area])
        return [self._figure(level, *key, *numbers) for key, numbers in zip(areas, self._combined(chosen, starts), strict=True)]

    def _combined(self, chosen: Array, starts: Array) -> Iterator[tuple[Any, ...]]:
        """For each group of contributions: numerator, denominator, value (whole numbers or None), unit of the value, number of contributions,
        whether any was derived, sources."""
        parts, definition = self.parts, self.readings.definition
        count = np.diff(np.append(starts, len(chosen)))
        numerator, denominator = (np.add.reduceat(column[chosen], starts).tolist() for column in (parts.numerator, parts.denominator))
        value = combined(definition.across_members if definition.measure in ("number", "people", "money") else "sum", parts.value[chosen], starts).tolist()
        derived = np.logical_or.reduceat(parts.derived[chosen], starts).tolist()
        rows_of_parts, first = ranges_of(parts.first, chosen)
        places, ends = parts.places[rows_of_parts], first[np.append(starts, len(chosen))].tolist()
        for i, n in enumerate(count.tolist()):
            unit = parts.unit * (n if definition.across_members == "mean" else 1)
            yield numerator[i], denominator[i], value[i], unit, n, derived[i], Sources(self.readings.rows, places, ends[i], ends[i + 1])

    def _alone(self, chosen: Sequence[int], contributions: Sequence[Contribution], taken: set[tuple[str, Slice]]) -> Iterator[IndicatorFigure]:
        """Contributions that are never combined: area is the member or, where it has several (or a combined one too), "member/country"."""
        of_member: dict[tuple[str, Slice], list[int]] = defaultdict(list)
        for i in chosen:
            of_member[contributions[i].member, contributions[i].slice].append(i)
        for (member, slice_), entries in of_member.items():
            single = len(entries) == 1 and (member, slice_) not in taken
            for i in entries:
                parts, area = self.parts, member if single else f"{member}/{contributions[i].country}"
                sources = Sources(self.readings.rows, parts.places, int(parts.first[i]), int(parts.first[i + 1]))
                numbers = (int(parts.numerator[i]), int(parts.denominator[i]), int(parts.value[i]))
                yield self._figure("member", area, slice_, *numbers, parts.unit, 1, bool(parts.derived[i]), sources, paired=bool(parts.paired[i]))

    def _figure(
        self, level: str, area: str, slice_: Slice, numerator: int, denominator: int, value: int, unit: int, contributions: int, derived: bool, sources: Sources,
        paired: bool = True,
    ) -> IndicatorFigure:  # fmt: skip
        definition, network_total = self.readings.definition, level == "network" and not slice_
        numbers = _numbers(definition, numerator, denominator, value, unit, self.parts.unit, paired)
        return IndicatorFigure(
            indicator=definition.indicator,
            scope=self.scope,
            level=level,  # type: ignore[arg-type]
            area=area,
            slice=slice_,
            numerator=numbers[0],
            denominator=numbers[1],
            value=numbers[2],
            unit=definition.unit,
            contributions=contributions,
            derived=derived,
            sources=sources,
            baseline=definition.baseline if network_total else None,
            target=definition.target if network_total else None,
            progress=progress(definition, numbers[2]) if network_total and self.scope == "cumulative" else None,
        )


def _numbers(definition: Indicator, numerator: int, denominator: int, value: int, unit: int, pair_unit: int, paired: bool) -> tuple[Fraction | None, ...]:
    """Numerator, denominator and value by measure (rules 4 and 5)."""
    match definition.measure:
        case "qualitative":
            return (None, None, None)
        case "yes_no":
            return (Fraction(numerator, pair_unit), Fraction(denominator, pair_unit), Fraction(numerator, pair_unit))
        case "percentage" if paired:
            return (Fraction(numerator, pair_unit), Fraction(denominator, pair_unit), Fraction(100 * numerator, denominator) if denominator else None)
        case _:
            return (None, None, Fraction(value, unit))


# --- the figures ------------------------------------------------------------------------------------------------------


def definitions_for(agreement: Agreement, cycles: Sequence[str]) -> dict[str, Indicator]:
    """Each indicator's logframe row as valid in the report's cycle or, if it has ended, in its last one; in the logframe's order."""
    latest: dict[str, Indicator] = {}
    for cycle in cycles:
        latest.update(agreement.indicators_in(cycle))
    order = list(dict.fromkeys(row.indicator for row in agreement.logframe))
    return {code: latest[code] for code in order if code in latest}


def _assigned(agreement: Agreement) -> dict[str, list[tuple[Assignment, Decimal]]]:
    """The rows of assignments.csv that have a baseline, by indicator."""
    found: dict[str, list[tuple[Assignment, Decimal]]] = defaultdict(list)
    for row in agreement.assignments:
        if row.baseline is not None:
            found[row.indicator].append((row, row.baseline))
    return found


def assigned_baselines(agreement: Agreement, assigned: Sequence[tuple[Assignment, Decimal]], contributions: Sequence[Contribution], cycle: str) -> dict[int, Fraction]:
    """Members' baselines in assignments.csv for cumulative figures, by number of the contribution: that of the row valid in the cycle, or the
    first there is. It is a baseline of the total, so slices start from 0."""
    by_place: dict[tuple[str, str], list[tuple[Assignment, Decimal]]] = defaultdict(list)
    for row, baseline in assigned:
        by_place[row.member, row.country].append((row, baseline))
    found = {}
    for number, contribution in enumerate(contributions):
        rows = by_place.get((contribution.member, contribution.country)) if not contribution.slice else None
        if rows:
            valid = [baseline for row, baseline in rows if agreement.valid_in(row.from_, row.to, cycle)]
            found[number] = Fraction((valid or [baseline for _, baseline in rows])[0])
    return found


ADDABLE = ("number", "people", "money")
"""Measures whose groups add up to the total."""


def groups_add_up(definition: Indicator) -> bool:
    """Whether the figures of a dimension's groups are parts of the total's figure."""
    return definition.measure in ADDABLE and definition.across_members == "sum" and definition.across_periods in ("sum", "latest")


def not_disaggregated(definition: Indicator, of_area: Mapping[Slice, IndicatorFigure], dimension: str) -> Fraction | None:
    """What of a total no group of a dimension holds (contract section 4, below-total), from the figures of one area and scope by slice; None where
    there is none, or groups do not add up; WITHHELD where a group or the total is."""
    if not groups_add_up(definition):
        return None
    total = of_area[()].value if () in of_area else None
    groups = [figure.value for slice_, figure in of_area.items() if len(slice_) == 1 and slice_[0][0] == dimension and figure.value is not None]
    if groups and any(isinstance(value, Withheld) for value in (total, *groups)):
        return WITHHELD  # type: ignore[return-value]
    return total - sum(groups) if total is not None and groups and total > sum(groups) else None


def progress(definition: Indicator, cumulative: Fraction | None) -> Fraction | None:
    """Rule 6, in percent: (cumulative − baseline) / (target − baseline); None without either or where they are equal."""
    if cumulative is None or definition.baseline is None or definition.target is None or definition.baseline == definition.target:
        return None
    baseline, target = Fraction(definition.baseline), Fraction(definition.target)
    return 100 * (cumulative - baseline) / (target - baseline)


def indicator_figures(agreement: Agreement, rows: Iterable[AcceptedRow], cycles: Sequence[str], reporting: Sequence[str]) -> list[IndicatorFigure]:
    """All rows of data/indicators.csv for a report of the last of `cycles`, in order of logframe, scope, level, area and slice."""
    since: dict[Scope, int] = {"period": len(cycles) - 1, "reporting": cycles.index(reporting[0]), "cumulative": 0}
    assigned = _assigned(agreement)
    figures = []
    for code, readings in readings_of(agreement, list(rows), cycles).items():
        for scope in SCOPES:
            of_indicator = assigned.get(code, ())
            baselines = assigned_baselines(agreement, of_indicator, readings.contributions, cycles[since[scope]]) if of_indicator else {}
            figures += _Maker(readings, parts_in_scope(readings, since[scope], scope == "cumulative", baselines), scope).figures()
    return figures
