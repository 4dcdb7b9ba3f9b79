"""From a file's grids to a submission: finds sheets, heading row and columns, and reads every cell by its column's kind (contract section 3).

Finds what only the reader can see: structure and parse faults (contract section 4). Everything else is judged later, over all members at once.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any, Literal

from domain.agreement import Agreement, Correction
from domain.codes import FLOAT_TRAPS
from domain.findings import Finding, Severity
from domain.grid import Cell, ErrorCell, Grid, Unreadable, column_letter
from domain.numbers import date_hint, is_placeholder, number_of, plausible_date, read_date, read_number, read_yes_no, shortest
from domain.schema import COVER_KEYS, COVER_LABELS, DIMENSION_LABELS, INDICATORS, SHEETS, Column, SheetSchema
from domain.submission import Corrected, Row, Sheet, Submission, Value
from domain.workbook import read_grids

SUBMISSION_ENDINGS = (
    ".xlsx", ".ods", ".zip",
    ".xls", ".xlsm", ".xlsb", ".xlt", ".xltx", ".xltm", ".xlam", ".fods", ".ots", ".sxc", ".numbers", ".gsheet", ".et", ".csv",
)  # fmt: skip
"""File name endings of submissions: what is read, and the spreadsheet formats that are refused (so that their sender gets an answer)."""
HEADING_ROWS = 40
"""How many filled rows down the heading row is looked for."""
LONGEST_NAME = 200
"""Characters of the longest text that is looked at as the name of a sheet or column."""
LONGEST_VALUE = 32_767
"""Characters of a cell that a finding quotes: what a workbook's cell can hold."""

_PARTS: dict[str, Literal["programme", "finance"]] = {
    "programme": "programme", "program": "programme", "programa": "programme",
    "finance": "finance", "finances": "finance", "finanzas": "finance", "finanças": "finance", "financas": "finance",
}  # fmt: skip


_PREFILLED = Column("prefilled")
"""A hidden column of the workbook: the columns of a row that it filled in itself, parted by blanks."""
_LABEL = re.compile(r"\s[–—-]\s")


def file_kind(name: str) -> Literal["submission", "ignored"]:
    """Whether a file of a member's inbox folder (its path below that folder) is a submission; lock files, hidden ones, pictures and evidence are not."""
    *folders, base = name.split("/")
    if any(folder.casefold() in ("evidence", "__macosx") for folder in folders) or any(part.startswith(("~$", ".")) for part in (*folders, base)):
        return "ignored"
    return "submission" if base.casefold().endswith(SUBMISSION_ENDINGS) else "ignored"


def read_submission(data: bytes, *, key: str, member: str, cycle: str, received_at: datetime, agreement: Agreement) -> Submission:
    """Reads one file of a member's inbox folder of a cycle (as the agreement spells it). Never raises, whatever the bytes: a file that is no
    workbook has the one finding submission.unreadable. Findings come without `message`."""
    submission = Submission(member, cycle, key, sha256(data).hexdigest(), len(data), received_at)
    try:
        grids = read_grids(data)
    except Unreadable as refused:
        _find(submission, "submission.unreadable", "reject", value=key.rpartition("/")[2], details={"reason": refused.reason})
        return submission
    _read_cover(submission, grids, agreement)
    _read_sheets(submission, grids, agreement)
    return submission


def _find(submission: Submission, rule: str, severity: Severity, value: str = "", **where: Any) -> None:
    submission.findings.append(
        Finding(submission.member, submission.cycle, submission.submission, rule, severity, value=value[:LONGEST_VALUE], **where)
    )


# --- names ------------------------------------------------------------------------------------------------------------


def plain(text: str) -> str:
    """A heading without case, accents, marks of requirement, units in brackets or doubled spaces, to be compared."""
    if len(text) > LONGEST_NAME:
        return ""
    text = re.sub(r"[\(\[][^)\]]*[\)\]]", " ", text)
    text = unicodedata.normalize("NFKD", text.casefold())
    text = "".join(character for character in text if not unicodedata.combining(character))
    return " ".join(text.replace("’", "'").replace("_", " ").strip(" *:\t\n").split())


def _names(name: str, labels: dict[str, tuple[str, ...]]) -> set[str]:
    return {plain(name), *(plain(label) for of_language in labels.values() for label in of_language)}


def grid_named(grids: Sequence[Grid], name: str, labels: dict[str, tuple[str, ...]]) -> Grid | None:
    """The sheet of that machine name, else of one of its labels."""
    exact = next((grid for grid in grids if plain(grid.name) == plain(name)), None)
    return exact or next((grid for grid in grids if plain(grid.name) in _names(name, labels)), None)


def code_of(text: str) -> str:
    """ "code – label" is its code; a code is trimmed."""
    return _LABEL.split(text.strip(), maxsplit=1)[0].strip() if " " in text or not text.isascii() else text.strip()


# --- the cover --------------------------------------------------------------------------------------------------------


def cell_text(cell: Cell) -> str:
    """A cell as the member wrote it."""
    match cell:
        case None:
            return ""
        case ErrorCell(text):
            return text
        case bool():
            return "TRUE" if cell else "FALSE"
        case float():
            return shortest(cell)
        case date():
            return cell.isoformat()
        case _:
            return cell


def _read_cover(submission: Submission, grids: Sequence[Grid], agreement: Agreement) -> None:
    """Keys and values of the cover; a required key that is not there or has no value is submission.column-missing."""
    member = agreement.member(submission.member)
    submission.decimal = member.decimal if member else "."
    grid = grid_named(grids, "cover", COVER_LABELS)
    if grid is None:
        _find(submission, "submission.sheet-missing", "reject", sheet="cover", details={"sheet": "cover"})
        return
    keys = {name: column.name for column in COVER_KEYS for name in _names(column.name, column.labels)}
    for number, cells in grid.rows:
        filled = [(index, cell_text(cell)) for index, cell in enumerate(cells) if cell is not None]
        name = keys.get(plain(filled[0][1]))
        values = [(index, text) for index, text in filled[1:] if keys.get(plain(text)) != name]  # a label may stand beside the machine's name
        if name is None or name in submission.cover or not values or is_placeholder(values[0][1]):
            continue
        index, submission.cover[name] = values[0]
        submission.cover_cells[name] = (number, f"{column_letter(index)}{number}")
    _correct_cover(submission, agreement)
    _judge_cover(submission, agreement)


def _correct_cover(submission: Submission, agreement: Agreement) -> None:
    for number, correction in corrections_for(agreement, submission, "cover"):
        key, was = correction.column, submission.cover.get(correction.column, "")
        if correction.row in (key, str(submission.cover_cells.get(key, (0, ""))[0])) and was.casefold() == correction.expect.casefold():
            row, cell = submission.cover_cells.get(key, (0, ""))
            submission.cover.pop(key, None)
            if not is_placeholder(correction.value) and correction.value:
                submission.cover[key] = correction.value
                submission.cover_cells.setdefault(key, (0, ""))
            _note_correction(submission, number, correction, row, cell, was)


def corrections_for(agreement: Agreement, submission: Submission, sheet: str) -> list[tuple[int, Correction]]:
    """The corrections of a member's sheet in a cycle, each with its place in the agreement."""
    return [
        (number, correction)
        for number, correction in enumerate(agreement.corrections)
        if (correction.member, correction.cycle, correction.sheet) == (submission.member, submission.cycle, sheet)
    ]


def _note_correction(submission: Submission, number: int, correction: Correction, row: int, cell: str, was: str) -> None:
    """Never silent: the member is told, and the report lists it."""
    submission.corrected.append(Corrected(number, correction.sheet, row, correction.column, cell, was, correction.value))
    _find(
        submission, "cell.corrected", "info", value=was, sheet=correction.sheet, row=row or None, column=correction.column, cell=cell,
        details={"now": correction.value, "reason_given": correction.reason},
    )  # fmt: skip


def _judge_cover(submission: Submission, agreement: Agreement) -> None:
    expected = {"contract": agreement.contract.number, "cycle": submission.cycle, "member": submission.member}
    for key, value in expected.items():
        if key not in submission.cover:
            continue
        said = submission.cover[key].casefold()
        if value.casefold() not in (said, code_of(said)):
            row, cell = submission.cover_cells[key]
            _find(
                submission, f"submission.wrong-{key}", "reject",
                sheet="cover", row=row, column=key, cell=cell, value=submission.cover[key], details={"expected": value},
            )  # fmt: skip
    for column in COVER_KEYS:
        if column.required and column.name not in submission.cover:
            _find(submission, "submission.column-missing", "reject", sheet="cover", column=column.name, details={"sheet": "cover", "column": column.name})
    if submission.cover.get("decimal") in (".", ","):
        submission.decimal = submission.cover["decimal"]
    submission.part = _PARTS.get(code_of(submission.cover.get("part", "")).casefold())
    submission.nil = read_yes_no(submission.cover.get("nil", "")) == "yes"


# --- data sheets ------------------------------------------------------------------------------------------------------


def schema_with_dimensions(schema: SheetSchema, dimensions: Iterable[str]) -> tuple[Column, ...]:
    """The columns of a sheet; those of indicators have one per dimension of the logframe too."""
    if schema.name != INDICATORS.name:
        return schema.columns
    return (*schema.columns, *(Column(name, "code", labels=DIMENSION_LABELS.get(name.casefold(), {})) for name in dimensions))


def _read_sheets(submission: Submission, grids: Sequence[Grid], agreement: Agreement) -> None:
    for schema in SHEETS:
        grid = grid_named(grids, schema.name, schema.labels)
        if submission.nil or (submission.part and schema.part != submission.part):
            if grid is not None:
                _tell_ignored(submission, schema, grid, agreement)
            continue
        if grid is None:
            if not schema.optional:
                _find(submission, "submission.sheet-missing", "reject", sheet=schema.name, details={"sheet": schema.name})
            continue
        _read_sheet(submission, schema, grid, agreement)


def _tell_ignored(submission: Submission, schema: SheetSchema, grid: Grid, agreement: Agreement) -> None:
    """A sheet that the cover declares empty, or to lie in the other part, is not used; a member who filled it in all the same must know."""
    aside = Submission(submission.member, submission.cycle, submission.key, submission.sha256, submission.size, submission.received_at)
    _read_sheet(aside, schema, grid, agreement)
    sheet = aside.sheets.get(schema.name)
    said = {"value", "numerator", "denominator", "comment"} if schema.name == INDICATORS.name else None
    rows = [row for row in sheet.rows if said is None or said & row.raw.keys()] if sheet else []
    if rows:
        _find(submission, "sheet.ignored", "warning", sheet=schema.name, row=rows[0].number, details={"rows": str(len(rows))})


@dataclass(slots=True)
class _Heading:
    """The heading row: where the data begin, and in which cell each column stands."""

    below: int
    columns: dict[str, int]


def _find_heading(grid: Grid, columns: Sequence[Column]) -> _Heading:
    """The row in which most columns are named, by machine name or label; a further row of headings right below it is none of the data."""
    by_name: dict[str, list[str]] = {}
    for column in columns:
        for name in _names(column.name, column.labels):
            by_name.setdefault(name, []).append(column.name)
    machine = {plain(column.name): column.name for column in columns}

    def columns_in(cells: Sequence[Cell]) -> dict[str, int]:
        found: dict[str, int] = {}
        for index, cell in enumerate(cells):
            name = plain(cell) if isinstance(cell, str) else ""
            for candidate in ([machine[name]] if name in machine else []) + by_name.get(name, []):
                if candidate not in found:
                    found[candidate] = index
                    break
        return found

    required = {column.name for column in columns if column.required}
    best, at = _Heading(0, {}), -1
    for position, (number, cells) in enumerate(grid.rows[:HEADING_ROWS]):
        found = columns_in(cells)
        if (len(required & set(found)), len(found)) > (len(required & set(best.columns)), len(best.columns)):
            best, at = _Heading(number, found), position
    for number, cells in grid.rows[at + 1 :] if at >= 0 else []:
        again = columns_in(cells)
        same = sum(best.columns.get(name) == index for name, index in again.items())
        new = {name: index for name, index in again.items() if name not in best.columns and index not in best.columns.values()}
        filled = sum(cell is not None for cell in cells)
        # the same headings in other words, or those that stand below a merged one
        if (same < 2 or same < filled / 2) and not 2 <= same + len(new) == filled:
            break
        best.below = number
        best.columns |= new
    return best


def _read_sheet(submission: Submission, schema: SheetSchema, grid: Grid, agreement: Agreement) -> None:
    columns = schema_with_dimensions(schema, agreement.dimensions)
    heading = _find_heading(grid, (*columns, _PREFILLED))
    missing = [column.name for column in columns if column.required and column.name not in heading.columns]
    if missing and schema.optional and not any(number > heading.below for number, _ in grid.rows):
        return
    for name in missing:
        _find(submission, "submission.column-missing", "reject", sheet=schema.name, column=name, details={"sheet": schema.name, "column": name})
    if missing:
        return
    sheet = Sheet(schema.name, {name: column_letter(index) for name, index in heading.columns.items()}, [])
    found = [(column, heading.columns[column.name]) for column in columns if column.name in heading.columns]
    prefilled = heading.columns.get(_PREFILLED.name)
    reader = _RowReader(submission, sheet, dict.fromkeys((column.name for column in columns), None), found, _without_number(schema, submission, agreement), prefilled, corrections_for(agreement, submission, schema.name))
    sheet.rows = [row for number, cells in grid.rows if number > heading.below and (row := reader.read(number, cells))]
    submission.sheets[schema.name] = sheet
    if sheet.rows:
        _tell_hidden(submission, sheet, grid)
        _tell_formulas(submission, sheet, grid, heading)
    if grid.encoding:
        _find(submission, "sheet.encoding", "info", sheet=schema.name, details={"encoding": grid.encoding})


def _tell_hidden(submission: Submission, sheet: Sheet, grid: Grid) -> None:
    """Hidden sheets and rows are read like all others; their member may not know of them."""
    if grid.hidden:
        _find(submission, "sheet.hidden", "info", sheet=sheet.name, details={"rows": str(len(sheet.rows))})
    hidden = [row.number for row in sheet.rows if row.number in grid.hidden_rows]
    if hidden:
        _find(submission, "sheet.rows-hidden", "info", sheet=sheet.name, row=hidden[0], details={"rows": number_ranges(hidden)})


def _tell_formulas(submission: Submission, sheet: Sheet, grid: Grid, heading: _Heading) -> None:
    """A formula counts by the value stored with it; whether that is the one the member sees, only the member can tell."""
    columns = {index: name for name, index in heading.columns.items()}
    rows = {row.number: row for row in sheet.rows}
    for number, index in sorted(grid.formulas):
        row, name = rows.get(number), columns.get(index)
        if row is not None and name is not None and name not in row.faults:
            _find(
                submission, "cell.formula", "warning", sheet=sheet.name, row=number, column=name,
                cell=sheet.cell(name, number), value=row.raw.get(name, ""),
            )  # fmt: skip


_KEYS = {"activities": ("activity",), "indicators": ("indicator", "country"), "expenditure": ("document",), "narrative": ("section",)}
"""The columns by which a row may be named instead of its number; parted by /."""


def is_row(named: str, row: Row, sheet: str) -> bool:
    """Whether a row of a member's sheet is the one that waivers.csv or corrections.csv names: by its number, or by its codes (Op1.1-a/KE)."""
    if named == str(row.number):
        return True
    keys = [code_of(row.raw.get(column, "")).casefold() for column in _KEYS.get(sheet, ())]
    given = [part.strip().casefold() for part in named.split("/")] if len(keys) > 1 else [named.strip().casefold()]
    return bool(keys) and bool(keys[0]) and given == keys[: len(given)]


def number_ranges(numbers: Iterable[int], most: int = 12) -> str:
    """ "5, 7–9" for 5, 7, 8, 9 (in order); no more than `most` parts of it, then "…"."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and parts[-1][-1] == number - 1:
            parts[-1][1:] = [number]
        else:
            parts.append([number])
    texts = ["–".join(map(str, part)) for part in parts[:most]]
    return ", ".join([*texts, "…"] if len(parts) > most else texts)


def _without_number(schema: SheetSchema, submission: Submission, agreement: Agreement) -> frozenset[str]:
    """Codes, without case, of the indicators whose `value` is an answer or nothing rather than a number."""
    if schema.name != INDICATORS.name:
        return frozenset()
    rows = agreement.indicators_in(submission.cycle).values()
    return frozenset(row.indicator.casefold() for row in rows if row.measure in ("yes_no", "qualitative"))


@dataclass(slots=True)
class _RowReader:
    """Reads the rows of one sheet; faults go to the row and to the submission's findings."""

    submission: Submission
    sheet: Sheet
    empty: dict[str, Value]
    """Every column of the sheet's schema, without a value."""
    columns: Sequence[tuple[Column, int]]
    """Those that the file has, in the schema's order, each with its place in a row."""
    without_number: frozenset[str]
    prefilled: int | None = None
    """Where the workbook notes what it put into a row itself."""
    corrections: Sequence[tuple[int, Correction]] = ()

    def read(self, number: int, cells: Sequence[Cell]) -> Row | None:
        """None for a row whose cells are all empty or placeholders."""
        row = Row(number, self.empty.copy(), {})
        width = len(cells)
        for column, index in self.columns:
            cell = cells[index] if index < width else None
            if cell is None:
                continue
            text = cell if isinstance(cell, str) else cell_text(cell)
            if not is_placeholder(text):
                row.raw[column.name] = text
        if not row.raw or self._left_as_it_was(row, cells):
            return None
        corrected = self._correct(row) if self.corrections else {}
        for column, index in self.columns:
            if column.name in row.raw:
                cell = corrected.get(column.name) or cells[index]
                row.values[column.name] = self._value(row, column, cell, row.raw[column.name])
        return row

    def _correct(self, row: Row) -> dict[str, str]:
        """Puts in what corrections.csv says of this row, where the cell still says what was expected; gives the new texts by column."""
        kinds = {column.name: column.kind for column, _ in self.columns}
        corrected: dict[str, str] = {}
        for number, correction in self.corrections:
            name = correction.column
            was = row.raw.get(name, "")
            if name not in kinds or not is_row(correction.row, row, self.sheet.name) or not self._says(was, correction.expect, kinds[name]):
                continue
            if not correction.value or is_placeholder(correction.value):
                row.raw.pop(name, None)
            else:
                corrected[name] = row.raw[name] = self._in_members_way(correction.value, kinds[name])
            _note_correction(self.submission, number, correction, row.number, self.sheet.cell(name, row.number), was)
        return corrected

    def _says(self, text: str, expected: str, kind: str) -> bool:
        """Whether a cell says what a correction expects: the same text, number or day, however it is written."""
        if text.casefold() == expected.strip().casefold():
            return True
        if not text or not expected:
            return False
        if kind == "number":
            number = read_number(text, self.submission.decimal)
            return isinstance(number, Decimal) and number == read_number(expected, ".")
        if kind == "date":
            return read_date(text) is not None and read_date(text) == read_date(expected)
        return kind == "code" and code_of(text).casefold() == code_of(expected).casefold()

    def _in_members_way(self, value: str, kind: str) -> str:
        """A number of corrections.csv, which writes a decimal point, as this file would write it."""
        number = read_number(value, ".") if kind == "number" else None
        return f"{number:f}".replace(".", self.submission.decimal) if isinstance(number, Decimal) else value

    def _left_as_it_was(self, row: Row, cells: Sequence[Cell]) -> bool:
        """Whether a row holds nothing but what the workbook put there: a question without an answer, a planned activity without a status."""
        own = cells[self.prefilled] if self.prefilled is not None and self.prefilled < len(cells) else None
        if not isinstance(own, str) or not row.raw.keys() <= set(own.split()):
            return False
        column = next(iter(row.raw))
        _find(
            self.submission, "sheet.row.left", "info", sheet=self.sheet.name, row=row.number, column=column,
            cell=self.sheet.cell(column, row.number), value=row.raw[column],
        )  # fmt: skip
        return True

    def _value(self, row: Row, column: Column, cell: Cell, text: str) -> Value:
        if isinstance(cell, ErrorCell):
            self._fault(row, column, "cell.formula-error")
            return None
        match column.kind:
            case "number":
                return self._number(row, column, cell, text)
            case "date":
                day = plausible_date(cell.year, cell.month, cell.day) if isinstance(cell, date) else read_date(text) if isinstance(cell, str) else None
                if day is None:
                    self._fault(row, column, "cell.not-a-date", hint=date_hint(cell, text))
                return day
            case "yes_no":
                return read_yes_no(text) or text
            case "sdg":
                if not (isinstance(cell, date) or (isinstance(cell, float) and text in FLOAT_TRAPS)):
                    return text
                if self.sheet.name == "activities":
                    self._fault(row, column, "activities.sdg.unknown")
                return None
            case "code":
                return code_of(text) or None
            case _:
                return text

    def _number(self, row: Row, column: Column, cell: Cell, text: str) -> Value:
        if self.without_number and column.name == "value" and code_of(row.raw.get("indicator", "")).casefold() in self.without_number:
            return read_yes_no(text) or text
        if isinstance(cell, float):
            return number_of(cell)
        number = read_number(text, self.submission.decimal) if isinstance(cell, str) else None
        if isinstance(number, Decimal):
            return number
        self._fault(row, column, "cell.ambiguous-number" if number == "ambiguous" else "cell.not-a-number")
        return None

    def _fault(self, row: Row, column: Column, rule: str, **details: str) -> None:
        row.faults.add(column.name)
        _find(
            self.submission, rule, "error", sheet=self.sheet.name, row=row.number, column=column.name,
            cell=self.sheet.cell(column.name, row.number), value=row.raw[column.name], details={"decimal": self.submission.decimal, **details},
        )  # fmt: skip
