"""Editions: what each has with it, and what is named in none, or not in the one for everybody."""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pypdf
import pytest

from domain.report import EDITIONS, ReportDocument
from tasks import editions, steps
from tasks.demo import write_sample
from tasks.faults import OperatorFault
from tasks.render import render_report
from tests import verapdf

CYCLE = "2020-H1"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ReportDocument]:
    """The sample's second report in every edition, with one member made internal."""
    root = tmp_path_factory.mktemp("editions")
    write_sample(str(root))
    members = root / "agreement" / "members.csv"
    lines = list(csv.DictReader(io.StringIO(members.read_text(encoding="utf-8"))))
    next(line for line in lines if line["role"] == "beneficiary" and not line["sensitivity"])["sensitivity"] = "internal"
    out = io.StringIO()
    writer = csv.DictWriter(out, list(lines[0]))
    writer.writeheader()
    writer.writerows(lines)
    members.write_text(out.getvalue(), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FPA_STORAGE", str(root))
        return _documents()


def _documents() -> dict[str, ReportDocument]:
    desk = steps.load.fn(CYCLE)
    inbox = steps.read_all.fn(desk, False)
    basis = steps.describe_basis.fn(desk, inbox, ["en"], False, ["internal", "public"])
    judged = steps.judge_all.fn(desk, inbox)
    totals = steps.add_up.fn(desk, inbox, judged, basis)
    data = steps.write_data_files.fn(desk, inbox, totals, judged)
    annexes = steps.write_annexes.fn(desk, totals, judged)
    found = {}
    for edition in basis.editions:
        attached = editions.attachments(edition, desk.agreement, desk.profile, totals, judged.accepted["activities"], data, annexes)
        from tasks import report

        document = report.document(desk.agreement, desk.profile, totals, judged, basis.texts.by_language["en"], attached, {})
        found[edition] = editions.document_of(edition, document)
    return found


@pytest.fixture(scope="module")
def pdfs(made: dict[str, ReportDocument]) -> dict[str, bytes]:
    return {edition: render_report(document, "en", "0" * 32) for edition, document in made.items()}


@cache
def text_of(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text().split()) for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)


def words_of(name: str, content: bytes) -> str:
    if not name.endswith(".xlsx"):
        return content.decode("utf-8", "replace")
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return " ".join(book.read(part).decode() for part in book.namelist() if part.endswith(".xml"))


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8"), newline="")))


def named(made: dict[str, ReportDocument], sensitivity: str) -> list[str]:
    members = [member for member in next(iter(made.values())).agreement.members if member.sensitivity == sensitivity]
    assert members
    return [word for member in members for word in (member.name, member.member)]


def test_the_contractual_edition_is_always_made() -> None:
    assert editions.editions_asked(None) == ("contractual",)
    assert editions.editions_asked(["public", "public"]) == ("contractual", "public")
    assert [editions.file_name(edition, "en") for edition in EDITIONS] == ["report.en.pdf", "report-internal.en.pdf", "report-public.en.pdf"]
    with pytest.raises(OperatorFault, match=r"no edition 'secret'.*contractual, internal, public"):
        editions.editions_asked(["secret"])


def test_what_is_internal_is_named_in_no_edition(made: dict[str, ReportDocument], pdfs: dict[str, bytes]) -> None:
    for edition, document in made.items():
        attached = {name: words_of(name, content) for name, content in document.attachments.items()}
        for word in named(made, "internal"):
            assert word not in text_of(pdfs[edition]), (edition, word)
            assert not [name for name, words in attached.items() if word in words], (edition, word)


def test_what_is_for_the_eu_only_is_not_in_the_public_edition(made: dict[str, ReportDocument], pdfs: dict[str, bytes]) -> None:
    for word in named(made, "eu-only"):
        assert word not in text_of(pdfs["public"])
        assert not [name for name, content in made["public"].attachments.items() if word in words_of(name, content)]
    assert named(made, "eu-only")[0] in text_of(pdfs["contractual"]), "the EU may know"


def test_each_edition_says_which_it_is_and_has_its_annexes(pdfs: dict[str, bytes]) -> None:
    assert "Public edition" in text_of(pdfs["public"]) and "Internal edition" in text_of(pdfs["internal"])
    assert "edition" not in text_of(pdfs["contractual"]).split("Contents")[0]
    for annex in ("Data quality", "Submissions and timeliness", "Members’ own words"):
        assert annex in text_of(pdfs["contractual"]) and annex in text_of(pdfs["internal"])
        assert annex not in text_of(pdfs["public"])


def test_what_goes_with_each_edition(made: dict[str, ReportDocument]) -> None:
    figures = {"indicators.csv", "sdg.csv", "finance.csv", "logframe.xlsx"}
    assert set(made["contractual"].attachments) == figures | {"members.csv"}
    assert set(made["internal"].attachments) == figures | {"members.csv", "expenditure.csv", "findings.csv", "lineage.csv"}
    assert set(made["public"].attachments) == figures


def test_the_internal_evidence_counts_all_costs_and_findings(made: dict[str, ReportDocument]) -> None:
    document = made["internal"]
    costs = rows_of(document.attachments["expenditure.csv"])
    unnamed = [row for row in costs if row["member"] == editions.UNNAMED]
    assert unnamed and not any(row[column] for row in unnamed for column in ("supplier", "document", "description", "activity", "country", "submission"))
    assert sum(round(float(row["amount_eur"]) * 100) for row in costs if row["cost"] == "yes") == document.figures.finance[6].cumulative
    assert len(rows_of(document.attachments["findings.csv"])) == len(document.findings)


def test_the_public_files_are_what_the_public_report_prints(made: dict[str, ReportDocument]) -> None:
    rows = rows_of(made["public"].attachments["indicators.csv"])
    definitions = made["public"].agreement.indicators_in(CYCLE)
    small = [row for row in rows if row["value"] and definitions[row["indicator"]].measure == "people" and 0 < float(row["value"]) < 5]
    assert rows and not small
    assert not [row for row in rows_of(made["public"].attachments["sdg.csv"]) for sex in ("women", "men", "other", "unknown") if row[sex] in ("1", "2", "3", "4")]
    totals = {row["scope"]: row for row in rows_of(made["contractual"].attachments["sdg.csv"]) if row["kind"] == "total"}
    for row in rows_of(made["public"].attachments["sdg.csv"]):
        if row["kind"] == "total":
            assert row["women"] == totals[row["scope"]]["women"] and row["expenditure_eur"] == totals[row["scope"]]["expenditure_eur"]


def test_withheld_numbers_are_printed_as_a_sign_that_is_explained(made: dict[str, ReportDocument], pdfs: dict[str, bytes]) -> None:
    assert "•" in text_of(pdfs["public"]) and "withheld: a group of fewer than 5 people" in text_of(pdfs["public"])
    assert "withheld: a group of fewer than 5 people" not in text_of(pdfs["contractual"])


def test_the_public_edition_tells_no_participations_of_single_activities(made: dict[str, ReportDocument], pdfs: dict[str, bytes]) -> None:
    assert "Numbers of women, men and all are participations" in text_of(pdfs["contractual"])
    assert "Numbers of women, men and all are participations" not in text_of(pdfs["public"])


@pytest.mark.parametrize("edition", ["public", "internal"])
@pytest.mark.parametrize("standard", list(verapdf.PROFILES))
def test_every_edition_keeps_the_standards(edition: Any, standard: str, made: dict[str, ReportDocument], tmp_path: Path) -> None:
    if reason := verapdf.missing():
        pytest.skip(reason)
    small = replace(made[edition], accepted={sheet: list(rows)[:20] for sheet, rows in made[edition].accepted.items()}, findings=list(made[edition].findings)[:20])
    path = tmp_path / "report.pdf"
    path.write_bytes(render_report(small, "en", "0" * 32))
    assert verapdf.failures(path, standard) == []
