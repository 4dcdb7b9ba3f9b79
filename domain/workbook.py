"""A file's bytes as grids of cells with their true addresses (contract section 3), and the checks that keep hostile files out.

Members' files are hostile until proven otherwise: sizes are counted as they are unpacked, the XML is scanned before any library opens the
file, and nothing in it is executed or fetched. Limits: 50 MB, 200 MB unpacked, 200 000 rows a sheet.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from xml.parsers import expat

MAX_BYTES = 50 * 1024**2
MAX_UNPACKED = 200 * 1024**2
MAX_ROWS = 200_000
MAX_COLUMNS = 1_000
MAX_PARTS = 2_000

ERROR = re.compile(r"#(REF!|VALUE!|DIV/0!|N/A|NAME\?|NULL!|NUM!|SPILL!|CALC!|GETTING_DATA)|Err:\d+", re.IGNORECASE)


class Unreadable(Exception):
    """The file is refused; `reason` is one of the words that the catalogue knows (not-a-workbook, encrypted, damaged, macros, …)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class ErrorCell:
    """A cell that holds #REF! or the like."""

    text: str


Cell = str | float | bool | date | ErrorCell | None


@dataclass(slots=True)
class Grid:
    """A sheet: its name and its rows, each with its number in the file and its cells from column A on. Empty rows may be left out."""

    name: str
    rows: list[tuple[int, list[Cell]]] = field(default_factory=list)


def column_letter(index: int) -> str:
    """0 -> "A", 26 -> "AA"."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def column_index(letters: str) -> int:
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - 64
    return index - 1


def read_grids(data: bytes) -> list[Grid]:
    """All sheets of an .xlsx, .ods or .zip of CSV, known by content, not by name. Raises Unreadable."""
    if not data:
        raise Unreadable("empty-file")
    if len(data) > MAX_BYTES:
        raise Unreadable("too-large")
    if data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        raise Unreadable("encrypted" if "EncryptedPackage".encode("utf-16-le") in data else "old-format")
    if not data.startswith(b"PK"):
        raise Unreadable("not-a-workbook")
    try:
        return _read_zip(data)
    except Unreadable:
        raise
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, KeyError, NotImplementedError, IndexError, OverflowError, expat.ExpatError):
        raise Unreadable("damaged") from None
    except RuntimeError:  # zipfile: a part is encrypted
        raise Unreadable("encrypted") from None


def _read_zip(data: bytes) -> list[Grid]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
        if len(names) > MAX_PARTS or len(set(names)) != len(names):
            raise Unreadable("unsafe-zip")
        if any(name.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", name) or ":" in name or "\x00" in name for name in names):
            raise Unreadable("unsafe-zip")
        if any(info.flag_bits & 1 for info in archive.infolist()):
            raise Unreadable("encrypted")
        parts = _unpack(archive)
    if any("vbaproject" in name.casefold() for name in parts) or b"macroEnabled" in parts.get("[Content_Types].xml", b""):
        raise Unreadable("macros")
    if "[Content_Types].xml" in parts:
        return _read_xlsx(data, parts)
    if parts.get("mimetype", b"").startswith(b"application/vnd.oasis.opendocument"):
        if b"manifest:encryption-data" in parts.get("META-INF/manifest.xml", b""):
            raise Unreadable("encrypted")
        return _read_ods(data, parts)
    return _read_csvs(parts)


def _unpack(archive: zipfile.ZipFile) -> dict[str, bytes]:
    """Every part, counting what really comes out of it."""
    left = MAX_UNPACKED
    parts = {}
    for info in archive.infolist():
        if info.is_dir():
            continue
        with archive.open(info) as part:
            content = part.read(left + 1)
        left -= len(content)
        if left < 0:
            raise Unreadable("too-large")
        parts[info.filename] = content
    return parts


def _parser() -> expat.XMLParserType:
    """An XML parser that refuses document types, and with them entities of every kind."""
    parser = expat.ParserCreate()

    def refuse(*_: object) -> None:
        raise Unreadable("unsafe-zip")

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.ExternalEntityRefHandler = refuse
    return parser


# --- .xlsx ------------------------------------------------------------------------------------------------------------

_CELL = re.compile(r"([A-Z]{1,3})([1-9]\d{0,6})")


def _scan_sheet(xml: bytes) -> dict[tuple[int, int], str]:
    """Checks the extent of a sheet before any library lays it out in memory; gives the error cells, (row, column) from 0, with their text."""
    errors: dict[tuple[int, int], str] = {}
    parser = _parser()
    at = [-1, -1]
    in_error = in_value = False
    text: list[str] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal in_error, in_value
        name = name.rpartition(":")[2]
        if name == "row":
            at[0] = int(attributes["r"]) - 1 if "r" in attributes else at[0] + 1
            at[1] = -1
            if at[0] >= MAX_ROWS:
                raise Unreadable("too-many-rows")
        elif name == "c":
            match = _CELL.fullmatch(attributes.get("r", ""))
            if match:
                at[1], at[0] = column_index(match[1]), int(match[2]) - 1
            else:
                at[1] += 1
            if at[0] >= MAX_ROWS or at[1] >= MAX_COLUMNS:
                raise Unreadable("too-many-rows")
            in_error = attributes.get("t") == "e"
        elif name == "v" and in_error:
            in_value = True
            text.clear()

    def end(name: str) -> None:
        nonlocal in_value
        if in_value and name.rpartition(":")[2] == "v":
            errors[at[0], at[1]] = "".join(text)
            in_value = False

    def characters(data: str) -> None:
        if in_value:
            text.append(data)

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, characters
    parser.Parse(xml, True)
    return errors


def _sheet_parts(parts: dict[str, bytes]) -> dict[str, str]:
    """Sheet name to its part, from workbook.xml and its relations."""
    relations: dict[str, str] = {}
    sheets: dict[str, str] = {}

    def relation(name: str, attributes: dict[str, str]) -> None:
        if name.rpartition(":")[2] == "Relationship" and attributes.get("TargetMode") != "External":
            target = attributes.get("Target", "")
            relations[attributes.get("Id", "")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"

    def sheet(name: str, attributes: dict[str, str]) -> None:
        if name.rpartition(":")[2] == "sheet":
            identifier = next((value for key, value in attributes.items() if key.rpartition(":")[2] == "id" and ":" in key), "")
            sheets[attributes.get("name", "")] = relations.get(identifier, "")

    for part, handler in (("xl/_rels/workbook.xml.rels", relation), ("xl/workbook.xml", sheet)):
        parser = _parser()
        parser.StartElementHandler = handler
        parser.Parse(parts[part], True)
    return sheets


def _read_xlsx(data: bytes, parts: dict[str, bytes]) -> list[Grid]:
    for name, content in parts.items():
        if name.endswith((".xml", ".rels")) and (b"<!DOCTYPE" in content or b"<!ENTITY" in content):
            raise Unreadable("unsafe-zip")
    if "xl/workbook.xml" not in parts:
        raise Unreadable("not-a-workbook")
    errors = {name: _scan_sheet(parts[part]) for name, part in _sheet_parts(parts).items() if part in parts and b"<" in parts[part]}
    return list(_calamine_grids(data, errors))


def _calamine_grids(data: bytes, errors: dict[str, dict[tuple[int, int], str]]) -> Iterator[Grid]:
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
        for name in workbook.sheet_names:
            try:
                rows = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
            except CalamineError as error:  # a chart sheet holds no cells
                if "worksheet" in str(error).casefold():
                    continue
                raise
            yield _grid(name, rows, errors.get(name, {}))
    except PasswordError:
        raise Unreadable("encrypted") from None
    except CalamineError:
        raise Unreadable("damaged") from None


def _grid(name: str, rows: list[list[Any]], errors: dict[tuple[int, int], str]) -> Grid:
    grid = Grid(name)
    for index, row in enumerate(rows):
        cells = [_cell(value) for value in row]
        for column in range(len(cells)):
            if errors and (index, column) in errors:
                cells[column] = ErrorCell(errors[index, column])
        if any(cell is not None for cell in cells):
            grid.rows.append((index + 1, cells))
    return grid


def _cell(value: Any) -> Cell:
    """A calamine value as a cell: numbers as float, dates without time, blank text as None."""
    if isinstance(value, str):
        if not value or value.isspace():
            return None
        return ErrorCell(value) if value[0] in "#E" and ERROR.fullmatch(value) else value
    if isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return float(value)
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, time | timedelta):
        return str(value)
    return None


# --- .ods -------------------------------------------------------------------------------------------------------------


def _scan_ods(xml: bytes) -> None:
    """Checks the extent that repeated rows and cells with content unfold to."""
    parser = _parser()
    row = column = repeat = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal row, column, repeat
        match name:
            case "table:table":
                row = 0
            case "table:table-row":
                repeat = int(attributes.get("table:number-rows-repeated", "1"))
                row, column = row + repeat, 0
            case "table:table-cell" | "table:covered-table-cell":
                column += int(attributes.get("table:number-columns-repeated", "1"))
                if "office:value-type" in attributes or "table:formula" in attributes:
                    if row > MAX_ROWS or repeat * min(column, MAX_COLUMNS) > 10 * MAX_ROWS:
                        raise Unreadable("too-many-rows")
                    if column > MAX_COLUMNS:
                        raise Unreadable("too-many-rows")

    parser.StartElementHandler = start
    parser.Parse(xml, True)


def _read_ods(data: bytes, parts: dict[str, bytes]) -> list[Grid]:
    for content in parts.values():
        if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
            raise Unreadable("unsafe-zip")
    if "content.xml" not in parts:
        raise Unreadable("not-a-workbook")
    _scan_ods(parts["content.xml"])
    return list(_calamine_grids(data, {}))


# --- .zip of CSV ------------------------------------------------------------------------------------------------------


def decode_text(data: bytes) -> str:
    """UTF-8 or UTF-16 by its mark, strict UTF-8, else Windows-1252 (what Excel writes in the languages of the members)."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def find_delimiter(text: str) -> str:
    """`,` `;` or tab: the one that cuts the first lines into most columns."""
    lines = [line for line in text.splitlines()[:40] if line.strip()]
    counts = {delimiter: sum(len(next(csv.reader([line], delimiter=delimiter), [])) - 1 for line in lines) for delimiter in ";,\t"}
    return max(counts, key=lambda delimiter: counts[delimiter])


def csv_records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Records with the line on which each begins (from 1)."""
    csv.field_size_limit(MAX_BYTES)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    begins = 1
    try:
        for record in reader:
            yield begins, record
            begins = reader.line_num + 1
    except csv.Error:
        raise Unreadable("damaged") from None


def _read_csvs(parts: dict[str, bytes]) -> list[Grid]:
    grids = []
    for name, content in sorted(parts.items()):
        base = name.rpartition("/")[2]
        if base.startswith((".", "~$")) or name.startswith("__MACOSX/") or not base.casefold().endswith(".csv"):
            continue
        text = decode_text(content).replace("\x00", "")
        grid = Grid(unicodedata.normalize("NFC", base[:-4]))
        for line, record in csv_records(text, find_delimiter(text)):
            if line > MAX_ROWS or len(record) > MAX_COLUMNS:
                raise Unreadable("too-many-rows")
            cells = [_cell(value) for value in record]
            if any(cell is not None for cell in cells):
                grid.rows.append((line, cells))
        grids.append(grid)
    if not grids:
        raise Unreadable("not-a-workbook")
    return grids
