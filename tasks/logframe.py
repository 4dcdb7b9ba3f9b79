"""logframe.xlsx of a delivered report: the updated logframe matrix (PRAG e3d) and what is to be encoded in OPSYS by hand. The figures are those of
data/indicators.csv, for the network and for countries; no member is named, and a country that only unnamed members report from is left out.

`AnnexBook` is the paper that the workbooks of a report are written on.
"""

from __future__ import annotations

import io
import re
import textwrap
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from domain.agreement import Agreement, Indicator
from domain.figures import Figures, IndicatorFigure, Scope, Slice
from domain.indicators import definitions_for, never_combined
from domain.profile import Profile
from domain.schema import DIMENSION_LABELS
from tasks.phrases import phrases
from tasks.wording import Wording

LONGEST_TEXT = 32_767
"""Characters that a cell can hold."""
TALLEST_ROW = 409
"""Points."""
ADDABLE = ("number", "people", "money")
"""Measures whose groups add up to the total."""
MONEY = "#,##0.00_)"
"""The space at the end keeps the number off the next column's text."""
PERCENT = '#,##0.0" %"_)'
"""Of a number in percent: 12.5 is shown as 12.5 %."""
DAY = "dd/mm/yyyy"
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Words = Mapping[str, Any]
Number = Fraction | Decimal | int
Column = tuple[str, float]
"""Label and width in characters."""


def logframe_workbook(agreement: Agreement, profile: Profile, figures: Figures, language: str) -> bytes:
    """An .xlsx with the sheets Logframe and OPSYS encoding, labelled in the language; texts of the logframe as the agreement has them.
    The same arguments give the same bytes."""
    return _Logframe(agreement, figures, language).write()


# --- the paper --------------------------------------------------------------------------------------------------------


def printable(text: str) -> str:
    """The text as a cell can hold it: without characters that XML has none for, and not longer than a cell."""
    clean = _NOT_XML.sub("", text)
    return clean if len(clean) <= LONGEST_TEXT else clean[: LONGEST_TEXT - 1] + "…"


class AnnexBook:
    """A workbook whose sheets print on A4 across, fitted to the width, with title, notes and a repeated header row. Texts are always texts."""

    def __init__(self, title: str, agreement: Agreement, figures: Figures, language: str) -> None:
        import xlsxwriter

        self.agreement, self.figures, self.language = agreement, figures, language
        self.words, self.wording = phrases("annexes", language), Wording(language)
        self.first_day, self.last_day = agreement.cycle(figures.reporting[0]).start, agreement.cycle(figures.cycle).end
        self._out = io.BytesIO()
        options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        self.book = xlsxwriter.Workbook(self._out, options)
        contract = printable(agreement.contract.number)
        self.book.set_properties({"title": f"{contract} {title} {figures.cycle}", "author": contract, "created": _at(self.last_day)})
        self._looks: dict[tuple[tuple[str, Any], ...], Any] = {}
        self._widths: dict[str, list[float]] = {}
        self._heights: dict[str, dict[int, int]] = defaultdict(dict)
        """Lines of text in the rows of a sheet that have more than one."""
        self._groups: set[tuple[str, int]] = set()
        self._sheets: dict[str, Any] = {}

    def look(self, **properties: Any) -> Any:
        """A cell's format, made once."""
        key = tuple(sorted(properties.items()))
        if key not in self._looks:
            self._looks[key] = self.book.add_format({"valign": "top", "font_name": "Calibri", "font_size": 10, **properties})
        return self._looks[key]

    def sheet(self, name: str, title: str, columns: Sequence[Column], notes: Sequence[str] = (), keep: int = 0) -> tuple[Any, int]:
        """A sheet with its title, the contract and period, notes, and (if a column has a label) the header row, all of which stay in view with the
        first `keep` columns; and the index of the first row below."""
        sheet = self.book.add_worksheet(name)
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        sheet.fit_to_pages(1, 0)
        sheet.set_footer("&L&8&A&R&8" + self.words["page"].format(page="&P", pages="&N"))
        self._sheets[name], self._widths[name] = sheet, [width for _, width in columns]
        for index, (_, width) in enumerate(columns):
            sheet.set_column(index, index, width)
        row = self._head(sheet, title, notes, columns)
        if any(label for label, _ in columns):
            self.header(sheet, row, [label for label, _ in columns])
            sheet.repeat_rows(row)
            row += 1
        sheet.freeze_panes(row, keep)
        return sheet, row

    def _head(self, sheet: Any, title: str, notes: Sequence[str], columns: Sequence[Column]) -> int:
        sheet.set_row(0, 20)
        self.text(sheet, 0, 0, title, bold=True, font_size=14)
        period = self.period(self.first_day, self.last_day)
        self.text(sheet, 1, 0, f"{self.agreement.contract.number} – {self.agreement.contract.title} – {period}", font_color="#444444")
        row, width = 2, sum(width for _, width in columns)
        for note in notes:
            sheet.merge_range(row, 0, row, len(columns) - 1, "", self.look(text_wrap=True))
            self.text(sheet, row, 0, note, font_color="#444444", text_wrap=True, merged=width)
            row += 1
        return row

    def header(self, sheet: Any, row: int, labels: Sequence[str]) -> None:
        """A row of column labels."""
        for index, label in enumerate(labels):
            bold_width = 0.9 * self._widths[sheet.name][index]
            self.text(sheet, row, index, label, bold_width, bold=True, bg_color="#1f3864", font_color="#ffffff", text_wrap=True, border=1, border_color="#ffffff")

    def text(self, sheet: Any, row: int, column: int, text: str, merged: float = 0, **look: Any) -> None:
        """A text; the row grows with one that wraps (no spreadsheet does that by itself as it opens a file), in a cell as wide as its column or `merged`."""
        sheet.write_string(row, column, printable(text), self.look(**{"num_format": "@", **look}))
        if look.get("text_wrap"):
            self.room_for(sheet, row, text, merged or self._widths[sheet.name][column])

    def room_for(self, sheet: Any, row: int, text: str, width: float) -> None:
        """Makes a row high enough for a text that wraps at so many characters."""
        lines = sum(max(len(textwrap.wrap(part, max(int(width * 1.15) - 1, 4))), 1) for part in text[:LONGEST_TEXT].split("\n"))
        self._heights[sheet.name][row] = max(lines, self._heights[sheet.name].get(row, 1))

    def group_row(self, sheet: Any, row: int) -> None:
        """A row that folds away under the one above."""
        self._groups.add((sheet.name, row))

    def number(self, sheet: Any, row: int, column: int, value: Number | None, **look: Any) -> None:
        """A number, or an empty cell for what is missing."""
        properties = self.look(**{"align": "right", "num_format": "General", **look})
        if value is None:
            sheet.write_blank(row, column, None, properties)
        else:
            sheet.write_number(row, column, float(value), properties)

    def day(self, sheet: Any, row: int, column: int, day: date, **look: Any) -> None:
        sheet.write_datetime(row, column, _at(day), self.look(**{"num_format": DAY, "align": "center", **look}))

    def period(self, start: date, end: date) -> str:
        return str(self.words["period"].format(start=self.wording.day(start), end=self.wording.day(end)))

    def bytes(self) -> bytes:
        """The finished file; nothing can be written after."""
        for name, sheet in self._sheets.items():
            grouped = {row for of_sheet, row in self._groups if of_sheet == name}
            for row in sorted(grouped | {row for row, lines in self._heights[name].items() if lines > 1}):
                lines = self._heights[name].get(row, 1)
                sheet.set_row(row, min(2 + 13 * lines, TALLEST_ROW) if lines > 1 else None, None, {"level": 1} if row in grouped else {})
        self.book.close()
        return self._out.getvalue()


def _at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC).replace(tzinfo=None)


def format_for(value: Number | None) -> str:
    """Thousands grouped, with decimals where there are some."""
    return "#,##0_)" if value is None or Fraction(value).denominator == 1 else "#,##0.0##_)"


# --- the workbook -----------------------------------------------------------------------------------------------------

_LOGFRAME_WIDTHS = {
    "result": 26, "indicator": 8, "title": 36, "unit": 14, "baseline": 9, "baseline_year": 7, "current": 12, "day": 11, "target": 11, "target_year": 7,
    "milestones": 12, "period": 12, "numerator": 11, "denominator": 11, "progress": 9, "source": 20,
}  # fmt: skip
_OPSYS_WIDTHS = {
    "result_level": 10, "result_code": 8, "result_statement": 28, "indicator_code": 9, "indicator_text": 34, "corporate_code": 12, "unit": 14,
    "value_type": 12, "baseline_value": 10, "baseline_date": 9, "intermediate_target": 12, "final_target": 10, "final_target_date": 8,
    "current_value": 12, "current_value_date": 11, "disagg_dimension": 13, "disagg_value": 14, "source_of_data": 22, "comment": 40,
}  # fmt: skip
_RULE: dict[str, Any] = {"border": 1, "border_color": "#c9ced6"}
_TOTAL: dict[str, Any] = {"bold": True, **_RULE}
_GROUP: dict[str, Any] = {"font_color": "#333333", "bg_color": "#f5f6f8", **_RULE}
_OPEN: dict[str, Any] = {"bg_color": "#fff7d6", **_RULE}


class _Logframe:
    """The two sheets on their way."""

    def __init__(self, agreement: Agreement, figures: Figures, language: str) -> None:
        self.paper = AnnexBook("logframe", agreement, figures, language)
        self.words, self.wording, self.language = self.paper.words, self.paper.wording, language
        self.definitions = definitions_for(agreement, figures.cycles)
        self.internal = {member.member for member in agreement.members if member.sensitivity == "internal"}
        self.figures: dict[tuple[str, Scope, str], list[IndicatorFigure]] = defaultdict(list)
        for figure in figures.indicators:
            self.figures[figure.indicator, figure.scope, figure.level].append(figure)

    def write(self) -> bytes:
        self._write_logframe()
        self._write_opsys()
        return self.paper.bytes()

    # --- figures

    def network(self, indicator: Indicator, scope: Scope) -> dict[Slice, IndicatorFigure]:
        """The network's figures by slice; the total is that of ()."""
        return {figure.slice: figure for figure in self.figures[indicator.indicator, scope, "network"]}

    def slices(self, indicator: Indicator) -> list[Slice]:
        """The groups that were reported, as the figures order them."""
        reported = [*self.network(indicator, "cumulative"), *self.network(indicator, "reporting")]
        return [slice_ for slice_ in dict.fromkeys(reported) if slice_]

    def rest(self, indicator: Indicator, scope: Scope, dimension: str) -> Fraction | None:
        """What of the total no group of a dimension holds (contract section 4, below-total); None where there is none, or groups do not add up."""
        if indicator.measure not in ADDABLE or indicator.across_members != "sum" or indicator.across_periods not in ("sum", "latest"):
            return None
        reported = self.network(indicator, scope)
        total = reported[()].value if () in reported else None
        parts = [figure.value for slice_, figure in reported.items() if len(slice_) == 1 and slice_[0][0] == dimension and figure.value is not None]
        return total - sum(parts) if total is not None and parts and total > sum(parts) else None

    def said_otherwise(self, indicator: Indicator) -> str:
        """Of an indicator without a figure of the network how many members answered; "" where none did or where there is a figure."""
        if not never_combined(indicator):
            return ""
        members = {figure.area.partition("/")[0] for figure in self.figures[indicator.indicator, "cumulative", "member"]}
        words = self.words["logframe"]["in_words" if indicator.measure == "qualitative" else "by_member"]
        return str(words.format(count=len(members))) if members else ""

    # --- words

    def dimension(self, name: str) -> str:
        labels = DIMENSION_LABELS.get(name.casefold())
        return labels[self.language][0] if labels else name

    def group(self, slice_: Slice) -> str:
        return " × ".join(self.wording.category(*part) for part in slice_)

    def number_format(self, indicator: Indicator, value: Number | None) -> str:
        return {"percentage": PERCENT, "money": MONEY}.get(indicator.measure, format_for(value))

    # --- the sheet Logframe

    def _write_logframe(self) -> None:
        words = self.words["logframe"]
        title = words["title"].format(day=self.wording.day(self.paper.last_day, "long"))
        columns = [(words["columns"][name], width) for name, width in _LOGFRAME_WIDTHS.items()]
        sheet, row = self.paper.sheet(words["sheet"], title, columns, words["notes"], keep=3)
        sheet.outline_settings(True, False, False)  # a total stands above its groups
        at = {name: index for index, name in enumerate(_LOGFRAME_WIDTHS)}
        before = None
        for indicator in self.definitions.values():
            shown = (indicator.level, indicator.result)
            self._write_indicator(sheet, row, at, indicator, names_result=shown != before)
            before, row = shown, row + 1
            for label, reporting, cumulative in self._lines(indicator):
                self._write_line(sheet, row, at, indicator, label, reporting, cumulative)
                row += 1

    def _write_indicator(self, sheet: Any, row: int, at: Mapping[str, int], indicator: Indicator, names_result: bool) -> None:
        reporting, cumulative = self.network(indicator, "reporting").get(()), self.network(indicator, "cumulative").get(())
        level = self.words["logframe"]["levels"][indicator.level]
        result = f"{level} {indicator.result}\n{indicator.statement}" if names_result else ""
        milestones = "\n".join(f"{year}: {self.wording.number(value)}" for year, value in sorted(indicator.milestones.items()))
        texts = {"result": result, "indicator": indicator.indicator, "title": indicator.title, "unit": indicator.unit, "milestones": milestones, "source": indicator.source}
        for name, text in texts.items():
            self.paper.text(sheet, row, at[name], text, text_wrap=True, **(_TOTAL if name in ("result", "title") else _RULE))
        self._value(sheet, row, at["baseline"], indicator, indicator.baseline, _RULE)
        self._value(sheet, row, at["target"], indicator, indicator.target, _RULE)
        for name, year in (("baseline_year", indicator.baseline_year), ("target_year", indicator.target_year)):
            self.paper.number(sheet, row, at[name], year, num_format="0_)", **_RULE)
        self._values(sheet, row, at, indicator, reporting, cumulative, _TOTAL)
        self.paper.number(sheet, row, at["progress"], cumulative.progress if cumulative else None, num_format=PERCENT, **_TOTAL)

    def _lines(self, indicator: Indicator) -> Iterator[tuple[str, IndicatorFigure | Fraction | None, IndicatorFigure | Fraction | None]]:
        """What stands under an indicator: what it has instead of a figure; each group, and after the groups of a dimension what is not disaggregated."""
        reporting, cumulative, slices = self.network(indicator, "reporting"), self.network(indicator, "cumulative"), self.slices(indicator)
        if said := self.said_otherwise(indicator):
            yield said, None, None
        for number, slice_ in enumerate(slices):
            name = " × ".join(self.dimension(dimension) for dimension, _ in slice_)
            yield f"{name}: {self.group(slice_)}", reporting.get(slice_), cumulative.get(slice_)
            following = slices[number + 1] if number + 1 < len(slices) else ()
            if len(slice_) == 1 and [name for name, _ in following] != [slice_[0][0]]:
                rest = self.rest(indicator, "reporting", slice_[0][0]), self.rest(indicator, "cumulative", slice_[0][0])
                if any(rest):
                    yield f"{name}: {self.words['logframe']['rest']}", *rest

    def _write_line(
        self, sheet: Any, row: int, at: Mapping[str, int], indicator: Indicator, label: str,
        reporting: IndicatorFigure | Fraction | None, cumulative: IndicatorFigure | Fraction | None,
    ) -> None:  # fmt: skip
        self.paper.group_row(sheet, row)
        for column in at.values():
            self.paper.text(sheet, row, column, "", **_GROUP)
        self.paper.text(sheet, row, at["title"], label, text_wrap=True, indent=1, **_GROUP)
        self._values(sheet, row, at, indicator, reporting, cumulative, _GROUP)

    def _values(
        self, sheet: Any, row: int, at: Mapping[str, int], indicator: Indicator,
        reporting: IndicatorFigure | Fraction | None, cumulative: IndicatorFigure | Fraction | None, look: Mapping[str, Any],
    ) -> None:  # fmt: skip
        figure = cumulative if isinstance(cumulative, IndicatorFigure) else None
        self._value(sheet, row, at["period"], indicator, _number(reporting), look)
        self._value(sheet, row, at["current"], indicator, _number(cumulative), look)
        for name, part in (("numerator", figure.numerator if figure else None), ("denominator", figure.denominator if figure else None)):
            self.paper.number(sheet, row, at[name], part, **{**look, "num_format": format_for(part), "bold": False})
        if _number(cumulative) is None:
            self.paper.text(sheet, row, at["day"], "", **look)
        else:
            self.paper.day(sheet, row, at["day"], self.paper.last_day, **{**look, "bold": False})

    def _value(self, sheet: Any, row: int, column: int, indicator: Indicator, value: Number | None, look: Mapping[str, Any]) -> None:
        self.paper.number(sheet, row, column, value, **{**look, "num_format": self.number_format(indicator, value)})

    # --- the sheet OPSYS encoding

    def _write_opsys(self) -> None:
        words = self.words["opsys"]
        years = sorted({year for indicator in self.definitions.values() for year in indicator.milestones})
        names: dict[str, Column] = {}
        for name, width in _OPSYS_WIDTHS.items():
            if name == "intermediate_target":
                names |= {f"{name} {year}": (words["columns"][name].format(year=year), width) for year in years}
            else:
                names[name] = (words["columns"][name], width)
        sheet, row = self.paper.sheet(words["sheet"], words["title"], list(names.values()), words["notes"], keep=4)
        at = {name: index for index, name in enumerate(names)}
        for indicator in self.definitions.values():
            for cells, figure in self._opsys_rows(indicator):
                self._write_opsys_row(sheet, row, at, indicator, cells, figure)
                row += 1

    def _opsys_rows(self, indicator: Indicator) -> Iterator[tuple[dict[str, str | Number | None], IndicatorFigure | None]]:
        """The total with its baseline and targets, then the groups, then the countries."""
        cumulative = self.network(indicator, "cumulative")
        targets: dict[str, str | Number | None] = {
            "baseline_value": indicator.baseline, "baseline_date": indicator.baseline_year, "final_target": indicator.target, "final_target_date": indicator.target_year,
            **{f"intermediate_target {year}": value for year, value in indicator.milestones.items()},
        }  # fmt: skip
        yield targets, cumulative.get(())
        for slice_ in self.slices(indicator):
            if slice_ in cumulative:
                yield {"disagg_dimension": " × ".join(self.dimension(name) for name, _ in slice_), "disagg_value": self.group(slice_)}, cumulative[slice_]
        for figure in self.figures[indicator.indicator, "cumulative", "country"]:
            if not figure.slice and self._may_be_shown(figure):
                yield {"disagg_dimension": self.words["opsys"]["country"], "disagg_value": self.wording.country(figure.area)}, figure

    def _may_be_shown(self, figure: IndicatorFigure) -> bool:
        """Whether somebody who may be named reported from that country: else it would tell where an unnamed member is."""
        return not self.internal or any(source.member not in self.internal for source in figure.sources)

    def _write_opsys_row(
        self, sheet: Any, row: int, at: Mapping[str, int], indicator: Indicator, cells: Mapping[str, str | Number | None], figure: IndicatorFigure | None
    ) -> None:
        total = "disagg_value" not in cells
        look = _RULE if total else _GROUP
        kind = indicator.measure if indicator.measure in ("percentage", "qualitative") else "quantitative"
        given: dict[str, str | Number | None] = {
            "result_level": self.words["logframe"]["levels"][indicator.level], "result_code": indicator.result, "result_statement": indicator.statement,
            "indicator_code": indicator.indicator, "indicator_text": indicator.title, "unit": indicator.unit,
            "value_type": self.words["opsys"]["value_types"][kind], "source_of_data": indicator.source, "comment": self._comment(indicator, figure, total),
            "current_value": figure.value if figure else None, **cells,
        }  # fmt: skip
        for name, column in at.items():
            value = given.get(name)
            if isinstance(value, str):
                self.paper.text(sheet, row, column, value, text_wrap=True, **look)
            elif name in ("baseline_date", "final_target_date"):
                self.paper.number(sheet, row, column, value, num_format="0_)", **look)
            else:
                self._value(sheet, row, column, indicator, value, look)
        self.paper.text(sheet, row, at["corporate_code"], "", **_OPEN)
        if figure and figure.value is not None:
            self.paper.day(sheet, row, at["current_value_date"], self.paper.last_day, **look)

    def _comment(self, indicator: Indicator, figure: IndicatorFigure | None, total: bool) -> str:
        """How the figure came about: its pair, and how those of members became one."""
        sentences = []
        if figure and figure.denominator is not None:
            pair = {"numerator": self.wording.number(figure.numerator), "denominator": self.wording.number(figure.denominator)}
            sentences.append(self.words["opsys"]["pair"].format(**pair))
        if total:
            how = indicator.measure if indicator.measure in ("percentage", "yes_no", "qualitative") else indicator.across_members
            said = self.said_otherwise(indicator)
            sentences.append(said if said else phrases("iati", self.language)["combined"]["none" if indicator.across_members == "none" and how != "qualitative" else how])
        return " ".join(sentences)


def _number(figure: IndicatorFigure | Fraction | None) -> Fraction | None:
    return figure.value if isinstance(figure, IndicatorFigure) else figure
