"""Workbooks as members send them: .xlsx, .ods and zipped CSV, the same bytes every time."""

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
"""Rows of cells: str, int, float, Decimal, date or None."""

_STAMP = (2019, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class SampleFile:
    """A file of the sample; `arrived` is the arrival time (aware) a directory store gives it, None where it does not matter."""

    key: str
    data: bytes
    arrived: datetime | None = None


def xlsx(sheets: Mapping[str, Table]) -> bytes:
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False})
    book.set_properties({"created": datetime(*_STAMP)})
    as_date = book.add_format({"num_format": "dd/mm/yyyy"})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for r, row in enumerate(rows):
            for c, cell in enumerate(row):
                if isinstance(cell, date):
                    sheet.write_datetime(r, c, datetime(cell.year, cell.month, cell.day), as_date)
                elif isinstance(cell, int | float | Decimal):
                    sheet.write_number(r, c, float(cell))
                elif cell:
                    sheet.write_string(r, c, cell)
    book.close()
    return out.getvalue()


def _zip(parts: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in parts.items():
            kind = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            archive.writestr(zipfile.ZipInfo(name, _STAMP), content, compress_type=kind)
    return out.getvalue()


def ods(sheets: Mapping[str, Table]) -> bytes:
    def cell(value: Any) -> str:
        if value is None or value == "":
            return "<table:table-cell/>"
        if isinstance(value, date):
            return f'<table:table-cell office:value-type="date" office:date-value="{value}"><text:p>{value:%d/%m/%Y}</text:p></table:table-cell>'
        if isinstance(value, int | float | Decimal):
            return f'<table:table-cell office:value-type="float" office:value="{value}"><text:p>{value}</text:p></table:table-cell>'
        return f'<table:table-cell office:value-type="string"><text:p>{escape(value)}</text:p></table:table-cell>'

    tables = "".join(
        f'<table:table table:name="{escape(name)}">' + "".join(f"<table:table-row>{''.join(map(cell, row)) or '<table:table-cell/>'}</table:table-row>" for row in rows) + "</table:table>"
        for name, rows in sheets.items()
    )
    spaces = " ".join(
        f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for prefix, name in (("office", "office"), ("table", "table"), ("text", "text"))
    )
    content = f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {spaces} office:version="1.2"><office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>'
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = (
        '<?xml version="1.0" encoding="UTF-8"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.2">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/><manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>'
    )
    return _zip({"mimetype": kind.encode(), "content.xml": content.encode(), "META-INF/manifest.xml": manifest.encode()})


def zipped_csv(sheets: Mapping[str, Table], encoding: str = "cp1252", decimal: str = ",") -> bytes:
    def text(value: Any) -> str:
        if isinstance(value, date):
            return f"{value:%d/%m/%Y}"
        return "" if value is None else str(value).replace(".", decimal) if isinstance(value, int | float | Decimal) else str(value)

    parts = {}
    for name, rows in sheets.items():
        out = io.StringIO(newline="")
        csv.writer(out, delimiter=";", lineterminator="\r\n").writerows([text(cell) for cell in row] for row in rows)
        parts[f"{name}.csv"] = out.getvalue().encode(encoding, "replace")
    return _zip(parts)
