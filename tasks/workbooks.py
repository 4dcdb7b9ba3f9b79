"""The workbook that a member fills in: its cover is filled in, its sheets and columns carry the member's language.

Prefilled indicators, drop-downs and checks are not there yet: for now it is an empty form with the right sheets, columns and codes.
"""

from __future__ import annotations

import io
from datetime import UTC, datetime

from domain.agreement import Agreement, Member
from domain.reading import schema_with_dimensions
from domain.schema import COVER_KEYS, COVER_LABELS, DIMENSION_LABELS, SHEETS


def member_workbook(agreement: Agreement, member: Member, cycle: str) -> bytes:
    """An .xlsx for one member and cycle. The same inputs give the same bytes."""
    import xlsxwriter

    language, out = member.language, io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    start = agreement.cycle(cycle).start
    book.set_properties({"title": f"{agreement.contract.number} {cycle} {member.member}", "created": datetime(start.year, start.month, start.day, tzinfo=UTC).replace(tzinfo=None)})
    heading = book.add_format({"bold": True, "bg_color": "#003399", "font_color": "#ffffff", "text_wrap": True, "valign": "top", "border": 1})
    as_text, as_date, as_is = book.add_format({"num_format": "@"}), book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format()
    formats = {"date": as_date, "number": as_is}

    cover = book.add_worksheet(COVER_LABELS[language][0])
    cover.set_column(0, 0, 26)
    cover.set_column(1, 1, 48, as_text)
    known = {"contract": agreement.contract.number, "cycle": cycle, "member": member.member, "decimal": member.decimal}
    for row, key in enumerate(COVER_KEYS):
        cover.write_string(row, 0, key.labels[language][0], heading)
        cover.write_string(row, 1, known.get(key.name, ""), as_text)

    for schema in SHEETS:
        sheet = book.add_worksheet(schema.labels[language][0])
        sheet.freeze_panes(1, 1)
        for index, column in enumerate(schema_with_dimensions(schema, agreement.dimensions)):
            labels = column.labels or DIMENSION_LABELS.get(column.name, {})
            label = labels[language][0] if labels else column.name
            sheet.set_column(index, index, max(14, len(label) + 2), formats.get(column.kind, as_text))
            sheet.write_string(0, index, label, heading)
        if schema.name == "indicators":
            for row, indicator in enumerate(agreement.indicators_in(cycle), start=1):
                sheet.write_string(row, 0, indicator, as_text)
                sheet.write_string(row, 1, member.country, as_text)
    book.close()
    return out.getvalue()
