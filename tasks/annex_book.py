"""The paper that the workbooks of a report are written on: sheets that print well, texts that are never formulas, the same bytes each time."""

from __future__ import annotations

import io
import re
import textwrap
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from domain.agreement import Agreement
from domain.figures import Figures, Withheld
from tasks.phrases import phrases
from tasks.wording import HIDDEN, Wording

LONGEST_TEXT = 32_767
"""Characters that a cell can hold."""
TALLEST_ROW = 409
"""Points."""
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
        elif isinstance(value, Withheld):
            sheet.write_string(row, column, HIDDEN, properties)
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
