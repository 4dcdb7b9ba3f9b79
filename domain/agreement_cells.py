"""What a cell of the agreement's files may hold, in words and as a value (contract section 2)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from functools import cache
from typing import Any

from domain.codes import LANGUAGES, SDG_CODES, countries, currencies
from domain.numbers import is_placeholder, read_date
from domain.schema import INDICATORS, SHEETS
from domain.sdg import MAX_SDGS

LONGEST_SHOWN = 60
"""Characters of a cell that a message repeats."""


class Wrong(Exception):
    """The text of a cell is none of its kind. Carries what is wrong with it where more is to be said than what was expected."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of cell: `expected` completes "is not …", `read` gives the value of a text that is trimmed and not empty, or raises Wrong."""

    expected: str
    read: Callable[[str], Any]
    number: bool = False
    """Has numbers, in which a `;` file may have a decimal comma."""


def shown(text: str) -> str:
    """A text as a message repeats it: in quotation marks, on one line, and not without end."""
    return repr(text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…")


# --- numbers ----------------------------------------------------------------------------------------------------------

_DECIMAL = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,20})?")


def with_point(text: str) -> str:
    """A decimal comma as a point, as Excel writes it into a `;` file; a text that has a point already stays as it is."""
    return text if "." in text else re.sub(r"(?<=[0-9]),(?=[0-9])", ".", text)


def _decimal(text: str) -> Decimal:
    if not _DECIMAL.fullmatch(text):
        raise Wrong
    return Decimal(text)


def _money(text: str) -> Decimal:
    amount = _decimal(text)
    if amount < 0 or amount != round(amount, 2):
        raise Wrong
    return amount


def _percent(text: str) -> Decimal:
    share = _decimal(text)
    if not 0 <= share <= 100:
        raise Wrong
    return share


def _rate(text: str) -> Decimal:
    rate = _decimal(text)
    if rate <= 0:
        raise Wrong
    return rate


def _days(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,3}", text):
        raise Wrong
    return int(text)


def _year(text: str) -> int:
    if not re.fullmatch(r"(19|20|21)[0-9]{2}", text):
        raise Wrong
    return int(text)


def _milestones(text: str) -> dict[int, Decimal]:
    """`2019:40; 2020:80` as {2019: 40, 2020: 80}."""
    found: dict[int, Decimal] = {}
    for part in _listed(text):
        year_text, _, value = part.partition(":")
        year = _year(year_text.strip())
        if year in found:
            raise Wrong(f"the milestone of {year} is listed twice")
        found[year] = _decimal(value.strip())
    return found


DECIMAL = Kind("a number with a point as decimal sign and without grouping, e.g. 1500.50", _decimal, number=True)
MONEY = Kind("an amount of 0 or more with at most two decimals, a point before them and no grouping, e.g. 1500.50", _money, number=True)
PERCENT = Kind("a percentage from 0 to 100, e.g. 7.00", _percent, number=True)
RATE = Kind("a rate above 0 (units of the currency for 1 EUR), e.g. 655.957", _rate, number=True)
DAYS = Kind("a whole number of days, e.g. 10", _days)
YEAR = Kind("a year, e.g. 2019", _year)
MILESTONES = Kind("a list of milestones such as 2019:40; 2020:80", _milestones, number=True)


# --- dates ------------------------------------------------------------------------------------------------------------

_CLOCK = re.compile(r"(?P<day>\S+?)[T ](?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d))?(?P<zone>Z|[+-]\d\d:\d\d)?")


def _date(text: str) -> date:
    day = read_date(text)
    if day is None:
        raise Wrong
    return day


def _moment(text: str) -> datetime:
    """A local time, or with its offset an aware one; a date alone is the end of that day."""
    clock = _CLOCK.fullmatch(text)
    if clock is None:
        return datetime.combine(_date(text), time.max)
    try:
        at = time(int(clock["hour"]), int(clock["minute"]), int(clock["second"] or 0))
        zone = datetime.fromisoformat(f"2000-01-01T00:00:00{clock['zone']}").tzinfo if clock["zone"] else None
    except ValueError:
        raise Wrong from None
    return datetime.combine(_date(clock["day"]), at, zone)


def _month(text: str) -> str:
    if not re.fullmatch(r"(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])", text):
        raise Wrong
    return text


DATE = Kind("a date, e.g. 2019-06-30 or 30/06/2019", _date)
MOMENT = Kind("a date and time, e.g. 2019-07-31T18:00", _moment)
MONTH = Kind("a month written as 2019-03 (format the column as text, else Excel makes a date of it)", _month)


# --- codes ------------------------------------------------------------------------------------------------------------

_MONTH_NAMES = """
    jan feb mar apr may jun jul aug sep sept oct nov dec
    january february march april june july august september october november december
    janv févr fevr mars avr mai juin juil août aout déc janvier février fevrier avril juillet septembre octobre novembre décembre decembre
    ene abr ago dic enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
    fev set out dez janeiro fevereiro março maio junho julho setembro outubro novembro dezembro
    mrt mei okt mrz mär
"""
_MONTHS = frozenset(_MONTH_NAMES.split())
"""Months as Excel names them in the languages of the members and their neighbours."""
_DATE_IN_FIGURES = re.compile(r"(\d{4}([-/.])\d{1,2}\2\d{1,2}|\d{1,2}/\d{1,2}/(\d{4}|\d{2})|\d{1,2}([-.])\d{1,2}\4\d{4})([T ]\d{1,2}:\d\d.*)?")
_DATE_WITH_WORD = re.compile(r"(?:\d{1,2}([-/. ]))?([^\W\d_]+)\.?(?:([-/. ])(?:\d{4}|\d{1,2}))?")
_SHORT_WORDS = frozenset({"set", "out"})
"""Months in Portuguese, where Excel puts a / beside them; Out-01 is the code of an outcome."""


def looks_like_date(text: str) -> bool:
    """Whether Excel has made a date of a code: 1.1.2 becomes 01/01/2002, 5.1 becomes 5-Jan or Jan-05. Capitals throughout are a code (DEC-01)."""
    if _DATE_IN_FIGURES.fullmatch(text):
        return True
    match = _DATE_WITH_WORD.fullmatch(text)
    if match is None or not (match[1] or match[3]) or match[2].isupper() or match[2].casefold() not in _MONTHS:
        return False
    return match[2].casefold() not in _SHORT_WORDS or "/" in (match[1], match[3])


def _code(text: str) -> str:
    if looks_like_date(text):
        raise Wrong(f"{shown(text)} is a date where a code stands: format the column as text in Excel and type the code again")
    if is_placeholder(text):
        raise Wrong(f"{shown(text)} stands for an empty cell and can be no code")
    return text


def _pattern(pattern: str) -> Callable[[str], str]:
    """A code of that form."""

    def read(text: str) -> str:
        code = _code(text)
        if not re.fullmatch(pattern, code):
            raise Wrong
        return code

    return read


def _country(text: str) -> str:
    if text.upper() not in countries() or text.isdigit():
        raise Wrong
    return text.upper()


def _area(text: str) -> str:
    if text.upper() not in countries():
        raise Wrong
    return text.upper()


def _currency(text: str) -> str:
    if text.upper() not in currencies():
        raise Wrong
    return text.upper()


def _listed(text: str, separators: str = ";") -> list[str]:
    """The parts of a list that are not blank."""
    return [part.strip() for part in re.split(f"[{separators}]", text) if part.strip()]


def _distinct(found: list[str]) -> tuple[str, ...]:
    twice = sorted({value for value in found if found.count(value) > 1})
    if twice:
        raise Wrong(f"{', '.join(twice)} is listed twice")
    return tuple(found)


def _sdgs(text: str) -> tuple[str, ...]:
    codes = [_code(part).lower() for part in _listed(text)]
    if len(codes) > MAX_SDGS:
        raise Wrong(f"{len(codes)} SDGs are too many: the main one and up to nine others")
    if unknown := [code for code in codes if code not in SDG_CODES]:
        raise Wrong(f"{shown(unknown[0])} is not a goal or target of the SDG framework: write e.g. 8.8; 16.7; 5, the main one first")
    return _distinct(codes)


def _codes(text: str) -> tuple[str, ...]:
    parts = _listed(text, ";,")
    if len(parts) > 1000:
        raise Wrong(f"{len(parts)} codes are too many")
    return _distinct([_code(part) for part in parts])


def _areas(text: str) -> tuple[str, ...]:
    parts = _codes(text)
    if unknown := [part for part in parts if part.upper() not in countries()]:
        raise Wrong(f"{shown(unknown[0])} is not {AREA.expected}")
    return _distinct([part.upper() for part in parts])


def choice(*allowed: str) -> Kind:
    """One of these words, in capitals or not."""

    def read(text: str) -> str:
        if text.casefold() not in allowed:
            raise Wrong
        return text.casefold()

    return Kind(f"one of {' | '.join(allowed)}", read)


def _text(text: str) -> str:
    return text


TEXT = Kind("a text", _text)
CODE = Kind("a code", _code)
COUNTRY = Kind("a country's ISO 3166-1 code of two letters, e.g. KE", _country)
AREA = Kind("a country's ISO 3166-1 code of two letters, e.g. KE, or a region as the DAC numbers it (89, 298, 498, 798, 889, 998)", _area)
CURRENCY = Kind("a currency's ISO 4217 code of three letters, e.g. KES", _currency)
HEADING = Kind("a budget heading (1 to 6, or 10) or a line of one such as 1.1.2", _pattern(r"10|[1-6](\.[1-9][0-9]{0,3}){0,5}"))
MEMBER_CODE = Kind("a member's code: small letters a to z, digits and hyphens only, since it names a folder", _pattern(r"[a-z0-9-]{1,100}"))
CYCLE_CODE = Kind("a cycle's code: letters, digits, hyphens, points and underscores only, since it names a folder", _pattern(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"))
SDGS = Kind("a list of SDG goals and targets such as 8.8; 16.7; 5", _sdgs)
CODES = Kind("a list of codes with ; between them", _codes)
AREAS = Kind("a list of country codes with ; between them", _areas)
LANGUAGE = choice(*LANGUAGES)


# --- disaggregation ---------------------------------------------------------------------------------------------------

_DATA_FILES = """
    indicator scope level area numerator denominator value unit baseline target progress contributions derived expected rating
    sdg kind activities_main activities_significant women men other unknown expenditure_eur
    heading label budget_eur period_eur previous_eur cumulative_eur variation_eur variation_pct
    member state submission received_at rows_accepted errors warnings
    sheet row column cell rule severity message country slice cycle text figure rate eur amount_eur cost derived_from
"""
"""Columns of the findings and the data files (contract sections 4 and 6, and what we add to them)."""


def _as_name(text: str) -> str:
    return "_".join(text.casefold().split())


@cache
def reserved_names() -> frozenset[str]:
    """What no dimension may be called: columns of a submission and of the data files, and the headings under which the sheet `indicators`,
    where dimensions stand, knows its own columns."""
    columns = [column.name for sheet in SHEETS for column in sheet.columns]
    labels = [label for column in INDICATORS.columns for names in column.labels.values() for label in names]
    return frozenset(_as_name(name) for name in ("key", *_DATA_FILES.split(), *columns, *labels))


def _disaggregation(text: str) -> dict[str, tuple[str, ...]]:
    """`sex:female|male; age:0-14|15+` as {"sex": ("female", "male"), "age": ("0-14", "15+")}."""
    found: dict[str, tuple[str, ...]] = {}
    for part in _listed(text):
        name, colon, rest = (piece.strip() for piece in part.partition(":"))
        categories = tuple(category.strip() for category in rest.split("|"))
        if not colon or not name or not all(categories) or re.search("[=/|]", name):
            raise Wrong(f"{shown(part)} is not a dimension with its categories: write it as sex:female|male|other|unknown, several with ; between them")
        if _as_name(name) in reserved_names():
            raise Wrong(f"a dimension cannot be called {shown(name)}: another column has that name")
        if _as_name(name) in map(_as_name, found):
            raise Wrong(f"dimension {shown(name)} is listed twice")
        if len({category.casefold() for category in categories}) < len(categories):
            raise Wrong(f"a category of dimension {shown(name)} is listed twice")
        if placeholders := [category for category in categories if is_placeholder(category)]:
            raise Wrong(f"{shown(placeholders[0])} stands for an empty cell and can be no category")
        found[name] = categories
        if len(found) > 20 or len(categories) > 500:
            raise Wrong("more than 20 dimensions or 500 categories are too many")
    return found


DISAGGREGATION = Kind("a list of dimensions such as sex:female|male|unknown; age:0-14|15-29|30+", _disaggregation)
