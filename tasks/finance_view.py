"""What the annex on finance prints, looked up and put in order."""

from __future__ import annotations

import textwrap
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

from babel.numbers import format_decimal, get_currency_name

from domain.agreement import Subgrant
from domain.figures import RateUsed, RecipientCosts, SupportLine
from domain.funding import SUPPORT_HEADING, Funding, contribution, funding, rates_to_name
from domain.money import DIRECT_HEADINGS, rounded_half_away
from tasks.report_view import ReportView
from tasks.wording import MISSING, rounded

CHARTED = (*DIRECT_HEADINGS, "8", "10")
"""Headings that are no sum of others."""
CHART_LABEL = 40
"""Characters of a heading's name in a line of the chart."""
LONG_RATES = 40
"""Rates up to which each month's is printed; of more, a line for each currency."""
DECIMALS = (4, 6)
"""Of a rate, at least and at most."""
EURO = "EUR"


@dataclass(frozen=True, slots=True)
class HeadingBar:
    """A heading in the chart: its name in lines, EUR cents, how much of the budget is spent in percent (None: no budget), and the length of each bar
    as a share (0 to 1) of the longest."""

    heading: str
    name: str
    lines: tuple[str, ...]
    budget: int
    cumulative: int
    spent: Fraction | None
    budget_length: float
    cumulative_length: float
    over: bool


@dataclass(frozen=True, slots=True)
class CostRow:
    """What costs of the reporting period and to date come to, in EUR cents, for a goal (with its tile) or a member (with its country and role)."""

    label: str
    reporting: int
    cumulative: int
    goal: str = ""
    aside: str = ""


@dataclass(frozen=True, slots=True)
class Breakdown:
    """Rows that add up to a heading: to date by themselves, in the period with the corrections of earlier ones that fall into it."""

    rows: Sequence[CostRow]
    corrections: int

    @property
    def reporting(self) -> int:
        return sum(row.reporting for row in self.rows) + self.corrections

    @property
    def cumulative(self) -> int:
        return sum(row.cumulative for row in self.rows)


@dataclass(frozen=True, slots=True)
class RateRow:
    """A rate as printed, or the lowest and highest of a currency where there are too many; `cents` of so many payments."""

    currency: str
    months: str
    lowest: str
    highest: str
    payments: int
    cents: int


@dataclass(frozen=True, slots=True)
class ThirdParty:
    """Financial support to a third party in EUR cents: the grant and its amount (None: not in subgrants.csv), what was paid, and what the ceiling
    leaves (below 0 where it is exceeded; None where it says nothing)."""

    code: str
    name: str
    grant: Subgrant | None
    amount: int | None
    reporting: int
    cumulative: int
    left: int | None


@dataclass(frozen=True, slots=True)
class FundingRow:
    """A line of the sources of funding: in the budget, before the period, in it, and to date; in EUR cents."""

    label: str
    amounts: tuple[int, ...]
    is_sum: bool = False


class FinanceView:
    """Budget, costs, rates and sources of funding as the template asks for them."""

    def __init__(self, view: ReportView) -> None:
        self.view, self.document, self.wording = view, view.document, view.wording
        self.figures, self.agreement, self.contract = view.figures, view.agreement, view.contract
        self.finance = {line.heading: line for line in self.figures.finance}

    # --- budget against actual ----------------------------------------------------------------------------------------

    def heading_name(self, heading: str) -> str:
        return self.view.profile.headings[heading][self.view.language]

    @cached_property
    def bars(self) -> list[HeadingBar]:
        """The headings that have a budget or costs; a negative one has no length."""
        shown = [self.finance[code] for code in CHARTED if code in self.finance and (self.finance[code].budget or self.finance[code].cumulative)]
        longest = max((amount for line in shown for amount in (line.budget, line.cumulative)), default=0) or 1
        found = []
        for line in shown:
            name = self.heading_name(line.heading)
            wrapped = tuple(textwrap.wrap(f"{line.heading} {name}", CHART_LABEL, max_lines=2, placeholder=" …"))
            spent = Fraction(100 * line.cumulative, line.budget) if line.budget else None
            lengths = [max(amount, 0) / longest for amount in (line.budget, line.cumulative)]
            found.append(HeadingBar(line.heading, name, wrapped, line.budget, line.cumulative, spent, lengths[0], lengths[1], line.over_flexibility))
        return found

    @property
    def asks_for_variations(self) -> bool:
        """Whether the network has to explain a variation, or did so unasked."""
        return any(line.over_flexibility for line in self.figures.finance) or bool(self.document.texts.get("variations", "").strip())

    @cached_property
    def excess(self) -> int:
        """What headings cost beyond what is allowed without an addendum, in cents."""
        allowed = 1 + Fraction(self.view.profile.flexibility_pct) / 100
        return sum(rounded_half_away(line.cumulative - line.budget * allowed) for line in self.figures.finance if line.over_flexibility)

    # --- costs by goal and by member ----------------------------------------------------------------------------------

    def _breakdown(self, rows: Sequence[CostRow], heading: str) -> Breakdown:
        """The rows of a heading. What the last report said and is no longer so falls into this period's figure, and is no member's or goal's."""
        of_heading = self.finance.get(heading)
        return Breakdown(rows, of_heading.period - sum(row.reporting for row in rows) if of_heading else 0)

    @cached_property
    def by_goal(self) -> Breakdown:
        """Direct costs as in sdg.csv: each goal with money, and what is attributed to none."""
        _, view = self.wording.gettext, self.view
        rows = []
        for figure in view.goals("cumulative"):
            now = view.sdg("reporting", "goal", figure.sdg).expenditure
            if now or figure.expenditure:
                rows.append(CostRow(view.goal_name(figure.sdg), now, figure.expenditure, goal=figure.sdg))
        apart, apart_to_date = view.sdg("reporting", "unattributed").expenditure, view.sdg("cumulative", "unattributed").expenditure
        if rows or apart or apart_to_date:
            rows.append(CostRow(_("Not attributed to a goal"), apart, apart_to_date))
        return self._breakdown(rows, "7")

    @cached_property
    def by_member(self) -> Breakdown:
        """Direct costs of each member in the order of members.csv; those that must not be named in one line at the end."""
        _ = self.wording.gettext
        roles = {"coordinator": _("coordinator"), "beneficiary": _("beneficiary"), "affiliated-entity": _("affiliated entity")}
        costs, rows = {entry.member: entry for entry in self.figures.costs}, []
        for member in self.agreement.members:
            if member.member in costs and self.view.member_may_be_named(member.member):
                entry, where = costs.pop(member.member), f"{self.wording.country(member.country)}, {roles[member.role]}"
                rows.append(CostRow(member.name, entry.reporting, entry.cumulative, aside=where))
        if costs:
            rows.append(CostRow(self.unnamed(len(costs)), sum(c.reporting for c in costs.values()), sum(c.cumulative for c in costs.values())))
        return self._breakdown(rows, "7")

    def unnamed(self, number: int) -> str:
        said = self.wording.ngettext("%(num)s member not named for reasons of safety", "%(num)s members not named for reasons of safety", number)
        return said % {"num": self.wording.number(number)}

    def share(self, part: int, whole: int) -> str:
        return self.wording.percent(Fraction(100 * part, whole)) if whole else MISSING

    # --- exchange rates -----------------------------------------------------------------------------------------------

    @cached_property
    def _rates(self) -> list[RateUsed]:
        return rates_to_name(self.figures.rates, self.document.withheld_sensitivities)

    @cached_property
    def rates(self) -> list[RateRow]:
        """Each currency and month or, of more than LONG_RATES, each currency; without what was paid in EUR."""
        foreign: dict[str, list[RateUsed]] = defaultdict(list)
        for rate in self._rates:
            if rate.currency != EURO:
                foreign[rate.currency].append(rate)
        if self.rates_are_long:
            return [self._rate_row(of_currency) for of_currency in foreign.values()]
        return [self._rate_row([rate]) for of_currency in foreign.values() for rate in of_currency]

    @property
    def rates_are_long(self) -> bool:
        return sum(rate.currency != EURO for rate in self._rates) > LONG_RATES

    def _rate_row(self, rates: Sequence[RateUsed]) -> RateRow:
        code = rates[0].currency
        name = get_currency_name(code, locale=self.wording.locale)
        first, last = self.wording.month(rates[0].month), self.wording.month(rates[-1].month)
        values = [rate.rate for rate in rates]
        decimals = min(max([DECIMALS[0], *(-int(value.normalize().as_tuple().exponent) for value in values)]), DECIMALS[1])
        written = [self._rate(value, decimals) for value in (min(values), max(values))]
        months = first if first == last else f"{first}\u00a0– {last}"
        label = code if name == code else f"{code} {name}"
        return RateRow(label, months, written[0], written[1], sum(rate.payments for rate in rates), sum(rate.cents for rate in rates))

    def _rate(self, value: Decimal, decimals: int) -> str:
        return format_decimal(rounded(value, decimals), format=f"#,##0.{'0' * decimals}", locale=self.wording.locale)

    @cached_property
    def in_euro(self) -> tuple[int, int]:
        """(payments, cents) of what was paid in EUR."""
        return _sums(rate for rate in self._rates if rate.currency == EURO)

    @cached_property
    def rates_unnamed(self) -> tuple[int, int]:
        """(payments, cents) of members that must not be named, in whatever currency."""
        return _sums(rate for rate in self.figures.rates if rate.sensitivity in self.document.withheld_sensitivities)

    @cached_property
    def converted(self) -> tuple[int, int]:
        """(payments, cents) of all costs of the reporting period."""
        return _sums(self.figures.rates)

    # --- sources of funding -------------------------------------------------------------------------------------------

    @cached_property
    def ceiling(self) -> int:
        """The most the EU pays, in cents."""
        return contribution(self.contract)

    @cached_property
    def _funding(self) -> tuple[Funding, Funding, Funding, Funding] | None:
        total = self.finance.get("11")
        if total is None:
            return None
        budget, previous, cumulative = (funding(self.contract, amount) for amount in (total.budget, total.previous, total.cumulative))
        return budget, previous, cumulative - previous, cumulative

    @cached_property
    def sources(self) -> list[FundingRow]:
        """Who pays the eligible costs, these, and the EU's percentage of them; empty where there is no table of costs."""
        if self._funding is None:
            return []
        _, percentage = self.wording.gettext, self.wording.at_most_percent(self.contract.eu_share)
        rows: list[tuple[str, Callable[[Funding], int], bool]] = [
            (_("Owed by the European Union, up to its contribution"), lambda of: of.eu, False),
            (_("From the network and other sources"), lambda of: of.others, False),
            (_("Eligible costs (heading %(heading)s)") % {"heading": "11"}, lambda of: of.eligible, True),
            (_("%(share)s of the eligible costs") % {"share": percentage}, lambda of: of.share, False),
        ]
        return [FundingRow(label, tuple(map(amount, self._funding)), is_sum) for label, amount, is_sum in rows]

    @property
    def eu_shares(self) -> list[str]:
        """What of the eligible costs the EU owes, in percent, in the columns of `sources`."""
        return [self.share(of.eu, of.eligible) for of in self._funding or ()]

    @property
    def eu_left(self) -> int:
        """What of its contribution is not owed yet, in cents."""
        return self.ceiling - max(self._funding[3].eu if self._funding else 0, 0)

    @property
    def ceiling_reached(self) -> bool:
        return self._funding is not None and self._funding[3].share > self.ceiling

    # --- third parties ------------------------------------------------------------------------------------------------

    @cached_property
    def recipient_ceiling(self) -> int:
        """For each third party over the whole contract, in cents."""
        return rounded_half_away(Fraction(self.contract.third_party_ceiling) * 100)

    @cached_property
    def third_parties(self) -> list[ThirdParty]:
        """Sub-grants signed by the report's last day (or paid already) in the agreement's order, then third parties without one; those that must not
        be named in one line, then what was paid under heading 6 to nobody named. Empty where support was neither granted nor paid to anybody."""
        paid: dict[str, list[RecipientCosts]] = defaultdict(list)
        for entry in self.figures.recipients:
            paid[entry.recipient.casefold()].append(entry)
        nobody = paid.pop("", [])
        granted = [grant for grant in self.agreement.subgrants if grant.signed <= self.view.cycle.end or grant.recipient.casefold() in paid]
        grants = {grant.recipient.casefold(): grant for grant in granted}
        known = [(grants.get(code), paid[code]) for code in (*grants, *sorted(set(paid) - set(grants)))]
        found = [self._third_party(grant, costs) for grant, costs in known if not self._is_secret(grant, costs)]
        secret = [self._third_party(grant, costs) for grant, costs in known if self._is_secret(grant, costs)]
        if not known:
            return []
        if secret:
            found.append(self._merged(secret))
        if nobody:
            name = self.wording.gettext("Other costs under heading %(heading)s, without a third party") % {"heading": SUPPORT_HEADING}
            found.append(ThirdParty("", name, None, None, *_both(nobody), None))
        return found

    def _third_party(self, grant: Subgrant | None, paid: Sequence[RecipientCosts]) -> ThirdParty:
        reporting, cumulative = _both(paid)
        code, name = (grant.recipient, grant.name) if grant else ("", paid[0].recipient)
        amount = rounded_half_away(Fraction(grant.amount_eur) * 100) if grant else None
        return ThirdParty(code, name, grant, amount, reporting, cumulative, self.recipient_ceiling - cumulative)

    def _is_secret(self, grant: Subgrant | None, paid: Iterable[RecipientCosts]) -> bool:
        """Whether a third party must not be named: it is a member that must not be, or one granted or paid it, or the activity paid for must not be
        named. Of one that only members name, that activity has to be known."""
        withheld = {*self.document.withheld_sensitivities, *(() if grant else ("unknown",))}
        names = {name.casefold() for name in ((grant.recipient, grant.name) if grant else [entry.recipient for entry in paid])}
        itself = [member.member for member in self.agreement.members if names & {member.member.casefold(), member.name.casefold()}]
        members = [*itself, *([grant.member] if grant else []), *(entry.member for entry in paid)]
        return not all(map(self.view.member_may_be_named, members)) or any(entry.sensitivity in withheld for entry in paid)

    def _merged(self, rows: Sequence[ThirdParty]) -> ThirdParty:
        said = self.wording.ngettext("%(num)s third party not named for reasons of safety", "%(num)s third parties not named for reasons of safety", len(rows))
        amounts = [row.amount for row in rows if row.amount is not None]
        least = min(row.left for row in rows if row.left is not None)
        name = said % {"num": self.wording.number(len(rows))}
        return ThirdParty("", name, None, sum(amounts) if amounts else None, sum(r.reporting for r in rows), sum(r.cumulative for r in rows), min(least, 0) or None)

    @cached_property
    def support_total(self) -> Breakdown:
        """All of heading 6."""
        return self._breakdown([CostRow("", row.reporting, row.cumulative) for row in self.third_parties], SUPPORT_HEADING)

    @property
    def granted(self) -> int:
        return sum(row.amount for row in self.third_parties if row.amount is not None)

    @cached_property
    def use_of_support(self) -> list[tuple[str, SupportLine]]:
        """(member, what it spent under a heading); members that must not be named in one line for each heading, at the end."""
        named = [(self.view.member_name(line.member), line) for line in self.figures.support if self.view.member_may_be_named(line.member)]
        secret: dict[str, list[SupportLine]] = defaultdict(list)
        for line in self.figures.support:
            if not self.view.member_may_be_named(line.member):
                secret[line.heading].append(line)
        merged = [
            (self.unnamed(len(lines)), SupportLine("", heading, sum(line.period for line in lines), sum(line.cumulative for line in lines)))
            for heading, lines in sorted(secret.items())
        ]
        return named + merged


def _sums(rates: Iterable[RateUsed]) -> tuple[int, int]:
    listed = list(rates)
    return sum(rate.payments for rate in listed), sum(rate.cents for rate in listed)


def _both(paid: Iterable[RecipientCosts]) -> tuple[int, int]:
    """(of the reporting period, to date)"""
    listed = list(paid)
    return sum(entry.reporting for entry in listed), sum(entry.cumulative for entry in listed)
