"""Sheets of an .xlsx. The library that reads them lays a sheet out in memory before it can be asked anything, and ends the process where that
fails; so every part is scanned first, and the library is given what was scanned and nothing else."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from domain.grid import (
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_ROWS,
    MAX_TEXT,
    Cell,
    Grid,
    Unreadable,
    column_letter,
    number_cell,
    strict_parser,
    text_cell,
)

_BOOK_PARTS = ("workbook.xml", "styles.xml", "[content_types].xml")
_SHARED_STRINGS = "sharedstrings.xml"
_TYPE_ERROR = re.compile(rb"""\st\s*=\s*["']e["']""")
_CELL_OF_TYPE_ERROR = re.compile(rb"""(<(?:[\w.-]+:)?c\s(?:[^<>]*?\s)?t\s*=\s*)(["'])e\2""")
_ALWAYS_TEXT = frozenset({"str", "inlineStr", "is", "d"})
"""Cell types that hold a text even where it is empty."""
_COLUMNS = {column_letter(index): index for index in range(MAX_COLUMNS)}


def read_xlsx(parts: Mapping[str, bytes]) -> list[Grid]:
    """All worksheets, in the workbook's order. Raises Unreadable; ExpatError and the like for damaged parts."""
    if not any(name.casefold().endswith("workbook.xml") for name in parts):
        raise Unreadable("not-a-workbook")
    types = parts["[Content_Types].xml"].lower()
    if b"macroenabled" in types or any("macrosheets/" in name.casefold() for name in parts):
        raise Unreadable("macros")
    if b"spreadsheetml.template" in types:
        raise Unreadable("not-a-workbook")
    lengths = _shared_lengths(parts)
    scanned = {}
    scans: dict[str, _Scan] = {}
    cells = 0
    for name, content in parts.items():
        base = name.rpartition("/")[2].casefold()
        if b"sheetData" in content:
            scans[name.casefold()] = _scan_sheet(content, lengths)
            cells += scans[name.casefold()].cells
        elif base in _BOOK_PARTS or base.endswith(".rels"):
            strict_parser().Parse(content, True)
        elif base != _SHARED_STRINGS:
            continue
        scanned[name] = _errors_as_text(content)
        if cells > MAX_CELLS:
            raise Unreadable("too-many-rows")
    of_sheet = {sheet: scans[part] for sheet, part in _parts_of_sheets(parts).items() if part in scans}
    return _read_scanned(_packed(scanned), of_sheet)


def _parts_of_sheets(parts: Mapping[str, bytes]) -> dict[str, str]:
    """The name of each sheet and of the part that holds it, without case (ECMA-376, part 1, 18.2.19 and part 2, 9)."""
    book = next((name for name in parts if name.rpartition("/")[2].casefold() == "workbook.xml"), "")
    folder, _, base = book.rpartition("/")
    sheets: dict[str, str] = {}
    targets: dict[str, str] = {}

    def sheet(name: str, attributes: dict[str, str]) -> None:
        if name.rpartition(":")[2] == "sheet":
            sheets[attributes.get("name", "")] = next((value for key, value in attributes.items() if key.rpartition(":")[2] == "id"), "")

    def relationship(name: str, attributes: dict[str, str]) -> None:
        if name.rpartition(":")[2] == "Relationship":
            target = attributes.get("Target", "")
            targets[attributes.get("Id", "")] = target[1:] if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))

    for name, handler in ((book, sheet), (posixpath.join(folder, "_rels", f"{base}.rels"), relationship)):
        content = next((content for part, content in parts.items() if part.casefold() == name.casefold()), None)
        if content is not None:
            parser = strict_parser()
            parser.StartElementHandler = handler
            parser.Parse(content, True)
    return {name: targets[key].casefold() for name, key in sheets.items() if key in targets}


@dataclass(slots=True)
class _Scan:
    """What the library does not tell of a sheet; `cells`: how many it takes when laid out from A1."""

    cells: int = 0
    hidden_rows: set[int] = field(default_factory=set)
    formulas: set[tuple[int, int]] = field(default_factory=set)
    widths: dict[int, float] = field(default_factory=dict)


def _shared_lengths(parts: Mapping[str, bytes]) -> list[int]:
    """How many characters each text of the shared table has."""
    tables = [content for name, content in parts.items() if name.rpartition("/")[2].casefold() == _SHARED_STRINGS]
    if len(tables) > 1:
        raise Unreadable("unsafe-zip")
    lengths: list[int] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        if name == "si":
            lengths.append(0)
        elif name == "sst" and int(attributes.get("uniqueCount", "0")) > len(tables[0]):  # the library reserves memory for as many
            raise Unreadable("damaged")

    def characters(text: str) -> None:
        if lengths:
            lengths[-1] += len(text)

    for content in tables:
        parser = strict_parser()
        parser.StartElementHandler, parser.CharacterDataHandler = start, characters
        parser.Parse(content, True)
    return lengths


def _errors_as_text(content: bytes) -> bytes:
    """Cells of type error as text: the library gives nothing for those it knows, and gives up on those it does not (#SPILL!)."""
    return _CELL_OF_TYPE_ERROR.sub(rb'\1"str"', content) if _TYPE_ERROR.search(content) else content


def _scan_sheet(xml: bytes, lengths: Sequence[int]) -> _Scan:
    """Raises Unreadable where the sheet reaches too far or shows too much text.

    A cell without an address stands behind the one before it; formatting without content reaches nowhere."""
    row = column = 0
    last_row = last_column = -1
    shown = 0
    kind: str | None = None
    text: list[str] = []
    scan = _Scan()

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal row, column, kind
        name = name.rpartition(":")[2] if ":" in name else name
        if name == "c":
            kind = attributes.get("t")
            if reference := attributes.get("r"):
                letters = reference.rstrip("0123456789")
                row, column = int(reference[len(letters) :]) - 1, _COLUMNS.get(letters.upper(), MAX_COLUMNS)
            text.clear()
            if kind in _ALWAYS_TEXT:
                occupied()
        elif name == "row":
            row, column = int(attributes["r"]) - 1 if "r" in attributes else row, 0
            text.clear()
            if attributes.get("hidden") in ("1", "true"):
                scan.hidden_rows.add(row + 1)
        elif name == "col":
            width = 0.0 if attributes.get("hidden") in ("1", "true") else float(attributes.get("width", "9"))
            scan.widths.update(dict.fromkeys(range(int(attributes["min"]) - 1, min(int(attributes["max"]), MAX_COLUMNS)), width))
        elif name == "f":
            scan.formulas.add((row + 1, column))

    def end(name: str) -> None:
        nonlocal row, column, shown
        name = name.rpartition(":")[2] if ":" in name else name
        if name == "c":
            column += 1
        elif name == "row":
            row, column = row + 1, 0
        elif name == "f":
            text.clear()  # a formula is none of the value
        elif name == "v" and text:
            if row > last_row or column > last_column:
                occupied()
            if kind == "s":
                index = "".join(text)
                shown += lengths[int(index)] if index.isdigit() and int(index) < len(lengths) else 0

    def occupied() -> None:
        nonlocal last_row, last_column
        if row >= MAX_ROWS or column >= MAX_COLUMNS:
            raise Unreadable("too-many-rows")
        last_row, last_column = max(last_row, row), max(last_column, column)

    parser = strict_parser()
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text.append
    parser.Parse(xml, True)
    if shown > MAX_TEXT:
        raise Unreadable("too-large")
    scan.cells = (last_row + 1) * (last_column + 1)
    return scan


def _packed(parts: Mapping[str, bytes]) -> io.BytesIO:
    """These parts as an archive of their own: nothing the member's archive says twice, or differently to different readers, is in it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    out.seek(0)
    return out


def _read_scanned(archive: io.BytesIO, scans: Mapping[str, _Scan]) -> list[Grid]:
    """`scans` by the sheets' names; a sheet of which nothing is known has nothing hidden."""
    from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    grids = []
    cells = 0
    try:
        workbook = CalamineWorkbook.from_filelike(archive)
        for sheet in workbook.sheets_metadata:
            if sheet.typ != SheetTypeEnum.WorkSheet:  # a chart sheet holds no cells
                continue
            rows = workbook.get_sheet_by_name(sheet.name).to_python(skip_empty_area=False)
            cells += len(rows) * len(rows[0]) if rows else 0
            if cells > MAX_CELLS:
                raise Unreadable("too-many-rows")
            grid, scan = _grid(sheet.name, rows), scans.get(sheet.name, _Scan())
            grid.hidden = sheet.visible != SheetVisibleEnum.Visible
            grid.hidden_rows, grid.formulas, grid.widths = scan.hidden_rows, scan.formulas, scan.widths
            grids.append(grid)
    except CalamineError:
        raise Unreadable("damaged") from None
    except BaseException as error:
        if type(error).__name__ == "PanicException":  # what the library's own slips arrive as; it is no Exception
            raise Unreadable("damaged") from None
        raise
    return grids


def _grid(name: str, rows: Iterable[Sequence[Any]]) -> Grid:
    grid = Grid(name)
    for number, row in enumerate(rows, start=1):
        cells = [_cell(value) if value != "" else None for value in row]
        if any(cell is not None for cell in cells):
            grid.rows.append((number, cells))
    return grid


def _cell(value: Any) -> Cell:
    """What the library read as a cell."""
    if isinstance(value, str):
        return text_cell(value)
    if isinstance(value, float):
        return number_cell(value)
    if isinstance(value, bool):
        return value
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, time | timedelta):
        return str(value)
    return float(value)
