"""Findings in words: the catalogue's sentence for a rule, in the member's language (contract section 4)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from domain.findings import Finding
from domain.schema import COVER_KEYS, COVER_LABELS, DIMENSION_LABELS, SHEETS


@dataclass(frozen=True, slots=True)
class Catalogue:
    """`messages`: rule to language to sentence; `words`: detail's name to its value to language to word."""

    messages: Mapping[str, Mapping[str, str]]
    words: Mapping[str, Mapping[str, Mapping[str, str]]]

    def with_message(self, finding: Finding, language: str) -> Finding:
        """The finding with its message in that language."""
        details = {name: self._word(name, value, language) for name, value in finding.details.items()}
        sheet = sheet_label(finding.sheet, language)
        column = column_label(finding.sheet, finding.column, language)
        known = {"value": shortened(finding.value), "sheet": sheet, "column": column, **details} | ({"sheet": sheet} if sheet else {})
        sentence = self.messages[finding.rule][language] + details.get("note", "")
        return replace(finding, message=sentence.format_map(_Blank(known)))

    def _word(self, name: str, value: str, language: str) -> str:
        """A detail as the member's language says it: numbers, dimensions, and the words of the catalogue."""
        if name in _NUMBERS:
            return ", ".join(_number(part, language) for part in value.split(", "))
        if name in ("due", "received") and value:
            from babel.dates import format_datetime

            return format_datetime(datetime.fromisoformat(value), "d MMMM y, HH:mm", locale=language)
        if name == "dimension":
            return re.sub(r"[^,×]+", lambda part: f" {_dimension(part[0].strip(), language)} ", value).replace(" , ", ", ").strip()
        return self.words.get(name, {}).get(value, {}).get(language, value)


_NUMBERS = frozenset(("total", "sum", "ceiling", "last", "median", "n", "z", "rows", "reached", "by_now", "target", "said", "reported", "number"))


def _number(text: str, language: str) -> str:
    """A number of ours as the language writes it; any other text as it is."""
    from babel.numbers import format_decimal

    if not re.fullmatch(r"-?\d{1,15}(\.\d{1,10})?", text):
        return text
    decimals = "." + "0" * len(text.partition(".")[2]) if "." in text else ""
    return format_decimal(Decimal(text), f"#,##0{decimals}", locale=language, decimal_quantization=False)


def _dimension(name: str, language: str) -> str:
    labels = DIMENSION_LABELS.get(name.casefold())
    return labels[language][0].casefold() if labels else name


class _Blank(dict[str, str]):
    """A name that a finding does not bring is left empty rather than ending the run."""

    def __missing__(self, key: str) -> str:
        return ""


def shortened(value: str, length: int = 80) -> str:
    """A cell's text short enough for a sentence."""
    return value if len(value) <= length else value[: length - 1] + "…"


def sheet_label(sheet: str, language: str) -> str:
    """What the workbook calls a sheet in that language."""
    labels = COVER_LABELS if sheet == "cover" else next((schema.labels for schema in SHEETS if schema.name == sheet), {})
    return labels[language][0] if labels else sheet


def column_label(sheet: str, column: str, language: str) -> str:
    """What the workbook calls a column in that language; the machine name where it has no label."""
    columns = COVER_KEYS if sheet == "cover" else next((schema.columns for schema in SHEETS if schema.name == sheet), ())
    labels = next((entry.labels for entry in columns if entry.name == column), None) or DIMENSION_LABELS.get(column)
    return labels[language][0] if labels else column
