"""The agreement's files as rows of checked values; every fault is noted with its place (contract section 2).

CSV may come from anybody's Excel: `;` `,` or tab, UTF-8, UTF-16 or Windows-1252. YAML is read as texts, so that 1500000.00 keeps its digits.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import yaml

from domain.agreement_cells import Kind, Wrong, shown, with_point
from domain.grid import ERROR, ErrorCell, Unreadable, text_cell
from domain.workbook import csv_records, decode_text

MAX_BYTES = 20 * 1024**2
MAX_ROWS = 100_000
MAX_YAML_BYTES = 256 * 1024
"""Of agreement.yaml, which has some lines a cycle."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault of the agreement (error), or something to look at (notice).

    `row` is the line on which the CSV record begins (the header is line 1) or the line in agreement.yaml; None: the file as a whole. `column` is
    the column's name, or in agreement.yaml the path of the value (`cycles[2].due`)."""

    file: str
    row: int | None
    column: str
    message: str
    severity: Literal["error", "notice"] = "error"

    def __str__(self) -> str:
        place = [self.file, *([f"row {self.row}"] if self.row else []), *([f"column {self.column}"] if self.column else [])]
        return " ".join(f"{', '.join(place)}: {self.message}".split())


@dataclass(slots=True)
class Problems:
    """Every problem met so far."""

    found: list[Problem] = field(default_factory=list)

    def add(self, file: str, row: int | None, column: str, message: str, severity: Literal["error", "notice"] = "error") -> None:
        self.found.append(Problem(file, row, column, message, severity))

    @property
    def in_order(self) -> list[Problem]:
        """By file and row, each once."""
        return sorted(dict.fromkeys(self.found), key=lambda problem: (problem.file, problem.row or 0, problem.column, problem.message))


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a CSV file, or a key of agreement.yaml."""

    name: str
    kind: Kind
    empty: bool = False
    """A cell may be empty."""
    absent: bool = False
    """The column may be left out; its cells are empty then."""


@dataclass(slots=True)
class Row:
    """A record: the values of its cells by column, None for an empty one. A wrong cell is not among them."""

    line: int
    values: dict[str, Any] = field(default_factory=dict)

    def get(self, name: str) -> Any:
        """The value, or None where the cell is empty or wrong."""
        return self.values.get(name)


@dataclass(slots=True)
class Table:
    """A file's rows. `read` is False where the file is missing or has not its columns: then nothing can be said of what points into it."""

    file: str
    rows: list[Row] = field(default_factory=list)
    read: bool = False


class Place(NamedTuple):
    """Where a value stands, as problems name it."""

    file: str
    row: int
    column: str


def read_value(problems: Problems, place: Place, row: Row, column: Column, text: str, decimal_comma: bool = False) -> None:
    """Puts the value of a text into the row, or notes at that place what is wrong with it."""
    if not text:
        if column.empty:
            row.values[column.name] = None
        else:
            problems.add(*place, f"is empty; expected is {column.kind.expected}")
        return
    if ERROR.fullmatch(text):
        problems.add(*place, f"{shown(text)} is an error of the spreadsheet; expected is {column.kind.expected}")
        return
    try:
        row.values[column.name] = column.kind.read(with_point(text) if decimal_comma and column.kind.number else text)
    except Wrong as wrong:
        problems.add(*place, str(wrong) if wrong.args else f"{shown(text)} is not {column.kind.expected}")


# --- CSV --------------------------------------------------------------------------------------------------------------


def read_table(problems: Problems, files: Mapping[str, bytes], file: str, columns: Sequence[Column], required: bool = False) -> Table:
    """The rows of a CSV file; blank ones are left out, short ones are filled with empty cells."""
    table = Table(file)
    needed = ", ".join(column.name for column in columns if not column.absent)
    if file not in files:
        if required:
            problems.add(file, None, "", f"the file is missing; expected is a CSV file with the columns {needed}")
        return table
    text = _csv_text(problems, file, files[file])
    if text is None:
        return table
    delimiter = _delimiter(text, {column.name for column in columns})
    records = _filled_records(problems, file, text, delimiter)
    if records is None:
        return table
    if not records:
        problems.add(file, None, "", f"the file is empty; expected is a header row with the columns {needed}")
        return table
    positions = _positions(problems, file, records[0], columns)
    if positions is None:
        return table
    table.read = True
    width = len(records[0][1])
    for line, cells in records[1:]:
        table.rows.append(_row(problems, file, line, cells, columns, positions, width, delimiter))
    return table


def _csv_text(problems: Problems, file: str, data: bytes) -> str | None:
    if len(data) > MAX_BYTES:
        problems.add(file, None, "", f"the file is larger than {MAX_BYTES // 1024**2} MB")
    elif data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        problems.add(file, None, "", "the file is a workbook or an archive; save it from the spreadsheet as CSV (UTF-8)")
    else:
        return decode_text(data).replace("\x00", "")
    return None


def _delimiter(text: str, names: set[str]) -> str:
    """The one under which the header row has most of the columns, or the one that a line `sep=;` of Excel's names."""
    if declared := re.match(r'"?sep=([,;\t])"?[\r\n]', text):
        return declared[1]

    def known(delimiter: str) -> int:
        try:
            header = next((cells for _, cells in csv_records(text, delimiter) if any(map(text_cell, cells))), [])
        except (Unreadable, csv.Error):
            return 0
        return len(names & {_text(cell).casefold() for cell in header})

    return max(",;\t", key=known)


def _text(cell: str) -> str:
    read = text_cell(cell)
    return read.text if isinstance(read, ErrorCell) else read or ""


def _filled_records(problems: Problems, file: str, text: str, delimiter: str) -> list[tuple[int, list[str]]] | None:
    """Line and trimmed cells of each record that is not blank, without the line `sep=;`; None, with a problem, for what is no CSV."""
    found: list[tuple[int, list[str]]] = []
    try:
        for line, record in csv_records(text, delimiter):
            cells = [_text(cell) for cell in record]
            if any(cells) and not (line == 1 and cells[0].startswith("sep=")):
                found.append((line, cells))
            if len(found) > MAX_ROWS:
                problems.add(file, line, "", f"the file has more than {MAX_ROWS} rows")
                return None
    except Unreadable:
        after = f"after row {found[-1][0]} " if found else ""
        problems.add(file, None, "", f'{after}a quotation mark (") opens a text that never ends; close it, or save the file from the spreadsheet as CSV again')
        return None
    except csv.Error as error:
        after = f"after row {found[-1][0]} " if found else ""
        problems.add(file, None, "", f"{after}the file cannot be read as CSV ({error}); save it from the spreadsheet as CSV again")
        return None
    return found


def _positions(problems: Problems, file: str, header: tuple[int, list[str]], columns: Sequence[Column]) -> dict[str, int] | None:
    """Where each column stands; None, with a problem for each that is missing or there twice, where rows cannot be read."""
    line, cells = header
    names = [cell.casefold() for cell in cells]
    needed = [column for column in columns if not column.absent]
    faults = len(problems.found)
    if not any(column.name in names for column in needed):
        problems.add(file, line, "", f"the first row has none of the column names; expected are {', '.join(column.name for column in needed)}")
        return None
    for column in columns:
        if column.name not in names and not column.absent:
            problems.add(file, line, column.name, f"the column is missing; expected in it is {column.kind.expected}")
        if names.count(column.name) > 1:
            problems.add(file, line, column.name, "the column is there twice; which of them counts?")
    return {name: i for i, name in enumerate(names)} if len(problems.found) == faults else None


def _row(
    problems: Problems, file: str, line: int, cells: list[str], columns: Sequence[Column], positions: Mapping[str, int], width: int, delimiter: str
) -> Row:
    row = Row(line)
    if any(cells[width:]):
        problems.add(file, line, "", f"the row has more cells than the header: a text that holds {delimiter!r} must stand in quotation marks")
        return row
    texts = {name: cells[at] for name, at in positions.items() if at < len(cells)}
    for column in columns:
        read_value(problems, Place(file, line, column.name), row, column, texts.get(column.name, ""), decimal_comma=delimiter == ";")
    return row


# --- YAML -------------------------------------------------------------------------------------------------------------


class _Composer(yaml.SafeLoader):
    """Composes nodes and refuses aliases: a file of them can unfold without end."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.composer.ComposerError(None, None, "aliases (*name) are not understood here", self.peek_event().start_mark)
        return super().compose_node(parent, index)


@dataclass(slots=True)
class Document:
    """agreement.yaml: mappings, lists and texts, with the line of each by its path (`cycles[2].due`; "" is the whole)."""

    file: str
    content: Any = None
    lines: dict[str, int] = field(default_factory=dict)

    def place(self, path: str) -> Place:
        return Place(self.file, self.line(path), path)

    def line(self, path: str) -> int:
        """The line of that value or, where there is none, of what would hold it."""
        while path and path not in self.lines:
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return self.lines.get(path, 1)


def read_document(problems: Problems, file: str, data: bytes) -> Document:
    """A YAML file; its content is None, with a problem, where it is none."""
    document = Document(file)
    if len(data) > MAX_YAML_BYTES:
        problems.add(file, None, "", f"the file is larger than {MAX_YAML_BYTES // 1024} kB")
        return document
    try:
        node = _Composer(decode_text(data)).get_single_node()
        document.content = _plain(problems, document, node, "") if node else None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        problems.add(file, line, "", f"the file cannot be read as YAML: {error.problem or error.context}")
        return document
    except (yaml.YAMLError, ValueError):
        problems.add(file, None, "", "the file cannot be read as YAML: it holds characters that no text has")
        return document
    except RecursionError:
        problems.add(file, None, "", "the file cannot be read as YAML: it is nested too deeply")
        return document
    if not isinstance(document.content, dict):
        problems.add(file, None, "", "the file must have the keys contract, timezone and cycles")
        document.content = None
    return document


def _plain(problems: Problems, document: Document, node: yaml.Node, path: str) -> Any:
    """A node as dict, list or trimmed text; the line of each goes into the document."""
    document.lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        return [_plain(problems, document, item, f"{path}[{i}]") for i, item in enumerate(node.value)]
    if not isinstance(node, yaml.MappingNode):
        null = isinstance(node, yaml.ScalarNode) and node.style is None and node.value in ("~", "null", "Null", "NULL")
        return "" if null else _text(node.value)
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = key_node.value if isinstance(key_node, yaml.ScalarNode) else "?"
        where = f"{path}.{key}" if path else key
        if key in found:
            problems.add(document.file, key_node.start_mark.line + 1, where, f"the key is there twice, first in line {document.lines[where]}")
            continue
        found[key] = _plain(problems, document, value_node, where)
    return found


def read_fields(problems: Problems, document: Document, path: str, content: Any, columns: Sequence[Column]) -> Row | None:
    """A mapping of agreement.yaml as a row; None, with a problem, where it is none. Each key is a place of its own, with its line."""
    if not isinstance(content, dict):
        expected = ", ".join(column.name for column in columns if not column.absent)
        problems.add(*document.place(path), f"{'is missing' if content is None else 'is not complete'}; expected are the keys {expected}")
        return None
    row = Row(document.line(path))
    for column in columns:
        place = document.place(f"{path}.{column.name}" if path else column.name)
        text = content.get(column.name)
        if text is None and not column.absent:
            problems.add(*place, f"is missing; expected is {column.kind.expected}")
        elif isinstance(text, dict | list):
            problems.add(*place, f"has more below it; expected is {column.kind.expected}")
        else:
            read_value(problems, place, row, column, text or "")
    return row


def read_list(problems: Problems, document: Document, path: str, content: Any, kind: Kind) -> list[Any]:
    """The values of a list of agreement.yaml (a single value counts as one) that are of that kind; a list without any is a problem."""
    items = content if isinstance(content, list) else [] if content in (None, "") else [content]
    if not items:
        problems.add(*document.place(path), f"is missing; expected is a list, each of it {kind.expected}")
    row = Row(document.line(path))
    for i, item in enumerate(items):
        read_value(problems, document.place(f"{path}[{i}]"), row, Column(str(i), kind), item if isinstance(item, str) else "")
    return list(row.values.values())
