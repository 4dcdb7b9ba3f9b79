"""Waivers and corrections through a whole report: used, and printed."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from pathlib import Path

from pypdf import PdfReader

from tests.builders import ACTIVITY, NUMBER, PAYMENT, agreement_files, submission

Fpa = Callable[..., tuple[int, str, str]]
WAIVERS = """rule,member,cycle,cell,row,reason,by,until
cell.required,bb,C1,,,The register burnt,Ann Officer,
cell.not-a-date,bb,C1,,,The register burnt,Ann Officer,
activities.dates.reversed,bb,C1,,,Nothing like it,Ann Officer,
"""
CORRECTIONS = """member,cycle,sheet,row,column,expect,value,reason,by
bb,C1,expenditure,D1,amount,1100,1111,Invoice seen,Ann Officer
bb,C1,expenditure,D1,supplier,S,Secret Supplier,Invoice seen,Ann Officer
bb,C1,indicators,N1/KE,value,77,78,Invoice seen,Ann Officer
"""


def test_exceptions_are_used_and_printed(storage: Callable[[Mapping[str, bytes]], Path], fpa: Fpa) -> None:
    rows = [ACTIVITY | {"title": "", "type": "", "start": "", "end": "", "result": ""}, ACTIVITY | {"activity": "A2", "start": "soon"}]
    root = storage(agreement_files(waivers=WAIVERS, corrections=CORRECTIONS) | {"inbox/C1/bb/a.zip": submission("bb", "C1", rows, [NUMBER], [PAYMENT])})
    status, out, err = fpa("report", "C1")
    assert status == 1, out + err  # others are missing
    assert "findings of severity error" not in out
    data = {path.stem: list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8")))) for path in (root / "reports/C1/v0001/data").glob("*.csv")}
    assert [row["activity"] for row in data["activities"]] == ["A1", "A2"]
    assert [row["amount_eur"] for row in data["expenditure"]] == ["10.10"]
    assert [(e["kind"], e["cell"], e["effect"]) for e in data["exceptions"]] == [
        *[("waiver", f"{column}2", "accepted") for column in "BCDEG"], ("waiver", "D3", "accepted"), ("waiver", "", "matches nothing"),
        ("correction", "E2", "corrected"), ("correction", "G2", "corrected"), ("correction", "", "the cell says something else"),
    ]  # fmt: skip
    text = " ".join(" ".join(page.extract_text() for page in PdfReader(root / "reports/C1/v0001/report.en.pdf").pages).split())
    for words in ("Errors accepted as exceptions", "The register burnt", "Cells the network corrected", "Expenditure E2 1100 1111 Invoice seen Ann Officer"):
        assert words in text
    _, traced, _ = fpa("trace", "finance/2/period_eur")
    assert "corrected: bb expenditure E2, “1100” read as “1111” (Invoice seen; Ann Officer)" in traced
    assert "Secret Supplier" not in text and "Nothing like it" not in text
    assert "2 that meet nothing" in out + err
