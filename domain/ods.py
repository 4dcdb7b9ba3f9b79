"""Sheets of an .ods. One part of it holds all cells, so the pass that keeps hostile repetitions out reads them as well (OpenDocument 1.3, part 3)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from domain.grid import (
    ERROR,
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_ROWS,
    MAX_TEXT,
    Cell,
    ErrorCell,
    Grid,
    Unreadable,
    number_cell,
    strict_parser,
    text_cell,
)

_TABLE, _TEXT, _OFFICE, _STYLE = (f"urn:oasis:names:tc:opendocument:xmlns:{name}:1.0 " for name in ("table", "text", "office", "style"))
_CELLS = (_TABLE + "table-cell", _TABLE + "covered-table-cell")
_VALUE_TYPE = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0 value-type"
_WHITE_SPACE = {_TEXT + "tab": "\t", _TEXT + "line-break": "\n"}
_NUMBERS = ("float", "percentage", "currency")


def read_ods(parts: Mapping[str, bytes]) -> list[Grid]:
    """All sheets, in the document's order. Raises Unreadable; ExpatError and the like for a damaged content.xml."""
    if "content.xml" not in parts:
        raise Unreadable("not-a-workbook")
    if any(_is_macro(name) for name in parts):
        raise Unreadable("macros")
    content = _Content()
    parser = strict_parser(namespaces=True)
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = content.start, content.end, content.characters
    parser.Parse(parts["content.xml"], True)
    return content.grids


def _is_macro(name: str) -> bool:
    """Whether a part is a module of macros; the list of modules that an office suite writes even where there are none is not."""
    folder, _, base = name.casefold().rpartition("/")
    return folder.startswith(("basic", "scripts")) and base not in ("", "script-lc.xml", "script-lb.xml", "dialog-lc.xml", "dialog-lb.xml")


class _Content:
    """Takes the events of content.xml and keeps the sheets. Rows and cells may be repeated: a repeated row is one list, counted as often."""

    def __init__(self) -> None:
        self.grids: list[Grid] = []
        self.grid: Grid | None = None
        self.depth = 0
        self.row = self.row_repeat = 0
        self.row_hidden = False
        self.formula_columns: list[int] = []
        """Of the open row."""
        self.cells: list[Cell] | None = None
        """Of the open row."""
        self.column = 0
        self.cell: dict[str, str] | None = None
        """Attributes of the open cell."""
        self.cell_depth = self.annotation_depth = 0
        self.in_paragraph = False
        self.text: list[str] = []
        self.laid_out = self.shown = 0
        self.style = ""
        self.hiding_styles: set[str] = set()

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.cell is not None:
            self._start_in_cell(name, attributes)
        elif name in _CELLS and self.cells is not None:
            self.cell, self.cell_depth, self.text = attributes, self.depth, []
        elif name == _TABLE + "table-row" and self.grid is not None:
            self.cells, self.column, self.row_repeat = [], 0, _repeated(attributes, "number-rows-repeated")
            self.row_hidden = attributes.get(_TABLE + "visibility") in ("collapse", "filter")
            self.formula_columns = []
        elif name == _TABLE + "table" and self.grid is None:
            self.grid, self.row = Grid(attributes.get(_TABLE + "name", "")), 0
            self.grid.hidden = attributes.get(_TABLE + "style-name") in self.hiding_styles
        elif name == _STYLE + "style":
            self.style = attributes.get(_STYLE + "name", "")
        elif name == _STYLE + "table-properties" and attributes.get(_TABLE + "display") == "false":
            self.hiding_styles.add(self.style)

    def _start_in_cell(self, name: str, attributes: dict[str, str]) -> None:
        """Only the paragraphs of the cell itself are its text; comments and drawings have some of their own."""
        if name == _TEXT + "p" and self.depth == self.cell_depth + 1:
            self.in_paragraph = True
            if self.text:
                self.text.append("\n")
        elif self.in_paragraph and name == _TEXT + "s":
            count = _repeated(attributes, "c", _TEXT)
            self._show(count)
            self.text.append(" " * count)
        elif self.in_paragraph and name in _WHITE_SPACE:
            self.text.append(_WHITE_SPACE[name])
        elif name == _OFFICE + "annotation" and not self.annotation_depth:
            self.annotation_depth = self.depth

    def characters(self, text: str) -> None:
        if self.in_paragraph and not self.annotation_depth:
            self.text.append(text)

    def end(self, name: str) -> None:
        if self.cell is not None:
            if self.depth == self.cell_depth:
                self._end_cell(self.cell)
            elif self.depth == self.annotation_depth:
                self.annotation_depth = 0
            elif self.depth == self.cell_depth + 1:
                self.in_paragraph = False
        elif name == _TABLE + "table-row" and self.cells is not None and self.grid is not None:
            self._end_row(self.grid, self.cells)
        elif name == _TABLE + "table" and self.grid is not None:
            self.grids.append(self.grid)
            self.grid = None
        self.depth -= 1

    def _end_cell(self, attributes: dict[str, str]) -> None:
        value = _value(attributes, "".join(self.text))
        repeat = _repeated(attributes, "number-columns-repeated")
        self.cell, self.in_paragraph = None, False
        if value is not None and self.cells is not None:
            if self.column + repeat > MAX_COLUMNS:
                raise Unreadable("too-many-rows")
            self.cells += [None] * (self.column - len(self.cells)) + [value] * repeat
            if isinstance(value, str):
                self._show(len(value) * repeat * self.row_repeat)
        if _TABLE + "formula" in attributes and self.column < MAX_COLUMNS:
            self.formula_columns.append(self.column)
        self.column += repeat

    def _end_row(self, grid: Grid, cells: list[Cell]) -> None:
        first, self.row = self.row + 1, self.row + self.row_repeat
        self.cells = None
        if not cells:
            return
        self.laid_out += self.row_repeat * max(len(cells), len(self.formula_columns))
        if self.row > MAX_ROWS or self.laid_out > MAX_CELLS:
            raise Unreadable("too-many-rows")
        numbers = range(first, self.row + 1)
        grid.rows += [(number, cells) for number in numbers]
        if self.row_hidden:
            grid.hidden_rows.update(numbers)
        grid.formulas.update((number, column) for number in numbers for column in self.formula_columns)

    def _show(self, characters: int) -> None:
        self.shown += characters
        if self.shown > MAX_TEXT:
            raise Unreadable("too-large")


def _repeated(attributes: dict[str, str], name: str, namespace: str = _TABLE) -> int:
    """How often an element stands for itself: 1 where it does not say."""
    number = attributes.get(namespace + name, "1")
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        raise Unreadable("damaged")
    return max(int(number), 1)


def _value(attributes: dict[str, str], text: str) -> Cell:
    """A cell by its type; `text` is what it shows."""
    kind = attributes.get(_OFFICE + "value-type", "")
    if attributes.get(_VALUE_TYPE) == "error" or (_TABLE + "formula" in attributes and ERROR.fullmatch(text.strip())):
        return ErrorCell(text.strip() or "#ERROR!")
    if kind in _NUMBERS:
        return number_cell(float(attributes[_OFFICE + "value"]))
    if kind == "boolean":
        return attributes.get(_OFFICE + "boolean-value") == "true"
    if kind == "date":
        try:
            return date.fromisoformat(attributes[_OFFICE + "date-value"][:10])
        except (KeyError, ValueError):
            return text_cell(text)
    return text_cell(attributes.get(_OFFICE + "string-value") or text)
