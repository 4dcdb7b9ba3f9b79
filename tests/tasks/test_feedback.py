"""What a member gets back: findings.csv, its own workbook marked, and a page to read."""

from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from domain.completeness import counting_keys
from domain.reading import read_submission
from domain.submission import Submission
from tasks.collect import judge_arrival, read_files
from tasks.feedback import write_feedback
from tasks.marked import marked_workbook
from tasks.store import DirectoryStore
from tasks.validate import judge
from tests.builders import CONTRACT, MEMBERS, clean, small_agreement, submission
from tests.domain.made_files import xlsx

AGREEMENT = small_agreement()
RECEIVED = datetime(2019, 7, 1, 12, tzinfo=UTC)
HOSTILE = '=HYPERLINK("http://evil.example","x")'
LINK = "https://evil.example/<script>alert(1)</script>"


def workbook(**changed: Any) -> bytes:
    """A workbook with one error, one warning and hostile texts."""
    activity = {"activity": "A1", "title": HOSTILE, "type": "training", "start": datetime(2019, 2, 1), "end": datetime(2019, 2, 2), "country": "KE", "result": "Op1",
                "sdg": "8.99", "women": 10, "description": LINK} | changed  # fmt: skip
    payment = {"heading": "2", "country": "KE", "payment_date": datetime(2019, 3, 1), "currency": "KES", "amount": 1100, "supplier": None, "document": "D1"}
    return xlsx(
        {
            "cover": [["contract", CONTRACT], ["cycle", "C1"], ["member", "bb"]],
            "Activités": [["Nos activités"], [], list(activity), list(activity.values())],
            "indicators": [["indicator", "country", "value"], ["N1", "KE", 5]],
            "expenditure": [list(payment), list(payment.values())],
            "notes": [["@SUM(1+1)", "+1", "-1", "=1+1", "mailto:a@b.example", "internal:cover!A1"]],
        }
    )


def answer(root: Path, files: Mapping[str, bytes], agreement: Any = AGREEMENT, received: datetime = RECEIVED) -> list[str]:
    """Stores, reads, judges and answers the files (by key); each arrives a minute after the one before."""
    store = DirectoryStore(root)
    submissions: list[Submission] = []
    for number, (key, data) in enumerate(files.items()):
        store.write(key, data)
        _, cycle, member, _ = key.split("/")
        at = received + timedelta(minutes=number)
        s = read_submission(data, key=key, member=member, cycle=cycle, received_at=at, agreement=agreement)
        judge_arrival(agreement, s, False)
        submissions.append(s)
    judged = judge(agreement, submissions, counting_keys(submissions), frozenset({"changed"}), frozenset())
    return write_feedback(store, agreement, "C1", submissions, judged)


def folder(root: Path, member: str = "bb") -> Path:
    [found] = (root / f"feedback/C1/{member}").iterdir()
    return found


def test_every_fault_is_marked_in_the_members_own_file(tmp_path: Path) -> None:
    answer(tmp_path, {"inbox/C1/bb/report.xlsx": workbook()})
    place = folder(tmp_path)
    assert {path.name for path in place.iterdir()} == {"findings.csv", "marked.xlsx", "summary.html"}
    found = list(csv.DictReader((place / "findings.csv").open(encoding="utf-8", newline="")))
    book = openpyxl.load_workbook(place / "marked.xlsx")
    assert book.sheetnames == ["Findings", "cover", "Activités", "indicators", "expenditure", "notes"]
    sheets = {"activities": "Activités", "expenditure": "expenditure"}
    assert {(f["rule"], f["cell"]) for f in found} >= {("activities.sdg.unknown", "H4"), ("expenditure.supplier.missing", "F2")}
    for finding in found:
        cell = book[sheets[finding["sheet"]]][finding["cell"]]
        assert cell.fill.start_color.rgb == ("FFF8C9C4" if finding["severity"] == "error" else "FFFFF0B3")
        assert finding["message"] in cell.comment.text
        assert str(cell.value if cell.value is not None else "") == finding["value"]
    assert book["indicators"]["C2"].fill.fill_type is None
    first = book["Findings"]
    listed = {(first.cell(row, 2).value, first.cell(row, 3).value, first.cell(row, 6).value): first.cell(row, 3).hyperlink.location for row in range(7, first.max_row + 1)}
    assert listed == {(sheets[f["sheet"]], f["cell"], f["message"]): f"'{sheets[f['sheet']]}'!{f['cell']}" for f in found}


def test_nothing_a_member_typed_is_live_in_the_answer(tmp_path: Path) -> None:
    answer(tmp_path, {"inbox/C1/bb/report.xlsx": workbook()})
    place = folder(tmp_path)
    with zipfile.ZipFile(place / "marked.xlsx") as archive:
        for name in archive.namelist():
            text = archive.read(name).decode("utf-8", errors="replace")
            assert "<f>" not in text and "<f " not in text, name
            assert "evil" not in text or name == "xl/sharedStrings.xml", name
            assert 'TargetMode="External"' not in text, name
    page = (place / "summary.html").read_text(encoding="utf-8")
    assert not re.search(r"<(script|a|img|iframe|form|link)\b", page)
    assert "evil.example" not in page or "<script" not in page


def test_the_page_escapes_what_a_member_typed(tmp_path: Path) -> None:
    answer(tmp_path, {"inbox/C1/bb/<b>x<i>.xlsx": workbook(activity="<img src=x>", sdg="<script>alert(1)</script>")})
    page = (folder(tmp_path) / "summary.html").read_text(encoding="utf-8")
    assert "&lt;script&gt;alert(1)" in page and "&lt;b&gt;x&lt;i&gt;.xlsx" in page
    assert "<script" not in page and "<img" not in page and "<b>" not in page and "<i>" not in page


def test_the_marked_copy_can_be_mended_and_sent_again() -> None:
    data = workbook()
    copy = marked_workbook(data, [], "en")
    about = {"member": "bb", "cycle": "C1", "received_at": RECEIVED, "agreement": AGREEMENT}
    sent, again = (read_submission(content, key="inbox/C1/bb/a.xlsx", **about) for content in (data, copy))
    for name, sheet in sent.sheets.items():
        assert [(row.number, row.values) for row in sheet.rows] == [(row.number, row.values) for row in again.sheets[name].rows]
    assert sent.cover == again.cover
    assert marked_workbook(data, [], "en") == copy


def test_a_zip_of_csv_comes_back_as_a_workbook(tmp_path: Path) -> None:
    data = submission(activities=[{"activity": "A1", "title": "T", "type": "nonsense", "start": "2019-02-01", "end": "2019-02-02", "country": "KE", "result": "Op1", "sdg": "8.8"}])
    answer(tmp_path, {"inbox/C1/bb/report.zip": data})
    book = openpyxl.load_workbook(folder(tmp_path) / "marked.xlsx")
    assert book["activities"]["C2"].fill.start_color.rgb == "FFF8C9C4"


def test_a_file_without_a_finding_needs_no_copy(tmp_path: Path) -> None:
    answer(tmp_path, {"inbox/C1/bb/report.zip": clean()})
    assert {path.name for path in folder(tmp_path).iterdir()} == {"findings.csv", "summary.html"}
    page = (folder(tmp_path) / "summary.html").read_text(encoding="utf-8")
    assert "Accepted." in page and "You need do nothing" in page and "1,100.00 KES" in page and "10.00 EUR" in page and "N1" in page


@pytest.mark.parametrize(("language", "said"), [("fr", "Refusé : rien de ce fichier n’est utilisé."), ("es", "No aceptado"), ("pt", "Não aceite"), ("en", "Not accepted")])
def test_a_file_that_cannot_be_read_is_answered_in_the_members_language(tmp_path: Path, language: str, said: str) -> None:
    members = MEMBERS.replace("\nbb,", "\nbb,", 1)
    lines = [re.sub(r"^(bb,[^,]*,[^,]*),[a-z]{2}", rf"\1,{language}", line) for line in members.splitlines()]
    answer(tmp_path, {"inbox/C1/bb/report.xlsx": b"PK nonsense"}, small_agreement(members="\n".join(lines) + "\n"))
    place = folder(tmp_path)
    assert {path.name for path in place.iterdir()} == {"findings.csv", "summary.html"}
    page = (place / "summary.html").read_text(encoding="utf-8")
    assert f'<html lang="{language}">' in page and said in page and "marked.xlsx" not in page


def test_only_what_changed_is_written_again(tmp_path: Path) -> None:
    files = {"inbox/C1/bb/report.xlsx": workbook()}
    assert sorted(key.rpartition("/")[2] for key in answer(tmp_path, files)) == ["findings.csv", "marked.xlsx", "summary.html"]
    assert answer(tmp_path, files) == []
    (folder(tmp_path) / "marked.xlsx").unlink()
    assert [key.rpartition("/")[2] for key in answer(tmp_path, files)] == ["marked.xlsx"]
    # a newer file changes what is to be said of the older one
    written = answer(tmp_path, files | {"inbox/C1/bb/zz.zip": clean()})
    assert sorted(key.rpartition("/")[2] for key in written if "/" in key) == ["findings.csv", "marked.xlsx", "summary.html", "summary.html"]


def test_the_page_says_which_file_counts(tmp_path: Path) -> None:
    bad = workbook()[:-40]
    answer(tmp_path, {"inbox/C1/bb/a.zip": clean(), "inbox/C1/bb/b.zip": clean(cover={"prepared_by": "X"}), "inbox/C1/bb/c.xlsx": bad})
    pages = {re.search(r"<dd>(\w)\.", page.read_text(encoding="utf-8"))[1]: page.read_text(encoding="utf-8") for page in (tmp_path / "feedback").rglob("*.html")}  # type: ignore[index]
    assert "Replaced by a newer file" in pages["a"]
    assert 'class="state good"' in pages["b"]
    assert "Not accepted" in pages["c"] and "your earlier good file counts" in pages["c"]


def test_a_part_says_that_the_other_is_missing(tmp_path: Path) -> None:
    answer(tmp_path, {"inbox/C1/bb/a.zip": clean(cover={"part": "programme"})})
    assert "The other one (finance) has not arrived yet" in (folder(tmp_path) / "summary.html").read_text(encoding="utf-8")


def test_an_unknown_member_is_answered_in_the_contracts_language(tmp_path: Path) -> None:
    from domain.findings import Finding

    store = DirectoryStore(tmp_path)
    unknown = Submission("who", "C1", "inbox/C1/who/a.zip", "ab" * 32, 3, RECEIVED, findings=[Finding("who", "C1", "abababababab", "submission.unknown-member", "reject", value="who")])
    judged = judge(AGREEMENT, [unknown], set(), frozenset(), frozenset())
    assert sorted(key.rpartition("/")[2] for key in write_feedback(store, AGREEMENT, "C1", [unknown], judged)) == ["findings.csv", "summary.html"]


def test_reading_is_the_same_in_child_processes(tmp_path: Path) -> None:
    from tasks.collect import Arrival
    from tasks.store import Info

    data = clean()
    arrival = Arrival("bb", "C1", Info("inbox/C1/bb/a.zip", len(data), RECEIVED, ""))
    here = read_submission(data, key=arrival.info.key, member="bb", cycle="C1", received_at=RECEIVED, agreement=AGREEMENT)
    assert read_files(AGREEMENT, [(arrival, data, RECEIVED)]) == [here]
