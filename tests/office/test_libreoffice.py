"""What members open in LibreOffice: the published workbook, filled in and marked, is read there as it is meant, without repair."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pypdf import PdfReader

from domain.completeness import counting_keys
from domain.reading import read_submission
from domain.sample.agreement import agreement_files
from domain.sample.drafts import drafts
from domain.submission import Submission
from tasks.collect import load_agreement
from tasks.marked import marked_workbook
from tasks.profiles import load_profile
from tasks.store import open_store
from tasks.validate import judge
from tasks.workbooks import member_workbook
from tests.filling import Form
from tests.flows.test_round_trip import MEMBERS, filled

pytestmark = pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")


def converted(data: bytes, kind: str, folder: Path) -> Path:
    source = folder / "workbook.xlsx"
    source.write_bytes(data)
    done = subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", kind, "--outdir", str(folder), str(source)],
        capture_output=True, text=True, timeout=240, check=True,
    )  # fmt: skip
    assert "Error" not in done.stderr + done.stdout, done.stderr + done.stdout
    return folder / f"workbook.{kind}"


def text_of(pdf: Path) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(pdf).pages).split())


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    store = open_store(str(tmp_path_factory.mktemp("agreement")))
    for key, content in agreement_files(True).items():
        store.write(key, content)
    return load_agreement(store).agreement, load_profile("prag-2018")


@pytest.mark.parametrize("language", MEMBERS)
def test_a_workbook_filled_in_is_the_same_after_libreoffice_saved_it(published, language: str, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    agreement, profile = published
    member = agreement.member(MEMBERS[language])
    draft = next(draft for draft in drafts() if (draft.member.code, draft.cycle) == (member.member, "2019-H1"))
    data = filled(Form(member_workbook(agreement, profile, member, "2019-H1")), draft)
    about = {"member": member.member, "cycle": "2019-H1", "received_at": datetime(2019, 7, 1, tzinfo=UTC), "agreement": agreement}
    sent = read_submission(data, key=f"inbox/2019-H1/{member.member}/a.xlsx", **about)
    saved = read_submission(converted(data, "ods", tmp_path).read_bytes(), key=f"inbox/2019-H1/{member.member}/a.ods", **about)
    assert saved.cover == sent.cover
    assert {name: [(row.number, row.values) for row in sheet.rows] for name, sheet in saved.sheets.items()} == {
        name: [(row.number, row.values) for row in sheet.rows] for name, sheet in sent.sheets.items()
    }
    assert [f for f in saved.findings if f.severity != "info"] == []
    text = text_of(converted(data, "pdf", tmp_path))
    assert member.name in text
    assert {"en": "adds up", "fr": "le compte est bon", "es": "suma correcta", "pt": "a soma está certa"}[language] in text  # LibreOffice computed it


def test_the_marked_copy_opens_with_its_list_and_its_comments(published, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    agreement, profile = published
    member = agreement.member("faso-bf")
    draft = next(draft for draft in drafts() if (draft.member.code, draft.cycle) == ("faso-bf", "2019-H1"))
    draft.rows["activities"][0]["sdg"] = "8.99; 8.8"
    data = filled(Form(member_workbook(agreement, profile, member, "2019-H1")), draft)
    s: Submission = read_submission(
        data, key="inbox/2019-H1/faso-bf/a.xlsx", member="faso-bf", cycle="2019-H1", received_at=datetime(2019, 7, 1, tzinfo=UTC), agreement=agreement
    )
    judged = judge(agreement, [s], counting_keys([s]), profile.questions, profile.lines)
    copy = marked_workbook(data, judged.findings, "fr")
    text = text_of(converted(copy, "pdf", tmp_path))
    assert "Ce que nous avons constaté dans votre fichier" in text and "8.99" in text
    saved = converted(copy, "ods", tmp_path).read_bytes()
    again = read_submission(saved, key="inbox/2019-H1/faso-bf/b.ods", member="faso-bf", cycle="2019-H1", received_at=s.received_at, agreement=agreement)
    assert [row.raw for row in again.sheets["activities"].rows] == [row.raw for row in s.sheets["activities"].rows]
