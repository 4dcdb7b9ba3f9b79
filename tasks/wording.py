"""Numbers, money, dates, countries and sentences as a language writes them."""

from __future__ import annotations

import gettext
import re
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal

from domain.codes import REGIONS
from domain.money import rounded_half_away

MISSING = "–"
"""What is not reported; never 0."""
_LOCALES = {"en": "en_GB", "pt": "pt_PT"}
Number = Fraction | Decimal | int


def rounded(value: Number, decimals: int) -> Decimal:
    """A number to so many decimals, a half away from zero."""
    return Decimal(rounded_half_away(Fraction(value) * 10**decimals)).scaleb(-decimals)


class Wording:
    """`gettext` and `ngettext` give a template's sentence in the language; there are English ones only until templates/locale has others."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.locale = Locale.parse(_LOCALES.get(language, language))
        translations = gettext.NullTranslations()
        self.gettext, self.ngettext = translations.gettext, translations.ngettext

    def number(self, value: Number | None, decimals: int = 2) -> str:
        """At most so many decimals, thousands grouped; "–" for what is missing."""
        if value is None:
            return MISSING
        return format_decimal(rounded(value, decimals), format=f"#,##0.{'#' * decimals}", locale=self.locale)

    @cached_property
    def _percent_pattern(self) -> str:
        """The language's own, with one decimal: 12.5% in English, 12,5 % in French."""
        return self.locale.percent_formats[None].pattern.replace("0%", "0.0%").replace("0\u00a0%", "0.0\u00a0%").replace("0\u202f%", "0.0\u202f%")

    def percent(self, value: Number | None, decimals: int = 1) -> str:
        """A figure in percent (12.5 is 12.5 %)."""
        if value is None:
            return MISSING
        pattern = self._percent_pattern if decimals else self.locale.percent_formats[None].pattern
        return format_decimal(rounded(value, decimals) / 100, format=pattern, locale=self.locale)

    def at_most_percent(self, value: Number) -> str:
        """A share or rate of the contract: no decimal where it has none."""
        return self.percent(value, 0 if Fraction(value).denominator == 1 else 1)

    def cents(self, amount: int | None) -> str:
        """EUR cents with two decimals and no sign of the currency (the table's heading has it)."""
        return MISSING if amount is None else format_decimal(rounded(Fraction(amount, 100), 2), format="#,##0.00", locale=self.locale)

    def amount(self, value: Number | None) -> str:
        """Money of any currency with two decimals and no sign of the currency."""
        return MISSING if value is None else format_decimal(rounded(value, 2), format="#,##0.00", locale=self.locale)

    def euros(self, amount: int, decimals: int = 2) -> str:
        """EUR cents with the sign of the currency, in sentences and charts."""
        pattern = None if decimals else re.sub(r"\.0+", "", self.locale.currency_formats["standard"].pattern)
        return format_currency(rounded(Fraction(amount, 100), decimals), "EUR", format=pattern, locale=self.locale, currency_digits=bool(decimals))

    def day(self, value: date | None, length: str = "medium") -> str:
        """30 Jun 2019; "long": 30 June 2019. Never broken between lines."""
        return MISSING if value is None else format_date(value, format=length, locale=self.locale).replace(" ", "\u00a0")

    def period(self, start: date | None, end: date | None, length: str = "medium") -> str:
        """A day, or the first and the last one; may break after the dash."""
        if start == end:
            return self.day(start, length)
        return f"{self.day(start, length)}\u00a0– {self.day(end, length)}"

    def moment(self, value: str) -> str:
        """An ISO 8601 time in UTC, to the minute; "–" for none."""
        if not value:
            return MISSING
        return format_datetime(datetime.fromisoformat(value), "d MMM y, HH:mm", locale=self.locale).replace(" ", "\u00a0").replace(",\u00a0", ", ")

    def country(self, code: str | None) -> str:
        if code is None:
            return MISSING
        if code in REGIONS:
            return self.gettext(REGIONS[code])
        return str(self.locale.territories.get(code, code))
