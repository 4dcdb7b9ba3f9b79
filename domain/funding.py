"""Whose the costs are and who pays them: costs by member, by third party and by exchange rate, and what the EU owes of them (contract section 5, Money).

Amounts are integer EUR cents. Sums over costs are those of the rows as they now stand.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from domain.agreement import Agreement, Contract
from domain.codes import SENSITIVITIES
from domain.figures import MemberCosts, RateUsed, RecipientCosts
from domain.money import CostLine, rate_for, rounded_half_away
from domain.submission import AcceptedRow, activity_key

SUPPORT_HEADING = "6"
"""Where financial support to third parties is a cost."""


# --- what the EU owes -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Funding:
    """Who pays eligible costs (heading 11), in EUR cents: `share` is the EU's percentage of them, `eu` what of it lies within its contribution,
    `others` the rest."""

    eligible: int
    share: int
    eu: int

    @property
    def others(self) -> int:
        return self.eligible - self.eu

    def __sub__(self, earlier: Funding) -> Funding:
        return Funding(self.eligible - earlier.eligible, self.share - earlier.share, self.eu - earlier.eu)


def contribution(contract: Contract) -> int:
    """The most the EU pays, in cents."""
    return rounded_half_away(Fraction(contract.eu_contribution) * 100)


def funding(contract: Contract, eligible: int) -> Funding:
    """Of eligible costs to date, or of the budget. What a period adds is a difference of two: the contribution is a ceiling of the whole contract."""
    share = rounded_half_away(eligible * Fraction(contract.eu_share) / 100)
    return Funding(eligible, share, min(share, contribution(contract)))


# --- whose the costs are ----------------------------------------------------------------------------------------------


def member_costs(lines: Iterable[CostLine], reporting: Collection[str]) -> list[MemberCosts]:
    """A row for each member with costs, in order of its code; they add up to heading 7."""
    to_date: dict[str, int] = defaultdict(int)
    of_period: dict[str, int] = defaultdict(int)
    for line in lines:
        if line.cost:
            to_date[line.row.member] += line.cents
            if line.row.cycle in reporting:
                of_period[line.row.member] += line.cents
    return [MemberCosts(member, of_period[member], to_date[member]) for member in sorted(to_date)]


def recipient_costs(lines: Iterable[CostLine], activities: Iterable[AcceptedRow], reporting: Collection[str]) -> list[RecipientCosts]:
    """Costs under heading 6 by third party, by who paid it, and by how sensitive the activity is that was paid for; they add up to heading 6."""
    sensitivity: dict[tuple[str, str], str] = {}
    for row in activities:
        marked, known = row.values.get("sensitivity") or SENSITIVITIES[0], sensitivity.get(activity_key(row), SENSITIVITIES[0])
        sensitivity[activity_key(row)] = max(marked, known, key=SENSITIVITIES.index)
    sums: dict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0])
    for line in lines:
        if line.cost and line.heading == SUPPORT_HEADING:
            key = activity_key(line.row)
            of = sensitivity.get(key, "unknown") if key[1] else SENSITIVITIES[0]
            tally = sums[line.row.values["recipient"] or "", line.row.member, of]
            tally[1] += line.cents
            if line.row.cycle in reporting:
                tally[0] += line.cents
    return [RecipientCosts(*key, *sums[key]) for key in sorted(sums)]


def rates_used(agreement: Agreement, lines: Iterable[CostLine], reporting: Collection[str]) -> list[RateUsed]:
    """The rates at which costs of the reporting period became EUR, by currency and month of payment, apart by how sensitive the paying member is.
    What was paid in EUR is among them at 1; all of them add up to the direct costs of these rows."""
    sensitivity = {member.member: member.sensitivity for member in agreement.members}
    sums: dict[tuple[str, int, int, str], list[int]] = defaultdict(lambda: [0, 0])
    for line in lines:
        if line.cost and line.row.cycle in reporting:
            paid = line.row.values["payment_date"]
            tally = sums[line.row.values["currency"], paid.year, paid.month, sensitivity[line.row.member]]
            tally[0] += 1
            tally[1] += line.cents
    found = []
    for currency, year, month, of in sorted(sums):
        first = date(year, month, 1)
        found.append(RateUsed(currency, f"{first:%Y-%m}", rate_for(agreement, currency, first) or Decimal(1), of, *sums[currency, year, month, of]))
    return found


def rates_to_name(rates: Iterable[RateUsed], withheld: Collection[str]) -> list[RateUsed]:
    """One row for each currency and month, without members of these sensitivities: what they alone used would tell where they are."""
    of_month: dict[tuple[str, str], RateUsed] = {}
    for rate in rates:
        if rate.sensitivity not in withheld:
            known = of_month.get((rate.currency, rate.month))
            of_month[rate.currency, rate.month] = replace(rate, payments=rate.payments + known.payments, cents=rate.cents + known.cents) if known else rate
    return [of_month[key] for key in sorted(of_month)]
