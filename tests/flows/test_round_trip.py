"""What goes out comes back: the published workbook, filled in from the sample, is read without a finding and gives the sample's figures."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from domain.agreement import Agreement
from domain.completeness import counting_keys
from domain.findings import Finding
from domain.reading import read_submission
from domain.sample.drafts import Draft, drafts
from domain.sample.submissions import _write
from domain.schema import SHEETS
from domain.submission import Judged
from tasks.collect import load_agreement
from tasks.demo import write_sample
from tasks.guide import guide_key
from tasks.profiles import load_profile
from tasks.store import open_store
from tasks.validate import judge
from tasks.workbooks import PARTS, member_workbook, workbook_key
from tests.filling import Form

Fpa = Callable[..., tuple[int, str, str]]
MEMBERS = {"en": "haki-ke", "fr": "faso-bf", "es": "andina-bo", "pt": "zambeze-mz"}
CYCLES = ("2019-H1", "2019-H2")
SAME = {"indicators": ("indicator", "country", "sex", "age"), "activities": ("plan",), "narrative": ("section",)}


@pytest.fixture(scope="module")
def agreement(tmp_path_factory: pytest.TempPathFactory) -> Agreement:
    root = tmp_path_factory.mktemp("sample")
    write_sample(str(root))
    return load_agreement(open_store(str(root))).agreement


def draft_of(member: str, cycle: str) -> Draft:
    return next(draft for draft in drafts() if (draft.member.code, draft.cycle) == (member, cycle))


def filled(form: Form, draft: Draft, part: str | None = None) -> bytes:
    for schema in SHEETS:
        if schema.name in draft.rows and part in (None, schema.part):
            form.fill(schema.name, draft.rows[schema.name], SAME.get(schema.name, ()))
    return form.saved()


def judged(agreement: Agreement, files: Mapping[str, bytes]) -> Judged:
    submissions = []
    for key, data in files.items():
        _, cycle, member, _ = key.split("/")
        received = datetime.combine(agreement.cycle(cycle).end, datetime.min.time(), UTC)
        submissions.append(read_submission(data, key=key, member=member, cycle=cycle, received_at=received, agreement=agreement))
    assert [finding for s in submissions for finding in s.findings if finding.severity != "info"] == []
    profile = load_profile("prag-2018")
    return judge(agreement, submissions, counting_keys(submissions), profile.questions, profile.lines)


def values(result: Judged) -> dict[str, list[tuple[str, dict[str, Any]]]]:
    """The accepted rows by sheet, without where they stood."""
    return {name: sorted(((row.cycle, row.values) for row in rows), key=str) for name, rows in result.accepted.items()}


def above_info(findings: list[Finding]) -> list[tuple[str, str, str, str]]:
    return [(f.rule, f.sheet, f.cell, f.message) for f in findings if f.severity != "info"]


@pytest.mark.parametrize("language", MEMBERS)
def test_a_filled_workbook_has_no_finding_and_gives_the_samples_figures(agreement: Agreement, language: str) -> None:
    """Over two cycles, so that the second workbook stands beside the first one's figures; the second comes in two parts."""
    profile = load_profile("prag-2018")
    member = agreement.member(MEMBERS[language])
    assert member is not None and member.language == language
    first, second = (draft_of(member.member, cycle) for cycle in CYCLES)
    files = {f"inbox/{CYCLES[0]}/{member.member}/a.xlsx": filled(Form(member_workbook(agreement, profile, member, CYCLES[0])), first)}
    result = judged(agreement, files)
    assert above_info(result.findings) == []
    earlier = [row for rows in result.accepted.values() for row in rows]
    for part in ("programme", "finance"):
        form = Form(member_workbook(agreement, profile, member, CYCLES[1], earlier, part))
        files[f"inbox/{CYCLES[1]}/{member.member}/{part}.xlsx"] = filled(form, second, part)
    result = judged(agreement, files)
    sent = {f"inbox/{draft.cycle}/{member.member}/sent.xlsx": _write(draft) for draft in (first, second)}
    expected = judged(agreement, sent)
    assert above_info(result.findings) == above_info(expected.findings) == []
    assert values(result) == values(expected)
    assert sum(map(len, expected.accepted.values())) > 60
    assert {f.rule for f in result.findings} <= {"indicators.row.blank", "sheet.row.left"}


def test_open_fill_and_collect(agreement: Agreement, tmp_path: Path, fpa: Fpa, monkeypatch: pytest.MonkeyPatch) -> None:
    """Through the commands, as member and officer would; a nil report is an answer."""
    root = tmp_path / "storage"
    write_sample(str(root))
    for path in (root / "inbox").rglob("*.*"):
        path.unlink()
    monkeypatch.setenv("FPA_STORAGE", str(root))
    status, out, _ = fpa("open", "2019-H1")
    assert (status, "workbooks of 14 members" in out, "(56 files written now)" in out) == (0, True, True)
    assert "(0 files written now)" in fpa("open", "2019-H1")[1]
    assert {path.name for path in (root / "workbooks/2019-H1").iterdir()} == {
        Path(workbook_key("2019-H1", member.member, part)).name for member in agreement.members for part in PARTS
    } | {Path(guide_key("2019-H1", member.member)).name for member in agreement.members}
    for member in agreement.members:
        data = (root / f"workbooks/2019-H1/{member.member}.xlsx").read_bytes()
        form = Form(data)
        if member.member == "indus-pk":
            form.cover("nil", "yes")
            data = form.saved()
        else:
            data = filled(form, draft_of(member.member, "2019-H1"))
        target = root / f"inbox/2019-H1/{member.member}/report.xlsx"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        os.utime(target, (datetime(2019, 7, 20).timestamp(),) * 2)
    status, out, err = fpa("collect", "2019-H1")
    assert (status, "14 files read; 13 on time, 1 nil" in out) == (0, True), out + err
    found = [row for path in (root / "feedback/2019-H1").rglob("findings.csv") for row in csv.DictReader(path.open(encoding="utf-8", newline=""))]
    assert [row for row in found if row["severity"] != "info"] == []


def test_the_second_workbook_shows_the_last_figures(agreement: Agreement) -> None:
    profile, member = load_profile("prag-2018"), agreement.member("faso-bf")
    assert member is not None
    result = judged(agreement, {f"inbox/2019-H1/{member.member}/sent.zip": _write(draft_of(member.member, "2019-H1"))})
    earlier = [row for rows in result.accepted.values() for row in rows]
    form = Form(member_workbook(agreement, profile, member, "2019-H2", earlier))
    sheet = form.sheet("indicators")
    columns = form.columns(sheet)
    before = next(cell.column for cell in sheet[3] if cell.value == "Dernière valeur")
    shown = {}
    for row in range(5, sheet.max_row + 1):
        code, sex = sheet.cell(row, columns["indicator"]).value, sheet.cell(row, columns["sex"]).value or ""
        if sheet.cell(row, columns["prefilled"]).value and not sheet.cell(row, columns["age"]).value:
            shown[code, sex.split(" – ")[0]] = sheet.cell(row, before).value
    reported = {(r.values["indicator"], r.values["sex"] or ""): r.values for r in earlier if r.sheet == "indicators" and not r.values["age"]}
    assert len(reported) > 15
    for key, figures in reported.items():
        last = f"{figures['numerator']} / {figures['denominator']}" if figures["denominator"] is not None else figures["value"] if figures["value"] is not None else figures["comment"]
        assert shown[key] == (pytest.approx(float(last)) if not isinstance(last, str) else last if len(last) <= 60 else last[:59] + "…")
    assert ("Op3.2-b", "") not in shown  # never reported


def test_the_same_workbook_twice_is_the_same_bytes(agreement: Agreement) -> None:
    member = agreement.members[3]
    profile = load_profile("prag-2018")
    assert member_workbook(agreement, profile, member, "2019-H1") == member_workbook(agreement, profile, member, "2019-H1")


