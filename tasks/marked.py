"""A member's own workbook again, marked: red and yellow cells with a comment in each, and a first sheet that lists what was found.

The copy is made of values alone. Whatever a member typed is written as text, number or date: nothing in it becomes a formula, a link or markup.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from domain.findings import Finding
from domain.grid import Cell, ErrorCell, Grid
from domain.messages import column_label
from domain.reading import grid_named
from domain.schema import COVER_LABELS, SHEETS
from domain.workbook import read_grids
from tasks.phrases import phrases

MAX_LISTED = 20_000
"""Findings on the first sheet; findings.csv has all."""
MAX_COMMENTS = 5_000
LONGEST_TEXT = 32_767
"""Characters that a cell can hold."""
COLOURS = {"error": "#f8c9c4", "reject": "#f8c9c4", "warning": "#fff0b3", "info": ""}
_GRAVITY = ("reject", "error", "warning", "info")
_FIRST_LISTED = 6


def marked_workbook(data: bytes, findings: Sequence[Finding], language: str) -> bytes:
    """An .xlsx with the values of a readable file at their own addresses. The same inputs give the same bytes; raises Unreadable as the reader does."""
    import xlsxwriter

    grids = read_grids(data)
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False})
    book.set_properties({"created": datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)})
    words = phrases("feedback", language)
    titles = _titles([words["sheet"], *(grid.name for grid in grids)])
    sheet_of = {name: titles[1 + grids.index(grid)] for name, labels in _NAMED.items() if (grid := grid_named(grids, name, labels)) is not None}
    first = book.add_worksheet(titles[0])
    marks = {title: _marks(findings, name) for name, title in sheet_of.items()}
    comments = 0
    for title, grid in zip(titles[1:], grids, strict=True):
        comments = _write_grid(book, title, grid, marks.get(title, {}), comments)
    _write_list(book, first, findings, sheet_of, words, language)
    first.activate()
    book.close()
    return out.getvalue()


_NAMED = {"cover": COVER_LABELS} | {schema.name: schema.labels for schema in SHEETS}


def _titles(names: Iterable[str]) -> list[str]:
    """Names that a workbook accepts for its sheets, each once."""
    taken: list[str] = []
    for name in names:
        base = "".join("_" if c in "[]:*?/\\" else c for c in name).strip("'")[:31] or "_"
        title, number = base, 2
        while title.casefold() in {t.casefold() for t in taken} or title.casefold() == "history":
            title, number = f"{base[: 30 - len(str(number))]}_{number}", number + 1
        taken.append(title)
    return taken


def _marks(findings: Iterable[Finding], sheet: str) -> dict[tuple[int, int], list[Finding]]:
    """The findings of a sheet by place (row number, column from 0), gravest first; one that names a row only lies at its first cell (-1)."""
    marks: dict[tuple[int, int], list[Finding]] = {}
    for finding in sorted(findings, key=lambda f: _GRAVITY.index(f.severity)):
        if finding.sheet == sheet and finding.row and COLOURS[finding.severity]:
            marks.setdefault((finding.row, _index(finding.cell)), []).append(finding)
    return marks


def _index(cell: str) -> int:
    """The column of an address from 0; -1 for none."""
    index = 0
    for letter in cell.rstrip("0123456789"):
        index = index * 26 + ord(letter) - 64
    return index - 1


def _write_grid(book: Any, title: str, grid: Grid, marks: Mapping[tuple[int, int], list[Finding]], comments: int) -> int:
    """Writes the sheet; gives the number of comments in the book so far."""
    sheet = book.add_worksheet(title)
    formats: dict[tuple[str, str], Any] = {}

    def look(kind: str, colour: str) -> Any:
        if (kind, colour) not in formats:
            properties: dict[str, Any] = {"num_format": {"date": "dd/mm/yyyy", "text": "@"}.get(kind, "General"), "valign": "top"}
            formats[kind, colour] = book.add_format(properties | ({"bg_color": colour, "border": 1, "border_color": "#8a2a00"} if colour else {}))
        return formats[kind, colour]

    shown = {row for row, _ in marks}
    if grid.hidden and not marks:
        sheet.hide()
    widths = grid.widths or _widths(grid)
    for index, width in widths.items():
        sheet.set_column(index, index, min(width or 8, 80), None, {"hidden": width == 0 and not any(column == index for _, column in marks)})
    for row in grid.hidden_rows - shown:
        sheet.set_row(row - 1, None, None, {"hidden": True})
    rows = dict(grid.rows)
    for number, cells in rows.items():
        for index, cell in enumerate(cells):
            if cell is not None and (number, index) not in marks:
                _write_cell(sheet, number - 1, index, cell, look(_kind(cell), ""))
    for (number, column), found in marks.items():
        cells = rows.get(number, ())
        index = column if column >= 0 else next((i for i, cell in enumerate(cells) if cell is not None), 0)
        cell = cells[index] if index < len(cells) else None
        _write_cell(sheet, number - 1, index, cell, look(_kind(cell), COLOURS[found[0].severity]))
        if comments < MAX_COMMENTS:
            text = "\n".join(dict.fromkeys(finding.message for finding in found))
            sheet.write_comment(number - 1, index, text[:2_000], {"x_scale": 2.4, "y_scale": 1 + len(text) / 160, "color": COLOURS[found[0].severity], "font_size": 9})
            comments += 1
    return comments


def _widths(grid: Grid) -> dict[int, float]:
    """Of a file that gives none: by what stands in the first rows."""
    widths: dict[int, float] = {}
    for _, cells in grid.rows[:200]:
        for index, cell in enumerate(cells):
            if cell is not None:
                widths[index] = max(widths.get(index, 10), min(len(str(cell)) + 2, 45))
    return widths


def _kind(cell: Cell) -> str:
    return "date" if isinstance(cell, date) else "text" if isinstance(cell, str | ErrorCell) else "number"


def _write_cell(sheet: Any, row: int, column: int, cell: Cell, look: Any) -> None:
    match cell:
        case None:
            sheet.write_blank(row, column, None, look)
        case ErrorCell(text):
            sheet.write_string(row, column, text[:LONGEST_TEXT], look)
        case bool():
            sheet.write_boolean(row, column, cell, look)
        case float():
            sheet.write_number(row, column, cell, look)
        case date():
            if cell.year < 1900:
                sheet.write_string(row, column, cell.isoformat(), look)
            else:
                sheet.write_datetime(row, column, datetime(cell.year, cell.month, cell.day, tzinfo=UTC).replace(tzinfo=None), look)
        case _:
            sheet.write_string(row, column, cell[:LONGEST_TEXT], look)


def _write_list(book: Any, sheet: Any, findings: Sequence[Finding], sheet_of: Mapping[str, str], words: Mapping[str, Any], language: str) -> None:
    """The first sheet: what the colours mean, then the findings, gravest first, each with a link to its cell."""
    bold, wrapped = book.add_format({"bold": True, "font_size": 14, "font_color": "#003399"}), book.add_format({"text_wrap": True, "valign": "top"})
    head = book.add_format({"bold": True, "bg_color": "#003399", "font_color": "#ffffff", "border": 1, "text_wrap": True})
    link = book.add_format({"font_color": "#003399", "underline": 1, "valign": "top"})
    looks = {severity: book.add_format({"bg_color": colour or "#ffffff", "valign": "top", "border": 1, "border_color": "#c9ced6"}) for severity, colour in COLOURS.items()}
    for index, width in enumerate((14, 16, 10, 22, 26, 90)):
        sheet.set_column(index, index, width)
    sheet.write_string(0, 0, words["list"]["title"], bold)
    sheet.write_string(1, 0, "", looks["error"])
    sheet.write_string(1, 1, words["list"]["red"])
    sheet.write_string(2, 0, "", looks["warning"])
    sheet.write_string(2, 1, words["list"]["yellow"])
    sheet.write_string(3, 0, words["list"]["again"])
    for index, name in enumerate(("severity", "sheet", "cell", "column", "value", "message")):
        sheet.write_string(_FIRST_LISTED - 1, index, words["list"]["columns"][name], head)
    ordered = sorted(findings, key=lambda f: _GRAVITY.index(f.severity))
    for row, finding in enumerate(ordered[:MAX_LISTED], start=_FIRST_LISTED):
        title = sheet_of.get(finding.sheet, "")
        cell = finding.cell or (f"A{finding.row}" if finding.row else "")
        sheet.write_string(row, 0, words["severity"][finding.severity], looks[finding.severity])
        sheet.write_string(row, 1, title or finding.sheet, wrapped)
        if title and cell:
            quoted = title.replace("'", "''")
            sheet.write_url(row, 2, f"internal:'{quoted}'!{cell}", link, cell)
        sheet.write_string(row, 3, column_label(finding.sheet, finding.column, language), wrapped)
        sheet.write_string(row, 4, finding.value[:500], wrapped)
        sheet.write_string(row, 5, finding.message, wrapped)
        sheet.set_row(row, 15 * (1 + max(len(finding.message) // 90, len(finding.value[:500]) // 26)))
    if len(ordered) > MAX_LISTED:
        sheet.write_string(_FIRST_LISTED + MAX_LISTED, 5, words["list"]["more"].format(number=len(ordered) - MAX_LISTED))
    sheet.freeze_panes(_FIRST_LISTED, 0)
    sheet.autofilter(_FIRST_LISTED - 1, 0, _FIRST_LISTED + min(len(ordered), MAX_LISTED), 5)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.set_paper(9)
