"""What is allowed and yet unlikely (beyond the contract's rules; all are warnings): numbers in texts, round amounts, leaps between cycles."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from domain.agreement import Agreement
from domain.money import in_cents, rate_for
from domain.numbers import number_under
from domain.rules.entries import Columns, Entry, Unit
from domain.submission import AcceptedRow

MIN_PAYMENTS, MAX_ROUND = 20, Fraction(3, 5)
"""So many payments, and the share of them that may be round (at most two digits before the noughts)."""
LEAP, MIN_EACH = 5, 10
"""A cycle's expenditure against that of the cycle before; so many payments in each."""
MIN_ROWS, MAX_LEFT_OUT = 20, Fraction(1, 2)
_NUMBER = re.compile(r"(?<![\w.,/-])\d[\d .,'’\u00a0\u202f]*(?<=\d)(?![\w/-])")
_SMALLEST_SAID = 10
"""Smaller numbers in a text count other things too (two trainings, three days)."""


# --- a text against its indicator -------------------------------------------------------------------------------------


def numbers_agree(entry: Entry, figures: Mapping[tuple[Unit, str], Collection[Fraction]]) -> bool | None:
    """Of a text about an indicator: a number near the indicator's total, and no figure of it, is perhaps a slip. None where nothing can be said.

    `figures`: by unit and indicator (without case) all its figures, the total first."""
    known = list(figures.get((entry.unit, (entry.values.get("about") or "").casefold()), ()))
    if not known or not entry.values.get("text"):
        return None
    total = known[0]
    said = _numbers_said(entry.values["text"], entry.submission.decimal)
    if not said or total < _SMALLEST_SAID or any(number in known for number in said):
        return None if not said else True
    near = [number for number in said if total / 2 <= number <= total * 3 / 2]
    if near:
        entry.details["narrative.number.differs"] = {"said": _plain(near[0]), "reported": _plain(total), "indicator": entry.values["about"]}
    return not near


def _numbers_said(text: str, decimal: str) -> list[Fraction]:
    found = []
    for match in _NUMBER.findall(text[:5_000]):
        number = number_under(match.strip(" .,"), decimal)
        if number is not None and number >= _SMALLEST_SAID and not (1900 <= number <= 2100 and number == int(number)):
            found.append(Fraction(number))
    return found


def figures_by_indicator(accepted: Iterable[AcceptedRow], keys: Mapping[str, str]) -> dict[tuple[Unit, str], list[Fraction]]:
    """All figures of each indicator of a member in a cycle, totals first."""
    figures: dict[tuple[Unit, str], list[Fraction]] = defaultdict(list)
    totals_first = sorted(accepted, key=lambda row: sum(value is not None for name, value in row.values.items() if name in keys))
    for row in totals_first:
        numbers = [row.values[name] for name in ("value", "numerator", "denominator")]
        unit = (row.member, row.cycle, "")
        figures[unit, row.values["indicator"].casefold()] += [Fraction(number) for number in numbers if isinstance(number, Decimal)]
    return figures


# --- a row per submission ---------------------------------------------------------------------------------------------


@dataclass(slots=True)
class SubmissionRow:
    """What is known of a member's submission in a cycle as a whole; `cents` is its expenditure in EUR."""

    unit: Unit
    payments: int = 0
    round_payments: int = 0
    cents: int = 0
    used: int = 0
    left_out: int = 0
    details: dict[str, dict[str, str]] = field(default_factory=dict)


def submission_rows(agreement: Agreement, accepted: Mapping[str, Sequence[AcceptedRow]], left_out: Mapping[tuple[str, str, str], int]) -> list[SubmissionRow]:
    """One row per member and cycle with a submission that counts, in order of cycle and member."""
    rows: dict[tuple[str, str], SubmissionRow] = {}
    order = {cycle.code: i for i, cycle in enumerate(agreement.cycles)}

    def row_of(member: str, cycle: str) -> SubmissionRow:
        return rows.setdefault((cycle, member), SubmissionRow((member, cycle, "")))

    for of_sheet in accepted.values():
        for row in of_sheet:
            row_of(row.member, row.cycle).used += not row.derived_from
    for (member, cycle, _), number in left_out.items():
        row_of(member, cycle).left_out += number
    for row in accepted["expenditure"]:
        known, amount = row_of(row.member, row.cycle), row.values["amount"]
        known.payments += 1
        known.round_payments += _is_round(amount)
        known.cents += in_cents(amount, rate_for(agreement, row.values["currency"], row.values["payment_date"]) or Decimal(1))
    return [rows[key] for key in sorted(rows, key=lambda key: (order[key[0]], key[1]))]


def _is_round(amount: Decimal) -> bool:
    """At most two digits, then noughts: 500, 12000."""
    digits = f"{abs(amount).normalize():f}".replace(".", "")
    return abs(amount) >= 100 and amount == int(amount) and len(digits.rstrip("0")) <= 2


def submission_columns(agreement: Agreement, rows: Sequence[SubmissionRow]) -> Columns:
    """What should hold of a submission as a whole; None where there is too little to tell."""
    by_unit = {row.unit: row for row in rows}
    codes = [cycle.code for cycle in agreement.cycles]
    columns: Columns = {"amounts_not_round": [], "expenditure_steady": [], "rows_mostly_used": []}
    for row in rows:
        member, cycle, _ = row.unit
        share = Fraction(row.round_payments, row.payments) if row.payments else Fraction(0)
        columns["amounts_not_round"].append(None if row.payments < MIN_PAYMENTS else share <= MAX_ROUND)
        row.details["expenditure.amounts.round"] = {"number": str(row.round_payments), "n": str(row.payments)}
        place = codes.index(cycle)
        before = by_unit.get((member, codes[place - 1], "")) if place else None
        steady = None
        if before and min(before.payments, row.payments) >= MIN_EACH and before.cents > 0 and row.cents > 0:
            steady = before.cents <= row.cents * LEAP and row.cents <= before.cents * LEAP
            row.details["expenditure.total.leap"] = {"total": f"{row.cents // 100}", "last": f"{before.cents // 100}"}
        columns["expenditure_steady"].append(steady)
        rows_sent = row.used + row.left_out
        columns["rows_mostly_used"].append(None if rows_sent < MIN_ROWS else Fraction(row.left_out, rows_sent) <= MAX_LEFT_OUT)
        row.details["submission.rows.left-out"] = {"number": str(row.left_out), "n": str(rows_sent)}
    return columns


def _plain(number: Fraction) -> str:
    return f"{float(number):.10g}"
