"""What a member is to report in a cycle, and what it said the last time: the rows that its workbook lays out for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from domain.agreement import Agreement, Indicator, Member, PlannedActivity
from domain.submission import AcceptedRow

Slice = tuple[tuple[str, str], ...]
"""(dimension, category) of each dimension that is not "all"; () is the total."""

MOST_UNASKED = 200
"""Of more indicators than this, a member that was assigned none and never reported any gets none laid out: it picks its own from the list."""

_SETTLED = ("done", "unplanned", "cancelled")


@dataclass(frozen=True, slots=True)
class Last:
    """A figure of the member's last cycle that had one; `value` for a percentage is empty where it had no numerator."""

    cycle: str
    value: Decimal | str | None
    numerator: Decimal | None = None
    denominator: Decimal | None = None


@dataclass(frozen=True, slots=True)
class IndicatorLine:
    """One empty cell to be filled: an indicator's figure for a country and slice."""

    indicator: Indicator
    country: str
    slice: Slice
    last: Last | None


def indicator_lines(agreement: Agreement, member: Member, cycle: str, earlier: Sequence[AcceptedRow]) -> list[IndicatorLine]:
    """In the order of the logframe, by country, the total before its slices.

    `earlier` are the member's accepted rows of earlier cycles, in order of cycles. It is to report what assignments.csv gives it in the cycle and
    what it once reported; a member that never reported anything, whatever assignments.csv gives to nobody."""
    own = [row for row in earlier if row.sheet == "indicators" and row.member == member.member]
    last = {(row.values["indicator"], row.values["country"], slice_of(row, agreement.dimensions)): _last(row) for row in own}
    countries: dict[str, list[str]] = {}
    for assignment in agreement.assignments:
        if assignment.member == member.member and agreement.valid_in(assignment.from_, assignment.to, cycle):
            countries.setdefault(assignment.indicator, []).append(assignment.country)
    for indicator, country, _ in last:
        countries.setdefault(indicator, []).append(country)
    if not own:
        assigned = {assignment.indicator for assignment in agreement.assignments}
        everybodys = [indicator for indicator in agreement.indicators_in(cycle) if indicator not in assigned]
        for indicator in everybodys if len(everybodys) <= MOST_UNASKED else ():
            countries.setdefault(indicator, []).append(member.country)
    crossed: dict[tuple[str, str], list[Slice]] = {}
    for indicator, country, part in last:
        if len(part) > 1:
            crossed.setdefault((indicator, country), []).append(part)
    lines = []
    for code, indicator_row in agreement.indicators_in(cycle).items():
        for country in dict.fromkeys(countries.get(code, ())):
            for part in (*slices(indicator_row), *crossed.get((code, country), ())):
                lines.append(IndicatorLine(indicator_row, country, part, last.get((code, country, part))))
    return lines


def slices(indicator: Indicator) -> list[Slice]:
    """The total, then every category of one dimension after the other."""
    if indicator.measure in ("yes_no", "qualitative"):
        return [()]
    return [(), *(((name, category),) for name, categories in indicator.disaggregation.items() for category in categories)]


def slice_of(row: AcceptedRow, dimensions: Iterable[str]) -> Slice:
    return tuple((name, row.values[name]) for name in dimensions if row.values.get(name))


def _last(row: AcceptedRow) -> Last:
    values = row.values
    return Last(row.cycle, values["value"] if values["value"] is not None else values["comment"], values["numerator"], values["denominator"])


def planned_activities(agreement: Agreement, member: Member, cycle: str, earlier: Sequence[AcceptedRow]) -> list[PlannedActivity]:
    """The member's part of plan.csv for the cycle: what runs in it, and what should have ended before it and was reported neither as done nor
    as cancelled."""
    days = agreement.cycle(cycle)
    status: dict[str, str] = {}
    for row in earlier:
        if row.sheet == "activities" and row.member == member.member and row.values["plan"]:
            status[row.values["plan"].casefold()] = row.values["status"]
    planned = []
    for activity in agreement.plan:
        if (activity.members and member.member not in activity.members) or activity.start > days.end:
            continue
        said = status.get(activity.activity.casefold())
        if said != "cancelled" and (activity.end >= days.start or said not in _SETTLED):
            planned.append(activity)
    return planned


def countries_of(agreement: Agreement, member: Member, earlier: Sequence[AcceptedRow]) -> list[str]:
    """The member's countries, its own first: they stand on top of its list."""
    assigned = [assignment.country for assignment in agreement.assignments if assignment.member == member.member]
    reported = [row.values["country"] for row in earlier if row.member == member.member and row.values.get("country")]
    return list(dict.fromkeys([member.country, *assigned, *reported]))


def by_member(rows: Mapping[str, Sequence[AcceptedRow]]) -> dict[str, list[AcceptedRow]]:
    """All accepted rows (by sheet) of each member, in the order in which they stand."""
    of_member: dict[str, list[AcceptedRow]] = {}
    for of_sheet in rows.values():
        for row in of_sheet:
            of_member.setdefault(row.member, []).append(row)
    return of_member
