"""Bytes to grids (contract section 3), and what is refused as submission.unreadable (section 4): quickly, and before it can do harm."""

from __future__ import annotations

import io
import random
import time
import zipfile
from datetime import date, datetime

import pytest

from domain.grid import MAX_BYTES, MAX_CELLS, MAX_COLUMNS, MAX_ROWS, MAX_UNPACKED, ErrorCell, Grid, Unreadable, column_letter
from domain.workbook import csv_records, decode_text, find_delimiter, read_grids
from tests.domain.made_files import ODS_KIND, XLSX_PARTS, ods_of, ods_row, ods_table, ods_text, sheet_xml, xlsx, xlsx_of, zipped

ZIP_BOMB = zipped({"cover.csv": b"0" * (MAX_UNPACKED + 1)})
A_CELL = '<row r="1"><c r="A1"><v>1</v></c></row>'


def refused(data: bytes) -> str:
    """Why the file is refused; it must not take long."""
    started = time.process_time()
    with pytest.raises(Unreadable) as caught:
        read_grids(data)
    assert time.process_time() - started < 5
    return caught.value.reason


def only_grid(data: bytes) -> Grid:
    [grid] = read_grids(data)
    return grid


# --- refused ----------------------------------------------------------------------------------------------------------

OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504
FAR = '<c r="XFD1048576"><v>1</v></c>'
LAUGHS = '<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
XXE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
ODS_TEXT = ods_text("x")


@pytest.mark.parametrize(
    ("reason", "data"),
    [
        ("empty-file", b""),
        ("too-large", b"PK" + b"\0" * MAX_BYTES),
        ("encrypted", OLE2 + "EncryptedPackage".encode("utf-16-le") + b"\0" * 100),
        ("old-format", OLE2 + "Workbook".encode("utf-16-le")),
        ("not-a-workbook", b"<html><table><tr><td>contract</td></tr></table></html>"),
        ("not-a-workbook", b"contract;X\ncycle;C1\n"),
        ("not-a-workbook", b"%PDF-1.7"),
        ("not-a-workbook", zipped({"word/document.xml": "<w/>", "[Content_Types].xml": "<Types/>"})),
        ("not-a-workbook", zipped({"xl/workbook.bin": b"\0", "[Content_Types].xml": "<Types/>"})),
        ("not-a-workbook", zipped({"photo.jpg": b"\xff\xd8"})),
        ("not-a-workbook", zipped({})),
        ("not-a-workbook", ods_of("", kind="application/vnd.oasis.opendocument.text")),
        ("not-a-workbook", zipped({"mimetype": ODS_KIND})),
        ("damaged", b"PK\x03\x04 and then nothing"),
        ("damaged", xlsx({"cover": [["a"]]})[:-200]),
        ("damaged", xlsx_of(A_CELL)[: len(xlsx_of(A_CELL)) // 2]),
        ("damaged", xlsx_of("<row><c></row>")),
        ("damaged", xlsx_of('<row r="x"><c r="A1"><v>1</v></c></row>')),
        ("damaged", xlsx_of('<row r="1"><c r="A1" t="s"><v>7</v></c></row>')),
        ("damaged", zipped({name: text for name, text in XLSX_PARTS.items() if name != "xl/_rels/workbook.xml.rels"})),
        ("damaged", xlsx_of(A_CELL, xl__sharedStrings___xml='<sst uniqueCount="99999999999999"><si><t>a</t></si></sst>')),
        ("damaged", ods_of(ods_table("cover", "<table:table-row>"))),
        ("damaged", ods_of(ods_table("cover", '<table:table-row table:number-rows-repeated="-3"/>'))),
        ("macros", zipped(XLSX_PARTS | {"xl/worksheets/sheet1.xml": sheet_xml(A_CELL), "xl/vbaProject.bin": b"\0"})),
        ("macros", xlsx_of(A_CELL, **{"[Content_Types]___xml": '<Types><Override ContentType="application/vnd.ms-excel.sheet.macroEnabled.main+xml"/></Types>'})),
        ("macros", xlsx_of(A_CELL, xl__macrosheets__sheet1___xml="<x/>")),
        ("macros", ods_of(ods_table("cover", ods_row(ODS_TEXT)), Basic__Standard__Module1___xml="<x/>")),
        ("encrypted", ods_of("", **{"META-INF__manifest___xml": "<manifest><encryption-data/></manifest>"})),
        ("too-large", ZIP_BOMB),
        ("too-large", xlsx_of(A_CELL, xl__media__image1___png=b"\0" * MAX_UNPACKED)),
        ("too-many-rows", xlsx_of(f'<row r="1048576">{FAR}</row>')),
        ("too-many-rows", xlsx_of(f'<row r="1048576">{FAR.lower()}</row>')),
        ("too-many-rows", xlsx_of('<row r="1048576"><c r="A1048576" t="inlineStr"><is/></c></row>')),
        ("too-many-rows", xlsx_of('<x:row xmlns:x="y" r="1048576"><x:c r="XFD1048576"><x:v>1</x:v></x:c></x:row>')),
        ("too-many-rows", xlsx_of(f'<row r="{MAX_ROWS}"><c/></row><row><c><v>1</v></c></row>')),
        ("too-many-rows", xlsx_of(f'<row r="1"><c r="{column_letter(MAX_COLUMNS)}1"><v>1</v></c></row>')),
        ("too-many-rows", xlsx_of(f'{A_CELL}<row r="{MAX_ROWS}"><c r="{column_letter(MAX_COLUMNS - 1)}{MAX_ROWS}"><v>1</v></c></row>')),
        ("too-many-rows", ods_of(ods_table("cover", ods_row(ODS_TEXT, 1_000_000)))),
        ("too-many-rows", ods_of(ods_table("cover", ods_row("<table:table-cell/>", MAX_ROWS) + ods_row(ODS_TEXT)))),
        ("too-many-rows", ods_of(ods_table("cover", ods_row(ods_text("x", 'table:number-columns-repeated="16384"'))))),
        ("too-many-rows", ods_of(ods_table("cover", ods_row(ods_text("x", 'table:number-columns-repeated="900"'), 150_000)))),
        ("too-many-rows", ods_of(ods_table("a", ods_row(ods_text("x", 'table:number-columns-repeated="100"'), 60_000)) * 2)),
        ("too-many-rows", zipped({"cover.csv": "a,b\n" * (MAX_ROWS + 1)})),
        ("too-many-rows", zipped({"cover.csv": "a," * MAX_COLUMNS + "b"})),
        ("too-many-rows", zipped({"cover.csv": "a,b\n" + "," * (MAX_CELLS + 1)})),
        ("too-large", ods_of(ods_table("cover", ods_row(ods_text("x" * 10_000), 100_000)))),
        ("too-large", ods_of(ods_table("cover", ods_row(ods_text('<text:s text:c="999999999"/>'))))),
        ("unsafe-zip", xlsx_of(A_CELL, before=LAUGHS)),
        ("unsafe-zip", xlsx_of(A_CELL, before=XXE)),
        ("unsafe-zip", xlsx_of(A_CELL, xl__styles___xml=f"{XXE}<styleSheet>&a;</styleSheet>")),
        ("unsafe-zip", xlsx_of(A_CELL, xl__sharedStrings___xml=f"{LAUGHS}<sst><si><t>&c;</t></si></sst>")),
        ("unsafe-zip", ods_of(ods_table("cover", ods_row(ODS_TEXT)), before=LAUGHS)),
        ("unsafe-zip", zipped({"../../etc/cron.d/x": "", "cover.csv": "contract,X"})),
        ("unsafe-zip", zipped({"/etc/passwd": "", "cover.csv": "contract,X"})),
        ("unsafe-zip", zipped({"..\\x.csv": "", "cover.csv": "contract,X"})),
        ("unsafe-zip", zipped({"C:\\x.csv": "", "cover.csv": "contract,X"})),
        ("unsafe-zip", zipped({"cover.csv": "contract,X", "COVER.csv": "contract,Y"})),
        ("unsafe-zip", zipped({"a/cover.csv": "contract,X", "b/Cover.csv": "contract,Y"})),
        ("unsafe-zip", zipped({"cover.csv": "contract,X", "more.zip": zipped({"activities.csv": "activity"})})),
        ("unsafe-zip", zipped({"report.xlsx": xlsx({"cover": [["contract", "X"]]})})),
        ("unsafe-zip", zipped({f"{i}.csv": "" for i in range(5_001)})),
        ("damaged", zipped({"cover.csv": 'contract,X\nmember,"m\ncycle,C1\n'})),
        ("damaged", zipped({"cover.csv": "contract,X"}, compression=zipfile.ZIP_LZMA)),
    ],
)  # fmt: skip
def test_file_is_refused(reason: str, data: bytes) -> None:
    assert refused(data) == reason


def test_a_size_that_the_archive_understates_is_counted_all_the_same() -> None:
    lie = bytearray(ZIP_BOMB)
    real = (MAX_UNPACKED + 1).to_bytes(4, "little")
    assert lie.count(real) == 2
    assert refused(bytes(lie.replace(real, (100).to_bytes(4, "little")))) in ("damaged", "too-large")


def test_a_password_on_the_archive_is_seen() -> None:
    data = bytearray(zipped({"cover.csv": "contract,X"}))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    assert refused(bytes(data)) == "encrypted"


def test_a_second_copy_of_a_sheet_does_not_get_past_the_scan() -> None:
    """The archive's directory names a harmless part, the archive holds a hostile one of that name too."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive, pytest.warns(UserWarning):
        for name, text in XLSX_PARTS.items():
            archive.writestr(name, text)
        archive.writestr("xl/worksheets/sheet1.xml", sheet_xml(A_CELL))
        archive.writestr("xl/worksheets/sheet1.xml", sheet_xml(f'<row r="1048576">{FAR}</row>'))
    assert refused(out.getvalue()) == "unsafe-zip"


def test_one_long_text_in_very_many_cells_is_refused() -> None:
    cells = "".join(f'<row r="{row}">' + '<c t="s"><v>0</v></c>' * 50 + "</row>" for row in range(1, 201))
    assert refused(xlsx_of(cells, xl__sharedStrings___xml=f"<sst><si><t>{'x' * 30_000}</t></si></sst>")) == "too-large"


def test_mutilated_workbooks_are_read_or_refused_and_nothing_else() -> None:
    chance = random.Random(7)
    for sound in (
        xlsx({"cover": [["contract", "X"], ["cycle", 2019.5], [date(2019, 1, 1), True]]}),
        ods_of(ods_table("cover", ods_row(ODS_TEXT) + ods_row('<table:table-cell office:value-type="float" office:value="1.5"/>'))),
        zipped({"cover.csv": "contract;X\ncycle;C1\n"}),
    ):
        for _ in range(150):
            data = bytearray(sound)
            for _ in range(chance.choice((1, 3, 20))):
                data[chance.randrange(len(data))] = chance.randrange(256)
            if chance.random() < 0.2:
                del data[chance.randrange(len(data)) :]
            try:
                assert isinstance(read_grids(bytes(data)), list)
            except Unreadable as refusal:
                assert refusal.reason


def test_mutilated_xml_is_read_or_refused_and_nothing_else() -> None:
    chance = random.Random(11)
    parts = {
        "xl/worksheets/sheet1.xml": sheet_xml(
            '<row r="1" spans="1:3"><c r="A1" t="s"><v>0</v></c><c r="B1" s="1"><v>43525.5</v></c><c r="C1" t="b"><v>1</v></c></row>'
            '<row r="2"><c r="A2" t="inlineStr"><is><r><t>x</t></r></is></c><c r="B2" t="e"><v>#REF!</v></c><c r="C2" t="str"><f>A1</f><v>y</v></c></row>'
        ),
        "xl/sharedStrings.xml": '<sst uniqueCount="1"><si><t>contract</t></si></sst>',
        "xl/styles.xml": '<styleSheet><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>',
    }
    assert only_grid(zipped(XLSX_PARTS | parts)).rows[0] == (1, ["contract", date(2019, 3, 1), True])
    signs = [*"<>/=\"' 019-:AZsebn", "1E999", "999999999", "-1", "&#x0;", "r=", "<c/>"]
    for _ in range(400):
        name = chance.choice(list(parts))
        text = parts[name]
        for _ in range(chance.choice((1, 2, 5))):
            at = chance.randrange(len(text))
            text = text[:at] + chance.choice(signs) + text[at + chance.randrange(3) :]
        try:
            assert isinstance(read_grids(zipped(XLSX_PARTS | parts | {name: text}, zipfile.ZIP_STORED)), list)
        except Unreadable as refusal:
            assert refusal.reason


# --- .xlsx ------------------------------------------------------------------------------------------------------------


def test_cells_keep_their_kind_and_address() -> None:
    grid = only_grid(xlsx({"A sheet": [[], [None, " text ", 7, 17.1, True, date(2019, 3, 5), datetime(2019, 3, 5, 13, 30)], [], [None, None, "\u200b "], ["x"]]}))
    assert grid.name == "A sheet"
    assert grid.rows == [(2, [None, "text", 7.0, 17.1, True, date(2019, 3, 5), date(2019, 3, 5)]), (5, ["x", None, None, None, None, None, None])]


def test_dates_are_right_in_both_date_systems() -> None:
    rows = [[date(1999, 12, 31), date(2020, 2, 29)]]
    assert only_grid(xlsx({"s": rows})).rows == only_grid(xlsx({"s": rows}, date_1904=True)).rows == [(1, rows[0])]


def test_formatting_without_content_reaches_nowhere() -> None:
    grid = only_grid(xlsx_of(f'{A_CELL}<row r="300000" s="1"/><row r="1048576"><c r="XFC1048576" s="0"/><c r="XFD1048576"><v/></c></row>'))
    assert grid.rows == [(1, [1.0])]


def test_the_last_row_allowed_is_read() -> None:
    assert only_grid(xlsx_of(f'<row r="{MAX_ROWS}"><c r="B{MAX_ROWS}"><v>1</v></c></row>')).rows == [(MAX_ROWS, [None, 1.0])]


def test_cells_without_address_follow_one_another() -> None:
    grid = only_grid(xlsx_of('<row><c><v>1</v></c><c><v>2</v></c></row><row/><row><c/><c t="str"><v>b</v></c></row>'))
    assert grid.rows == [(1, [1.0, 2.0]), (3, [None, "b"])]


def test_error_cells_keep_their_text_even_newer_ones() -> None:
    cells = '<c r="A1" t="e"><v>#REF!</v></c><c t="e" r="B1" s="0"><f>1/0</f><v>#DIV/0!</v></c><c r="C1" t=\'e\'><v>#SPILL!</v></c>'
    text = '<c r="D1" t="str"><v>&lt;c t="e"> t="e" </v></c>'
    expected = [ErrorCell("#REF!"), ErrorCell("#DIV/0!"), ErrorCell("#SPILL!"), '<c t="e"> t="e"']
    assert only_grid(xlsx_of(f'<row r="1">{cells}{text}</row>')).rows == [(1, expected)]


def test_a_formula_gives_its_stored_value() -> None:
    assert only_grid(xlsx_of('<row r="1"><c r="A1"><f>B1*2</f><v>8</v></c><c r="B1"><f>4</f></c></row>')).rows == [(1, [8.0])]


def test_a_number_beyond_all_bounds_is_text() -> None:
    assert only_grid(xlsx_of('<row r="1"><c r="A1"><v>1e999</v></c></row>')).rows == [(1, ["inf"])]


@pytest.mark.parametrize("format_", ['#,##0.00 "€"', "[$KES] #,##0", "_-[$KSh-441]* #,##0.00_-", '"Dhs" 0', "0.0%", "[Red]0", "# ##0\\ \\d", "General", "@"])
def test_a_number_stays_one_under_its_currency(format_: str) -> None:
    import xlsxwriter

    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        book.add_worksheet("s").write_number(0, 0, 1234.5, book.add_format({"num_format": format_}))
    assert only_grid(out.getvalue()).rows == [(1, [1234.5])]


def test_hidden_sheets_are_read_and_chart_sheets_passed_over() -> None:
    import xlsxwriter

    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        book.add_worksheet("shown").write_number(0, 0, 1)
        hidden = book.add_worksheet("hidden")
        hidden.write_string(0, 0, "h")
        hidden.very_hidden()
        chart = book.add_chart({"type": "line"})
        chart.add_series({"values": "=shown!$A$1:$A$1"})
        book.add_chartsheet("chart").set_chart(chart)
    assert [(grid.name, grid.rows) for grid in read_grids(out.getvalue())] == [("shown", [(1, [1.0])]), ("hidden", [(1, ["h"])])]


def test_text_has_no_characters_that_no_file_may_hold() -> None:
    grid = only_grid(xlsx_of('<row r="1"><c r="A1" t="inlineStr"><is><t>a_x0000_b_x0007_c</t></is></c></row>'))
    assert grid.rows == [(1, ["abc"])]


# --- .ods -------------------------------------------------------------------------------------------------------------


def ods_number(number: float, kind: str = "float") -> str:
    return f'<table:table-cell office:value-type="{kind}" office:value="{number}"><text:p>shown</text:p></table:table-cell>'


def test_ods_cells_keep_their_kind_and_address() -> None:
    day = '<table:table-cell office:value-type="date" office:date-value="2019-03-05T10:00:00"><text:p>5 mars</text:p></table:table-cell>'
    true = '<table:table-cell office:value-type="boolean" office:boolean-value="true"><text:p>VRAI</text:p></table:table-cell>'
    empty = '<table:table-cell table:number-columns-repeated="2"/>'
    first = ods_row(ods_text("a") + empty + ods_number(17.1) + day + true + ods_number(0.5, "percentage") + empty)
    tail = ods_row('<table:table-cell table:number-columns-repeated="16384"/>', 1_048_000)
    data = ods_of(ods_table("cover", ods_row("", 3) + first + ods_row(ods_number(7, "currency"), 2) + tail) + ods_table("second", ods_row(ods_text("b"))))
    cover, second = read_grids(data)
    assert cover.rows == [(4, ["a", None, None, 17.1, date(2019, 3, 5), True, 0.5]), (5, [7.0]), (6, [7.0])]
    assert (second.name, second.rows) == ("second", [(1, ["b"])])


def test_ods_text_is_that_of_the_cell_itself() -> None:
    cell = (
        '<table:table-cell office:value-type="string"><office:annotation><text:p>a comment</text:p></office:annotation>'
        "<text:p>one<text:s text:c=\"2\"/><text:span>two</text:span><text:tab/>three</text:p><text:p>four<text:line-break/>five</text:p>"
        "<draw:frame><draw:text-box><text:p>drawn</text:p></draw:text-box></draw:frame></table:table-cell>"
    )
    assert only_grid(ods_of(ods_table("s", ods_row(cell)))).rows == [(1, ["one  two\tthree\nfour\nfive"])]


def test_ods_error_cells_keep_their_text() -> None:
    new = '<table:table-cell table:formula="of:=1/0" office:value-type="string" office:string-value="" calcext:value-type="error"><text:p>#DIV/0!</text:p></table:table-cell>'
    old = '<table:table-cell table:formula="of:=X" office:value-type="float" office:value="0"><text:p>Err:502</text:p></table:table-cell>'
    assert only_grid(ods_of(ods_table("s", ods_row(new + old)))).rows == [(1, [ErrorCell("#DIV/0!"), ErrorCell("Err:502")])]


def test_ods_rows_in_groups_and_merged_cells_are_read() -> None:
    rows = f"<table:table-header-rows>{ods_row(ods_text('h'))}</table:table-header-rows><table:table-row-group>{ods_row('<table:covered-table-cell/>' + ods_text('x'))}</table:table-row-group>"
    assert only_grid(ods_of(ods_table("s", rows))).rows == [(1, ["h"]), (2, [None, "x"])]


def test_a_list_of_macro_modules_is_no_macro() -> None:
    data = ods_of(ods_table("s", ods_row(ODS_TEXT)), **{"Basic__script-lc___xml": "<x/>", "Basic__Standard__script-lb___xml": "<x/>"})
    assert only_grid(data).rows == [(1, ["x"])]


# --- .zip of CSV ------------------------------------------------------------------------------------------------------


def test_sheets_may_lie_in_a_folder_beside_other_things() -> None:
    data = zipped({"sub/": "", "sub/Activités.csv": "a;b\nc;d\n", "__MACOSX/sub/._Activités.csv": b"\0", "sub/.DS_Store": b"\0", "sub/readme.txt": "x"})
    grid = only_grid(data)
    assert (grid.name, grid.rows) == ("Activités", [(1, ["a", "b"]), (2, ["c", "d"])])


def _renamed(name: bytes) -> bytes:
    """An archive whose one file has this name, in no declared encoding."""
    plain = b"x" * (len(name) - 4) + b".csv"
    return zipped({plain.decode(): "a,b"}).replace(plain, name)


@pytest.mark.parametrize("name", ["Activités.csv".encode(encoding) for encoding in ("cp437", "cp850", "utf-8")])
def test_names_in_no_declared_encoding_are_understood(name: bytes) -> None:
    assert only_grid(_renamed(name)).name == "Activités"


def test_folders_may_be_parted_by_backslashes() -> None:
    assert only_grid(_renamed(b"sub\\cover.csv")).name == "cover"


def test_hidden_rows_and_sheets_and_formulas_are_told_by_their_places() -> None:
    import xlsxwriter

    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet("Ünusual & <name>")
        for row in range(4):
            sheet.write_number(row, 1, row)
        sheet.write_formula(2, 3, "=B1+B2", None, 7)
        sheet.set_row(1, None, None, {"hidden": True})
        book.add_worksheet("second").write_string(0, 0, "shown")
        hidden = book.add_worksheet("third")
        hidden.write_string(0, 0, "h")
        hidden.hide()
    first, second, third = read_grids(out.getvalue())
    assert (first.name, first.hidden, first.hidden_rows, first.formulas) == ("Ünusual & <name>", False, {2}, {(3, 3)})
    assert first.rows[2] == (3, [None, 2.0, None, 7.0])
    assert (second.hidden, second.hidden_rows, second.formulas) == (False, set(), set())
    assert third.hidden


def test_ods_tells_hidden_rows_sheets_and_formulas() -> None:
    rows = (
        ods_row(ods_text("a"))
        + '<table:table-row table:visibility="filter" table:number-rows-repeated="2"><table:table-cell office:value-type="float" office:value="1"><text:p>1</text:p></table:table-cell></table:table-row>'
        + ods_row('<table:table-cell/><table:table-cell table:formula="of:=1+1" office:value-type="float" office:value="2"><text:p>2</text:p></table:table-cell>')
    )
    grid = only_grid(ods_of(ods_table("cover", rows)))
    assert (grid.hidden, grid.hidden_rows, grid.formulas) == (False, {2, 3}, {(4, 1)})
    style = '<style:style style:name="ta2" style:family="table"><style:table-properties table:display="false"/></style:style>'
    data = ods_of(ods_table("cover", ods_row(ods_text("a"))).replace("<table:table ", '<table:table table:style-name="ta2" ', 1))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    content = parts["content.xml"].decode().replace("<office:body>", f'<office:automatic-styles xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0">{style}</office:automatic-styles><office:body>')
    assert only_grid(zipped(parts | {"content.xml": content})).hidden


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", "Atelier sur la négociation à Koudougou, où l’égalité fut débattue"),
        ("cp1252", "Formação de líderes sindicais, não concluída"),
        ("cp1250", "Szkolenie związkowców w Łodzi: prawa pracownicze i równość"),
        ("cp1250", "Školení členů v Plzni, účast žen"),
        ("cp1256", "ورشة عمل حول الحقوق الاقتصادية والاجتماعية"),
    ],
)
def test_a_code_page_is_known_by_its_letters(encoding: str, text: str) -> None:
    data = zipped({"cover.csv": "contract;X\n", "activities.csv": f"activity;title\nA1;{text}\n".encode(encoding)})
    cover, activities = sorted(read_grids(data), key=lambda grid: grid.name != "cover")
    assert activities.rows[1] == (2, ["A1", text])
    assert (cover.encoding, activities.encoding) == ("", "" if encoding == "cp1252" else encoding.replace("cp", "Windows-"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_text_is_decoded(encoding: str) -> None:
    assert decode_text("ação; été; “ñ”".encode(encoding)) == "ação; été; “ñ”"


@pytest.mark.parametrize(
    ("delimiter", "text"),
    [
        (",", "a,b,c\n1,2,3\n"),
        (";", "a;b;c\n1,5;2,5;3,5\n"),
        ("\t", "a\tb\n1,5\t2;5\n"),
        (";", "section;text\nA1;We met, talked, agreed, wrote, sent, waited, and asked again\nA2;No, not yet\n"),
        (",", 'section,text\nA1,"One; two; three; four"\nA2,"Five; six; seven"\n'),
        (";", "A report of 2019, by Alpha, Kenya, Nairobi, East Africa\n\nactivity;title\nA1;Training\nA2;Debate\n"),
        (";", "a;b;c;d\n1;x, y;;\n2\n3;z, w;u\n"),
        (",", '"sep=,"\na,b\n'),
        (";", "sep=;\na,b;c,d,e\n"),
        (";", "alone\n"),
        (",", 'a,b\n1,"text\nover; three; lines\n; here"\n'),
    ],
)
def test_delimiter_is_the_one_that_makes_columns(delimiter: str, text: str) -> None:
    assert find_delimiter(text) == delimiter


def test_a_record_has_the_line_on_which_it_begins() -> None:
    text = 'a,b\r\n1,"two\r\nlines"\r\n\r\n3,"4 ""quoted"""\r\n5,6'
    assert [record for record in csv_records(text, ",") if record[1]] == [(1, ["a", "b"]), (2, ["1", "two\r\nlines"]), (5, ["3", '4 "quoted"']), (6, ["5", "6"])]


def test_a_quotation_that_never_ends_is_damage_and_a_stray_quote_is_none() -> None:
    with pytest.raises(Unreadable):
        list(csv_records('a,b\n1,"open\n2,x\n', ","))
    assert next(csv_records('a,5" pipe\n', ",")) == (1, ["a", '5" pipe'])


def test_old_mac_line_ends_are_line_ends() -> None:
    assert only_grid(zipped({"cover.csv": "a;b\rc;d\r"})).rows == [(1, ["a", "b"]), (2, ["c", "d"])]


def test_what_excel_pads_a_csv_with_is_no_column() -> None:
    grid = only_grid(zipped({"cover.csv": "a;b" + ";" * 16_000 + "\n" + ";" * 16_000 + "\nc;#REF!;\n"}))
    assert grid.rows == [(1, ["a", "b"]), (3, ["c", ErrorCell("#REF!")])]


@pytest.mark.parametrize(("index", "letter"), [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (701, "ZZ"), (702, "AAA"), (16383, "XFD")])
def test_column_letters(index: int, letter: str) -> None:
    assert column_letter(index) == letter
