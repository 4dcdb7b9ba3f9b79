"""The figures of a report, each with the rows it was made of: the PDF, the workbooks and the data files all print these objects."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal, NamedTuple

import numpy as np

from domain.submission import AcceptedRow

Scope = Literal["period", "reporting", "cumulative"]
SCOPES: tuple[Scope, ...] = ("period", "reporting", "cumulative")
"""This cycle; the reporting period that ends with it; contract start to its end (contract section 5)."""


class Source(NamedTuple):
    """A row of a member's file."""

    member: str
    submission: str
    sheet: str
    row: int


def sources_of(row: AcceptedRow) -> tuple[Source, ...]:
    """The row itself, or the rows a derived one was made of."""
    return tuple(Source(row.member, row.submission, row.sheet, number) for number in row.derived_from or (row.row,))


@dataclass(frozen=True, slots=True)
class Sources:
    """The rows a figure was made of: those of `rows` that `places` (an array that many figures share) names from `start` to before `stop`.

    A million rows take part in some ten million figures, so a figure keeps no list of its own."""

    rows: Sequence[AcceptedRow]
    places: np.ndarray[Any, np.dtype[np.int64]]
    start: int
    stop: int

    def __iter__(self) -> Iterator[Source]:
        for place in self.places[self.start : self.stop].tolist():
            yield from sources_of(self.rows[place])

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __bool__(self) -> bool:
        return self.stop > self.start


NO_SOURCES = Sources((), np.empty(0, np.int64), 0, 0)


def sources_at(rows: Sequence[AcceptedRow], places: np.ndarray[Any, np.dtype[np.int64]]) -> Sources:
    """All of these rows, in that order."""
    return Sources(rows, places, 0, len(places))


class Withheld(int):
    """Stands for a number that an edition withholds: whatever it is added to is withheld as well. It is printed as a sign, and is 0 long in a chart."""

    def __add__(self, other: Any) -> Withheld:
        return self

    __radd__ = __sub__ = __rsub__ = __add__

    def __bool__(self) -> bool:
        return True

    def __str__(self) -> str:
        return ""


WITHHELD = Withheld()

Slice = tuple[tuple[str, str], ...]
"""(dimension, category) pairs in the logframe's order; () is the total."""


INDICATOR_KEYS = ("indicator", "scope", "level", "area")
INDICATOR_COLUMNS = ("numerator", "denominator", "value", "unit", "baseline", "target", "progress", "contributions", "derived", "expected", "rating")
"""Of data/indicators.csv, before and after the dimensions."""


@dataclass(frozen=True, slots=True)
class IndicatorFigure:
    """A row of data/indicators.csv. Values are exact; `value` None: nothing to show as a number (a text, or a denominator of 0).

    `area` is "" for the network, a member's or a country's code, or "member/country" for indicators that are never combined.
    `progress` in percent, `expected` (what baseline, milestones and target say for the report's last day) and `rating` ("exceeded", "on track",
    "delayed", "at risk") only on the network's cumulative total."""

    indicator: str
    scope: Scope
    level: Literal["network", "member", "country"]
    area: str
    slice: Slice
    numerator: Fraction | None
    denominator: Fraction | None
    value: Fraction | None
    unit: str
    contributions: int
    derived: bool
    sources: Sources
    baseline: Decimal | None = None
    target: Decimal | None = None
    progress: Fraction | None = None
    expected: Fraction | None = None
    rating: str | None = None

    def only_of(self, members: Collection[str]) -> bool:
        """Whether all it was made of comes from these members, so that it tells of them alone."""
        return bool(members) and all(source.member in members for source in self.sources)


@dataclass(frozen=True, slots=True)
class SdgFigure:
    """A row of data/sdg.csv. `sdg` is a goal ("8"), a target ("8.8"), or "" for unattributed and total; `expenditure` in EUR cents.

    `sources` by column name. `others` (other and unknown) and `people` (all participations) are sums of the four; they are only given where an
    edition withholds parts of them."""

    scope: Scope
    sdg: str
    kind: Literal["goal", "target", "bare", "unattributed", "total"]
    activities_main: int
    activities_significant: int
    women: int
    men: int
    other: int
    unknown: int
    expenditure: int
    sources: dict[str, Sources] = field(default_factory=dict)
    others: int = -1
    people: int = -1

    def __post_init__(self) -> None:
        if self.people < 0:
            object.__setattr__(self, "others", self.other + self.unknown)
            object.__setattr__(self, "people", self.women + self.men + self.others)


@dataclass(frozen=True, slots=True)
class FinanceLine:
    """A row of data/finance.csv: a heading of the budget (1–11) in EUR cents; `variation_pct` None for a budget of 0.

    `over_flexibility`: the cumulative cost exceeds the budget by more than the profile allows (headings 1–6 only)."""

    heading: str
    label: str
    budget: int
    period: int
    previous: int
    cumulative: int
    variation: int
    variation_pct: Fraction | None
    over_flexibility: bool
    sources: dict[str, Sources] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SupportLine:
    """Use of support by a third-party or associate member: EUR cents spent, in no total."""

    member: str
    heading: str
    period: int
    cumulative: int


@dataclass(frozen=True, slots=True)
class MemberCosts:
    """What a member's costs come to, in EUR cents: of the rows of the reporting period, and to date. They add up to heading 7 to date."""

    member: str
    reporting: int
    cumulative: int


@dataclass(frozen=True, slots=True)
class RecipientCosts:
    """Costs under heading 6 that a member paid to a third party, in EUR cents; `recipient` as written, "" where none is named.

    `sensitivity` is that of the activity paid for: public (or no activity named), eu-only, internal, or unknown where no accepted one has that code."""

    recipient: str
    member: str
    sensitivity: str
    reporting: int
    cumulative: int


@dataclass(frozen=True, slots=True)
class RateUsed:
    """A rate (units of the currency for 1 EUR) at which costs of the reporting period were converted: so many payments of members of that
    sensitivity, and the EUR cents they came to. `month` of payment: 2019-03."""

    currency: str
    month: str
    rate: Decimal
    sensitivity: str
    payments: int
    cents: int


@dataclass(frozen=True, slots=True)
class MissingRate:
    """Money left out of every figure because rates.csv lacks the rate: in units of the currency."""

    currency: str
    month: str
    amount: Decimal
    rows: int


State = Literal["on time", "late", "too late", "rejected", "nil", "missing", "not due"]


@dataclass(frozen=True, slots=True)
class MemberState:
    """A row of data/members.csv. `submission` "" where none counts; two parts are joined by "; ". `received_at` ISO 8601 UTC or ""."""

    member: str
    cycle: str
    state: State
    submission: str
    received_at: str
    rows_accepted: int
    errors: int
    warnings: int


@dataclass(slots=True)
class Figures:
    """Everything a report of one cycle prints."""

    cycle: str
    cycles: tuple[str, ...]
    """Contract start to this cycle."""
    reporting: tuple[str, ...]
    """The cycles of the reporting period."""
    indicators: list[IndicatorFigure]
    sdg: list[SdgFigure]
    finance: list[FinanceLine]
    support: list[SupportLine]
    missing_rates: list[MissingRate]
    costs: list[MemberCosts] = field(default_factory=list)
    recipients: list[RecipientCosts] = field(default_factory=list)
    rates: list[RateUsed] = field(default_factory=list)
