"""Workbooks as members send them, .xlsx, .ods and zipped CSV, the same bytes every time: nothing is compressed, since libraries compress differently."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape

Table = Sequence[Sequence[Any]]
"""Rows of cells: str, int, Decimal, date or None."""

_STAMP = (2019, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class SampleFile:
    """A file of the sample; `arrived` is the arrival time (aware) a directory store gives it, None where it does not matter."""

    key: str
    data: bytes
    arrived: datetime | None = None


def _zip(parts: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in parts.items():
            info = zipfile.ZipInfo(name, _STAMP)
            info.create_system = 0  # else the machine's own
            archive.writestr(info, content, compress_type=zipfile.ZIP_STORED)
    return out.getvalue()


def xlsx(sheets: Mapping[str, Table]) -> bytes:
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False})
    book.set_properties({"created": datetime(*_STAMP)})
    as_date = book.add_format({"num_format": "dd/mm/yyyy"})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        sheet.set_column(0, max(map(len, rows)) - 1, 16)
        for r, row in enumerate(rows):
            for c, cell in enumerate(row):
                if isinstance(cell, date):
                    sheet.write_datetime(r, c, datetime(cell.year, cell.month, cell.day), as_date)
                elif isinstance(cell, int | Decimal):
                    sheet.write_number(r, c, float(cell))
                elif cell:
                    sheet.write_string(r, c, cell)
    book.close()
    with zipfile.ZipFile(out) as written:
        return _zip({name: written.read(name) for name in written.namelist()})


def _ods_cell(value: Any) -> str:
    if value is None or value == "":
        return "<table:table-cell/>"
    if isinstance(value, date):
        return f'<table:table-cell office:value-type="date" office:date-value="{value}"><text:p>{value:%d/%m/%Y}</text:p></table:table-cell>'
    if isinstance(value, int | Decimal):
        return f'<table:table-cell office:value-type="float" office:value="{value}"><text:p>{value}</text:p></table:table-cell>'
    return f'<table:table-cell office:value-type="string"><text:p>{escape(value)}</text:p></table:table-cell>'


def ods(sheets: Mapping[str, Table]) -> bytes:
    tables = ""
    for name, rows in sheets.items():
        lines = (f"<table:table-row>{''.join(map(_ods_cell, row)) or '<table:table-cell/>'}</table:table-row>" for row in rows)
        tables += f'<table:table table:name="{escape(name)}">{"".join(lines)}</table:table>'
    spaces = " ".join(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text"))
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    content = f'{head}<office:document-content {spaces} office:version="1.2"><office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>'
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = (
        f'{head}<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.2">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/><manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>'
    )
    return _zip({"mimetype": kind.encode(), "content.xml": content.encode(), "META-INF/manifest.xml": manifest.encode()})


def zipped_csv(sheets: Mapping[str, Table]) -> bytes:
    """As an Excel with French settings saves CSV: semicolons, Windows-1252, decimal commas, days first."""

    def text(value: Any) -> str:
        if isinstance(value, date):
            return f"{value:%d/%m/%Y}"
        return str(value).replace(".", ",") if isinstance(value, int | Decimal) else value or ""

    parts = {}
    for name, rows in sheets.items():
        out = io.StringIO(newline="")
        csv.writer(out, delimiter=";", lineterminator="\r\n").writerows([text(cell) for cell in row] for row in rows)
        parts[f"{name}.csv"] = out.getvalue().encode("cp1252")
    return _zip(parts)
