"""Money: lines become EUR, lines become headings, headings become the financial table (contract section 5, PRAG 2018 Annex VI).

Amounts are integer EUR cents from the moment a line is converted; nothing here is a binary floating-point number.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

import numpy as np

from domain.agreement import Agreement
from domain.codes import COST_ROLES
from domain.figures import NO_SOURCES, FinanceLine, SupportLine, sources_at
from domain.submission import AcceptedRow

DIRECT_HEADINGS = ("1", "2", "3", "4", "5", "6")
HEADINGS = tuple(str(number) for number in range(1, 12))
"""7 is the subtotal of 1–6, 8 indirect costs, 9 = 7 + 8, 10 the contingency reserve, 11 = 9 + 10."""


def rounded_half_away(amount: Fraction) -> int:
    """The nearest whole number; a half goes away from zero."""
    doubled = abs(amount) * 2 + 1
    whole = doubled.numerator // (2 * doubled.denominator)
    return whole if amount >= 0 else -whole


def euros(cents: int) -> str:
    """EUR cents as 1234.56."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def rate_for(agreement: Agreement, currency: str, paid: date) -> Decimal | None:
    """InforEuro rate (units of the currency for 1 EUR) of the month of payment; None where rates.csv lacks it."""
    if currency == "EUR":
        return Decimal(1)
    return agreement.rates.get((f"{paid:%Y-%m}", currency))


def in_cents(amount: Decimal, rate: Decimal) -> int:
    """An amount in its currency as EUR cents at that rate, rounded half away from zero."""
    (above, below), (rate_above, rate_below) = amount.as_integer_ratio(), rate.as_integer_ratio()
    size, unit = abs(above) * 100 * rate_below, below * rate_above
    cents = (2 * size + unit) // (2 * unit)
    return cents if above >= 0 else -cents


def allocate(cents: int, shares: Sequence[Decimal]) -> list[int]:
    """Splits cents by shares (> 0) to the cent by largest remainder; ties go to the one listed first, a negative line keeps its sign."""
    size, sign = abs(cents), -1 if cents < 0 else 1
    total = sum(map(Fraction, shares))
    exact = [size * Fraction(share) / total for share in shares]
    parts = [part.numerator // part.denominator for part in exact]
    by_remainder = sorted(range(len(parts)), key=lambda i: (parts[i] - exact[i], i))
    for i in by_remainder[: size - sum(parts)]:
        parts[i] += 1
    return [sign * part for part in parts]


@dataclass(frozen=True, slots=True)
class CostLine:
    """An accepted row of expenditure in EUR cents; `cost` is False for use of support (third-party and associate members)."""

    row: AcceptedRow
    heading: str
    rate: Decimal
    cents: int
    cost: bool


def cost_lines(agreement: Agreement, expenditure: Iterable[AcceptedRow]) -> list[CostLine]:
    """Each accepted row at the rate of its payment month. Rows without a rate are errors and not among the accepted ones."""
    roles = {member.member: member.role for member in agreement.members}
    lines = []
    for row in expenditure:
        rate = rate_for(agreement, row.values["currency"], row.values["payment_date"])
        if rate is None:
            raise ValueError(f"accepted expenditure without a rate: {row.member} {row.submission} row {row.row}")
        cents = in_cents(row.values["amount"], rate)
        heading = row.values["heading"].partition(".")[0]
        lines.append(CostLine(row, heading, rate, cents, roles[row.member] in COST_ROLES))
    return lines


def budget_by_heading(agreement: Agreement, cycle: str) -> dict[str, int]:
    """Budget in cents of headings 1–6 and 10 as valid in that cycle; a line counts in its heading."""
    budget: dict[str, int] = defaultdict(int)
    for line in agreement.budget_in(cycle):
        budget[line.heading.partition(".")[0]] += rounded_half_away(Fraction(line.amount_eur) * 100)
    return dict(budget)


def with_totals(direct: Mapping[str, int], indirect_rate: Decimal) -> dict[str, int]:
    """Headings 1–11 in cents from those of 1–6 and 10: 7 = 1..6, 8 = rate of 7, 9 = 7 + 8, 11 = 9 + 10."""
    column = {heading: direct.get(heading, 0) for heading in (*DIRECT_HEADINGS, "10")}
    column["7"] = sum(column[heading] for heading in DIRECT_HEADINGS)
    column["8"] = rounded_half_away(Fraction(indirect_rate) * column["7"] / 100)
    column["9"] = column["7"] + column["8"]
    column["11"] = column["9"] + column["10"]
    return {heading: column[heading] for heading in HEADINGS}


def spent_by_heading(lines: Iterable[CostLine]) -> dict[str, int]:
    spent: dict[str, int] = defaultdict(int)
    for line in lines:
        if line.cost:
            spent[line.heading] += line.cents
    return dict(spent)


def _places_by_heading(lines: Iterable[CostLine], cycles: Collection[str]) -> dict[str, list[int]]:
    """Places of the lines of these cycles behind each heading: 7, 8, 9 and 11 are made of all direct costs."""
    of: dict[str, list[int]] = defaultdict(list)
    for place, line in enumerate(lines):
        if line.cost and line.row.cycle in cycles:
            for heading in (line.heading, "7", "8", "9", "11"):
                of[heading].append(place)
    return of


def finance_lines(
    agreement: Agreement,
    lines: Sequence[CostLine],
    cycles: Sequence[str],
    reporting: Sequence[str],
    delivered_before: Mapping[str, int] | None,
    labels: Mapping[str, str],
    flexibility_pct: Decimal,
) -> list[FinanceLine]:
    """Budget against actual, headings 1–11, in cents.

    `cycles` are those from the contract's start to the report's own, `reporting` the last of them that the report covers.
    `delivered_before` is the cumulative column (heading to cents) of the latest delivered report of the cycle just before the reporting
    period, or None: then that column is recomputed from the rows as they now stand.
    """
    before = set(cycles) - set(reporting)
    earlier = [line for line in lines if line.row.cycle in before]
    rate = agreement.contract.indirect_rate
    budget = with_totals(budget_by_heading(agreement, cycles[-1]), rate)
    cumulative = with_totals(spent_by_heading(lines), rate)
    previous = dict(delivered_before) if delivered_before is not None else with_totals(spent_by_heading(earlier), rate)
    all_rows, all_places, earlier_places = [line.row for line in lines], _places_by_heading(lines, cycles), _places_by_heading(lines, before)

    table = []
    for heading in HEADINGS:
        variation = cumulative[heading] - budget[heading]
        over = heading in DIRECT_HEADINGS and Fraction(cumulative[heading]) > budget[heading] * (1 + Fraction(flexibility_pct) / 100)
        rows = sources_at(all_rows, np.array(all_places[heading], np.int64))
        table.append(
            FinanceLine(
                heading=heading,
                label=labels[heading],
                budget=budget[heading],
                period=cumulative[heading] - previous[heading],
                previous=previous[heading],
                cumulative=cumulative[heading],
                variation=variation,
                variation_pct=Fraction(variation * 100, budget[heading]) if budget[heading] else None,
                over_flexibility=over,
                sources={
                    "period_eur": rows,
                    "previous_eur": sources_at(all_rows, np.array(earlier_places[heading], np.int64)),
                    "cumulative_eur": rows,
                    "variation_eur": rows,
                    "variation_pct": rows if budget[heading] else NO_SOURCES,
                },
            )
        )
    return table


def support_lines(lines: Iterable[CostLine], reporting: Sequence[str]) -> list[SupportLine]:
    """Use of support by member and heading, for the reporting period and to date."""
    spent: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for line in lines:
        if not line.cost:
            entry = spent[line.row.member, line.heading]
            entry[1] += line.cents
            if line.row.cycle in reporting:
                entry[0] += line.cents
    return [SupportLine(member, heading, *spent[member, heading]) for member, heading in sorted(spent)]
