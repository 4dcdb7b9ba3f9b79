"""The agreement: contract, cycles, members, logframe, budget, rates and the operator's lists (contract section 2)."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Coordinator(_Model):
    name: str
    contact: str
    role: str
    country: str


class Contract(_Model):
    """The grant contract; money in EUR, shares and rates in percent."""

    number: str
    title: str
    framework: str
    kind: Literal["action", "operating"]
    profile: str
    granting_authority: str
    coordinator: Coordinator
    start: date
    end: date
    eu_contribution: Decimal
    eu_share: Decimal
    indirect_rate: Decimal
    language: str
    report_languages: tuple[str, ...]
    funding: Literal["funded", "co-funded"]
    third_party_ceiling: Decimal
    sdg_money: Literal["main", "weights"]


class Cycle(_Model):
    """A collection cycle, both days included; `due` is local time of the agreement's time zone."""

    code: str
    start: date
    end: date
    opens: date
    due: datetime
    grace_days: int
    report: Literal["interim", "final", "none"]


class Member(_Model):
    member: str
    name: str
    country: str
    language: Literal["en", "fr", "es", "pt"]
    decimal: Literal[".", ","]
    email: str = ""
    role: Literal["coordinator", "beneficiary", "affiliated-entity", "associate", "third-party"]
    from_: date | None = None
    to: date | None = None
    sensitivity: Literal["public", "eu-only", "internal"] = "public"


class Indicator(_Model):
    """A row of the logframe, valid from cycle `from_` to cycle `to` (both included; None: open)."""

    indicator: str
    level: Literal["impact", "outcome", "output"]
    result: str
    statement: str
    title: str
    measure: Literal["number", "people", "percentage", "money", "yes_no", "qualitative"]
    unit: str
    direction: Literal["up", "down"]
    value_kind: Literal["period", "cumulative"]
    across_members: Literal["sum", "max", "mean", "none"]
    across_periods: Literal["sum", "max", "mean", "latest"]
    disaggregation: dict[str, tuple[str, ...]] = {}
    """Dimension to its categories, in the order given."""
    sdg: tuple[str, ...] = ()
    baseline: Decimal | None = None
    baseline_year: int | None = None
    target: Decimal | None = None
    target_year: int | None = None
    milestones: dict[int, Decimal] = {}
    source: str = ""
    from_: str | None = None
    to: str | None = None


class BudgetLine(_Model):
    heading: str
    amount_eur: Decimal
    description: str = ""
    unit: str = ""
    units: Decimal | None = None
    unit_value_eur: Decimal | None = None
    from_: str | None = None
    to: str | None = None


class PlannedActivity(_Model):
    activity: str
    result: str
    title: str
    start: date
    end: date
    members: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    sdg: tuple[str, ...] = ()


class Assignment(_Model):
    """Who owes which indicator, for which country, in which cycles, from which baseline."""

    member: str
    indicator: str
    country: str
    from_: str | None = None
    to: str | None = None
    baseline: Decimal | None = None
    target: Decimal | None = None


class Subgrant(_Model):
    recipient: str
    name: str
    country: str
    lot: str
    signed: date
    amount_eur: Decimal
    member: str


class Amendment(_Model):
    number: str
    signed: date
    from_: str
    what: str
    reason: str


class Extension(_Model):
    """A member's own due date in one cycle; `due` is local time of the agreement's time zone."""

    member: str
    due: datetime
    reason: str
    by: str


class Waiver(_Model):
    """Turns an error into an accepted, listed exception."""

    rule: str
    member: str
    cycle: str
    cell: str = ""
    row: str = ""
    reason: str
    by: str
    until: str = ""


class Correction(_Model):
    """Applied only where the member's cell still says `expect`."""

    member: str
    cycle: str
    sheet: str
    row: str
    column: str
    expect: str = ""
    value: str = ""
    reason: str
    by: str


class Review(_Model):
    """A submission returned with a question, or accepted."""

    member: str
    submission: str
    decision: str
    question: str = ""
    reply_by: str = ""
    by: str


class Exchange(_Model):
    """What passed between the network and the EU about a delivered version."""

    version: str
    date: date
    event: str
    note: str = ""


class Agreement(_Model):
    contract: Contract
    timezone: str
    cycles: tuple[Cycle, ...]
    members: tuple[Member, ...]
    logframe: tuple[Indicator, ...]
    budget: tuple[BudgetLine, ...]
    rates: dict[tuple[str, str], Decimal]
    """(month "2019-03", currency "KES") to units of the currency for 1 EUR."""
    plan: tuple[PlannedActivity, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    subgrants: tuple[Subgrant, ...] = ()
    amendments: tuple[Amendment, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    corrections: tuple[Correction, ...] = ()
    extensions: dict[str, tuple[Extension, ...]] = {}
    """By cycle code, like the two below."""
    reviews: dict[str, tuple[Review, ...]] = {}
    exchange: dict[str, tuple[Exchange, ...]] = {}

    def cycle(self, code: str) -> Cycle:
        """The cycle with that code; KeyError where there is none."""
        for cycle in self.cycles:
            if cycle.code.casefold() == code.casefold():
                return cycle
        raise KeyError(code)

    def cycles_to(self, code: str) -> tuple[str, ...]:
        """Codes of all cycles from the contract's start to that one."""
        codes = tuple(cycle.code for cycle in self.cycles)
        return codes[: codes.index(code) + 1]

    def reporting_period(self, code: str) -> tuple[str, ...]:
        """Codes of the cycles a report of that cycle covers: its own and all before it back to, and without, the last one with a report."""
        before = self.cycles_to(code)[:-1]
        start = max((i + 1 for i, c in enumerate(before) if self.cycle(c).report != "none"), default=0)
        return (*before[start:], code)

    def member(self, code: str) -> Member | None:
        return next((member for member in self.members if member.member == code), None)

    def valid_in(self, from_: str | None, to: str | None, cycle: str) -> bool:
        """Whether a row that carries these cycle codes is valid in that cycle."""
        order = {c.code: i for i, c in enumerate(self.cycles)}
        return (order[from_] if from_ else 0) <= order[cycle] <= (order[to] if to else len(order))

    def indicators_in(self, cycle: str) -> dict[str, Indicator]:
        """The logframe rows valid in that cycle, by code. Where several are, the later one in the file holds (an addendum's)."""
        return {row.indicator: row for row in self.logframe if self.valid_in(row.from_, row.to, cycle)}

    def budget_in(self, cycle: str) -> tuple[BudgetLine, ...]:
        return tuple(row for row in self.budget if self.valid_in(row.from_, row.to, cycle))

    @property
    def dimensions(self) -> tuple[str, ...]:
        """All dimensions of the logframe, in order of first appearance."""
        return tuple(dict.fromkeys(name for row in self.logframe for name in row.disaggregation))
