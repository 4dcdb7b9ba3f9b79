"""Figures from what was accepted: contract section 5, as the rows of section 6.

Readings taken where the contract leaves room:
* baseline and target stand beside the network's total only, progress beside that of the cumulative scope only; of an indicator that has ended
  they are those of its last row;
* a percentage given as a value only is left out where there are pairs in the scope, and is as last reported where there are none;
* `derived` says that a derived figure takes part, slices included;
* a row of sdg.csv exists where something was mapped to it, be it 0; variation_pct is empty for a budget of 0;
* a figure is made of all rows whose value takes part: of a maximum all that were compared; a joint activity of all its rows, its participations
  of the leading one; indirect costs and totals of all direct costs; the period of all rows, since it is a difference."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from tests.oracle.judging import PARTICIPANTS, Accepted, Activity, Indicator, Judge, Origin, Payment, Reading, rounded, valid_rows
from tests.oracle.plain import World

COST_ROLES = ("coordinator", "beneficiary", "affiliated-entity")
SCOPES = ("period", "reporting", "cumulative")
Figure = dict[str, Any]
"""Columns of a row: Fraction, int (cents or counts), str or None. Under "lineage" the rows behind it (of sdg and finance: by column)."""


@dataclass
class Tables:
    """By key: indicators by (indicator, scope, level, area, slice), sdg by (scope, kind, sdg), finance by heading."""

    indicators: dict[tuple[Any, ...], Figure]
    sdg: dict[tuple[str, str, str], Figure]
    finance: dict[str, Figure]


class Reckoner:
    """Judges a world once and reckons its reports."""

    def __init__(self, world: World) -> None:
        self.world, self.judge = world, Judge(world)
        self.accepted = self.judge.judge()

    def tables(self, cycle: str, before: dict[str, int] | None = None) -> Tables:
        """Those of a report of that cycle; `before`: the cumulative column (cents) of the report delivered just before its reporting period."""
        last = first = [c["code"] for c in self.world.cycles].index(cycle)
        while first > 0 and self.world.cycles[first - 1]["report"] == "none":
            first -= 1
        since = {"period": last, "reporting": first, "cumulative": 0}
        return Tables(
            _indicators(self.world, self.judge, self.accepted, since, last),
            _sdg(self.world, self.accepted, since, last),
            _finance(self.world, self.accepted, first, last, before),
        )


# --- indicators -------------------------------------------------------------------------------------------------------


@dataclass
class Part:
    """The figure of one contribution in a scope."""

    country: str
    figure: Any
    derived: bool
    origins: frozenset[Origin]


def _indicators(world: World, judge: Judge, accepted: Accepted, since: dict[str, int], last: int) -> dict[tuple[Any, ...], Figure]:
    definitions: dict[str, Indicator] = {}
    for of_cycle in judge.logframes[: last + 1]:
        definitions |= {row.code: row for row in of_cycle.values()}
    baselines = {(row["member"], row["indicator"], row["country"]): Fraction(row["baseline"]) for row in world.tables["assignments"] if row.get("baseline")}
    found = {}
    for scope in SCOPES:
        areas: dict[tuple[Any, ...], list[Part]] = defaultdict(list)
        alone: dict[tuple[Any, ...], list[Part]] = defaultdict(list)
        for (name, member, country, slice_), by_cycle in accepted.readings.items():
            baseline = baselines.get((member, name, country), Fraction(0)) if not slice_ else Fraction(0)
            part = _in_scope(definitions.get(name), {c: r for c, r in by_cycle.items() if c <= last}, since[scope], scope, baseline)
            if part is None:
                continue
            part.country = country
            if _never_combined(definitions[name], part):
                alone[name, member, slice_].append(part)
            else:
                for level, area in (("network", ""), ("member", member), ("country", country)):
                    areas[name, scope, level, area, slice_].append(part)
        for (name, member, slice_), parts in alone.items():
            single = len(parts) == 1 and (name, scope, "member", member, slice_) not in areas
            for part in parts:
                areas[name, scope, "member", member if single else f"{member}/{part.country}", slice_].append(part)
        found |= {key: _combined(definitions[key[0]], key, parts) for key, parts in areas.items()}
    return found


def _never_combined(indicator: Indicator, part: Part) -> bool:
    value_only = indicator.measure == "percentage" and not isinstance(part.figure, tuple)
    return indicator.members == "none" or indicator.measure == "qualitative" or value_only


def _in_scope(indicator: Indicator | None, by_cycle: dict[int, Reading], since: int, scope: str, baseline: Fraction) -> Part | None:
    """Rules 1, 2, 4 and 5; None where the contribution has no figure there."""
    reported = [by_cycle[cycle] for cycle in sorted(by_cycle) if cycle >= since]
    if indicator is None or not reported:
        return None
    pairs = [r for r in reported if isinstance(r.figure, tuple)] if indicator.measure == "percentage" else []
    if indicator.periods == "latest" or (indicator.measure == "percentage" and not pairs):
        used, figure = reported[-1:], reported[-1].figure
        if indicator.kind == "cumulative" and scope != "cumulative" and indicator.measure in ("number", "people", "money"):
            earlier = [by_cycle[cycle] for cycle in sorted(by_cycle) if cycle < since][-1:]
            used, figure = earlier + used, figure - (earlier[0].figure if earlier else baseline)
    elif pairs:
        used, figure = pairs, (sum(r.figure[0] for r in pairs), sum(r.figure[1] for r in pairs))
    elif indicator.measure == "percentage":
        used, figure = reported[-1:], reported[-1].figure  # percentages are never added
    else:
        used, figure = reported, _across(indicator.periods, [r.figure for r in reported])
    return Part("", figure, any(r.derived for r in used), frozenset().union(*(r.origins for r in used)))


def _across(method: str, figures: list[Fraction]) -> Fraction:
    return {"sum": sum(figures, Fraction(0)), "max": max(figures), "mean": sum(figures, Fraction(0)) / len(figures), "none": figures[0]}[method]


def _combined(indicator: Indicator, key: tuple[Any, ...], parts: list[Part]) -> Figure:
    """Rules 3 to 6."""
    figures = [part.figure for part in parts]
    numerator = denominator = value = None
    if indicator.measure == "yes_no":
        numerator, denominator = Fraction(sum(figures)), Fraction(len(figures))
        value = numerator
    elif indicator.measure == "percentage" and isinstance(figures[0], tuple):
        numerator, denominator = sum((n for n, _ in figures), Fraction(0)), sum((d for _, d in figures), Fraction(0))
        value = 100 * numerator / denominator if denominator else None
    elif indicator.measure != "qualitative":
        value = figures[0] if len(figures) == 1 else _across(indicator.members, figures)
    total = key[2] == "network" and not key[4]
    baseline, target = (indicator.baseline, indicator.target) if total else (None, None)
    progress = None
    if key[1] == "cumulative" and value is not None and baseline is not None and target is not None and target != baseline:
        progress = (value - baseline) / (target - baseline) * 100
    return {
        "numerator": numerator, "denominator": denominator, "value": value, "unit": indicator.unit, "baseline": baseline, "target": target, "progress": progress,
        "contributions": len(parts), "derived": "yes" if any(part.derived for part in parts) else "", "money": indicator.measure == "money",
        "lineage": frozenset().union(*(part.origins for part in parts)),
    }  # fmt: skip


# --- SDGs -------------------------------------------------------------------------------------------------------------


@dataclass
class SdgTable:
    """The rows of sdg.csv in one scope while they are added up."""

    rows: dict[tuple[str, str], Figure] = field(default_factory=dict)

    def put(self, kind: str, sdg: str, column: str, number: int, origins: Iterable[Origin]) -> None:
        row = self.rows.setdefault((kind, sdg), {"lineage": defaultdict(set)})
        row[column] = row.get(column, 0) + number
        row["lineage"][column] |= set(origins)

    def under(self, sdg: str | None, column: str, number: int, origins: Iterable[Origin]) -> None:
        """Under a target or bare goal and its goal, or not attributed; and in the total."""
        origins = list(origins)
        self.put("total", "", column, number, origins)
        if sdg is None:
            self.put("unattributed", "", column, number, origins)
        else:
            self.put("goal", sdg.split(".")[0], column, number, origins)
            self.put("target" if "." in sdg else "bare", sdg, column, number, origins)


def main_of(codes: list[tuple[str, Fraction | None]]) -> str:
    """The first, or the one with the largest share."""
    best = codes[0]
    for entry in codes[1:]:
        if (entry[1] or 0) > (best[1] or 0):
            best = entry
    return best[0]


def groups_of(activities: Iterable[Activity]) -> list[list[Activity]]:
    groups: dict[Any, list[Activity]] = defaultdict(list)
    for activity in activities:
        groups[("", activity.joint) if activity.joint else (activity.member, activity.code)].append(activity)
    return list(groups.values())


def leading(rows: list[Activity]) -> Activity:
    """The row marked as lead, else the first member's, in the order of its sheet."""
    return min([row for row in rows if row.lead] or rows, key=lambda row: (row.member, row.origin[3]))


def _sdg(world: World, accepted: Accepted, since: dict[str, int], last: int) -> dict[tuple[str, str, str], Figure]:
    roles = {row["member"]: row["role"] for row in world.tables["members"]}
    found = {}
    for scope in SCOPES:
        table = SdgTable()
        cycles = range(since[scope], last + 1)
        took_place = sorted((a for a in accepted.activities if a.took_place and a.cycle in cycles), key=lambda a: a.cycle)
        for cycle in cycles:
            for group in groups_of(a for a in took_place if a.cycle == cycle):
                row = leading(group)
                for column, people in row.people.items():
                    table.under(main_of(row.sdg), column, people, [row.origin])
        for group in groups_of({(a.member, a.code): a for a in took_place}.values()):
            newest = max(a.cycle for a in group)
            _count(table, leading([a for a in group if a.cycle == newest]), [a.origin for a in group])
        for payment in accepted.payments:
            if payment.cycle in cycles and roles[payment.member] in COST_ROLES:
                for sdg, cents in mapped(world, accepted, payment):
                    table.under(sdg, "expenditure_eur", cents, [payment.origin])
        for kind in ("total", "unattributed"):
            table.rows.setdefault((kind, ""), {"lineage": {}})
        columns = ("activities_main", "activities_significant", *PARTICIPANTS, "expenditure_eur")
        found |= {(scope, *key): {column: row.get(column, 0) for column in columns} | {"lineage": row["lineage"]} for key, row in table.rows.items()}
    return found


def _count(table: SdgTable, row: Activity, origins: list[Origin]) -> None:
    """An activity once under its main SDG, and as significant under its other codes and the goals of these that are not the main one's."""
    first = main_of(row.sdg)
    table.under(first, "activities_main", 1, origins)
    others = [sdg for sdg, _ in row.sdg if sdg != first]
    for sdg in others:
        table.put("target" if "." in sdg else "bare", sdg, "activities_significant", 1, origins)
    for goal in {sdg.split(".")[0] for sdg in others} - {first.split(".")[0]}:
        table.put("goal", goal, "activities_significant", 1, origins)


def mapped(world: World, accepted: Accepted, payment: Payment) -> list[tuple[str | None, int]]:
    """A payment's cents by SDG; None for what is not attributed."""
    own = [a for a in accepted.activities if (a.member, a.code) == (payment.member, payment.activity) and a.cycle <= payment.cycle]
    if not payment.activity or not own:
        return [(None, payment.cents)]
    row = max(own, key=lambda a: a.cycle)
    if row.joint:
        group = [a for a in accepted.activities if (a.cycle, a.joint) == (row.cycle, row.joint)]
        row = leading([a for a in group if a.took_place] or group)
    shares = [share for _, share in row.sdg if share is not None]
    if world.contract["sdg_money"] == "weights" and shares:
        return list(zip([sdg for sdg, _ in row.sdg], split(payment.cents, shares), strict=True))
    return [(main_of(row.sdg), payment.cents)]


def split(cents: int, shares: list[Fraction]) -> list[int]:
    """By largest remainder, ties in the order listed; a negative amount as its absolute value."""
    exact = [abs(cents) * share / sum(shares) for share in shares]
    parts = [int(part) for part in exact]
    while sum(parts) < abs(cents):
        parts[max(range(len(parts)), key=lambda i: (exact[i] - parts[i], -i))] += 1
    return [-part for part in parts] if cents < 0 else parts


# --- money ------------------------------------------------------------------------------------------------------------


def _finance(world: World, accepted: Accepted, first: int, last: int, before: dict[str, int] | None) -> dict[str, Figure]:
    roles = {row["member"]: row["role"] for row in world.tables["members"]}
    costs = [p for p in accepted.payments if roles[p.member] in COST_ROLES and p.cycle <= last]
    rate = Fraction(world.contract["indirect_rate"])
    budgeted = [(row["heading"].split(".")[0], rounded(Fraction(row["amount_eur"]) * 100)) for row in valid_rows(world, world.tables["budget"], "heading", last).values()]
    budget = _column(budgeted, rate)
    cumulative = _column([(p.heading, p.cents) for p in costs], rate)
    earlier = [p for p in costs if p.cycle < first]
    previous = before if before is not None else _column([(p.heading, p.cents) for p in earlier], rate)
    found = {}
    for heading in cumulative:
        variation = cumulative[heading] - budget[heading]
        all_rows, earlier_rows = _behind(heading, costs), _behind(heading, earlier)
        lineage = {"period_eur": all_rows, "previous_eur": earlier_rows, "cumulative_eur": all_rows, "variation_eur": all_rows}
        found[heading] = {
            "budget_eur": budget[heading], "period_eur": cumulative[heading] - previous[heading], "previous_eur": previous[heading],
            "cumulative_eur": cumulative[heading], "variation_eur": variation, "variation_pct": Fraction(variation * 100, budget[heading]) if budget[heading] else None,
            "lineage": lineage | ({"variation_pct": all_rows} if budget[heading] else {}),
        }  # fmt: skip
    return found


def _behind(heading: str, payments: list[Payment]) -> set[Origin]:
    return {p.origin for p in payments if p.heading == heading or heading in ("7", "8", "9", "11")}


def _column(amounts: list[tuple[str, int]], indirect_rate: Fraction) -> dict[str, int]:
    column = {str(heading): sum(cents for of, cents in amounts if of == str(heading)) for heading in (1, 2, 3, 4, 5, 6, 10)}
    column["7"] = sum(column[heading] for heading in "123456")
    column["8"] = rounded(column["7"] * indirect_rate / 100)
    column["9"] = column["7"] + column["8"]
    column["11"] = column["9"] + column["10"]
    return column
