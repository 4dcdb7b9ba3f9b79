"""No report is delivered whose figures differ from their independent recomputation; what the EU gets names no internal member."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

import tasks.aggregate
from tests.builders import ACTIVITY, MEMBERS, agreement_files, clean, submission

Fpa = Callable[..., tuple[int, str, str]]
Storage = Callable[[Mapping[str, bytes]], Path]


def test_a_figure_that_differs_stops_the_delivery_and_both_values_are_named(storage: Storage, fpa: Fpa, monkeypatch: pytest.MonkeyPatch) -> None:
    root = storage({**agreement_files(), "inbox/C1/bb/a.zip": clean()})
    right = tasks.aggregate.sdg_figures

    def one_woman_more(*arguments: Any) -> Any:
        return [replace(figure, women=figure.women + 1) if figure.kind == "total" and figure.scope == "period" else figure for figure in right(*arguments)]

    monkeypatch.setattr("tasks.aggregate.sdg_figures", one_woman_more)
    status, out, err = fpa("report", "C1")
    assert status == 2, out
    assert "sdg/period/total//women, women: 11 in the report, 10 recomputed" in err
    assert "Traceback" not in out + err
    assert not (root / "reports").exists()


def test_the_manifest_says_what_was_recomputed(storage: Storage, fpa: Fpa) -> None:
    root = storage({**agreement_files(), "inbox/C1/bb/a.zip": clean()})
    fpa("report", "C1")
    said = json.loads((root / "reports/C1/v0001/manifest.json").read_text(encoding="utf-8"))["reconciliation"]
    assert said["different"] == 0 and said["compared"]["indicators.csv"] > 0
    assert said["totals"]["costs to date, EUR"] == "10.00"
    assert said["totals"]["participations to date"] == 15


def test_what_goes_with_the_pdf_names_no_internal_member(storage: Storage, fpa: Fpa) -> None:
    head, *rows = MEMBERS.splitlines()
    members = "\n".join([f"{head},sensitivity", *(f"{row},{'internal' if row.startswith('bb') else 'public'}" for row in rows)])
    files = {"inbox/C1/bb/a.zip": clean("bb"), "inbox/C1/cc/a.zip": clean("cc")}
    root = storage({**agreement_files(members=members), **files})
    fpa("report", "C1")
    reader = PdfReader(io.BytesIO((root / "reports/C1/v0001/report.en.pdf").read_bytes()))
    with_pdf = {name: bytes(content[0]).decode("utf-8") for name, content in reader.attachments.items() if name.endswith(".csv")}
    indicators = with_pdf["indicators.csv"].splitlines()
    assert any(line.startswith("N1,period,member,cc,") for line in indicators) and not any(",member,bb" in line for line in indicators)
    assert any(line.startswith("N1,period,network,,") and ",10,pieces" in line for line in indicators)  # counted all the same
    assert "not named,on time,," in with_pdf["members.csv"] and "bb," not in with_pdf["members.csv"]
    assert "bb," in (root / "reports/C1/v0001/data/members.csv").read_text(encoding="utf-8")


def test_lineage_that_no_spreadsheet_opens_is_there_as_parquet_too(storage: Storage, fpa: Fpa, monkeypatch: pytest.MonkeyPatch) -> None:
    import duckdb

    monkeypatch.setattr("tasks.report.LARGE_LINEAGE", 10)
    root = storage({**agreement_files(), "inbox/C1/bb/a.zip": clean()})
    fpa("report", "C1")
    data = root / "reports/C1/v0001/data"
    lines = (data / "lineage.csv").read_text(encoding="utf-8").splitlines()[1:]
    rows = duckdb.read_parquet(str(data / "lineage.parquet")).fetchall()
    assert [",".join(map(str, row)) for row in rows] == lines and len(lines) > 10


def test_who_approves_sees_what_the_figures_lack(storage: Storage, fpa: Fpa) -> None:
    from tasks.approval import description
    from tasks.quality import lacking

    rows = [ACTIVITY, ACTIVITY | {"activity": "A2", "start": "soon", "women": "12"}]
    root = storage({**agreement_files(), "inbox/C1/bb/a.zip": submission(activities=rows)})
    fpa("collect", "C1")
    page = (root / "quality/C1/index.html").read_text(encoding="utf-8")
    assert "Errors leave 1 row out of the figures: 17 participations, 0 people, EUR 0.00." in page
    from domain.coverage import Coverage, Weighed

    short = Weighed(2, 25, 0, 325373, 1, 1, (Coverage("indicators/reporting/network//Oc1-a", 8, 7, 0, ("ixchel-gt",), 0, 0, 0, 0),))
    shown = description("C1", "drafts/C1/run", ["[report.en.pdf](/files/drafts/C1/run/report.en.pdf)"], [], [], short, [])
    for sentence in ("25 participations, 0 people, EUR 3,253.73 and 1 payment whose amount cannot be read", "Oc1-a: 7 of 8 members who owe it reported it; silent: ixchel-gt"):
        assert sentence in shown and any(sentence in said for said in lacking(short))
