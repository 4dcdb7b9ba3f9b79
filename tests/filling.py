"""A workbook filled in as its member would: in the cells that are not locked, with what the drop-downs offer."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from copy import copy
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

from domain.schema import SHEETS

FIRST = 5
"""The first row below the headings."""


class Form:
    """A workbook that was published."""

    def __init__(self, data: bytes) -> None:
        self.book = openpyxl.load_workbook(io.BytesIO(data))
        self.lists = self.book["lists"]
        self.stored = {(sheet.title, *place) for sheet in self.book.worksheets for place in sheet._cells}

    def sheet(self, name: str) -> Worksheet:
        labels = next(schema.labels for schema in SHEETS if schema.name == name)
        return next(self.book[label[0]] for label in labels.values() if label[0] in self.book.sheetnames)

    def columns(self, sheet: Worksheet) -> dict[str, int]:
        return {cell.value: cell.column for cell in sheet[FIRST - 1] if cell.value}

    def offered(self, sheet: Worksheet, row: int, column: int) -> list[str] | None:
        """The entries of a cell's drop-down; None where it has none."""
        for validation in sheet.data_validations.dataValidation:
            if validation.type == "list" and sheet.cell(row, column).coordinate in validation.sqref:
                if not validation.formula1.startswith("lists!"):
                    return validation.formula1.strip('"').split(",")
                return [cell.value for line in self.lists[validation.formula1.removeprefix("lists!").replace("$", "")] for cell in line]
        return None

    def type(self, sheet: Worksheet, row: int, column: int, value: Any) -> None:
        cell = sheet.cell(row, column)
        if (sheet.title, row, column) not in self.stored:  # it looks like its column
            cell._style = copy(next(d for d in sheet.column_dimensions.values() if d.min <= column <= d.max)._style)
        assert not cell.protection.locked, f"{sheet.title}!{cell.coordinate} is locked"
        offered = self.offered(sheet, row, column)
        if offered and isinstance(value, str) and ";" not in value and "=" not in value:
            value = next(entry for entry in offered if entry.split(" – ")[0].casefold() == value.casefold())
        cell.value = float(value) if isinstance(value, Decimal) else datetime(value.year, value.month, value.day) if isinstance(value, date) else value

    def fill(self, name: str, rows: Sequence[Mapping[str, Any]], same: Sequence[str] = ()) -> None:
        """Puts each row into the one that is laid out for it (the first that has the same codes), else into the next free one."""
        sheet = self.sheet(name)
        columns = self.columns(sheet)
        laid_out = [row for row in range(FIRST, sheet.max_row + 1) if sheet.cell(row, columns["prefilled"]).value]
        free = iter(range(FIRST + len(laid_out), sheet.max_row + 2000))

        def codes(row: int) -> list[str]:
            return [str(sheet.cell(row, columns[name]).value or "").split(" – ")[0] for name in same]

        for cells in rows:
            wanted = [str(cells.get(name) or "") for name in same]
            row = next((row for row in laid_out if same and codes(row) == wanted), None)
            if row is None:
                row = next(free)
            else:
                laid_out.remove(row)
            for column, value in cells.items():
                known = str(sheet.cell(row, columns[column]).value or "").split(" – ")[0] if column in columns else ""
                if column in columns and value is not None and known != str(value):
                    self.type(sheet, row, columns[column], value)

    def cover(self, key: str, value: str) -> None:
        sheet = self.book.worksheets[1]
        row = next(row for row in range(1, 30) if sheet.cell(row, 1).value == key)
        self.type(sheet, row, 3, value)

    def saved(self) -> bytes:
        out = io.BytesIO()
        self.book.save(out)
        return out.getvalue()
