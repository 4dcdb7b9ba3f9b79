"""SDG figures: activities, participations and money per goal and target (contract section 5, SDGs).

An activity counts once, under its main SDG, and is listed as significant under the others; its participations count under the main one.
Money is never counted twice: goals and "not attributed" add up to the total.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, cast

import numpy as np

from domain.agreement import Agreement
from domain.codes import NOT_TAKEN_PLACE, goal_of, sdg_order
from domain.figures import SCOPES, Scope, SdgFigure, sources_at
from domain.money import CostLine, allocate
from domain.sdg import Codes, main_sdg
from domain.submission import AcceptedRow

PARTICIPATIONS = ("women", "men", "other", "unknown")
UNATTRIBUTED = ""


@lru_cache(maxsize=20_000)
def _main_and_others(codes: Codes) -> tuple[str, tuple[str, ...]]:
    main = main_sdg(codes)
    return main, tuple(code for code, _ in codes if code != main)


@dataclass(frozen=True, slots=True)
class Activity:
    """One activity as it counts: `row` says its SDGs and participations, `rows` are all rows that report it (several if it is joint)."""

    row: AcceptedRow
    rows: tuple[AcceptedRow, ...]

    @property
    def main(self) -> str:
        return _main_and_others(self.row.values["sdg"])[0]

    @property
    def others(self) -> tuple[str, ...]:
        return _main_and_others(self.row.values["sdg"])[1]


def took_place(row: AcceptedRow) -> bool:
    """Postponed and cancelled rows count nowhere."""
    return row.values["status"] not in NOT_TAKEN_PLACE


def _code(text: str) -> str:
    """Codes are compared trimmed and without case."""
    return text.strip().casefold()


def _joint_or_own(row: AcceptedRow) -> tuple[str, ...]:
    """What identifies the activity a row reports: the joint code, or member and activity."""
    joint = row.values["joint"]
    return ("joint", _code(joint)) if joint else ("own", row.member, _code(row.values["activity"]))


def _leading(rows: Sequence[AcceptedRow]) -> AcceptedRow:
    """Of the rows of one joint activity the one marked as lead, else that of the first member by code."""
    return min(rows, key=lambda row: (row.values["lead"] != "yes", row.member, row.row))


def _grouped(rows: Iterable[AcceptedRow]) -> list[Activity]:
    groups: dict[tuple[str, ...], list[AcceptedRow]] = defaultdict(list)
    for row in rows:
        groups[_joint_or_own(row)].append(row)
    return [Activity(_leading(group) if len(group) > 1 else group[0], tuple(group)) for group in groups.values()]


def activities_of_cycle(rows: Iterable[AcceptedRow], cycle: str) -> list[Activity]:
    """The activities that took place in a cycle, joint ones once."""
    return _grouped(row for row in rows if row.cycle == cycle and took_place(row))


def activities_as_last_reported(rows: Iterable[AcceptedRow], cycles: Sequence[str]) -> list[Activity]:
    """The activities that took place in any of the cycles, each once: by its last row (member and code), joint ones by those of their last cycle."""
    place = {cycle: number for number, cycle in enumerate(cycles)}
    last: dict[tuple[str, str], AcceptedRow] = {}
    for row in sorted((row for row in rows if row.cycle in place and took_place(row)), key=lambda row: place[row.cycle]):
        last[row.member, _code(row.values["activity"])] = row
    activities = []
    for activity in _grouped(last.values()):
        latest = max(place[row.cycle] for row in activity.rows)
        activities.append(Activity(_leading([row for row in activity.rows if place[row.cycle] == latest]), activity.rows))
    return activities


def money_mapping(rows: Sequence[AcceptedRow], cycles: Sequence[str]) -> Callable[[CostLine], AcceptedRow | None]:
    """Gives for a cost line the activity row whose SDGs its money follows: the accepted activity of its submission or, if not there, of the
    member's latest earlier one; for a joint activity the leading row of that cycle. Money of postponed and cancelled activities follows too."""
    leading: dict[tuple[str, tuple[str, ...]], AcceptedRow] = {}
    for cycle in cycles:
        of_cycle = [row for row in rows if row.cycle == cycle]
        for activity in (*_grouped(of_cycle), *_grouped(row for row in of_cycle if took_place(row))):
            leading[cycle, _joint_or_own(activity.row)] = activity.row
    reported: dict[tuple[str, str], dict[str, AcceptedRow]] = defaultdict(dict)
    for row in rows:
        reported[row.member, _code(row.values["activity"])][row.cycle] = row

    def activity_of(line: CostLine) -> AcceptedRow | None:
        code = line.row.values["activity"]
        if not code:
            return None
        by_cycle = reported.get((line.row.member, _code(code)), {})
        for cycle in reversed(cycles[: cycles.index(line.row.cycle) + 1]):
            if cycle in by_cycle:
                return leading[cycle, _joint_or_own(by_cycle[cycle])]
        return None

    return activity_of


def money_by_sdg(line: CostLine, activity: AcceptedRow | None, sdg_money: str) -> list[tuple[str, int]]:
    """A cost line in cents by SDG code ("" where it follows no activity): all to the main one or, with `weights`, by the shares given."""
    if activity is None:
        return [(UNATTRIBUTED, line.cents)]
    codes = activity.values["sdg"]
    shares: list[Decimal] = [share for _, share in codes if share is not None]
    if sdg_money == "weights" and len(shares) == len(codes):
        return list(zip((code for code, _ in codes), allocate(line.cents, shares), strict=True))
    return [(main_sdg(codes), line.cents)]


_Key = tuple[str, str]
"""(kind, sdg) of a row of data/sdg.csv."""
_TOTAL: _Key = ("total", "")
_NOT_ATTRIBUTED: _Key = ("unattributed", "")
_ACTIVITIES, _PAYMENTS = "activities", "expenditure"


class _Table:
    """The rows of data/sdg.csv of one scope while they are added up: for each key and column a number and the places of the rows behind it."""

    def __init__(self) -> None:
        self.counts: dict[tuple[_Key, str], int] = defaultdict(int)
        self.places: dict[tuple[_Key, str], list[int]] = defaultdict(list)
        self.keys: set[_Key] = {_NOT_ATTRIBUTED, _TOTAL}

    def add(self, key: _Key, column: str, amount: int, places: Iterable[int]) -> None:
        self.keys.add(key)
        self.counts[key, column] += amount
        self.places[key, column] += places

    def sum_up(self) -> None:
        """Goals and the total: what was mapped to a target or to a bare goal counts in its goal, and everything in the total."""
        for (key, column), amount in list(self.counts.items()):
            if column != "activities_significant" and key[0] in ("target", "bare", "unattributed"):
                for above in (("goal", goal_of(key[1])), _TOTAL) if key != _NOT_ATTRIBUTED else (_TOTAL,):
                    self.add(above, column, amount, self.places[key, column])


def _key(sdg: str) -> _Key:
    """The row under which something mapped to this code counts: its target, its bare goal, or what is not attributed."""
    return _NOT_ATTRIBUTED if sdg == UNATTRIBUTED else ("target" if "." in sdg else "bare", sdg)


def _add_activities(table: _Table, activities: Iterable[Activity], place_of: Mapping[int, int]) -> None:
    """Each activity once, under its main SDG; significant under its others, and in a goal that holds one of these and not the main one."""
    for activity in activities:
        places, main = [place_of[id(row)] for row in activity.rows], activity.main
        table.add(_key(main), "activities_main", 1, places)
        others = activity.others
        for key in [*map(_key, others), *(("goal", goal) for goal in {goal_of(code) for code in others} - {goal_of(main)})]:
            table.add(key, "activities_significant", 1, places)


def _add_participations(table: _Table, activities: Iterable[Activity], place_of: Mapping[int, int]) -> None:
    for activity in activities:
        values, key, place = activity.row.values, _key(activity.main), (place_of[id(activity.row)],)
        for column in PARTICIPATIONS:
            if values[column] is not None:
                table.add(key, column, int(values[column]), place)


def _add_money(
    table: _Table, costs: Iterable[CostLine], activity_of: Callable[[CostLine], AcceptedRow | None], sdg_money: str, place_of: Mapping[int, int]
) -> None:
    for line in costs:
        for code, cents in money_by_sdg(line, activity_of(line), sdg_money):
            table.add(_key(code), "expenditure_eur", cents, (place_of[id(line.row)],))


def _figure(scope: Scope, key: _Key, table: _Table, rows: Mapping[str, Sequence[AcceptedRow]]) -> SdgFigure:
    columns = ("activities_main", "activities_significant", *PARTICIPATIONS, "expenditure_eur")
    numbers: dict[str, Any] = {column.removesuffix("_eur"): table.counts.get((key, column), 0) for column in columns}
    sources = {}
    for column in columns:
        if (key, column) in table.places:
            of = rows[_PAYMENTS if column == "expenditure_eur" else _ACTIVITIES]
            sources[column] = sources_at(of, np.unique(np.array(table.places[key, column], np.int64)))
    return SdgFigure(scope=scope, sdg=key[1], kind=cast(Any, key[0]), sources=sources, **numbers)


def sdg_figures(agreement: Agreement, activities: Sequence[AcceptedRow], lines: Sequence[CostLine], cycles: Sequence[str], reporting: Sequence[str]) -> list[SdgFigure]:
    """All rows of data/sdg.csv for a report of the last of `cycles`: by scope each goal with its bare row and targets, then what is not
    attributed and the total. Goals that nothing was reported for have no row. `activities` and `lines` in order (`submission.in_order`)."""
    costs = [line for line in lines if line.cost]
    rows = {_ACTIVITIES: activities, _PAYMENTS: [line.row for line in costs]}
    place_of = {id(row): place for of in rows.values() for place, row in enumerate(of)}
    activity_of = money_mapping(activities, cycles)
    concerned: dict[Scope, Sequence[str]] = {"period": cycles[-1:], "reporting": reporting, "cumulative": cycles}
    figures = []
    for scope in SCOPES:
        table = _Table()
        _add_activities(table, activities_as_last_reported(activities, concerned[scope]), place_of)
        for cycle in concerned[scope]:
            _add_participations(table, activities_of_cycle(activities, cycle), place_of)
        _add_money(table, (line for line in costs if line.row.cycle in concerned[scope]), activity_of, agreement.contract.sdg_money, place_of)
        table.sum_up()
        kinds = ("goal", "bare", "target", "unattributed", "total")
        order = sorted(table.keys, key=lambda key: (key[1] == "", goal_order(key[1]), kinds.index(key[0]), sdg_order(key[1] or "0")))
        figures += [_figure(scope, key, table, rows) for key in order]
    return figures


def goal_order(sdg: str) -> int:
    return int(goal_of(sdg) or 0)
