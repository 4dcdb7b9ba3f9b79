"""Which file counts, which rows are used, what is derived: contract sections 2 to 4.

Readings taken where the contract leaves room:
* a derived total is taken from the crossing of fewest dimensions, in the logframe's order, where several are reported in full; so are single slices;
* single slices are derived for a dimension of which no usable row fills that dimension alone;
* rows of a member with a joint code of its own are one activity too;
* postponed and cancelled rows may lie outside the cycle (that is what postponed means), but not end before they start."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import combinations, product
from typing import Any
from zoneinfo import ZoneInfo

from tests.oracle.cells import FAULT, SPREADSHEET_ERRORS, Codes, code, day, filled, number, sdgs, text, yes_no
from tests.oracle.plain import Cells, File, Record, World

COUNTRIES = {"BE", "KE", "SN", "PE", "BO", "IN", "PT", "XK", "298", "998"}
"""Of the world's countries and regions those that worlds may hold, and of its currencies likewise."""
CURRENCIES = {"EUR", "KES", "XOF", "USD", "PEN"}
TYPES = {"event", "training", "dialogue", "campaign", "research", "publication", "network", "sub-grant", "other"}
STATUSES = {"done", "ongoing", "postponed", "cancelled", "unplanned"}
REQUIRED = {
    "activities": ("activity", "title", "type", "start", "end", "country", "result", "sdg"),
    "indicators": ("indicator", "country"),
    "expenditure": ("heading", "country", "payment_date", "currency", "amount"),
}
PROGRAMME, FINANCE = ("activities", "indicators"), ("expenditure",)
PARTICIPANTS = ("women", "men", "other", "unknown")

Origin = tuple[str, str, str, int]
"""Member, submission, sheet and row."""
Slice = frozenset[tuple[str, str]]
"""Dimension and category of what a row fills; empty for the total."""


@dataclass(frozen=True)
class Indicator:
    """A row of the logframe."""

    code: str
    measure: str
    kind: str
    members: str
    periods: str
    dims: tuple[tuple[str, tuple[str, ...]], ...]
    unit: str
    result: str
    baseline: Fraction | None
    target: Fraction | None

    @property
    def sliced(self) -> bool:
        """Whether the slice and total rules apply."""
        return self.measure in ("number", "people", "money") and self.members == "sum"


@dataclass
class Reading:
    """What a contribution was reported to be in a cycle: `figure` a number, a pair, an answer or a text."""

    figure: Any
    origins: frozenset[Origin]
    derived: bool = False


@dataclass
class Activity:
    member: str
    cycle: int
    code: str
    sdg: Codes
    people: dict[str, int]
    took_place: bool
    joint: str
    lead: bool
    origin: Origin


@dataclass
class Payment:
    member: str
    cycle: int
    heading: str
    cents: int
    activity: str
    origin: Origin


@dataclass
class Accepted:
    """`readings`: (indicator, member, country, slice) to cycle to reading."""

    readings: dict[tuple[str, str, str, Slice], dict[int, Reading]] = field(default_factory=lambda: defaultdict(dict))
    activities: list[Activity] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)


# --- the agreement ----------------------------------------------------------------------------------------------------


def valid_rows(world: World, rows: Iterable[Record], column: str, cycle: int) -> dict[str, Record]:
    """By code the row that is valid in a cycle: of several the one that begins last, which an addendum added."""
    order = {"": 0} | {c["code"]: i for i, c in enumerate(world.cycles)}
    found: dict[str, Record] = {}
    for row in rows:
        since = order[row.get("from", "")]
        until = order[row["to"]] if row.get("to") else len(order)
        if since <= cycle <= until and (row[column] not in found or order[found[row[column]].get("from", "")] <= since):
            found[row[column]] = row
    return found


def logframe(world: World, cycle: int) -> dict[str, Indicator]:
    """By code without case."""
    found = {}
    for name, row in valid_rows(world, world.tables["logframe"], "indicator", cycle).items():
        dims = tuple((d.split(":")[0].strip(), tuple(d.split(":")[1].split("|"))) for d in row["disaggregation"].split(";") if d.strip())
        latest = row["value_kind"] == "cumulative" or row["measure"] in ("yes_no", "qualitative")
        baseline, target = (Fraction(row[c]) if row.get(c) else None for c in ("baseline", "target"))
        periods = "latest" if latest else row["across_periods"]
        found[name.casefold()] = Indicator(name, row["measure"], row["value_kind"], row["across_members"], periods, dims, row["unit"], row["result"], baseline, target)
    return found


def rounded(amount: Fraction) -> int:
    """Half away from zero."""
    size = abs(amount)
    whole = size.numerator // size.denominator
    whole += size - whole >= Fraction(1, 2)
    return whole if amount >= 0 else -whole


# --- which file counts ------------------------------------------------------------------------------------------------


def last_moment(world: World, file: File) -> datetime:
    """Until when a file is taken: the grace days, or the member's own extended date where that is later."""
    zone = ZoneInfo(world.timezone)
    cycle = next(c for c in world.cycles if c["code"] == file.cycle)
    moments = [datetime.fromisoformat(cycle["due"]) + timedelta(days=int(cycle["grace_days"]))]
    moments += [datetime.fromisoformat(e["due"]) for e in world.extensions.get(file.cycle, ()) if e["member"] == file.member]
    return max(moments).replace(tzinfo=zone).astimezone(UTC)


def sheets_owed(file: File) -> tuple[str, ...]:
    """The sheets a file is read for, by what its cover says."""
    if yes_no(file.cover.get("nil")) is True:
        return ()
    return {"programme": PROGRAMME, "finance": FINANCE}.get(code(file.cover.get("part")), PROGRAMME + FINANCE)


def rejected(world: World, file: File) -> bool:
    if not file.readable or file.received > last_moment(world, file):
        return True
    said = {"contract": world.contract["number"], "cycle": file.cycle, "member": file.member}
    if any(code(file.cover.get(key)) != value.casefold() for key, value in said.items()):
        return True
    return any(name not in file.sheets or not set(REQUIRED[name]) <= set(file.sheets[name].columns) for name in sheets_owed(file))


def counting_sheets(world: World) -> list[tuple[int, File, str]]:
    """Cycle, file and name of every sheet that is used: of each part the newest file of the member that is not rejected."""
    newest: dict[tuple[int, str, str], File] = {}
    order = {c["code"]: i for i, c in enumerate(world.cycles)}
    known = {row["member"] for row in world.tables["members"]}
    for file in sorted(world.files, key=lambda f: (f.received, f.key)):
        if file.member in known and not rejected(world, file):
            part = code(file.cover.get("part"))
            for half in ("programme", "finance"):
                if part in ("", half):
                    newest[order[file.cycle], file.member, half] = file
    return [(cycle, file, name) for (cycle, _, half), file in newest.items() for name in sheets_owed(file) if name in (PROGRAMME if half == "programme" else FINANCE)]


# --- rows by themselves -----------------------------------------------------------------------------------------------


def lacks(cells: Cells, columns: Iterable[str]) -> bool:
    return not all(filled(cells.get(column)) for column in columns)


def spreadsheet_error(cells: Cells) -> bool:
    return any(isinstance(cell, str) and cell.strip() in SPREADSHEET_ERRORS for cell in cells.values())


def country_of(cells: Cells) -> str | None:
    found = code(cells.get("country")).upper()
    return found if found in COUNTRIES else None


@dataclass
class Judge:
    """Judges the sheets of one world."""

    world: World
    accepted: Accepted = field(default_factory=Accepted)

    def __post_init__(self) -> None:
        self.logframes = [logframe(self.world, cycle) for cycle in range(len(self.world.cycles))]
        self.dimensions = {name for of_cycle in self.logframes for row in of_cycle.values() for name, _ in row.dims}
        self.decimals = {row["member"]: row["decimal"] for row in self.world.tables["members"]}
        self.rates = {(row["month"], row["currency"]): Fraction(row["rate"]) for row in self.world.tables["rates"]}

    def decimal(self, file: File) -> str:
        said = file.cover.get("decimal", "")
        return said if said in (".", ",") else self.decimals[file.member]

    def judge(self) -> Accepted:
        for cycle, file, name in counting_sheets(self.world):
            rows = [(number_, cells) for number_, cells in file.sheets[name].rows if any(filled(cell) for cell in cells.values())]
            match name:
                case "activities":
                    self.activities(cycle, file, rows)
                case "indicators":
                    self.indicators(cycle, file, rows)
                case "expenditure":
                    self.expenditure(cycle, file, rows)
        return self.accepted

    # --- activities

    def activities(self, cycle: int, file: File, rows: list[tuple[int, Cells]]) -> None:
        seen = set()
        for number_, cells in rows:
            activity = self.activity(cycle, file, number_, cells)
            if activity is not None and activity.code not in seen:
                seen.add(activity.code)
                self.accepted.activities.append(activity)

    def activity(self, cycle: int, file: File, number_: int, cells: Cells) -> Activity | None:
        status = code(cells.get("status")) or "done"
        took_place = status not in ("postponed", "cancelled")
        if lacks(cells, [c for c in REQUIRED["activities"] if took_place or c not in ("start", "end")]) or spreadsheet_error(cells):
            return None
        results = {row.result.casefold() for row in self.logframes[cycle].values()}
        codes, lead = sdgs(cells.get("sdg")), yes_no(cells.get("lead"))
        listed = status in STATUSES and code(cells["type"]) in TYPES and code(cells["result"]) in results and country_of(cells)
        if not listed or codes is FAULT or lead is FAULT or not self.happened(cycle, cells, took_place):
            return None
        people = {name: number(cells.get(name), self.decimal(file)) for name in PARTICIPANTS}
        if any(n is FAULT or (isinstance(n, Fraction) and (n < 0 or n.denominator != 1)) for n in people.values()):
            return None
        counted = {name: int(n) for name, n in people.items() if isinstance(n, Fraction)}
        origin = (file.member, file.submission, "activities", number_)
        return Activity(file.member, cycle, code(cells["activity"]), codes, counted, took_place, code(cells.get("joint")), lead is True, origin)  # type: ignore[arg-type]

    def happened(self, cycle: int, cells: Cells, took_place: bool) -> bool:
        start, end = day(cells.get("start")), day(cells.get("end"))
        if start is FAULT or end is FAULT:
            return False
        if not (isinstance(start, date) and isinstance(end, date)):
            return True
        first, last = (date.fromisoformat(self.world.cycles[cycle][name]) for name in ("start", "end"))
        return start <= end and (not took_place or (start <= last and end >= first))

    # --- expenditure

    def expenditure(self, cycle: int, file: File, rows: list[tuple[int, Cells]]) -> None:
        for number_, cells in rows:
            payment = self.payment(cycle, file, number_, cells)
            if payment is not None:
                self.accepted.payments.append(payment)

    def payment(self, cycle: int, file: File, number_: int, cells: Cells) -> Payment | None:
        if lacks(cells, REQUIRED["expenditure"]) or spreadsheet_error(cells):
            return None
        lines = {row["heading"] for row in valid_rows(self.world, self.world.tables["budget"], "heading", cycle).values()} - {"10"}
        paid, amount, currency = day(cells["payment_date"]), number(cells["amount"], self.decimal(file)), code(cells["currency"]).upper()
        if code(cells["heading"]) not in lines | set("123456") or not country_of(cells) or currency not in CURRENCIES or day(cells.get("invoice_date")) is FAULT:
            return None
        if not isinstance(paid, date) or not isinstance(amount, Fraction) or not self.paid_in_time(cycle, paid):
            return None
        rate = Fraction(1) if currency == "EUR" else self.rates.get((f"{paid:%Y-%m}", currency))
        if rate is None:
            return None
        origin = (file.member, file.submission, "expenditure", number_)
        return Payment(file.member, cycle, code(cells["heading"]).split(".")[0], rounded(amount / rate * 100), code(cells.get("activity")), origin)

    def paid_in_time(self, cycle: int, paid: date) -> bool:
        """Not after the cycle nor outside the implementation period; the final report's cycle closes on its due day."""
        of_cycle, contract = self.world.cycles[cycle], self.world.contract
        end = date.fromisoformat(of_cycle["end"])
        if of_cycle["report"] == "final" and end < paid <= date.fromisoformat(of_cycle["due"][:10]):
            return True
        return date.fromisoformat(contract["start"]) <= paid <= min(end, date.fromisoformat(contract["end"]))

    # --- indicators

    def indicators(self, cycle: int, file: File, rows: list[tuple[int, Cells]]) -> None:
        groups: dict[tuple[str, str], dict[Slice, list[Reading]]] = defaultdict(lambda: defaultdict(list))
        for number_, cells in rows:
            indicator, country = self.logframes[cycle].get(code(cells.get("indicator"))), country_of(cells)
            if indicator is None or country is None or spreadsheet_error(cells) or day(cells.get("date")) is FAULT:
                continue
            slice_ = self.slice_of(indicator, cells)
            figure = self.figure(indicator, cells, self.decimal(file))
            if slice_ is not None and figure is not None and figure is not FAULT:
                origin = (file.member, file.submission, "indicators", number_)
                groups[indicator.code, country][slice_].append(Reading(figure, frozenset([origin])))
        for (name, country), slices in groups.items():
            kept = {slice_: found[0] for slice_, found in slices.items() if all(r.figure == found[0].figure for r in found)}
            indicator = self.logframes[cycle][name.casefold()]
            for slice_, reading in (judge_slices(kept, indicator) if indicator.sliced else kept).items():
                self.accepted.readings[name, file.member, country, slice_][cycle] = reading

    def slice_of(self, indicator: Indicator, cells: Cells) -> Slice | None:
        """None where a category is in no list."""
        dims, found = dict(indicator.dims), []
        for name in self.dimensions:
            said = code(cells.get(name))
            if said:
                category = next((c for c in dims.get(name, ()) if c.casefold() == said), None)
                if category is None:
                    return None
                found.append((name, category))
        return frozenset(found)

    def figure(self, indicator: Indicator, cells: Cells, decimal: str) -> Any:
        """The figure of a row; None for a row without one, FAULT for one in error."""
        if indicator.measure == "qualitative":
            return text(cells.get("comment")) or None
        numbers = [number(cells.get(name), decimal) for name in ("value", "numerator", "denominator")]
        if indicator.measure == "yes_no":
            return FAULT if FAULT in numbers[1:] else yes_no(cells.get("value"))
        if FAULT in numbers:
            return FAULT
        value, n, d = numbers
        if indicator.measure == "percentage":
            return percentage(value, n, d)
        if indicator.measure == "people" and isinstance(value, Fraction) and (value < 0 or value.denominator != 1):
            return FAULT
        return value


def percentage(value: Any, n: Any, d: Any) -> Any:
    """A pair, or the value where there is none."""
    if n is None and d is None:
        return value
    if n is None or d is None or d < 0 or (d == 0 and n != 0) or (d > 0 and n > d):
        return FAULT
    return (n, d)


# --- a total and its slices -------------------------------------------------------------------------------------------


def judge_slices(kept: dict[Slice, Reading], indicator: Indicator) -> dict[Slice, Reading]:
    """What is used of the rows of one indicator, member and country, and what is derived from them."""
    names = [name for name, _ in indicator.dims]
    groups: dict[tuple[str, ...], dict[Slice, Reading]] = defaultdict(dict)
    for size in range(1, len(names) + 1):
        for dims in combinations(names, size):
            of_dims = {slice_: reading for slice_, reading in kept.items() if {name for name, _ in slice_} == set(dims)}
            if of_dims:
                groups[dims] = of_dims
    if not groups:
        return kept
    whole: Slice = frozenset()
    found = {}
    if whole in kept:
        found[whole] = kept[whole]
    else:
        source = next((of_dims for dims, of_dims in groups.items() if in_full(indicator, dims, of_dims)), None)
        if source is None:
            return {}
        found[whole] = together(source.values())
    total = found[whole].figure
    used = {dims: of_dims for dims, of_dims in groups.items() if sum(r.figure for r in of_dims.values()) <= total}
    for of_dims in used.values():
        found |= of_dims
    derived_dims: set[str] = set()
    for dims, of_dims in used.items():
        if len(dims) > 1 and in_full(indicator, dims, of_dims):
            for name in [name for name in dims if (name,) not in groups and name not in derived_dims]:
                derived_dims.add(name)
                for category in dict(indicator.dims)[name]:
                    parts = [reading for slice_, reading in of_dims.items() if (name, category) in slice_]
                    if parts:
                        found[frozenset([(name, category)])] = together(parts)
    return found


def in_full(indicator: Indicator, dims: tuple[str, ...], of_dims: dict[Slice, Reading]) -> bool:
    """Every category has a row, or every combination of them; `unknown` may be absent."""
    categories = [[(name, c) for c in dict(indicator.dims)[name] if c != "unknown"] for name in dims]
    return all(frozenset(combination) in of_dims for combination in product(*categories))


def together(parts: Iterable[Reading]) -> Reading:
    found = list(parts)
    return Reading(sum(r.figure for r in found), frozenset().union(*(r.origins for r in found)), derived=True)
