"""The whole main job on the sample, through the real flows."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tasks.demo import write_sample

Fpa = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample with the reports of 2019-H1 and 2020-H1 delivered."""
    from flows.report_cycle import report_cycle

    root = tmp_path_factory.mktemp("sample") / "storage"
    write_sample(str(root))
    os.environ["FPA_STORAGE"] = str(root)
    try:
        for cycle in ("2019-H1", "2020-H1"):
            state = report_cycle(cycle, return_state=True)
            assert state.is_completed(), state.message
    finally:
        del os.environ["FPA_STORAGE"]
    return root


def table(root: Path, cycle: str, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((root / f"reports/{cycle}/v0001/data/{name}.csv").open(encoding="utf-8", newline="")))


DATA = {"indicators", "sdg", "finance", "activities", "expenditure", "members", "findings", "texts", "outcomes", "evidence", "exceptions", "indicator_rows", "lineage", "restatements", "coverage"}


def test_a_report_is_complete_and_every_file_is_as_its_manifest_says(sample: Path) -> None:
    for cycle in ("2019-H1", "2020-H1"):
        folder = sample / f"reports/{cycle}/v0001"
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        listed = {entry["path"]: entry["sha256"] for entry in manifest["outputs"]}
        assert set(listed) == {"report.en.pdf", "narrative.en.docx", "financial-report.xlsx", "logframe.xlsx", "iati.xml", *(f"data/{name}.csv" for name in DATA)}
        for path, digest in listed.items():
            assert hashlib.sha256((folder / path).read_bytes()).hexdigest() == digest
        for entry in manifest["inputs"]:
            assert hashlib.sha256((sample / entry["key"]).read_bytes()).hexdigest() == entry["sha256"]
        latest = json.loads((sample / f"reports/{cycle}/latest.json").read_text(encoding="utf-8"))
        assert latest == {"version": "v0001", "manifest_sha256": hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()}


def test_the_samples_stories_are_told(sample: Path) -> None:
    states = {row["member"]: row["state"] for row in table(sample, "2019-H1", "members")}
    assert (states["haki-ke"], states["zenzele-za"], states["indus-pk"], states["andina-bo"]) == ("late", "missing", "nil", "on time")
    rules = {row["rule"] for row in table(sample, "2019-H1", "findings")}
    assert {"submission.late", "cell.not-a-number", "activities.sdg.unknown", "activities.dates.reversed", "indicators.slices.exceed-total",
            "indicators.total.derived", "indicators.percentage.not-aggregable", "expenditure.document.missing", "expenditure.row.repeat",
            "expenditure.amount.negative"} <= rules  # fmt: skip
    activities = table(sample, "2019-H1", "activities")
    assert {row["status"] for row in activities} >= {"done", "cancelled", "postponed"}
    assert len([row for row in activities if row["joint"] == "J1-ANDES"]) == 2
    assert table(sample, "2019-H1", "outcomes")
    assert {row["state"] for row in table(sample, "2020-H1", "members")} == {"on time"}


def test_the_reporting_period_of_the_second_report_spans_two_cycles(sample: Path) -> None:
    finance = {row["heading"]: row for row in table(sample, "2020-H1", "finance")}
    before = {row["heading"]: row for row in table(sample, "2019-H1", "finance")}
    for heading, row in finance.items():
        assert row["previous_eur"] == before[heading]["cumulative_eur"]
        assert Decimal(row["period_eur"]) == Decimal(row["cumulative_eur"]) - Decimal(row["previous_eur"])
    assert finance["11"]["budget_eur"] == "2000000.00"
    assert {row["cycle"] for row in table(sample, "2020-H1", "members")} == {"2019-H2", "2020-H1"}


def test_finance_adds_up_from_the_rows(sample: Path) -> None:
    for cycle in ("2019-H1", "2020-H1"):
        finance = {row["heading"]: Decimal(row["cumulative_eur"]) for row in table(sample, cycle, "finance")}
        rows = [row for row in table(sample, cycle, "expenditure") if row["cost"] == "yes"]
        for heading in "123456":
            assert finance[heading] == sum(Decimal(row["amount_eur"]) for row in rows if row["heading"].split(".")[0] == heading)
        assert finance["7"] == sum(finance[heading] for heading in "123456")
        assert finance["9"] == finance["7"] + finance["8"]
        assert finance["11"] == finance["9"] + finance["10"]
        assert {row["member"] for row in rows} & {"lempira-hn", "indus-pk"} == set()


def test_goals_and_not_attributed_add_up_to_the_total(sample: Path) -> None:
    for cycle in ("2019-H1", "2020-H1"):
        rows = table(sample, cycle, "sdg")
        for scope in ("period", "reporting", "cumulative"):
            of_scope = [row for row in rows if row["scope"] == scope]
            for column in ("activities_main", "women", "men", "expenditure_eur"):
                total = next(Decimal(row[column]) for row in of_scope if row["kind"] == "total")
                assert total == sum(Decimal(row[column]) for row in of_scope if row["kind"] in ("goal", "unattributed"))
                for goal in {row["sdg"] for row in of_scope if row["kind"] == "goal"}:
                    parts = [row for row in of_scope if row["kind"] in ("target", "bare") and row["sdg"].split(".")[0] == goal]
                    assert next(Decimal(row[column]) for row in of_scope if (row["kind"], row["sdg"]) == ("goal", goal)) == sum(Decimal(p[column]) for p in parts)


def test_every_figure_leads_back_to_rows_that_exist(sample: Path) -> None:
    lineage = table(sample, "2020-H1", "lineage")
    named = {row["figure"] for row in lineage}
    for row in table(sample, "2020-H1", "indicators"):
        slices = "".join(f"/{name}={row[name]}" for name in ("sex", "age") if row[name])
        assert f"indicators/{row['scope']}/{row['level']}/{row['area']}/{row['indicator']}{slices}" in named
    accepted = {(r["member"], r["submission"], name, r["row"]) for name in ("activities", "expenditure") for r in table(sample, "2020-H1", name)}
    assert {(r["member"], r["submission"], r["sheet"], r["row"]) for r in lineage if r["sheet"] != "indicators"} <= accepted


def test_every_row_is_in_a_figure_or_in_a_finding(sample: Path) -> None:
    """Rows used + in error + blank + repeated = rows sent: nothing is lost on the way."""
    from domain.reading import grid_named
    from domain.schema import INDICATORS
    from domain.workbook import read_grids

    lineage = {(r["submission"], r["row"]) for r in table(sample, "2019-H1", "lineage") if r["sheet"] == "indicators"}
    findings = {(r["submission"], r["row"]) for r in table(sample, "2019-H1", "findings") if r["sheet"] == "indicators"}
    checked = 0
    for state in table(sample, "2019-H1", "members"):
        for path in (sample / "inbox/2019-H1" / state["member"]).glob("*"):
            submission = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
            grid = grid_named(read_grids(path.read_bytes()), "indicators", INDICATORS.labels) if submission in state["submission"] else None
            sent = [str(number) for number, cells in grid.rows if any(isinstance(cell, str) and cell[:2] in ("Im", "Oc", "Op") for cell in cells)] if grid else []
            assert {(submission, row) for row in sent} <= lineage | findings
            checked += len(sent)
    assert checked > 200


def test_unchanged_inputs_make_no_new_version_and_the_same_inputs_the_same_bytes(
    sample: Path, tmp_path: Path, fpa: Fpa, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FPA_STORAGE", str(sample))
    _, out, _ = fpa("report", "2019-H1")
    assert "nothing has changed since v0001" in out
    assert not (sample / "reports/2019-H1/v0002").exists()
    again = tmp_path / "again"
    write_sample(str(again))
    monkeypatch.setenv("FPA_STORAGE", str(again))
    monkeypatch.setenv("TZ", "Asia/Bangkok")
    monkeypatch.setenv("LANG", "fr_FR.UTF-8")
    fpa("report", "2019-H1")
    for path in sorted((sample / "reports/2019-H1/v0001").rglob("*.*")):
        assert (again / path.relative_to(sample)).read_bytes() == path.read_bytes(), path.name


def test_verify_finds_a_changed_byte_and_trace_leads_to_the_cells(sample: Path, fpa: Fpa, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FPA_STORAGE", str(sample))
    assert fpa("verify", "reports/2019-H1/v0001")[0] == 0
    status, out, _ = fpa("trace", "indicators/period/member/haki-ke/Op1.1-a", "--cycle", "2019-H1")
    assert status == 0
    assert "inbox/2019-H1/haki-ke/" in out
    assert "Op1.1-a | KE" in out
    assert fpa("trace", "sdg/period/goal/99/women")[0] == 2
    _, out, _ = fpa("trace", "finance/2/cumulative_eur")
    assert out.startswith("finance/2/cumulative_eur = 228177.69, in reports/2020-H1/v0001: made of 176 row(s)\nrule: the cost lines of this heading")
    parts = [Decimal(line.rpartition("EUR ")[2]) for line in out.splitlines() if line.startswith("contribution: ")]
    assert sum(parts) == Decimal("228177.69") and len(parts) == 12
    _, out, _ = fpa("trace", "indicators/cumulative/network//Op1.1-a")
    assert "added up over the cycles of the cumulative scope" in out
    assert sum(int(line.rpartition(" ")[2]) for line in out.splitlines() if line.startswith("contribution: ")) == 99
    _, out, _ = fpa("trace", "finance/8/budget_eur")
    assert "agreement/budget.csv" in out
    path = sample / "reports/2020-H1/v0001/data/sdg.csv"
    kept = path.read_bytes()
    path.write_bytes(kept.replace(b"8", b"9", 1))
    status, _, err = fpa("verify", "reports/2020-H1/v0001")
    path.write_bytes(kept)
    assert (status, "data/sdg.csv" in err) == (1, True)


def feedback_of(root: Path, member: str) -> str:
    (folder,) = (root / f"feedback/2019-H1/{member}").iterdir()
    return folder.relative_to(root).as_posix()


def shown_by_the_last_run() -> dict[str, Any]:
    """The artifacts of the run that began last, by key."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId
    from prefect.client.schemas.sorting import FlowRunSort

    with get_client(sync_client=True) as client:
        (run,) = client.read_flow_runs(sort=FlowRunSort.START_TIME_DESC, limit=1)
        of_run = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run.id]))
        return {str(artifact.key): artifact for artifact in client.read_artifacts(artifact_filter=of_run, limit=200)}


def test_collect_gives_feedback_once_and_status_tells_who_has_sent_what(sample: Path, fpa: Fpa, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FPA_STORAGE", str(sample))
    status, out, _ = fpa("collect", "2019-H1")
    assert status == 1
    assert "1 missing" in out
    assert "nothing has changed since the last collection" in fpa("collect", "2019-H1")[1]
    shown = shown_by_the_last_run()
    assert {key for key in shown if not key.startswith("progress")} >= {"board-2019-h1", "finance-2019-h1", "findings-2019-h1", "report-2019-h1"}
    assert shown["progress-collect-2019-h1"].data == 100 and json.loads(shown["findings-2019-h1"].data)
    answer = sample / feedback_of(sample, "faso-bf") / "summary.html"
    kept_answer = answer.read_bytes()
    answer.unlink()
    written = {path: path.stat().st_mtime_ns for path in (sample / "feedback").rglob("*") if path.is_file() and path.parent != answer.parent}
    again = fpa("collect", "2019-H1")
    assert (again[0], "nothing has changed" in again[1], answer.read_bytes()) == (1, False, kept_answer)
    assert {path: path.stat().st_mtime_ns for path in (sample / "feedback").rglob("*") if path in written} == written
    page = (sample / "quality/2019-H1/index.html").read_text(encoding="utf-8")
    assert "faso-bf" in page and "activities.sdg.unknown" in page and (sample / "quality/2019-H1/data-docs/index.html").exists()
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        kept = {artifact.key: artifact for artifact in client.read_artifacts(limit=200) if artifact.key}
    board = str(kept["board-2019-h1"].data)
    assert "| zenzele-za | missing |" in board and "To do today" in board and f"/files/{feedback_of(sample, 'faso-bf')}/summary.html" in board
    assert {(row["member"], row["rule"]) for row in json.loads(kept["findings-2019-h1"].data)} >= {("faso-bf", "activities.sdg.unknown")}
    assert "11 Total eligible costs" in kept["finance-2019-h1"].data.replace("\u00a0", " ") and "| 0 → 6 |" in kept["targets-2020-h1"].data
    assert "[report.en.pdf](/files/reports/2020-H1/v0001/report.en.pdf)" in kept["report-2020-h1"].data
    assert kept["progress-report-2020-h1"].data == kept["progress-collect-2019-h1"].data == 100
    assert "../../reports/2019-H1/v0001/report.en.pdf" in page
    status, out, _ = fpa("status", "2019-H1")
    assert status == 1
    lines = {line.split()[0]: line for line in out.splitlines()}
    assert "late" in lines["haki-ke"]
    assert "missing" in lines["zenzele-za"]
    feedback = list((sample / "feedback/2019-H1/faso-bf").glob("*/findings.csv"))
    rows = list(csv.DictReader(feedback[0].open(encoding="utf-8", newline="")))
    wrong = next(row for row in rows if row["rule"] == "activities.sdg.unknown")
    assert (wrong["value"], wrong["sheet"]) == ("8.15", "activities")
    assert "ODD" in wrong["message"]


@pytest.mark.parametrize("standard", ["3a", "ua1"])
def test_the_report_conforms_to_pdf_a_3a_and_pdf_ua_1(sample: Path, standard: str) -> None:
    from tests import verapdf

    if reason := verapdf.missing():
        pytest.skip(reason)
    for cycle in ("2019-H1", "2020-H1"):
        assert verapdf.failures(sample / f"reports/{cycle}/v0001/report.en.pdf", standard) == []


def test_a_report_of_an_unchanged_store_reads_nothing_again(sample: Path, fpa: Fpa, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FPA_STORAGE", str(sample))
    first = fpa("report", "2020-H1")  # what the last delivery found may have changed since: the receipts of another cycle's collection
    said = "nothing has changed since v0001 of the report of 2020-H1"
    assert said in first[1]
    monkeypatch.setattr("tasks.collect.read_inbox", lambda *_: pytest.fail("the inbox was read"))
    assert fpa("report", "2020-H1")[:2] == first[:2]
    assert shown_by_the_last_run()["progress-report-2020-h1"].data == 100
    monkeypatch.undo()
    monkeypatch.setenv("FPA_STORAGE", str(sample))
    (sample / "reports/2020-H1/latest.json").unlink()
    assert said in fpa("report", "2020-H1")[1]
    assert (sample / "reports/2020-H1/latest.json").exists()


def test_the_pdf_prints_the_figures_of_the_data_files(sample: Path) -> None:
    from pypdf import PdfReader

    reader = PdfReader(sample / "reports/2020-H1/v0001/report.en.pdf")
    text = "\n".join(page.extract_text() for page in reader.pages)
    for row in table(sample, "2020-H1", "finance"):
        for column in ("budget_eur", "period_eur", "previous_eur", "cumulative_eur"):
            assert f"{Decimal(row[column]):,.2f}" in text, (row["heading"], column)
    total = next(row for row in table(sample, "2020-H1", "sdg") if (row["scope"], row["kind"]) == ("reporting", "total"))
    assert f"{int(total['women']):,} participations of women" in text
    assert "Co-funded by the European Union" in text
    delivered = {f"{name}.csv": f"data/{name}.csv" for name in ("indicators", "sdg", "finance", "members")} | {"logframe.xlsx": "logframe.xlsx"}
    assert {name: bytes(content[0]) for name, content in reader.attachments.items()} == {
        name: (sample / f"reports/2020-H1/v0001/{path}").read_bytes() for name, path in delivered.items()
    }
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert reader.trailer["/Root"]["/Lang"] == "en"
    first = PdfReader(sample / "reports/2019-H1/v0001/report.en.pdf")
    assert "to be completed by the coordinator" in " ".join("\n".join(page.extract_text() for page in first.pages).split())


def test_the_order_of_files_never_changes_a_figure(sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same files under other names, arrived in another order where only one counts, beside the same earlier report."""
    from tasks import steps

    other = tmp_path / "other"
    write_sample(str(other))
    shutil.copytree(sample / "reports/2019-H1", other / "reports/2019-H1")
    for number, path in enumerate(sorted((other / "inbox/2020-H1").rglob("*.*"), reverse=True)):
        path.rename(path.with_name(f"{number:03d}{path.suffix}"))
    monkeypatch.setenv("FPA_STORAGE", str(other))
    desk = steps.load.fn("2020-H1")
    inbox = steps.read_all.fn(desk, False)
    judged = steps.judge_all.fn(desk, inbox)
    totals = steps.add_up.fn(desk, inbox, judged, steps.describe_basis.fn(desk, inbox, None, False))
    files = steps.write_data_files.fn(desk, inbox, totals, judged)
    for name in DATA:
        assert files[f"{name}.csv"] == (sample / f"reports/2020-H1/v0001/data/{name}.csv").read_bytes(), name
