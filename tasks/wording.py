"""Numbers, money, dates, countries and sentences as a language writes them."""

from __future__ import annotations

import gettext
import io
import re
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import cache, cached_property
from importlib import resources

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.numbers import format_currency, format_decimal

from domain.codes import REGIONS
from domain.figures import Withheld
from domain.money import rounded_half_away
from tasks.phrases import phrases

MISSING = "–"
"""What is not reported; never 0."""
HIDDEN = "•"
"""What an edition withholds."""
_LOCALES = {"en": "en_GB", "pt": "pt_PT"}
Number = Fraction | Decimal | int


def rounded(value: Number, decimals: int) -> Decimal:
    """A number to so many decimals, a half away from zero."""
    return Decimal(rounded_half_away(Fraction(value) * 10**decimals)).scaleb(-decimals)


@cache
def _translations(language: str) -> gettext.NullTranslations:
    """The catalogue templates/locale/<language>, read as it stands in the repository; English is the language of the sentences themselves."""
    if language == "en":
        return gettext.NullTranslations()
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    source = resources.files("templates").joinpath("locale", language, "LC_MESSAGES", "report.po").read_bytes()
    compiled = io.BytesIO()
    write_mo(compiled, read_po(io.BytesIO(source)))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


class Wording:
    """`gettext` and `ngettext` give a template's sentence in the language, from its catalogue under templates/locale."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.locale = Locale.parse(_LOCALES.get(language, language))
        translations = _translations(language)
        self.gettext, self.ngettext = translations.gettext, translations.ngettext

    def number(self, value: Number | None, decimals: int = 2) -> str:
        """At most so many decimals, thousands grouped; "–" for what is missing, "•" for what is withheld."""
        if value is None:
            return MISSING
        if isinstance(value, Withheld):
            return HIDDEN
        return format_decimal(rounded(value, decimals), format=f"#,##0.{'#' * decimals}", locale=self.locale)

    @cached_property
    def _percent_pattern(self) -> str:
        """The language's own: 12% in English, 12 % in French, where the space is the narrow one of its other signs."""
        pattern = str(self.locale.percent_formats[None].pattern)
        return pattern.replace("\u00a0", "\u202f") if self.language == "fr" else pattern

    def percent(self, value: Number | None, decimals: int = 1) -> str:
        """A figure in percent (12.5 is 12.5 %)."""
        if value is None:
            return MISSING
        pattern = self._percent_pattern.replace("0", f"0.{'0' * decimals}", 1) if decimals else self._percent_pattern
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
        if value is None:
            return MISSING
        written = format_date(value, format=length, locale=self.locale).replace(" ", "\u00a0")
        return re.sub("^1(?=\u00a0)", "1er", written) if self.language == "fr" else written

    def period(self, start: date | None, end: date | None, length: str = "medium") -> str:
        """A day, or the first and the last one; may break after the dash."""
        if start == end:
            return self.day(start, length)
        return f"{self.day(start, length)}\u00a0– {self.day(end, length)}"

    def moment(self, value: str) -> str:
        """An ISO 8601 time in UTC, to the minute; "–" for none."""
        if not value:
            return MISSING
        time = datetime.fromisoformat(value)
        return f"{self.day(time.date())}, {time:%H:%M}"

    def month(self, value: str) -> str:
        """April 2019 for "2019-04"."""
        return format_skeleton("yMMMM", date.fromisoformat(f"{value}-01"), locale=self.locale).replace(" ", "\u00a0")

    def country(self, code: str | None) -> str:
        if code is None:
            return MISSING
        if code in REGIONS:
            return str(phrases("workbook", self.language)["codes"]["region"][code])
        return str(self.locale.territories.get(code, code))

    def category(self, dimension: str, category: str) -> str:
        """A group of a dimension in words (sex: female, women), or as the logframe writes it."""
        words = phrases("workbook", self.language)["codes"].get(dimension.casefold(), {})
        return str(words.get(category.casefold(), category))

    def alphabetical(self, names: Iterable[str]) -> list[str]:
        """Names, each once, in the order of the alphabet, where an accent makes no letter another: Équateur stands under E."""

        def letters(name: str) -> tuple[str, str]:
            bare = "".join(sign for sign in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(sign))
            return bare, name

        return sorted(set(names), key=letters)
