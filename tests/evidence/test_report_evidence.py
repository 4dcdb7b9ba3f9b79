"""A figure printed anywhere equals the data file: the numbers of all tables of the finished PDFs against the CSV delivered with them, in all languages."""

from __future__ import annotations

import os
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest

from tasks.demo import write_sample
from tasks.render import LANGUAGES
from tests.pdftables import Table, tables
from tests.printed_figures import Comparison, Delivered, read_number, rounded

REPORTING = {"2019-H1": ["2019-H1"], "2020-H1": ["2019-H2", "2020-H1"]}
LAST_DAY = {"2019-H1": date(2019, 6, 30), "2020-H1": date(2020, 6, 30)}
AT_LEAST = {
    "logframe": 200, "indicators of results": 110, "goals": 50, "overlaps": 16, "targets": 110, "indicators of goals": 200, "finance": 66, "costs by goal": 30,
    "costs by member": 40, "sources of funding": 8, "members": 50, "findings": 5,
}  # fmt: skip
"""Cells compared in each kind of table."""


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample with both reports delivered in every language."""
    from flows.report_cycle import report_cycle

    root = tmp_path_factory.mktemp("printed") / "storage"
    write_sample(str(root))
    os.environ["FPA_STORAGE"] = str(root)
    try:
        for cycle in REPORTING:
            state = report_cycle(cycle, list(LANGUAGES), return_state=True)
            assert state.is_completed(), state.message
    finally:
        del os.environ["FPA_STORAGE"]
    return root


@cache
def printed(path: Path) -> list[Table]:
    return tables(path.read_bytes())


def compare(sample: Path, cycle: str, language: str, delivered: Delivered) -> Comparison:
    comparison = Comparison(delivered, language)
    day = comparison.wording.day(LAST_DAY[cycle], "long")
    return comparison.all(printed(sample / f"reports/{cycle}/v0001/report.{language}.pdf"), day, REPORTING[cycle])


@pytest.mark.parametrize("cycle", REPORTING)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_number_in_a_table_is_that_of_the_data_files(sample: Path, cycle: str, language: str) -> None:
    comparison = compare(sample, cycle, language, Delivered.at(sample, f"reports/{cycle}/v0001"))
    assert comparison.faults == []
    assert {table: number for table, number in AT_LEAST.items() if comparison.compared[table] < number} == {}


def changed_cells(delivered: Delivered) -> Iterator[tuple[str, int, str]]:
    """(file, row, column) of the cells that tables print: all of finance.csv, of the other files those that must not slip through, or a sample."""

    def numbers(name: str, columns: list[str], wanted: dict[str, str], every: int = 1) -> Iterator[tuple[str, int, str]]:
        rows = [i for i, row in enumerate(delivered.data[name]) if all(row[column] == value for column, value in wanted.items())]
        cells = [(name, i, column) for i in rows for column in columns if delivered.data[name][i][column] not in ("", None)]
        yield from cells[::every]

    yield from numbers("finance", ["budget_eur", "period_eur", "previous_eur", "cumulative_eur", "variation_eur", "variation_pct"], {})
    for kind in ("goal", "target", "bare", "unattributed"):
        yield from numbers("sdg", ["activities_main", "activities_significant", "women", "men", "other", "unknown", "expenditure_eur"], {"scope": "reporting", "kind": kind}, 8)
    yield from numbers("sdg", ["activities_main", "women", "men", "other", "unknown", "expenditure_eur"], {"scope": "reporting", "kind": "total"})
    yield from numbers("sdg", ["expenditure_eur"], {"scope": "cumulative", "kind": "goal"})
    groups = {"level": "network", "sex": "", "age": ""}
    yield from numbers("indicators", ["value", "baseline", "target", "progress", "expected"], groups | {"scope": "cumulative"}, 4)
    yield from numbers("indicators", ["value"], groups | {"scope": "reporting"}, 3)
    yield from numbers("indicators", ["value"], {"level": "network", "scope": "reporting", "sex": "female", "age": ""}, 3)
    yield from numbers("members", ["rows_accepted", "errors", "warnings"], {}, 7)
    yield from numbers("expenditure", ["amount_eur"], {"cost": "yes"}, 97)


def test_a_single_other_number_in_a_data_file_is_found(sample: Path) -> None:
    """The proof above can fail: each of these cells is raised by one unit of its last printed decimal, and the tables no longer agree."""
    delivered = Delivered.at(sample, "reports/2020-H1/v0001")
    yes_no = {code for code, row in delivered.logframe.items() if row["measure"] == "yes_no"}
    tried, unseen = 0, []
    for name, row, column in changed_cells(delivered):
        data = {**delivered.data, name: deepcopy(delivered.data[name])}
        cells = data[name][row]
        if cells.get("indicator") in yes_no and column == "value":
            column = "numerator"  # which is what is printed
        step = Decimal("0.01") if column.endswith("eur") else Decimal("0.1") if column in ("progress", "variation_pct") else Decimal(1)
        cells[column] = str(Decimal(cells[column]) + step)
        tried += 1
        if not compare(sample, "2020-H1", "en", replace(delivered, data=data)).faults:
            unseen.append((name, row, column))
    assert unseen == []
    assert tried > 150


def test_a_table_that_is_not_printed_is_missed(sample: Path) -> None:
    """Without its table a kind of numbers is compared nowhere, which the first test takes for a failure."""
    delivered = Delivered.at(sample, "reports/2020-H1/v0001")
    for table in ("Budget against actual costs, EUR", "Submissions of the reporting period"):
        rest = [entry for entry in printed(sample / "reports/2020-H1/v0001/report.en.pdf") if entry.caption != table]
        comparison = Comparison(delivered, "en").all(rest, "30 June 2020", REPORTING["2020-H1"])
        assert any(comparison.compared[name] < number for name, number in AT_LEAST.items()), table


@pytest.mark.parametrize(
    ("language", "written", "number"),
    [("en", "1,234.5", "1234.5"), ("fr", "1\u202f234,5", "1234.5"), ("es", "1.234,5", "1234.5"), ("pt", "1\u00a0234,5", "1234.5"), ("fr", "-0,05", "-0.05"), ("es", "–", None)],
)
def test_numbers_are_read_as_the_language_writes_them(language: str, written: str, number: str | None) -> None:
    assert read_number(written, language) == (None if number is None else Decimal(number))


@pytest.mark.parametrize(("language", "written"), [("en", "1234.5"), ("en", "1.234,5"), ("fr", "1.234,5"), ("es", "1,234.5"), ("pt", "1 234,5"), ("en", ""), ("en", "12,34")])
def test_a_number_that_the_language_does_not_write_so_is_none(language: str, written: str) -> None:
    with pytest.raises(ValueError):
        read_number(written, language)


def test_a_half_is_rounded_away_from_zero() -> None:
    assert [rounded(value, "percentage") for value in ("0.05", "-0.05", "12.25", Fraction(1, 3))] == [Decimal("0.1"), Decimal("-0.1"), Decimal("12.3"), Decimal("0.3")]
