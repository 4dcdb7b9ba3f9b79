"""Helper columns of the expenditure sheet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from domain.agreement import Cycle
from domain.codes import COST_ROLES
from domain.money import euros, in_cents, rate_for, rounded_half_away
from domain.rules.entries import Columns, Entry, Lists, country_known, currency_known, in_list


def _date_columns(paid: date | None, cycle: Cycle, lists: Lists) -> dict[str, bool | None]:
    """A payment before its cycle is used in it; after it, it is none of the action's unless the final report's closing allows it."""
    contract = lists.agreement.contract
    if paid is None:
        return {"paid_in_time": None, "paid_in_cycle": None, "paid_before_closing": None}
    closing = cycle.report == "final" and cycle.end < paid <= cycle.due.date()
    inside = contract.start <= paid <= min(contract.end, cycle.end)
    return {"paid_in_time": inside or closing, "paid_in_cycle": paid >= cycle.start if inside else None, "paid_before_closing": not closing}


def row_columns(entries: Sequence[Entry], lists: Lists) -> Columns:
    """What must hold of each row by itself."""
    columns: Columns = defaultdict(list)
    for entry in entries:
        values, cycle = entry.values, lists.cycles[entry.submission.cycle]
        columns["country_known"].append(country_known(entry))
        columns["currency_known"].append(currency_known(entry))
        columns["heading_known"].append(in_list(entry, "heading", lists.headings[cycle.code]))
        for name, holds in _date_columns(values["payment_date"], cycle, lists).items():
            columns[name].append(holds)
        columns["rate_known"].append(_rate_known(entry, lists))
        columns["amount_not_negative"].append(None if values["amount"] is None else values["amount"] >= 0)
    return columns


def _rate_known(entry: Entry, lists: Lists) -> bool | None:
    currency, paid = entry.values["currency"], entry.values["payment_date"]
    if currency is None or paid is None or not currency_known(entry):
        return None
    known = rate_for(lists.agreement, currency, paid) is not None
    if not known:
        entry.details["expenditure.rate.missing"] = {"currency": currency, "month": f"{paid:%Y-%m}"}
    return known


def rows_columns(entries: Sequence[Entry], lists: Lists, activities: Mapping[Any, set[str]]) -> Columns:
    """What must hold of several rows together. `activities`: codes of accepted activities by unit."""
    return {
        "not_repeated": _not_repeated(entries),
        "activity_known": _activity_known(entries, lists, activities),
        "below_ceiling": _below_ceiling(entries, lists),
    }


def _not_repeated(entries: Sequence[Entry]) -> list[bool]:
    """Same supplier, document, amount, currency and date; rows with neither supplier nor document say too little."""
    seen: dict[Any, Entry] = {}
    holds = []
    for entry in entries:
        values = entry.values
        supplier, document = ((values[name] or "").strip().casefold() for name in ("supplier", "document"))
        if not supplier and not document:
            holds.append(True)
            continue
        first = seen.setdefault((*entry.unit, supplier, document, values["amount"], values["currency"], values["payment_date"]), entry)
        holds.append(first is entry)
        if first is not entry:
            entry.details["expenditure.row.repeat"] = {"first": first.cell("amount")}
    return holds


_SHEET_UNREAD = ("submission.sheet-missing", "submission.column-missing")
"""Where activities could not be read, that is the one finding; their payments need none."""


def _activity_known(entries: Sequence[Entry], lists: Lists, activities: Mapping[Any, set[str]]) -> list[bool | None]:
    """The activity is an accepted one of this or an earlier submission of the member."""
    until: dict[tuple[str, int], set[str]] = defaultdict(set)
    for (member, cycle, key), codes in activities.items():
        if not key:
            for index in range(lists.order[cycle], len(lists.order)):
                until[member, index] |= codes
    holds: list[bool | None] = []
    for entry in entries:
        code = entry.values["activity"]
        places = (activities.get(entry.unit, set()), until[entry.submission.member, entry.cycle_index])
        judged = not any(f.sheet == "activities" and f.rule in _SHEET_UNREAD for f in entry.submission.findings)
        holds.append(None if code is None or not judged else any(code.casefold() in known for known in places))
    return holds


def _below_ceiling(entries: Sequence[Entry], lists: Lists) -> list[bool | None]:
    """Costs under heading 6 by recipient over the whole contract, in order of payment date, member and row."""
    roles = {member.member: member.role for member in lists.agreement.members}
    ceiling = rounded_half_away(Fraction(lists.agreement.contract.third_party_ceiling) * 100)
    order = sorted(range(len(entries)), key=lambda i: (entries[i].values["payment_date"], entries[i].submission.member, entries[i].row.number))
    spent: dict[str, int] = defaultdict(int)
    holds: list[bool | None] = [None] * len(entries)
    for index in order:
        entry = entries[index]
        values = entry.values
        cost = values["heading"].partition(".")[0] == "6" and roles.get(entry.submission.member) in COST_ROLES
        if not cost or values["recipient"] is None:
            continue
        recipient = values["recipient"].casefold()
        cents = in_cents(values["amount"], rate_for(lists.agreement, values["currency"], values["payment_date"]) or Decimal(1))
        total = spent[recipient] + cents
        if entry.counts:
            spent[recipient] = total
        holds[index] = total <= ceiling
        entry.details["expenditure.recipient.ceiling"] = {"total": euros(total), "ceiling": euros(ceiling), "recipient": values["recipient"]}
    return holds
