"""LibreOffice computes the financial report anew, from formulas without their cached values: it comes to finance.csv, to the cent."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from domain.datafiles import finance_csv
from tasks.phrases import phrases
from tests.tasks.test_annexes import DELIVERED, Report, finance, report

pytestmark = pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
COLUMNS = {"budget_eur": "budget", "period_eur": "period", "previous_eur": "before", "cumulative_eur": "cumulative", "variation_eur": "variation"}


def recomputed(book: Any, folder: Path) -> Any:
    """The workbook after LibreOffice: openpyxl saves formulas without values, so each value is computed."""
    emptied = folder / "emptied" / "report.xlsx"
    emptied.parent.mkdir()
    book.save(emptied)
    command = ["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", "xlsx", "--outdir", str(folder), str(emptied)]
    subprocess.run(command, capture_output=True, timeout=240, check=True)
    return openpyxl.load_workbook(folder / "report.xlsx", data_only=True)


def rows_of_headings(sheet: Any) -> dict[str, dict[str, Any]]:
    """The table of costs by heading, by machine name, and the check below it as "check"."""
    names = list(phrases("annexes", "en")["report"]["columns"])
    found: dict[str, dict[str, Any]] = {}
    for cells in sheet.iter_rows(values_only=True):
        code = "check" if cells[1] == "Agrees with finance.csv" else str(cells[0])
        if code == "check" or (code.isdigit() and cells[1] != "On no line of the budget"):
            found[code] = dict(zip(names, cells, strict=False))
    return found


def agrees(made: Report, book: Any) -> None:
    sheet = rows_of_headings(book[book.sheetnames[1]])
    lines = list(csv.DictReader(io.StringIO(finance_csv(made[1]).decode())))
    assert [line["heading"] for line in lines] == [str(number) for number in range(1, 12)]
    for line in lines:
        row = sheet[line["heading"]]
        for theirs, ours in COLUMNS.items():
            assert round(Decimal(str(row[ours])), 6) == Decimal(line[theirs]), (line["heading"], theirs)
        if line["variation_pct"]:
            assert float(row["variation_pct"]) * 100 == pytest.approx(float(line["variation_pct"]))
    assert [sheet["check"][name] for name in COLUMNS.values()] == ["yes"] * 5


@pytest.mark.parametrize(("cycle", "before"), [("C1", None), ("C3", DELIVERED)])
def test_recomputed_it_comes_to_finance_csv_to_the_cent(cycle: str, before: dict[str, int] | None, tmp_path: Path) -> None:
    made = report(cycle, before)
    agrees(made, recomputed(openpyxl.load_workbook(io.BytesIO(finance(made))), tmp_path))


def test_a_changed_transaction_is_seen_by_the_check(tmp_path: Path) -> None:
    made = report("C3", DELIVERED)
    was = openpyxl.load_workbook(io.BytesIO(finance(made)))
    listed = was["Transaction list"]
    column = next(cell.column for cell in listed[3] if cell.value == "EUR")
    listed.cell(4, column).value += 0.01
    sheet = rows_of_headings(recomputed(was, tmp_path)["Final report"])
    assert [sheet["check"][name] for name in COLUMNS.values()] == ["yes", "NO", "yes", "NO", "NO"]
    total = next(line for line in made[1].finance if line.heading == "11")
    assert round(float(sheet["11"]["cumulative"]) * 100) == total.cumulative + 1
