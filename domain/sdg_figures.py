"""SDG figures: activities, participations and money per goal and target (contract section 5, SDGs).

An activity counts once, under its main SDG, and is listed as significant under the others; its participations count under the main one.
Money is never counted twice: goals and "not attributed" add up to the total.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any, NamedTuple, cast

import numpy as np

from domain.agreement import Agreement
from domain.arrays import Array, group_starts, last_of_group, ranges_of, whole_numbers
from domain.codes import NOT_TAKEN_PLACE, goal_of, sdg_order
from domain.figures import Scope, SdgFigure, sources_at
from domain.money import CostLine, allocate
from domain.sdg import Codes, main_sdg
from domain.submission import AcceptedRow, in_order

PARTICIPATIONS = ("women", "men", "other", "unknown")
UNATTRIBUTED = ""


# --- activities -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Activity:
    """One activity as it counts: `row` says its SDGs and participations, `rows` are all rows that report it (several if it is joint)."""

    row: AcceptedRow
    rows: tuple[AcceptedRow, ...]


def took_place(row: AcceptedRow) -> bool:
    """Postponed and cancelled rows count nowhere."""
    return row.values["status"] not in NOT_TAKEN_PLACE


def _code(text: str) -> str:
    """Codes are compared trimmed and without case."""
    return text.strip().casefold()


class Activities:
    """Rows of the activities sheets, in order (`submission.in_order`), as arrays with an element a row.

    `own` numbers what a member reports under one code, `group` an activity (rows of several members with one joint code are one), `cycle` the cycles;
    `leading` is, for each row, the place of the row that speaks for its activity in its cycle."""

    def __init__(self, rows: Sequence[AcceptedRow], cycles: Sequence[str]) -> None:
        number = {cycle: place for place, cycle in enumerate(cycles)}
        self.rows, self.cycles = rows, cycles
        self.owns: dict[tuple[str, str], int] = {}
        groups: dict[tuple[str, ...], int] = {}
        own, group = [], []
        for row in rows:
            code, joint = _code(row.values["activity"]), row.values["joint"]
            own.append(self.owns.setdefault((row.member, code), len(self.owns)))
            group.append(groups.setdefault(("joint", _code(joint)) if joint else ("own", row.member, code), len(groups)))
        self.own, self.group = np.array(own, np.int64), np.array(group, np.int64)
        self.cycle = np.array([number[row.cycle] for row in rows], np.int64)
        self.took_place = np.array([took_place(row) for row in rows], bool)
        self._by_rank = np.lexsort(self._ranks())
        self._rank = np.empty(len(rows), np.int64)
        self._rank[self._by_rank] = np.arange(len(rows))
        self.leading = self._first_of(np.arange(len(rows)), self.cycle * len(groups) + self.group)

    def _ranks(self) -> tuple[Array, ...]:
        """Who speaks for a joint activity: of those that took place the row marked as lead, else that of the first member by code. Columns of
        lexsort, the last one first."""
        member = {code: place for place, code in enumerate(sorted({row.member for row in self.rows}))}
        members = np.array([member[row.member] for row in self.rows], np.int64)
        follows = np.array([row.values["lead"] != "yes" for row in self.rows], bool)
        return np.array([row.row for row in self.rows], np.int64), members, follows, ~self.took_place

    def _first_of(self, places: Array, key: Array) -> Array:
        """For each of these rows the place of the one that ranks first among those with its key."""
        order = np.lexsort((self._rank[places], key))
        starts = group_starts(key[order])
        first = np.empty(len(places), np.int64)
        first[order] = np.repeat(places[order][starts], np.diff(np.append(starts, len(places))))
        return first

    def last_reported(self, since: int) -> tuple[Array, Array]:
        """The activities that took place in the cycles from number `since` on, each once: places of each member's last row, and for each of them
        the one that speaks for the activity, of those of its last cycle."""
        places = np.flatnonzero(self.took_place & (self.cycle >= since))
        places = places[np.lexsort((self.cycle[places], self.own[places]))]
        places = np.sort(places[last_of_group(self.own[places])])
        behind = len(self.cycles) - self.cycle[places]
        newest = np.full(self.group.max(initial=-1) + 1, len(self.cycles) + 1)
        np.minimum.at(newest, self.group[places], behind)
        late = behind == newest[self.group[places]]
        leading = np.empty(len(newest), np.int64)
        leading[self.group[places[late]]] = self._first_of(places[late], self.group[places[late]])
        return places, leading[self.group[places]]

    def in_cycles(self, since: int) -> tuple[Array, Array]:
        """The rows that took place in the cycles from number `since` on, each with the one that speaks for the activity in its cycle."""
        places = np.flatnonzero(self.took_place & (self.cycle >= since))
        return places, self.leading[places]


def _as_activities(rows: Sequence[AcceptedRow], places: Array, leading: Array) -> list[Activity]:
    of: dict[int, list[AcceptedRow]] = {}
    for place, lead in zip(places.tolist(), leading.tolist(), strict=True):
        of.setdefault(lead, []).append(rows[place])
    return [Activity(rows[lead], tuple(reported)) for lead, reported in of.items()]


def activities_of_cycle(rows: Sequence[AcceptedRow], cycle: str) -> list[Activity]:
    """The activities that took place in a cycle, joint ones once."""
    of_cycle = in_order(rows, [cycle])
    return _as_activities(of_cycle, *Activities(of_cycle, [cycle]).in_cycles(0))


def activities_as_last_reported(rows: Sequence[AcceptedRow], cycles: Sequence[str]) -> list[Activity]:
    """The activities that took place in any of the cycles, each once: by its last row (member and code), joint ones by those of their last cycle."""
    of_cycles = in_order(rows, cycles)
    return _as_activities(of_cycles, *Activities(of_cycles, cycles).last_reported(0))


# --- money ------------------------------------------------------------------------------------------------------------


def activity_of_lines(activities: Activities, lines: Sequence[CostLine]) -> Array:
    """For each cost line the place of the activity row whose SDGs its money follows: the accepted activity of its submission or, if not there, of
    the member's latest earlier one; for a joint activity the leading row of that cycle; -1 for none. Money of postponed and cancelled activities follows too."""
    number, spread = {cycle: place for place, cycle in enumerate(activities.cycles)}, len(activities.cycles)
    own = np.array([activities.owns.get((line.row.member, _code(line.row.values["activity"] or "")), -1) for line in lines], np.int64)
    wanted = own * spread + np.array([number[line.row.cycle] for line in lines], np.int64)
    reported = activities.own * spread + activities.cycle
    order = np.argsort(reported, kind="stable")
    if not len(order):
        return np.full(len(lines), -1)
    latest = order[np.searchsorted(reported[order], wanted, side="right") - 1]
    return np.where((own >= 0) & (activities.own[latest] == own) & (reported[latest] <= wanted), activities.leading[latest], -1)


def money_by_sdg(line: CostLine, activity: AcceptedRow | None, sdg_money: str) -> list[tuple[str, int]]:
    """A cost line in cents by SDG code ("" where it follows no activity): all to the main one or, with `weights`, by the shares given."""
    if activity is None:
        return [(UNATTRIBUTED, line.cents)]
    codes = activity.values["sdg"]
    shares: list[Decimal] = [share for _, share in codes if share is not None]
    if sdg_money == "weights" and len(shares) == len(codes):
        return list(zip((code for code, _ in codes), allocate(line.cents, shares), strict=True))
    return [(main_sdg(codes), line.cents)]


# --- the table --------------------------------------------------------------------------------------------------------


_Key = tuple[str, str]
"""(kind, sdg) of a row of data/sdg.csv."""
_TOTAL: _Key = ("total", "")
_NOT_ATTRIBUTED: _Key = ("unattributed", "")
_COLUMNS = ("activities_main", "activities_significant", *PARTICIPATIONS, "expenditure_eur")


def _key(sdg: str) -> _Key:
    """The row under which something mapped to this code counts: its target, its bare goal, or what is not attributed."""
    return _NOT_ATTRIBUTED if sdg == UNATTRIBUTED else ("target" if "." in sdg else "bare", sdg)


def _keys_above(key: _Key) -> tuple[_Key, ...]:
    """What was mapped to a target or to a bare goal counts in its goal, and everything in the total."""
    return (_TOTAL,) if key == _NOT_ATTRIBUTED else (("goal", goal_of(key[1])), _TOTAL)


class _Table:
    """The rows of data/sdg.csv of one scope while they are added up: for each key and column a number and the places of the rows behind it."""

    def __init__(self) -> None:
        self.counts: dict[tuple[_Key, str], int] = defaultdict(int)
        self.places: dict[tuple[_Key, str], list[Array]] = defaultdict(list)
        self.keys: set[_Key] = {_NOT_ATTRIBUTED, _TOTAL}

    def add(self, column: str, keys: Sequence[_Key], amounts: Array, places: Array, mapped: Array, above: bool = True) -> None:
        """Amounts, each of the row at its place and mapped to `keys[mapped]`; with `above` they count in goal and total too."""
        order = np.argsort(mapped, kind="stable")
        for start, stop in pairwise([*group_starts(mapped[order]).tolist(), len(order)]):
            chosen = order[start:stop]
            key, amount = keys[int(mapped[chosen[0]])], int(amounts[chosen].sum())
            for of in (key, *(_keys_above(key) if above else ())):
                self.keys.add(of)
                self.counts[of, column] += amount
                self.places[of, column].append(places[chosen])


@dataclass(frozen=True, slots=True)
class _Mapping:
    """What rows of activities are mapped to: `main` the place in `keys` of each row's main SDG; `other` those of the rows it is significant under (its
    other codes, and goals that hold one of these and not the main one), of row i from `first[i]` to before `first[i + 1]`."""

    keys: list[_Key]
    main: Array
    other: Array
    first: Array


def _mapping(rows: Sequence[AcceptedRow]) -> _Mapping:
    keys: dict[_Key, int] = {}
    ways: dict[Codes, tuple[int, tuple[int, ...]]] = {}

    def places(codes: Codes) -> tuple[int, tuple[int, ...]]:
        main = main_sdg(codes)
        others = [code for code, _ in codes if code != main]
        goals = sorted({goal_of(code) for code in others} - {goal_of(main)}, key=goal_order)
        numbered = [keys.setdefault(key, len(keys)) for key in (_key(main), *map(_key, others), *(("goal", goal) for goal in goals))]
        return numbered[0], tuple(numbered[1:])

    mapped = []
    for row in rows:
        codes = row.values["sdg"]
        if codes not in ways:
            ways[codes] = places(codes)
        mapped.append(ways[codes])
    first = np.append(0, np.cumsum(np.array([len(others) for _, others in mapped], np.int64)))
    return _Mapping(list(keys), np.array([main for main, _ in mapped], np.int64), np.array([key for _, others in mapped for key in others], np.int64), first)


def _add_activities(table: _Table, mapping: _Mapping, places: Array, leading: Array) -> None:
    """Each activity once, under its main SDG, with all rows that report it; significant under its others."""
    counts = (places == leading).astype(np.int64)
    table.add("activities_main", mapping.keys, counts, places, mapping.main[leading])
    others, first = ranges_of(mapping.first, leading)
    lengths = np.diff(first)
    table.add("activities_significant", mapping.keys, np.repeat(counts, lengths), np.repeat(places, lengths), mapping.other[others], above=False)


def _add_participations(table: _Table, mapping: _Mapping, participations: Mapping[str, Array], leading: Array) -> None:
    """Those of the row that speaks for the activity in its cycle, where it gives them."""
    for column, numbers in participations.items():
        given = leading[numbers[leading] >= 0]
        table.add(column, mapping.keys, numbers[given], given, mapping.main[given])


def sdg_figures(agreement: Agreement, rows: Sequence[AcceptedRow], lines: Sequence[CostLine], cycles: Sequence[str], reporting: Sequence[str]) -> list[SdgFigure]:
    """All rows of data/sdg.csv for a report of the last of `cycles`: by scope each goal with its bare row and targets, then what is not
    attributed and the total. Goals that nothing was reported for have no row. `rows` of activities and `lines` in order (`submission.in_order`)."""
    activities, mapping = Activities(rows, cycles), _mapping(rows)
    participations = {column: whole_numbers([-1 if row.values[column] is None else int(row.values[column]) for row in rows], len(rows)) for column in PARTICIPATIONS}
    payments, money = _money(activities, [line for line in lines if line.cost], agreement.contract.sdg_money)
    figures = []
    for scope, since in (("period", len(cycles) - 1), ("reporting", cycles.index(reporting[0])), ("cumulative", 0)):
        table = _Table()
        _add_activities(table, mapping, *activities.last_reported(since))
        places, leading = activities.in_cycles(since)
        _add_participations(table, mapping, participations, leading[places == leading])
        chosen = money.cycle >= since
        table.add("expenditure_eur", money.keys, money.cents[chosen], money.place[chosen], money.mapped[chosen])
        kinds = ("goal", "bare", "target", "unattributed", "total")
        order = sorted(table.keys, key=lambda key: (key[1] == "", goal_order(key[1]), kinds.index(key[0]), sdg_order(key[1] or "0")))
        figures += [_figure(cast(Scope, scope), key, table, rows, payments) for key in order]
    return figures


class _Money(NamedTuple):
    """What cost lines give to SDGs, a line perhaps to several: the place of the line, its cycle, cents, and the place in `keys` of what it is mapped to."""

    keys: list[_Key]
    place: Array
    cycle: Array
    cents: Array
    mapped: Array


def _money(activities: Activities, costs: Sequence[CostLine], sdg_money: str) -> tuple[list[AcceptedRow], _Money]:
    """The rows of the costs, and what they give to SDGs."""
    keys: dict[_Key, int] = {}
    number = {cycle: place for place, cycle in enumerate(activities.cycles)}
    found = []
    for place, (line, at) in enumerate(zip(costs, activity_of_lines(activities, costs).tolist(), strict=True)):
        for code, cents in money_by_sdg(line, activities.rows[at] if at >= 0 else None, sdg_money):
            found.append((place, number[line.row.cycle], cents, keys.setdefault(_key(code), len(keys))))
    places, cycle, cents_, mapped = zip(*found, strict=True) if found else ((), (), (), ())
    return [line.row for line in costs], _Money(list(keys), np.array(places, np.int64), np.array(cycle, np.int64), whole_numbers(cents_, len(cents_)), np.array(mapped, np.int64))


def _figure(scope: Scope, key: _Key, table: _Table, activities: Sequence[AcceptedRow], payments: Sequence[AcceptedRow]) -> SdgFigure:
    numbers: dict[str, Any] = {column.removesuffix("_eur"): table.counts.get((key, column), 0) for column in _COLUMNS}
    sources = {
        column: sources_at(payments if column == "expenditure_eur" else activities, np.unique(np.concatenate(table.places[key, column])))
        for column in _COLUMNS
        if (key, column) in table.places
    }
    return SdgFigure(scope=scope, sdg=key[1], kind=cast(Any, key[0]), sources=sources, **numbers)


def goal_order(sdg: str) -> int:
    return int(goal_of(sdg) or 0)
