"""Helper columns of the indicators sheet, and the rows derived from slices."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from statistics import median
from typing import Any

from domain.agreement import Indicator
from domain.rules.entries import Columns, Entry, Lists, country_known
from domain.rules.slices import Derived, Figure, judge_slices
from domain.submission import AcceptedRow

SUMMED = ("number", "people", "money")
MIN_HISTORY, MIN_PEERS, MAX_Z = 5, 8, Fraction(7, 2)
"""An outlier is judged against at least so many figures; its modified z-score (median and MAD) is above 3.5."""
FROM_SHARE, LEAST, MOST, MIN_GAP = Fraction(1, 4), Fraction(1, 5), 2, 10
"""Once a quarter of the time has passed, a figure to date below a fifth or from twice of what could be expected is off track, if by 10 or more."""


def is_blank(entry: Entry, measure: str) -> bool:
    """A row without a figure or, if qualitative, without text."""
    match measure:
        case "qualitative":
            return entry.values["comment"] is None
        case "percentage":
            return all(entry.values[name] is None for name in ("value", "numerator", "denominator"))
        case _:
            return entry.values["value"] is None


def row_columns(entries: Sequence[Entry], lists: Lists) -> Columns:
    """What must hold of each row by itself."""
    columns: Columns = defaultdict(list)
    for entry in entries:
        definition = lists.indicator(entry)
        columns["indicator_known"].append(None if entry.values["indicator"] is None else definition is not None)
        columns["country_known"].append(country_known(entry))
        for name in lists.agreement.dimensions:
            category = entry.values.get(name)
            known = definition is None or category in definition.disaggregation.get(name, ())
            columns[f"{name}_known"].append(None if category is None else known)
        for name, holds in _measured(entry, definition).items():
            columns[name].append(holds)
    return columns


def _measured(entry: Entry, definition: Indicator | None) -> dict[str, bool | None]:
    """The rules of each measure; None where a rule does not apply."""
    names = ("answer_known", "has_figure", "not_negative", "not_below_zero", "whole", "denominator_fits", "numerator_fits", "has_pair", "not_fraction")
    holds: dict[str, bool | None] = dict.fromkeys(names)
    if definition is None:
        return holds
    value, numerator, denominator = (entry.values[name] for name in ("value", "numerator", "denominator"))
    measure = definition.measure
    holds["has_figure"] = not is_blank(entry, measure)
    if measure == "yes_no" and value is not None:
        holds["answer_known"] = value in ("yes", "no")
    if measure in SUMMED and value is not None:
        holds["not_negative" if measure == "people" else "not_below_zero"] = value >= 0
        holds["whole"] = value == int(value) if measure == "people" else None
    if measure == "percentage" and holds["has_figure"]:
        alone = (numerator is None) != (denominator is None)
        holds["denominator_fits"] = not alone and (denominator is None or denominator > 0 or (denominator == 0 and numerator == 0))
        holds["numerator_fits"] = numerator <= denominator if denominator and not alone and denominator > 0 else None
        holds["has_pair"] = denominator is not None or numerator is not None
        holds["not_fraction"] = _no_fraction(value, numerator, denominator)
    return holds


def _no_fraction(value: Any, numerator: Decimal | None, denominator: Decimal | None) -> bool | None:
    """0.45 where 45 % is meant: below 1, and where there is a pair equal to its quotient."""
    if not isinstance(value, Decimal) or value <= 0 or value >= 1:
        return None
    if numerator is None or not denominator:
        return False
    return abs(value - numerator / denominator) >= Decimal("0.01")


# --- several rows -----------------------------------------------------------------------------------------------------


def slice_key(entry: Entry, definition: Indicator) -> tuple[tuple[str, str], ...]:
    return tuple((name, entry.values[name]) for name in definition.disaggregation if entry.values.get(name) is not None)


def figure_of(entry: Entry, definition: Indicator) -> tuple[Any, ...]:
    """What a row says, to be compared with another row of the same slice."""
    match definition.measure:
        case "qualitative":
            return (entry.values["comment"],)
        case "percentage" if entry.values["denominator"] is not None:
            return (entry.values["numerator"], entry.values["denominator"])
        case _:
            return (entry.values["value"],)


def comparable(entry: Entry, definition: Indicator) -> Fraction | None:
    """A row's figure as one number: a percentage from its numerator and denominator."""
    if definition.measure == "percentage" and entry.values["denominator"] is not None:
        return Fraction(entry.values["numerator"]) / Fraction(entry.values["denominator"]) * 100 if entry.values["denominator"] else None
    value = entry.values["value"]
    return Fraction(value) if isinstance(value, Decimal) else None


@dataclass(slots=True)
class JudgedRows:
    """Helper columns over several rows, the rows that stay in use, and those derived from slices."""

    columns: Columns
    derived: list[AcceptedRow] = field(default_factory=list)


_RULES = {
    "not_repeated": "indicators.row.repeat",
    "not_in_conflict": "indicators.row.conflict",
    "slices_within_total": "indicators.slices.exceed-total",
    "slices_reach_total": "indicators.slices.below-total",
    "has_total": "indicators.total.missing",
    "total_given": "indicators.total.derived",
    "not_fallen": "indicators.value.fell",
    "not_outlying": "indicators.value.outlier",
    "on_track": "indicators.value.off-track",
}


@dataclass(slots=True)
class _Marks:
    """Which rule is broken at which entry."""

    entries: Sequence[Entry]
    broken: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))

    def mark(self, column: str, index: int, details: dict[str, str] | None = None, out_of_use: bool = False) -> None:
        self.broken[column].add(index)
        self.entries[index].details[_RULES[column]] = details or {}
        if out_of_use:
            self.entries[index].in_use = False

    def columns(self) -> Columns:
        return {name: [index not in self.broken[name] for index in range(len(self.entries))] for name in _RULES}


def rows_columns(entries: Sequence[Entry], lists: Lists) -> JudgedRows:
    """What must hold of several rows together, over rows with a figure and without an error of their own."""
    marks = _Marks(entries)
    definitions = [lists.indicator(entry) for entry in entries]
    groups: dict[Any, list[int]] = defaultdict(list)
    for index, (entry, definition) in enumerate(zip(entries, definitions, strict=True)):
        assert definition is not None  # noqa: S101 (rows of an unknown indicator are in error)
        groups[entry.unit, definition.indicator, entry.values["country"]].append(index)
    derived: list[AcceptedRow] = []
    derived_figures: dict[tuple[Any, ...], Fraction] = {}
    for indexes in groups.values():
        definition = definitions[indexes[0]]
        assert definition is not None  # noqa: S101
        _mark_repeats(marks, definition, indexes)
        if definition.measure in SUMMED and definition.across_members == "sum":
            for row in _mark_slices(marks, definition, [index for index in indexes if entries[index].in_use]):
                entry = entries[indexes[0]]
                derived.append(_derived_row(entries, entry, definition, row))
                if entry.counts:
                    key = (entry.submission.member, definition.indicator, entry.values["country"], row.slice)
                    derived_figures[*key, entry.cycle_index] = Fraction(row.value)
    _mark_history(marks, lists, derived_figures)
    return JudgedRows(marks.columns(), derived)


def _mark_repeats(marks: _Marks, definition: Indicator, indexes: Sequence[int]) -> None:
    """Rows of the same slice: with the same figures one is used, with different ones none."""
    alike: dict[Any, list[int]] = defaultdict(list)
    for index in indexes:
        alike[slice_key(marks.entries[index], definition)].append(index)
    at = "comment" if definition.measure == "qualitative" else "value"
    for same in alike.values():
        figures = {figure_of(marks.entries[index], definition) for index in same}
        for index in same if len(figures) > 1 else same[1:]:
            other = next(i for i in same if i != index)
            details = {"other": marks.entries[other].cell(at) or str(marks.entries[other].row.number)}
            marks.mark("not_in_conflict" if len(figures) > 1 else "not_repeated", index, details, out_of_use=True)


def _mark_slices(marks: _Marks, definition: Indicator, indexes: Sequence[int]) -> list[Derived]:
    entries = marks.entries
    figures = [Figure(index, slice_key(entries[index], definition), entries[index].values["value"]) for index in indexes]
    verdict = judge_slices(definition, figures)
    for index, details in verdict.exceeding.items():
        marks.mark("slices_within_total", index, details, out_of_use=True)
    for index, details in verdict.below.items():
        marks.mark("slices_reach_total", index, details)
    for index in verdict.no_total:
        marks.mark("has_total", index, {"indicator": definition.indicator}, out_of_use=True)
    for index, details in verdict.total_derived.items():
        marks.mark("total_given", index, details)
    return verdict.derived


def _derived_row(entries: Sequence[Entry], entry: Entry, definition: Indicator, derived: Derived) -> AcceptedRow:
    values = dict.fromkeys(entry.values, None) | {"indicator": definition.indicator, "country": entry.values["country"], "value": derived.value}
    values |= dict(derived.slice)
    rows = tuple(entries[index].row.number for index in derived.made_of)
    # the rows of a derived figure lie in one file: the indicators sheet belongs to the programme part alone
    return AcceptedRow(entry.submission.member, entry.submission.cycle, entry.submission.submission, "indicators", 0, values, rows)


# --- history and peers ------------------------------------------------------------------------------------------------


def _mark_history(marks: _Marks, lists: Lists, derived: dict[tuple[Any, ...], Fraction]) -> None:
    """Figures against the member's earlier ones and against its peers."""
    history: dict[tuple[Any, ...], dict[int, Fraction]] = defaultdict(dict)
    peers: dict[tuple[str, int], list[Fraction]] = defaultdict(list)
    for reported, figure in derived.items():
        history[reported[:-1]][reported[-1]] = figure
    current = []
    for index, entry in enumerate(marks.entries):
        definition = lists.indicator(entry)
        if definition is None or not entry.in_use or (value := comparable(entry, definition)) is None:
            continue
        slice_ = slice_key(entry, definition)
        key = (entry.submission.member, definition.indicator, entry.values["country"], slice_)
        current.append((index, definition, key, value))
        if entry.counts:
            history[key][entry.cycle_index] = value
            if not slice_:
                peers[definition.indicator, entry.cycle_index].append(value)
    spreads: dict[tuple[str, int], tuple[Fraction, Fraction]] = {}
    for index, definition, key, value in current:
        entry = marks.entries[index]
        earlier = [figure for cycle, figure in sorted(history[key].items()) if cycle < entry.cycle_index]
        if definition.value_kind == "cumulative" and definition.direction == "up" and earlier and value < earlier[-1]:
            marks.mark("not_fallen", index, {"last": _number(earlier[-1])})
        if not key[3]:
            _mark_off_track(marks, lists, index, definition, value, earlier)
            own = definition.value_kind == "period" and len(earlier) >= MIN_HISTORY
            against = earlier if own else peers[definition.indicator, entry.cycle_index]
            if len(against) >= (MIN_HISTORY if own else MIN_PEERS):
                peers_of = (definition.indicator, entry.cycle_index)
                if not own and peers_of not in spreads:
                    spreads[peers_of] = _middle_and_spread(against)
                middle, spread = _middle_and_spread(against) if own else spreads[peers_of]
                _mark_outlier(marks, index, value, middle, spread, "history" if own else "peers", len(against))


def _mark_off_track(marks: _Marks, lists: Lists, index: int, definition: Indicator, value: Fraction, earlier: Sequence[Fraction]) -> None:
    """A member's figure to date against its own target, as far as the cycle's end lies on the way to it; a comment explains it."""
    entry, contract = marks.entries[index], lists.agreement.contract
    if entry.values["comment"] or (definition.value_kind == "period" and definition.across_periods != "sum") or definition.measure == "percentage":
        return
    own = lists.assignments.get((entry.submission.member, definition.indicator, entry.values["country"]))
    if own is None or own.target is None:
        return
    deadline = min(contract.end, date(definition.target_year, 12, 31)) if definition.target_year else contract.end
    elapsed = Fraction((lists.cycles[entry.submission.cycle].end - contract.start).days, max((deadline - contract.start).days, 1))
    baseline = Fraction(own.baseline or 0)
    expected = (Fraction(own.target) - baseline) * min(elapsed, Fraction(1))
    reached = value - baseline if definition.value_kind == "cumulative" else value + sum(earlier)
    if elapsed >= FROM_SHARE and abs(reached - expected) >= MIN_GAP and not LEAST <= reached / (expected or 1) < MOST:
        marks.mark("on_track", index, {"reached": _number(reached), "by_now": _number(Fraction(round(expected * 10), 10)), "target": _number(Fraction(own.target))})


def _middle_and_spread(figures: Sequence[Fraction]) -> tuple[Fraction, Fraction]:
    """Median, and median absolute deviation from it."""
    middle = median(figures)
    return middle, median([abs(figure - middle) for figure in figures])


def _mark_outlier(marks: _Marks, index: int, value: Fraction, middle: Fraction, spread: Fraction, test: str, number: int) -> None:
    """Modified z-score 0.6745 · (x − median) / MAD; nothing is said where the figures do not spread."""
    if not spread:
        return
    z = Fraction(6745, 10000) * (value - middle) / spread
    if abs(z) > MAX_Z:
        marks.mark("not_outlying", index, {"test": test, "median": _number(middle), "z": f"{float(z):.1f}", "n": str(number)})


def _number(value: Fraction) -> str:
    return f"{float(value):.10g}"


def owed(entries: Sequence[Entry], lists: Lists, reporting: Sequence[tuple[Any, Any]]) -> list[tuple[Any, str, bool]]:
    """(unit, indicator, reported) for each indicator that a member reported in an earlier cycle and that is valid in this one.

    `entries` are all with a known indicator, blank ones too; `reporting` the (unit, cycle) of files with an indicators sheet to be judged."""
    rows: dict[Any, set[str]] = defaultdict(set)
    figures: dict[str, dict[str, int]] = defaultdict(dict)
    for entry in entries:
        definition = lists.indicator(entry)
        if definition is None:
            continue
        rows[entry.unit].add(definition.indicator)
        if entry.counts and entry.in_use and not entry.broken and not is_blank(entry, definition.measure):
            first = figures[entry.submission.member].get(definition.indicator, entry.cycle_index)
            figures[entry.submission.member][definition.indicator] = min(first, entry.cycle_index)
    out = []
    for unit, cycle in reporting:
        valid = {row.indicator for row in lists.indicators[cycle].values()}
        for indicator, first in sorted(figures[unit[0]].items()):
            if first < lists.order[cycle] and indicator in valid:
                out.append((unit, indicator, indicator in rows[unit]))
    return out
