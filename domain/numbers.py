"""Numbers and dates as members type them (contract section 3). What is not clearly a number or a date is a fault, never a guess."""

from __future__ import annotations

import re
from datetime import date
from decimal import Context, Decimal
from typing import Literal

PLACEHOLDERS = frozenset({"tbd", "tbc", "n/a", "n.a.", "n.a", "n/d", "n.d.", "n.d", "s/o", "-", "--", "---", "–", "—", "…", "..."})
"""Texts that people type into a cell they leave empty; compared without case, and so is a run of two x or more. They count as an empty cell.
"NA" is none: it is Namibia."""

MAX_LENGTH = 60
"""Characters of the longest text that is looked at as a number or date."""
EXACT = Context(prec=1000)
"""Sums and shifts of any numbers of that length without a digit lost; Python's own context keeps 28."""
MAX_DIGITS = 15
"""Digits that a spreadsheet shows and keeps of a number; what is behind them is left over from binary arithmetic."""

_SPACES = " \u00a0\u202f\u2009"
_APOSTROPHES = "'’"
_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")


def is_placeholder(text: str) -> bool:
    if len(text) > 4 and text[0] not in "xX":
        return False
    text = text.casefold()
    return text in PLACEHOLDERS or (len(text) > 1 and not text.strip("x"))


def _grouped(whole: str, separator: str) -> str | None:
    """The digits of a whole part in groups of thousands (12,345,678 or 12,34,567), or None where the groups do not stand as such."""
    groups = whole.split(separator)
    first, last, middle = groups[0], groups[-1], groups[1:-1]
    if not all(group.isascii() and group.isdigit() for group in groups) or len(last) != 3 or first.startswith("0"):
        return None
    threes = len(first) <= 3 and all(len(group) == 3 for group in middle)
    lakhs = len(first) <= 2 and all(len(group) == 2 for group in middle)
    return "".join(groups) if threes or lakhs else None


def _whole(text: str, decimal: str) -> str | None:
    """The digits of a whole part, its groups of thousands joined; None where it is none. One kind of separator in a number."""
    kinds = {"'" if character in _APOSTROPHES else " " if character in _SPACES else character for character in text if not character.isdigit()}
    if not kinds:
        return text if text.isascii() and text.isdigit() else None
    if len(kinds) > 1 or decimal in kinds:
        return None
    separator = kinds.pop()
    if separator not in (" ", "'", ".", ","):
        return None
    for character in _SPACES + _APOSTROPHES:
        text = text.replace(character, separator)
    return _grouped(text, separator)


def number_under(text: str, decimal: str) -> Decimal | None:
    """The number a text makes under that decimal sign ("." or ","), or None. Exact; no exponent, no unit, no sign but a leading one."""
    if len(text) > MAX_LENGTH:
        return None
    text = text.strip().translate(_DIGITS).replace("−", "-").replace("٫", decimal).replace("٬", "." if decimal == "," else ",")
    sign, body = (text[0], text[1:]) if text.startswith(("+", "-")) else ("", text)
    whole_text, point, fraction = body.partition(decimal)
    if point and not (fraction.isascii() and fraction.isdigit()):
        return None
    whole = _whole(whole_text, decimal) if whole_text or not point else "0"
    if whole is None:
        return None
    number = Decimal(f"{sign}{whole}.{fraction}" if point else f"{sign}{whole}")
    return number if number else Decimal(0)


def read_number(text: str, decimal: str) -> Decimal | Literal["ambiguous"] | None:
    """The number a text makes under the declared decimal sign; "ambiguous" where it makes one only under the other; None where it is none."""
    number = number_under(text, decimal)
    if number is not None:
        return number
    return "ambiguous" if number_under(text, "," if decimal == "." else ".") is not None else None


_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?")
_DAY_FIRST = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})")


def read_date(text: str) -> date | None:
    """ISO or dd/mm/yyyy (also with dots or hyphens), never mm/dd; None for anything else, years of the Buddhist calendar among it."""
    if len(text) > MAX_LENGTH:
        return None
    text = text.strip().translate(_DIGITS)
    if match := _ISO.fullmatch(text):
        year, month, day = map(int, match.groups())
    elif match := _DAY_FIRST.fullmatch(text):
        day, month, year = int(match[1]), int(match[3]), int(match[4])
    else:
        return None
    return plausible_date(year, month, day)


def date_hint(cell: object, text: str) -> Literal["buddhist", "month-first", ""]:
    """Why a cell is no date, where that can be seen: a year of the Buddhist calendar, or the month before the day."""
    if isinstance(cell, date):
        return "buddhist" if 2400 <= cell.year < 2700 else ""
    text = text.strip().translate(_DIGITS)[:MAX_LENGTH]
    if match := _ISO.fullmatch(text):
        return "buddhist" if 2400 <= int(match[1]) < 2700 else ""
    if match := _DAY_FIRST.fullmatch(text):
        if 2400 <= int(match[4]) < 2700:
            return "buddhist"
        return "month-first" if int(match[1]) <= 12 < int(match[3]) <= 31 else ""
    return ""


def plausible_date(year: int, month: int, day: int) -> date | None:
    """A date of the years 1900 to 2199, or None."""
    if not 1900 <= year < 2200:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


YES = frozenset({"yes", "y", "oui", "sí", "si", "sim", "true", "vrai", "verdadero", "verdadeiro", "1", "x", "✓", "✔"})
NO = frozenset({"no", "n", "non", "não", "nao", "false", "faux", "falso", "0"})
"""Truth values among them as spreadsheets write them into CSV, in the language of the computer."""


def read_yes_no(text: str) -> Literal["yes", "no"] | None:
    """Yes or no in English, French, Spanish or Portuguese; None for anything else."""
    word = text.strip().casefold()
    return "yes" if word in YES else "no" if word in NO else None


def number_of(cell: float) -> Decimal:
    """A numeric cell as its shortest decimal: 7.0 is 7, 17.1 is 17.1, and 113.99999999999999 the 114 that the member sees."""
    return Decimal(int(cell)) if cell == int(cell) else Decimal(f"{cell:.{MAX_DIGITS}g}")


def shortest(cell: float) -> str:
    """A numeric cell as text: its shortest decimal (1, 8.8, 2020)."""
    if abs(cell) < 10**MAX_DIGITS:
        return str(int(cell)) if cell == int(cell) else f"{number_of(cell):f}"
    return f"{Decimal(repr(cell)):f}".removesuffix(".0")
