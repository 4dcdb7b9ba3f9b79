"""The agreement: contract, cycles, members, logframe, budget, rates and the operator's lists (contract section 2).

These models hold what `domain.agreement_files.read_agreement` has checked; all are frozen. Codes keep the spelling of the place that defines them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Coordinator(_Model):
    """The organisation that signed the contract, and whom to ask there."""

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
    """A row of members.csv; nothing is due outside the days `from_` to `to` (both included; None: open)."""

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
    """A row of the logframe, valid from cycle `from_` to cycle `to` (both included; None: open).

    `across_periods` is latest wherever the contract fixes it: cumulative, yes_no and qualitative indicators."""

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
    """A heading (1-6, 10) or a line of one (1.1.2) with its amount in EUR, valid from cycle `from_` to cycle `to` like an indicator."""

    heading: str
    amount_eur: Decimal
    description: str = ""
    unit: str = ""
    units: Decimal | None = None
    unit_value_eur: Decimal | None = None
    from_: str | None = None
    to: str | None = None


class PlannedActivity(_Model):
    """An activity of Annex I; without members or countries it is all of them."""

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
    """Financial support to a third party (heading 6); `member` is who grants it."""

    recipient: str
    name: str
    country: str
    lot: str
    signed: date
    amount_eur: Decimal
    member: str


class Amendment(_Model):
    """An addendum, as the report prints it."""

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
    """Turns an error into an accepted, listed exception; without cell and row that of the whole submission. `until`: the last day it holds."""

    rule: str
    member: str
    cycle: str
    cell: str = ""
    row: str = ""
    reason: str
    by: str
    until: date | None = None


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
    reply_by: date | None = None
    by: str


class Exchange(_Model):
    """What passed between the network and the EU about a delivered version."""

    version: str
    date: date
    event: Literal["sent", "questions", "answered", "accepted", "disallowed", "paid"]
    note: str = ""


class Agreement(_Model):
    """Everything the operator writes, checked. Look-ups are computed once; they are no part of its pickle."""

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
        """The cycle with that code, compared without case; KeyError where there is none."""
        return self.cycles[self._place[code.casefold()]]

    def cycles_to(self, code: str) -> tuple[str, ...]:
        """Codes of all cycles from the contract's start to that one; KeyError where there is none."""
        return tuple(cycle.code for cycle in self.cycles[: self._place[code.casefold()] + 1])

    def reporting_period(self, code: str) -> tuple[str, ...]:
        """Codes of the cycles a report of that cycle covers: its own and all before it back to, and without, the last one with a report."""
        codes = self.cycles_to(code)
        start = max((i + 1 for i, cycle in enumerate(self.cycles[: len(codes) - 1]) if cycle.report != "none"), default=0)
        return codes[start:]

    def member(self, code: str) -> Member | None:
        """The member with that code, which names its folders and so is compared as it stands; None where there is none."""
        return self._members.get(code)

    @cached_property
    def internal_members(self) -> frozenset[str]:
        """Codes of the members that are counted and not named."""
        return frozenset(member.member for member in self.members if member.sensitivity == "internal")

    def valid_in(self, from_: str | None, to: str | None, cycle: str) -> bool:
        """Whether a row that carries these cycle codes is valid in that cycle; KeyError for a code of no cycle."""
        first = self._place[from_.casefold()] if from_ else 0
        last = self._place[to.casefold()] if to else len(self.cycles)
        return first <= self._place[cycle.casefold()] <= last

    def indicators_in(self, cycle: str) -> dict[str, Indicator]:
        """The logframe rows valid in that cycle, by code, in the order of the file. KeyError for a code of no cycle."""
        return self._logframes[self._place[cycle.casefold()]]

    def budget_in(self, cycle: str) -> tuple[BudgetLine, ...]:
        """The budget valid in that cycle; KeyError for a code of no cycle."""
        return tuple(row for row in self.budget if self.valid_in(row.from_, row.to, cycle))

    @property
    def dimensions(self) -> tuple[str, ...]:
        """All dimensions of the logframe, in order of first appearance."""
        return self._dimensions

    @cached_property
    def _place(self) -> dict[str, int]:
        """Cycle codes without case, each with its place in `cycles`."""
        return {cycle.code.casefold(): i for i, cycle in enumerate(self.cycles)}

    @cached_property
    def _members(self) -> dict[str, Member]:
        return {member.member: member for member in self.members}

    @cached_property
    def _logframes(self) -> tuple[dict[str, Indicator], ...]:
        """For each cycle its indicators by code."""
        return tuple({row.indicator: row for row in self.logframe if self.valid_in(row.from_, row.to, cycle.code)} for cycle in self.cycles)

    @cached_property
    def _dimensions(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for row in self.logframe for name in row.disaggregation))

    def __getstate__(self) -> dict[Any, Any]:
        """The fields alone: equal agreements have equal pickles, whatever was looked up in them."""
        state = super().__getstate__()
        return {**state, "__dict__": {name: value for name, value in state["__dict__"].items() if name in type(self).model_fields}}

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """As pydantic does it; the copy looks up anew, since `update` may have changed what is found."""
        copied = super().model_copy(update=update, deep=deep)
        for name in copied.__dict__.keys() - type(self).model_fields.keys():
            del copied.__dict__[name]
        return copied
