"""A file as a submission: sheets, headings, cells by the kind of their column (contract section 3), structural and parse findings (section 4)."""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.reading import code_of, file_kind, plain, read_submission
from domain.schema import COVER_KEYS, SHEETS, sheet
from domain.submission import Row, Submission
from tests.builders import CONTRACT, small_agreement
from tests.domain.made_files import Table, ods_of, ods_row, ods_table, ods_text, xlsx, xlsx_of, zipped

AGREEMENT = small_agreement()
RECEIVED = datetime(2019, 7, 1, 12, tzinfo=UTC)

COVER = {"contract": CONTRACT, "cycle": "C1", "member": "bb"}
ACTIVITY_HEADINGS = ["activity", "title", "type", "start", "end", "country", "result", "sdg", "women", "lead", "description"]
ACTIVITY = ["A1", "Training", "training", date(2019, 2, 1), date(2019, 2, 2), "KE", "Op1", "8.8", 10, "yes", "On rights"]
INDICATOR_HEADINGS = ["indicator", "country", "value", "sex", "age"]
EXPENDITURE_HEADINGS = ["heading", "country", "payment_date", "currency", "amount"]
EMPTY: dict[str, Table] = {"activities": [ACTIVITY_HEADINGS], "indicators": [INDICATOR_HEADINGS], "expenditure": [EXPENDITURE_HEADINGS]}


def read(data: bytes, member: str = "bb") -> Submission:
    return read_submission(data, key=f"inbox/C1/{member}/report.xlsx", member=member, cycle="C1", received_at=RECEIVED, agreement=AGREEMENT)


def workbook(cover: Mapping[str, Any] = {}, without: Sequence[str] = (), **sheets: Table) -> bytes:
    """A workbook with a sound cover and empty sheets, but for what is given."""
    keys = {name: value for name, value in (COVER | dict(cover)).items() if name not in without}
    tables = {"cover": [[name, value] for name, value in keys.items()]} | EMPTY | sheets
    return xlsx({name: table for name, table in tables.items() if name not in without})


def found(submission: Submission) -> list[tuple[str, str, str]]:
    return [(finding.rule, finding.sheet, finding.cell or finding.column) for finding in submission.findings]


def only_row(submission: Submission, name: str = "activities") -> Row:
    [row] = submission.sheets[name].rows
    return row


def one_cell(column: str, cell: Any, sheet_name: str = "activities", member: str = "bb") -> tuple[Any, list[str]]:
    """What a cell of that column is read as, and the rules it breaks."""
    headings, cells = {
        "activities": (ACTIVITY_HEADINGS, ACTIVITY),
        "expenditure": (EXPENDITURE_HEADINGS, ["1", "KE", date(2019, 2, 1), "KES", 5]),
        "indicators": (INDICATOR_HEADINGS, ["N1", "KE", 5, None, None]),
        "outcomes": (["date", "country", "sdg"], [None, "KE", None]),
    }[sheet_name]
    row = [cell if heading == column else other for heading, other in zip(headings, cells, strict=True)]
    submission = read(workbook({"member": member}, **{sheet_name: [headings, row]}), member)
    got = only_row(submission, sheet_name)
    rules = [finding.rule for finding in submission.findings]
    assert got.faults == ({column} if rules else set())
    assert all((f.severity, f.sheet, f.column, f.row, f.message) == ("error", sheet_name, column, 2, "") for f in submission.findings)
    return got.values[column], rules


# --- which files ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.xlsx", "final_FINAL(2).XLSX", "a.ods", "a.zip", "old.xls", "m.xlsm", "b.xlsb", "t.xltx", "x.numbers", "f.fods", "sub/a.xlsx"])
def test_file_is_a_submission(name: str) -> None:
    assert file_kind(name) == "submission"


@pytest.mark.parametrize(
    "name",
    ["~$a.xlsx", ".~lock.a.ods#", ".a.xlsx", "._a.xlsx", "photo.jpg", "scan.pdf", "letter.docx", "evidence/list.xlsx", "Evidence/a/b.xlsx", "xlsx", "__MACOSX/a.xlsx", "sub/~$a.xlsx"],
)  # fmt: skip
def test_file_is_ignored(name: str) -> None:
    assert file_kind(name) == "ignored"


# --- the file as a whole ----------------------------------------------------------------------------------------------


def test_a_sound_file_has_no_finding_and_keeps_what_it_is() -> None:
    data = workbook(activities=[ACTIVITY_HEADINGS, ACTIVITY])
    submission = read(data)
    assert submission.findings == [] and not submission.rejected
    assert (submission.sha256, submission.size) == (hashlib.sha256(data).hexdigest(), len(data))
    assert (submission.member, submission.cycle, submission.key, submission.received_at) == ("bb", "C1", "inbox/C1/bb/report.xlsx", RECEIVED)
    assert list(submission.sheets) == ["activities", "indicators", "expenditure"]
    row = only_row(submission)
    assert set(row.values) == {column.name for column in sheet("activities").columns}
    assert row.values["start"] == date(2019, 2, 1) and row.values["women"] == Decimal(10) and row.values["men"] is None
    assert row.raw["women"] == "10" and "men" not in row.raw
    assert submission.sheets["activities"].cell("women", row.number) == "I2"
    assert set(submission.sheets["indicators"].letters) == set(INDICATOR_HEADINGS)


@pytest.mark.parametrize(
    ("reason", "data"),
    [("empty-file", b""), ("not-a-workbook", b"<html>"), ("too-many-rows", xlsx_of('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'))],
)
def test_an_unreadable_file_has_this_one_finding(reason: str, data: bytes) -> None:
    [finding] = read(data).findings
    assert (finding.rule, finding.severity, finding.details, finding.value) == ("submission.unreadable", "reject", {"reason": reason}, "report.xlsx")
    assert read(data).sheets == {} and read(data).cover == {}


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.one_of(st.binary(max_size=300), st.binary(max_size=300).map(lambda tail: b"PK\x03\x04" + tail)))
def test_no_bytes_whatever_raise(data: bytes) -> None:
    assert [finding.rule for finding in read(data).findings] == ["submission.unreadable"]


_CSV = st.text(alphabet='abc;,\t"\n\r#-–/.0127é% \x00', max_size=200)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(["cover", "activities", "indicateurs", "expenditure", "narrative"]), _CSV, min_size=1))
def test_no_text_whatever_raises(texts: dict[str, str]) -> None:
    submission = read(zipped({f"{name}.csv": text for name, text in texts.items()}))
    assert submission.rejected


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.text(max_size=30), st.integers(), st.dates().map(str), st.sampled_from(["#REF!", "8.10", "1.234,5", "TBD", "x – y"])), min_size=11, max_size=11))
def test_every_fault_of_a_row_is_one_finding_at_its_cell(cells: list[Any]) -> None:
    table = [ACTIVITY_HEADINGS, [str(cell).replace('"', "") for cell in cells]]
    text = "\n".join(";".join(f'"{cell}"' for cell in row) for row in table)
    cover = "\n".join(f"{key};{value}" for key, value in COVER.items())
    parts = {"cover.csv": cover, "activities.csv": text.encode("utf-8", "replace"), "indicators.csv": "indicator;country", "expenditure.csv": ";".join(EXPENDITURE_HEADINGS)}
    submission = read(zipped(parts))
    assert not submission.rejected
    rows = {row.number: row for row in submission.sheets["activities"].rows}
    assert sorted((f.row, f.column) for f in submission.findings) == sorted((n, column) for n, row in rows.items() for column in row.faults)
    for finding in submission.findings:
        assert finding.row is not None and rows[finding.row].values[finding.column] is None
        assert finding.value == rows[finding.row].raw[finding.column]


# --- the cover --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("key", "value"), [("contract", "OTHER/1"), ("cycle", "C2"), ("member", "aa"), ("contract", "#REF!")])
def test_a_cover_of_another_place_is_rejected_at_its_cell(key: str, value: str) -> None:
    submission = read(workbook({key: value}))
    [finding] = submission.findings
    row = list(COVER).index(key) + 1
    assert (finding.rule, finding.severity, finding.sheet, finding.row, finding.column) == (f"submission.wrong-{key}", "reject", "cover", row, key)
    assert (finding.cell, finding.value, finding.details) == (f"B{row}", value, {"expected": COVER[key]})


@pytest.mark.parametrize("cover", [{"member": " BB "}, {"member": "bb – Beta"}, {"cycle": "c1"}, {"contract": CONTRACT.lower()}])
def test_codes_of_the_cover_are_compared_trimmed_without_case_and_label(cover: dict[str, str]) -> None:
    assert read(workbook(cover)).findings == []


@pytest.mark.parametrize("language", ["en", "fr", "es", "pt"])
def test_cover_and_sheets_are_found_under_their_labels(language: str) -> None:
    labels = {"cover": {"en": "Cover", "fr": "COUVERTURE", "es": "portada", "pt": " capa "}[language]}
    cover = [[column.labels[language][0].upper() + " *", COVER.get(column.name)] for column in COVER_KEYS]
    tables: dict[str, Table] = {labels["cover"].strip(): cover}
    for name in ("activities", "indicators", "expenditure"):
        schema = sheet(name)
        headings = [f"{column.labels[language][0]} (…)" for column in reversed(schema.columns)]
        cells = [{"text": "text", "code": "code", "number": 5, "date": date(2019, 2, 1), "yes_no": "oui", "sdg": "8.8"}[c.kind] for c in reversed(schema.columns)]
        tables[schema.labels[language][0]] = [headings, cells]
    submission = read(xlsx(tables))
    assert submission.findings == []
    for name in ("activities", "indicators", "expenditure"):
        assert set(only_row(submission, name).raw) == {column.name for column in sheet(name).columns}


def test_keys_of_the_cover_lie_anywhere_and_may_have_their_label_beside_them() -> None:
    rows = [["Report of the network"], [], [None, "contract", "Contract number", CONTRACT, "see letter"], [None, "Cycle", None, "C1"], ["Member code:", "bb"], ["member", "aa"], ["nil"]]
    submission = read(xlsx({"cover": rows} | EMPTY))
    assert submission.findings == []
    assert submission.cover == {"contract": CONTRACT, "cycle": "C1", "member": "bb"}
    assert submission.cover_cells == {"contract": (3, "D3"), "cycle": (4, "D4"), "member": (5, "B5")}


@pytest.mark.parametrize("value", [None, "", "TBD"])
def test_a_required_key_without_a_value_is_missing(value: str | None) -> None:
    assert found(read(workbook({"member": value}))) == [("submission.column-missing", "cover", "member")]


def test_without_a_cover_its_sheet_is_missing_and_the_others_are_judged() -> None:
    assert found(read(workbook(without=["cover", "indicators"]))) == [("submission.sheet-missing", "cover", ""), ("submission.sheet-missing", "indicators", "")]


def test_a_numeric_cycle_is_a_code() -> None:
    submission = read_submission(
        workbook({"cycle": 2019}), key="k", member="bb", cycle="2019", received_at=RECEIVED, agreement=small_agreement(yaml=_year_cycles())
    )
    assert submission.findings == []


def _year_cycles() -> str:
    from tests.builders import AGREEMENT_YAML

    return AGREEMENT_YAML.format(number=CONTRACT, sdg_money="main", due="2099-12-31T18:00").replace("code: C1", 'code: "2019"')


# --- decimal, part, nil -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("member", "cover", "number"), [("bb", {}, "1234"), ("cc", {}, "1.234"), ("bb", {"decimal": ","}, "1.234"), ("cc", {"decimal": "."}, "1234")])
def test_the_decimal_of_the_cover_holds_before_that_of_members_csv(member: str, cover: dict[str, str], number: str) -> None:
    row = ["1,234" if heading == "women" else cell for heading, cell in zip(ACTIVITY_HEADINGS, ACTIVITY, strict=True)]
    submission = read(workbook({"member": member} | cover, activities=[ACTIVITY_HEADINGS, row]), member)
    assert only_row(submission).values["women"] == Decimal(number)


@pytest.mark.parametrize(("word", "part"), [("programme", "programme"), ("Program", "programme"), ("programa", "programme"), ("finance", "finance"), ("FINANZAS", "finance"), ("finanças", "finance"), ("finances", "finance")])
def test_a_part_needs_its_own_sheets_only_and_ignores_the_others(word: str, part: str) -> None:
    lacking = ["expenditure"] if part == "programme" else ["activities", "indicators"]
    submission = read(workbook({"part": word}, without=lacking))
    assert submission.findings == [] and submission.part == part
    ignored: dict[str, Table] = {name: [["nothing", "of", "use"], ["#REF!", 1, 2]] for name in lacking}
    submission = read(workbook({"part": word}, **ignored, outcomes=[["date"], [date(2019, 2, 1)]]))
    assert [(f.rule, f.sheet, f.row) for f in submission.findings] == ([("sheet.ignored", "outcomes", 2)] if part == "finance" else [])
    assert set(submission.sheets) == ({"activities", "indicators", "outcomes"} if part == "programme" else {"expenditure"})


def test_an_unknown_part_is_kept_to_be_judged_and_counts_as_the_whole() -> None:
    submission = read(workbook({"part": "half"}, without=["expenditure"]))
    assert (submission.part, submission.cover["part"], submission.cover_cells["part"]) == (None, "half", (4, "B4"))
    assert found(submission) == [("submission.sheet-missing", "expenditure", "")]


@pytest.mark.parametrize("yes", ["yes", "Oui", "SÍ", "sim", True, 1])
def test_with_nil_no_sheet_is_needed(yes: Any) -> None:
    submission = read(workbook({"nil": yes}, without=["activities", "indicators", "expenditure"]))
    assert submission.findings == [] and submission.nil


@pytest.mark.parametrize("no", ["no", "non", "não", False, "perhaps"])
def test_without_nil_sheets_are_needed(no: Any) -> None:
    submission = read(workbook({"nil": no}, without=["activities", "indicators", "expenditure"]))
    assert not submission.nil
    assert [finding.rule for finding in submission.findings] == ["submission.sheet-missing"] * 3


# --- sheets and columns -----------------------------------------------------------------------------------------------


def test_columns_are_found_in_any_order_below_titles_with_units_and_unknown_ones_between() -> None:
    headings = ["Notes", "women (number)", "SDG *", "Result", "COUNTRY", "end date\n[dd/mm/yyyy]", "START", "type", "Título", "Activity  code", "women"]
    rows: Table = [["Activities of the cycle"], [], ["fill in below"], headings, [], ["a note", 3, "8.8", "Op1", "KE", date(2019, 2, 2), date(2019, 2, 1), "event", "T", "A1", 99], []]
    submission = read(workbook(activities=rows))
    assert submission.findings == []
    row = only_row(submission)
    assert row.number == 6
    assert row.values["women"] == 3, "of two columns of one name the first holds"
    assert submission.sheets["activities"].letters["activity"] == "J"
    assert submission.sheets["activities"].cell("women", 6) == "B6"


def test_two_rows_of_headings_are_no_data() -> None:
    labels = [column.labels["fr"][0] for column in sheet("activities").columns if column.name in ACTIVITY_HEADINGS]
    machine = [column.name for column in sheet("activities").columns if column.name in ACTIVITY_HEADINGS]
    cells = [dict(zip(ACTIVITY_HEADINGS, ACTIVITY, strict=True))[name] for name in machine]
    for headings in ([machine, labels], [labels, machine], [["Activités"], machine, labels]):
        submission = read(workbook(activities=[*headings, cells]))
        assert submission.findings == []
        assert only_row(submission).number == len(headings) + 1


def test_a_column_that_only_the_second_row_of_headings_names_is_found() -> None:
    submission = read(workbook(activities=[ACTIVITY_HEADINGS, [*ACTIVITY_HEADINGS[:8], "Femmes", "Chef de file", "", "Hommes"], [*ACTIVITY, 7]]))
    assert only_row(submission).values["men"] == 7


def test_headings_below_a_merged_one_are_found() -> None:
    groups = [*ACTIVITY_HEADINGS[:8], "Participants", None, None, "Status"]
    submission = read(workbook(activities=[["Our activities"], groups, [*[None] * 8, "Women", "Men", "Sex unknown"], [*ACTIVITY[:8], 3, 4, 5, "done"]]))
    assert submission.findings == []
    assert [only_row(submission).values[name] for name in ("women", "men", "unknown", "status")] == [3, 4, 5, "done"]


def test_what_a_member_may_not_see_is_read_and_said() -> None:
    import xlsxwriter

    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        cover = book.add_worksheet("cover")
        for row, line in enumerate((("contract", CONTRACT), ("cycle", "C1"), ("member", "bb"), ("nil", "no"))):
            cover.write_row(row, 0, line)
        for name in ("activities", "indicators", "expenditure"):
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, {"activities": ACTIVITY_HEADINGS, "indicators": ["indicator", "country", "value"], "expenditure": EXPENDITURE_HEADINGS}[name])
        sheet = book.get_worksheet_by_name("indicators")
        sheet.hide()
        for row in (1, 2, 3, 5):
            sheet.write_row(row, 0, ["N1", "KE", row])
        sheet.write_formula(5, 2, "=1+1", None, 2)
        sheet.write_formula(5, 7, "=1+1", None, 2)  # in no column of ours
        for row in (1, 2, 5):
            sheet.set_row(row, None, None, {"hidden": True})
    submission = read(out.getvalue())
    assert [(f.rule, f.severity, f.row, f.cell, f.value, f.details.get("rows")) for f in submission.findings] == [
        ("sheet.hidden", "info", None, "", "", "4"),
        ("sheet.rows-hidden", "info", 2, "", "", "2–3, 6"),
        ("cell.formula", "warning", 6, "C6", "2", None),
    ]
    assert [row.values["value"] for row in submission.sheets["indicators"].rows] == [1, 2, 3, 2]


@pytest.mark.parametrize(
    ("text", "hint"), [("2562-03-01", "buddhist"), ("01/03/2562", "buddhist"), ("06/30/2019", "month-first"), ("31/31/2019", ""), ("soon", ""), (date(2562, 3, 1), "buddhist")]
)
def test_a_date_that_is_none_says_why_where_that_can_be_seen(text: Any, hint: str) -> None:
    row = [*ACTIVITY[:3], text, *ACTIVITY[4:]]
    finding = read(workbook(activities=[ACTIVITY_HEADINGS, row])).findings[0]
    assert (finding.rule, finding.details["hint"]) == ("cell.not-a-date", hint)


def test_a_row_that_the_workbook_filled_in_and_nobody_else_is_no_report() -> None:
    headings = ["section", "text", "lang", "prefilled"]
    submission = read(workbook(narrative=[headings, ["changed – What changed?", None, "en", "section lang"], ["risks", "Some", "en", "section lang"], ["risks", None, None, None]]))
    assert [row.number for row in submission.sheets["narrative"].rows] == [3, 4]
    assert [(f.rule, f.row, f.cell) for f in submission.findings] == [("sheet.row.left", 2, "A2")]


def test_a_row_whose_cells_are_called_like_columns_is_data() -> None:
    row = ["A1", "Title", "other", date(2019, 2, 1), date(2019, 2, 2), "KE", "Op1", "8.8", 1, "no", "Description"]
    assert only_row(read(workbook(activities=[ACTIVITY_HEADINGS, row]))).values["type"] == "other"


def test_missing_columns_are_each_rejected_and_the_sheet_is_judged_no_further() -> None:
    rows = [[heading for heading in ACTIVITY_HEADINGS if heading not in ("sdg", "type")], ["A1", "#REF!", "31/31/2019", "x"]]
    submission = read(workbook(activities=rows))
    assert found(submission) == [("submission.column-missing", "activities", "type"), ("submission.column-missing", "activities", "sdg")]
    assert submission.findings[0].details == {"sheet": "activities", "column": "type"}
    assert submission.rejected and "activities" not in submission.sheets


@pytest.mark.parametrize("rows", [[], [["nothing", "here"]], [[1, 2], ["x"]]])
def test_a_sheet_without_headings_lacks_every_required_column(rows: Table) -> None:
    assert [finding.column for finding in read(workbook(expenditure=rows)).findings] == list(EXPENDITURE_HEADINGS)


def test_optional_sheets_may_be_left_out_or_lack_columns() -> None:
    submission = read(workbook(outcomes=[["what changed", "unknown"], ["A law", "x"]], risks=[["x"], ["y"]], visibility=[]))
    assert submission.findings == []
    assert only_row(submission, "outcomes").values == dict.fromkeys(column.name for column in sheet("outcomes").columns) | {"what_changed": "A law"}


def test_a_narrative_with_rows_needs_its_columns_and_without_any_none() -> None:
    assert found(read(workbook(narrative=[["section", "lang"], ["1", "en"]]))) == [("submission.column-missing", "narrative", "text")]
    assert found(read(workbook(narrative=[["My text"]]))) == [("submission.column-missing", "narrative", "section"), ("submission.column-missing", "narrative", "text")]
    assert read(workbook(narrative=[["section", "lang"]])).findings == read(workbook(narrative=[])).findings == []


def test_every_dimension_of_the_logframe_is_a_column() -> None:
    submission = read(workbook(indicators=[["Indicateur", "Pays", "Valeur", "SEXE", "âge"], ["P1", "KE", 5, "female", "young"], ["P1", "KE", 6, None, None]]))
    first, second = submission.sheets["indicators"].rows
    assert (first.values["sex"], first.values["age"]) == ("female", "young")
    assert (second.values["sex"], second.values["age"]) == (None, None)


def test_empty_rows_and_rows_of_placeholders_are_passed_over() -> None:
    rows = [ACTIVITY_HEADINGS, [], ["TBD", None, "n/a", "-"], [None, None, "   "], ACTIVITY, [None] * 11 + ["a remark beside"]]
    assert only_row(read(workbook(activities=rows))).number == 5


# --- cells ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "value"),
    [(10, "10"), (17.1, "17.1"), (0, "0"), (-3, "-3"), (1e15, "1000000000000000"), ("1,234.5", "1234.5"), (" 12 ", "12"), ("1 234", "1234"), ("٢٣", "23")],
)
def test_number_is_read(cell: Any, value: str) -> None:
    assert one_cell("women", cell) == (Decimal(value), [])


@pytest.mark.parametrize(
    ("cell", "rule"),
    [
        ("50+", "cell.not-a-number"), ("approx. 50", "cell.not-a-number"), ("50-60", "cell.not-a-number"), ("12 %", "cell.not-a-number"),
        ("$5", "cell.not-a-number"), (True, "cell.not-a-number"), (date(2019, 1, 5), "cell.not-a-number"), ("1E5", "cell.not-a-number"),
        ("23,14", "cell.ambiguous-number"), ("1.234,56", "cell.ambiguous-number"), ("#DIV/0!", "cell.formula-error"),
    ],
)  # fmt: skip
def test_number_is_a_fault(cell: Any, rule: str) -> None:
    assert one_cell("women", cell) == (None, [rule])


@pytest.mark.parametrize("cell", [date(2019, 3, 5), datetime(2019, 3, 5, 14, 30), "2019-03-05", "05/03/2019", "5.3.2019", "2019-03-05T10:00:00"])
def test_date_is_read(cell: Any) -> None:
    assert one_cell("start", cell) == (date(2019, 3, 5), [])


@pytest.mark.parametrize("cell", [43529, "43529", "03/25/2019", "March 2019", "2562-03-05", date(2562, 3, 5), True, "05/03/19"])
def test_date_is_a_fault(cell: Any) -> None:
    assert one_cell("start", cell) == (None, ["cell.not-a-date"])


@pytest.mark.parametrize(("cell", "value"), [("8.8", "8.8"), (8.8, "8.8"), (16, "16"), ("8.1", "8.1"), ("8.10", "8.10"), ("8.8=60; 5.5=40", "8.8=60; 5.5=40"), (5.5, "5.5"), (1.1, "1.1")])
def test_sdg_is_read_as_written(cell: Any, value: str) -> None:
    assert one_cell("sdg", cell) == (value, [])


@pytest.mark.parametrize("cell", [8.1, 16.1, 17.1, date(2019, 8, 8)])
def test_sdg_that_a_spreadsheet_may_have_changed_is_a_fault_in_activities_only(cell: Any) -> None:
    assert one_cell("sdg", cell) == (None, ["activities.sdg.unknown"])
    assert one_cell("sdg", cell, "outcomes") == (None, [])


@pytest.mark.parametrize(
    ("column", "cell", "value"),
    [
        ("activity", " A1 ", "A1"), ("activity", 1, "1"), ("activity", 1.5, "1.5"), ("activity", "A1 – Training", "A1"), ("activity", "A1 - b - c", "A1"),
        ("activity", "A1 — x", "A1"), ("activity", "Op1.1-a", "Op1.1-a"), ("country", "KE\u00a0–\u00a0Kenya", "KE"), ("country", "\u200eKE", "KE"),
        ("activity", date(2019, 1, 5), "2019-01-05"), ("title", "A – B", "A – B"), ("title", 2020, "2020"), ("title", 8.8, "8.8"), ("title", True, "TRUE"),
        ("title", date(2019, 3, 5), "2019-03-05"), ("title", "\u200b", None), ("title", "n/a", None), ("title", "TBD", None), ("country", "NA", "NA"),
        ("lead", "Oui", "yes"), ("lead", True, "yes"), ("lead", False, "no"), ("lead", 1, "yes"), ("lead", "não", "no"), ("lead", "perhaps", "perhaps"),
        ("women", "-", None), ("women", "xxx", None), ("start", "s/o", None), ("sdg", "N/D", None), ("lead", "x", "yes"),
    ],
)  # fmt: skip
def test_cell_is_read(column: str, cell: Any, value: Any) -> None:
    assert one_cell(column, cell) == (value, [])


@pytest.mark.parametrize("column", ["title", "activity", "start", "women", "sdg", "lead", "description"])
def test_an_error_of_a_formula_is_a_fault_in_every_column(column: str) -> None:
    assert one_cell(column, "#REF!") == (None, ["cell.formula-error"])


def test_an_error_cell_is_a_fault_with_its_text_and_address() -> None:
    cells = "".join(f'<c r="{letter}1" t="str"><v>{name}</v></c>' for letter, name in zip("ABCDE", EXPENDITURE_HEADINGS, strict=True))
    row = '<row r="3"><c r="A3"><v>1</v></c><c r="E3" t="e"><f>1/0</f><v>#DIV/0!</v></c></row>'
    data = xlsx_of(f'<row r="1">{cells}</row>{row}', xl__workbook___xml=_named("expenditure"))
    finding = next(f for f in read(data).findings if f.rule.startswith("cell."))
    assert (finding.rule, finding.sheet, finding.row, finding.column, finding.cell, finding.value) == ("cell.formula-error", "expenditure", 3, "amount", "E3", "#DIV/0!")


def _named(name: str) -> str:
    from tests.domain.made_files import XLSX_PARTS

    return XLSX_PARTS["xl/workbook.xml"].replace('name="cover"', f'name="{name}"')


@pytest.mark.parametrize(
    ("indicator", "cell", "value"),
    [("Y1", "Oui", "yes"), ("y1 – label", "no", "no"), ("Y1", "perhaps", "perhaps"), ("Y1", True, "yes"), ("Q1", "Much has changed", "Much has changed"), ("N1", "5", Decimal(5)), ("Y1", None, None)],
)  # fmt: skip
def test_value_of_an_indicator_is_read_by_its_measure(indicator: str, cell: Any, value: Any) -> None:
    submission = read(workbook(indicators=[INDICATOR_HEADINGS, [indicator, "KE", cell]]))
    assert submission.findings == []
    assert only_row(submission, "indicators").values["value"] == value


@pytest.mark.parametrize("indicator", ["N1", "R1", "unheard-of"])
def test_an_answer_is_no_number(indicator: str) -> None:
    assert found(read(workbook(indicators=[INDICATOR_HEADINGS, [indicator, "KE", "oui"]]))) == [("cell.not-a-number", "indicators", "C2")]


def test_a_long_text_is_kept_and_only_quoted_in_part() -> None:
    long = "x " * 30_000 + "y"
    cover = "".join(f"{key};{value}\n" for key, value in COVER.items())
    texts = {"cover": cover, "activities": ";".join(ACTIVITY_HEADINGS) + f"\nA1;{long};training;{long}\n", "indicators": "indicator;country\n", "expenditure": ";".join(EXPENDITURE_HEADINGS)}
    submission = read(zipped({f"{name}.csv": text for name, text in texts.items()}))
    [finding] = submission.findings
    assert only_row(submission).values["title"] == long
    assert finding.rule == "cell.not-a-date" and len(finding.value) == 32_767


@pytest.mark.parametrize("text", ["(" * 200_000, " - " * 100_000, "x" + " " * 200_000 + "y", "=" * 200_000, "1," * 100_000, "-" * 200_000, "٫" * 100_000])
def test_no_text_takes_long_to_read(text: str) -> None:
    table = f"{text};{text}\n{';'.join(ACTIVITY_HEADINGS)}\n" + ";".join(f'"{text}"' for _ in ACTIVITY_HEADINGS)
    data = zipped({f"{name}.csv": table for name in ("cover", "activities", "indicators", "expenditure")})
    started = time.process_time()
    read(data)
    assert time.process_time() - started < 2


def test_codes_are_cut_at_the_first_dash_between_blanks() -> None:
    assert [code_of(text) for text in ("8.8 – Labour", " X ", "a-b", "a - b – c", "-", "– a")] == ["8.8", "X", "a-b", "a", "-", "– a"]


# --- the other formats ------------------------------------------------------------------------------------------------


def test_a_zip_of_csv_reads_like_a_workbook() -> None:
    csv = {
        "Couverture": f"Numéro du contrat;{CONTRACT}\nCycle;C1\nMembre;cc\n",
        "Activités": 'Code de l\'activité;Intitulé;Type;Début;Fin;Pays;Résultat;ODD;Femmes\nA1;"Une formation,\nen deux lignes";training;01/02/2019;2019-02-02;SN;Op1;8.10;"1 234,0"\n\nA2;Débat;event;03/02/2019;03/02/2019;SN;Op1;8.8;23.14\n',
        "Indicateurs": "Indicateur;Pays;Valeur;Sexe\nN1;SN;12,5;\n",
        "Dépenses": "Rubrique;Pays;Date de paiement;Devise;Montant\n",
    }
    submission = read(zipped({f"rapport/{name}.csv": text.encode("cp1252") for name, text in csv.items()}), "cc")
    assert found(submission) == [("cell.ambiguous-number", "activities", "I5")]
    first, second = submission.sheets["activities"].rows
    assert (first.number, second.number) == (2, 5), "the line on which the record begins"
    assert (first.values["title"], first.values["women"], first.values["sdg"]) == ("Une formation,\nen deux lignes", Decimal("1234.0"), "8.10")
    assert second.values["women"] is None and second.raw["women"] == "23.14"
    assert only_row(submission, "indicators").values["value"] == Decimal("12.5")


def test_an_ods_reads_like_a_workbook() -> None:
    def cell(value: Any) -> str:
        if isinstance(value, date):
            return f'<table:table-cell office:value-type="date" office:date-value="{value}"><text:p>x</text:p></table:table-cell>'
        if isinstance(value, int | float):
            return f'<table:table-cell office:value-type="float" office:value="{value}"><text:p>x</text:p></table:table-cell>'
        return ods_text(value)

    tables = {"cover": list(COVER.items()), **EMPTY, "activities": [ACTIVITY_HEADINGS, ACTIVITY]}
    from_ods = read(ods_of("".join(ods_table(name, "".join(ods_row("".join(map(cell, row))) for row in rows)) for name, rows in tables.items())))
    from_xlsx = read(workbook(activities=[ACTIVITY_HEADINGS, ACTIVITY]))
    assert from_ods.findings == []
    assert only_row(from_ods) == only_row(from_xlsx)
    assert (from_ods.cover, from_ods.cover_cells) == (from_xlsx.cover, from_xlsx.cover_cells)


def test_the_same_bytes_read_the_same_twice() -> None:
    data = workbook(activities=[ACTIVITY_HEADINGS, ACTIVITY, ["A2", "#REF!"]])
    assert read(data) == read(data)


def test_ten_thousand_rows_are_read_in_good_time() -> None:
    import xlsxwriter

    out = io.BytesIO()
    columns = sheet("activities").columns[:20]
    with xlsxwriter.Workbook(out, {"constant_memory": True}) as book:
        for name, rows in ({"cover": list(COVER.items())} | EMPTY).items():
            page = book.add_worksheet(name)
            for r, row in enumerate(rows if name != "activities" else []):
                page.write_row(r, 0, row)
            if name == "activities":
                page.write_row(0, 0, [column.name for column in columns])
                cells = [{"number": 5, "sdg": "8.8"}.get(column.kind, "2019-02-01") for column in columns]
                for r in range(1, 10_001):
                    page.write_row(r, 0, cells)
    data = out.getvalue()
    started = time.process_time()
    submission = read(data)
    assert time.process_time() - started < 3  # about 0.8 s on an idle machine
    assert len(submission.sheets["activities"].rows) == 10_000 and not submission.rejected


def test_labels_are_unmistakable() -> None:
    """No heading of a sheet, in whatever language, names two columns: a member's column could be taken for another."""
    named: dict[tuple[str, str], set[str]] = {}
    for schema in SHEETS:
        for column in schema.columns:
            for label in (column.name, *(label for labels in column.labels.values() for label in labels)):
                named.setdefault((schema.name, plain(label)), set()).add(column.name)
    assert {heading: columns for heading, columns in named.items() if len(columns) > 1} == {}
