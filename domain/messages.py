"""Findings in words: the catalogue's sentence for a rule, in the member's language (contract section 4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

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
        return replace(finding, message=self.messages[finding.rule][language].format_map(_Blank(known)))

    def _word(self, name: str, value: str, language: str) -> str:
        return self.words.get(name, {}).get(value, {}).get(language, value)


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
