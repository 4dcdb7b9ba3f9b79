"""SDG figures: activities, participations and money per goal and target (contract section 5, SDGs).

An activity counts once, under its main SDG, and is listed as significant under the others; its participations count under the main one.
Money is never counted twice: goals and "not attributed" add up to the total.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, cast

from domain.agreement import Agreement
from domain.codes import NOT_TAKEN_PLACE, goal_of, sdg_order
from domain.figures import SCOPES, Scope, SdgFigure, Source
from domain.money import CostLine, allocate
from domain.sdg import main_sdg
from domain.submission import AcceptedRow

PARTICIPATIONS = ("women", "men", "other", "unknown")
UNATTRIBUTED = ""


@dataclass(frozen=True, slots=True)
class Activity:
    """One activity as it counts: `row` says its SDGs and participations, `rows` are all rows that report it (several if it is joint)."""

    row: AcceptedRow
    rows: tuple[AcceptedRow, ...]

    @property
    def main(self) -> str:
        return main_sdg(self.row.values["sdg"])

    @property
    def others(self) -> tuple[str, ...]:
        return tuple(code for code, _ in self.row.values["sdg"] if code != self.main)


def _source(row: AcceptedRow) -> Source:
    return Source(row.member, row.submission, row.sheet, row.row)


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
    return [Activity(_leading(group), tuple(group)) for group in groups.values()]


def activities_of_cycle(rows: Iterable[AcceptedRow], cycle: str) -> list[Activity]:
    """The activities that took place in a cycle, joint ones once."""
    return _grouped(row for row in rows if row.cycle == cycle and took_place(row))


def activities_as_last_reported(rows: Iterable[AcceptedRow], cycles: Sequence[str]) -> list[Activity]:
    """The activities that took place in any of the cycles, each once: by its last row (member and code), joint ones by those of their last cycle."""
    last: dict[tuple[str, str], AcceptedRow] = {}
    for cycle in cycles:
        for row in rows:
            if row.cycle == cycle and took_place(row):
                last[row.member, _code(row.values["activity"])] = row
    activities = []
    for activity in _grouped(last.values()):
        latest = max(cycles.index(row.cycle) for row in activity.rows)
        activities.append(Activity(_leading([row for row in activity.rows if cycles.index(row.cycle) == latest]), activity.rows))
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


@dataclass(slots=True)
class _Tally:
    """One row of data/sdg.csv while it is added up."""

    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    sources: dict[str, list[Source]] = field(default_factory=lambda: defaultdict(list))

    def add(self, column: str, amount: int, rows: Iterable[AcceptedRow]) -> None:
        self.counts[column] += amount
        self.sources[column] += [_source(row) for row in rows]


_Key = tuple[str, str]
"""(kind, sdg) of a row of data/sdg.csv."""
_TOTAL: _Key = ("total", "")


def _keys(sdg: str) -> tuple[_Key, ...]:
    """The rows under which something mapped to this code counts: its target or bare row, its goal, and the total."""
    if sdg == UNATTRIBUTED:
        return (("unattributed", ""), _TOTAL)
    return (("target" if "." in sdg else "bare", sdg), ("goal", goal_of(sdg)), _TOTAL)


def _tally_activities(tallies: Mapping[_Key, _Tally], activities: Iterable[Activity]) -> None:
    for activity in activities:
        for key in _keys(activity.main):
            tallies[key].add("activities_main", 1, activity.rows)
        other_goals = {goal_of(code) for code in activity.others} - {goal_of(activity.main)}
        for key in [*(_keys(code)[0] for code in activity.others), *(("goal", goal) for goal in other_goals)]:
            tallies[key].add("activities_significant", 1, activity.rows)


def _tally_participations(tallies: Mapping[_Key, _Tally], activities: Iterable[Activity]) -> None:
    for activity in activities:
        for column in PARTICIPATIONS:
            number = activity.row.values[column]
            if number is not None:
                for key in _keys(activity.main):
                    tallies[key].add(column, int(number), (activity.row,))


def _tally_money(tallies: Mapping[_Key, _Tally], lines: Iterable[CostLine], activity_of: Callable[[CostLine], AcceptedRow | None], sdg_money: str) -> None:
    for line in lines:
        for code, cents in money_by_sdg(line, activity_of(line), sdg_money):
            for key in _keys(code)[:-1]:
                tallies[key].add("expenditure_eur", cents, (line.row,))
        tallies[_TOTAL].add("expenditure_eur", line.cents, (line.row,))


def _figure(scope: Scope, key: _Key, tally: _Tally) -> SdgFigure:
    kind, sdg = key
    columns = ("activities_main", "activities_significant", *PARTICIPATIONS, "expenditure_eur")
    numbers: dict[str, Any] = {column.removesuffix("_eur"): tally.counts.get(column, 0) for column in columns}
    sources = {column: tuple(dict.fromkeys(tally.sources[column])) for column in columns if column in tally.sources}
    return SdgFigure(scope=scope, sdg=sdg, kind=cast(Any, kind), sources=sources, **numbers)


def sdg_figures(agreement: Agreement, activities: Sequence[AcceptedRow], lines: Sequence[CostLine], cycles: Sequence[str], reporting: Sequence[str]) -> list[SdgFigure]:
    """All rows of data/sdg.csv for a report of the last of `cycles`: by scope each goal with its bare row and targets, then what is not
    attributed and the total. Goals that nothing was reported for have no row."""
    costs = [line for line in lines if line.cost]
    activity_of = money_mapping(activities, cycles)
    concerned: dict[Scope, Sequence[str]] = {"period": cycles[-1:], "reporting": reporting, "cumulative": cycles}
    figures = []
    for scope in SCOPES:
        tallies: dict[_Key, _Tally] = defaultdict(_Tally)
        tallies[("unattributed", "")], tallies[_TOTAL] = _Tally(), _Tally()
        _tally_activities(tallies, activities_as_last_reported(activities, concerned[scope]))
        for cycle in concerned[scope]:
            _tally_participations(tallies, activities_of_cycle(activities, cycle))
        _tally_money(tallies, (line for line in costs if line.row.cycle in concerned[scope]), activity_of, agreement.contract.sdg_money)
        kinds = ("goal", "bare", "target", "unattributed", "total")
        order = sorted(tallies, key=lambda key: (key[1] == "", goal_order(key[1]), kinds.index(key[0]), sdg_order(key[1] or "0")))
        figures += [_figure(scope, key, tallies[key]) for key in order]
    return figures


def goal_order(sdg: str) -> int:
    return int(goal_of(sdg) or 0)
