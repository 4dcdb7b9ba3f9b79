"""Cells as contract section 3 reads them. A cell that breaks a rule is FAULT."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Final

from tests.oracle.plain import Cell


class Fault:
    """What a cell in error reads as."""


FAULT: Final = Fault()
PLACEHOLDERS = {"tbd", "n/a", "n/d", "-", "xxx"}
YES, NO = {"yes", "oui", "sí", "si", "sim"}, {"no", "non", "não", "nao"}
SPREADSHEET_ERRORS = {"#REF!", "#VALUE!", "#DIV/0!", "#N/A", "#NAME?"}

# The framework's targets: goal to its last numbered one and its last lettered one.
_TARGETS = {1: "5b", 2: "5c", 3: "9d", 4: "7c", 5: "6c", 6: "6b", 7: "3b", 8: "10b", 9: "5c", 10: "7c", 11: "7c", 12: "8c", 13: "3b", 14: "7c", 15: "9c", 16: "10b", 17: "19"}
SDGS = {str(goal) for goal in _TARGETS}
for _goal, _last in _TARGETS.items():
    _number = int(_last.rstrip("abcd"))
    SDGS |= {f"{_goal}.{n}" for n in range(1, _number + 1)}
    SDGS |= {f"{_goal}.{letter}" for letter in "abcd" if _last[-1].isalpha() and letter <= _last[-1]}


def shortest(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def filled(cell: Cell) -> bool:
    return cell is not None and not (isinstance(cell, str) and (not cell.strip() or cell.strip().casefold() in PLACEHOLDERS))


def text(cell: Cell) -> str:
    """A cell where text is expected; "" for an empty one."""
    if not filled(cell):
        return ""
    return shortest(cell) if isinstance(cell, Decimal) else cell.isoformat() if isinstance(cell, date) else str(cell).strip()


def code(cell: Cell) -> str:
    """Codes are compared without case, and "code – label" is its code."""
    return re.split(r"\s[–—-]\s", text(cell))[0].strip().casefold()


def _under(sign: str, words: str) -> Fraction | None:
    """The number that a text makes under a decimal sign."""
    found = re.fullmatch(r"([+-]?)([^+-]*?)(?:" + re.escape(sign) + r"(\d+))?", words, re.ASCII)
    if not found:
        return None
    minus, whole, decimals = found[1] == "-", found[2], found[3] or ""
    for separator in ("", "[ \u00a0\u202f]", "['’]", re.escape("," if sign == "." else ".")):
        if separator == "":
            fits = re.fullmatch(r"\d+", whole, re.ASCII) or (whole == "" and decimals)
        else:
            fits = re.fullmatch(rf"[1-9]\d{{0,2}}({separator}\d{{3}})+|[1-9]\d?({separator}\d\d)+{separator}\d{{3}}", whole, re.ASCII)
        if fits:
            digits = "".join(c for c in whole if c.isdigit())
            number = Fraction(int(digits + decimals or "0"), 10 ** len(decimals))
            return -number if minus else number
    return None


def number(cell: Cell, decimal: str) -> Fraction | Fault | None:
    """A number under the declared decimal sign; None for an empty cell."""
    if not filled(cell):
        return None
    if isinstance(cell, Decimal):
        return Fraction(cell)
    if isinstance(cell, date):
        return FAULT
    found = _under(decimal, str(cell).strip())
    return FAULT if found is None else found


def day(cell: Cell) -> date | Fault | None:
    if not filled(cell):
        return None
    if isinstance(cell, date):
        return cell
    words = text(cell)
    if found := re.fullmatch(r"(\d{4})-(\d\d?)-(\d\d?)", words):
        year, month, day_ = (int(part) for part in found.groups())
    elif (found := re.fullmatch(r"(\d\d?)/(\d\d?)/(\d{4})", words)) and not isinstance(cell, Decimal):
        day_, month, year = (int(part) for part in found.groups())
    else:
        return FAULT
    try:
        return date(year, month, day_)
    except ValueError:
        return FAULT


def yes_no(cell: Cell) -> bool | Fault | None:
    word = text(cell).casefold()
    return None if not word else True if word in YES else False if word in NO else FAULT


Codes = list[tuple[str, Fraction | None]]


def sdgs(cell: Cell) -> Codes | Fault | None:
    """Codes with their shares, in the order listed."""
    if not filled(cell):
        return None
    if isinstance(cell, date) or (isinstance(cell, Decimal) and text(cell) in ("8.1", "16.1", "17.1")):
        return FAULT
    found: Codes = []
    for part in text(cell).split(";"):
        name, equals, share = (piece.strip() for piece in part.partition("="))
        if name.lower() not in SDGS:
            return FAULT
        found.append((name.lower(), Fraction(share) if equals else None))
    shares = [share for _, share in found if share is not None]
    if shares and (len(shares) < len(found) or min(shares) <= 0 or sum(shares) != 100):
        return FAULT
    return FAULT if len(found) > 10 else found
