"""A second reckoning: every figure of a report recomputed from its accepted rows in plain SQL, and laid beside what is about to be delivered.

It shares no arithmetic with the program that made the figures: the rules are written out once more in templates/reconciliation/*.sql, from the contract
(section 5), over the files under data/ and the agreement's small tables. DuckDB works in memory alone, without files, network or extensions."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from importlib import resources
from typing import TYPE_CHECKING, Any

from domain.agreement import Agreement, Assignment, Indicator

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

SCRIPTS = ("indicators", "money", "sdg", "compare", "totals")
COSTS = ("coordinator", "beneficiary", "affiliated-entity")
"""Roles whose rows are costs; those of the others are use of support (contract section 5, Money)."""
LISTED = 100
"""Differences that the manifest lists; it counts them all."""


@dataclass(frozen=True, slots=True, order=True)
class Difference:
    """A cell of which the two reckonings say different things, as the files write it ("" for an empty cell).

    `figure` as in data/lineage.csv; for a row of expenditure.csv "expenditure/<member>/<submission>/<row>", and likewise for accepted rows that cannot be
    reckoned with. `column` "row": only one side has the row, or it was delivered more than once."""

    figure: str
    column: str
    delivered: str
    recomputed: str


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """`compared`: how many figures (those of either side) were compared, by file: rows of indicators.csv and expenditure.csv, cells of the other two.
    `totals`: control totals by plain name, in order; EUR as "1234.56", counts as whole numbers."""

    compared: Mapping[str, int]
    differences: tuple[Difference, ...]
    totals: Mapping[str, int | str]

    @property
    def agrees(self) -> bool:
        return not self.differences

    def as_dict(self) -> dict[str, Any]:
        """For the manifest: JSON-safe, the same for the same files. Of very many differences the first ones."""
        return {
            "compared": dict(self.compared), "different": len(self.differences),
            "differences": [asdict(difference) for difference in self.differences[:LISTED]], "totals": dict(self.totals),
        }  # fmt: skip


def reconcile(
    agreement: Agreement, data: Mapping[str, bytes], cycles: Sequence[str], reporting: Sequence[str], previous: Mapping[str, int] | None
) -> Reconciliation:
    """Recomputes all figures of a report and compares them with those in `data`.

    `data`: the files under data/ by name, of which indicator_rows.csv, activities.csv, expenditure.csv, indicators.csv, sdg.csv and finance.csv are read.
    `cycles`: codes from the contract's start to the report's own; `reporting`: those of the reporting period; `previous`: cumulative cents by heading
    of the report delivered before, None: recomputed too. ValueError names a file that is no such table or lacks a column."""
    import duckdb
    import pandas as pd

    connection = duckdb.connect(":memory:", config={"autoinstall_known_extensions": False, "autoload_known_extensions": False, "temp_directory": ""})
    with connection:
        for setting in ("enable_external_access = false", "python_enable_replacements = false", "lock_configuration = true"):
            connection.execute(f"SET {setting}")
        for script in ("numbers", "tables"):
            _run(connection, script)
        for name, rows in _agreement_tables(agreement, cycles, reporting, previous):
            if rows:
                connection.from_df(pd.DataFrame(rows, dtype=str)).insert_into(name)
        for name, frame in _file_tables(agreement, data):
            connection.from_df(frame).create(name)
        for script in SCRIPTS:
            _run(connection, script)
        return _outcome(connection)


def _run(connection: duckdb.DuckDBPyConnection, script: str) -> None:
    connection.execute((resources.files("templates") / "reconciliation" / f"{script}.sql").read_text("utf-8"))


def _outcome(connection: duckdb.DuckDBPyConnection) -> Reconciliation:
    def rows(query: str) -> list[tuple[Any, ...]]:
        return connection.execute(query).fetchall()

    compared = dict(rows("SELECT file, figures FROM compared ORDER BY place"))
    differences = rows("SELECT figure, name, delivered, recomputed FROM difference ORDER BY file, figure, name, delivered, recomputed")
    totals = rows("SELECT name, value FROM total ORDER BY place")
    return Reconciliation(compared, tuple(Difference(*cells) for cells in differences), {name: value if "EUR" in name else int(value) for name, value in totals})


# --- the agreement as tables ------------------------------------------------------------------------------------------


def _agreement_tables(
    agreement: Agreement, cycles: Sequence[str], reporting: Sequence[str], previous: Mapping[str, int] | None
) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
    """Name and rows of each table in tables.sql, its columns in that order."""
    number = {code: place for place, code in enumerate(cycles, 1)}
    last, names = len(cycles), agreement.dimensions
    definitions: dict[str, Indicator] = {}
    for code in cycles:
        definitions |= agreement.indicators_in(code)

    weights = agreement.contract.sdg_money == "weights"
    averaged = any(row.across_periods == "mean" for row in definitions.values())
    yield "constant", [(_text(agreement.contract.indirect_rate), weights, previous is not None, math.lcm(*range(1, last + 1)) if averaged else 1)]
    yield "cycle", list(number.items())
    yield "scope", [("period", last, last), ("reporting", number[reporting[0]], last), ("cumulative", 1, last)]
    yield "member", [(row.member, row.role in COSTS) for row in agreement.members]
    yield "dimension", [(name, place) for place, name in enumerate(names, 1)]
    yield "dimension_order", [(row.indicator, names.index(name) + 1, turn) for row in definitions.values() for turn, name in enumerate(row.disaggregation)]
    yield "logframe", [
        (number[code], row.indicator, "".join("1" if name in row.disaggregation else "0" for name in names))
        for code in cycles for row in agreement.indicators_in(code).values()
    ]  # fmt: skip
    yield "definition", [
        (row.indicator, row.measure, row.value_kind, row.across_members, row.across_periods, _text(row.baseline), _text(row.target)) for row in definitions.values()
    ]
    yield "assignment", [
        (place, row.member, row.indicator, row.country, *_valid(agreement, row, cycles), _text(row.baseline))
        for place, row in enumerate(agreement.assignments) if row.baseline is not None
    ]  # fmt: skip
    yield "budget", [(row.heading, _text(row.amount_eur)) for row in agreement.budget_in(cycles[-1])]
    yield "rate", [(month, currency, _text(rate)) for (month, currency), rate in agreement.rates.items()]
    yield "previous", list((previous or {}).items())


def _text(number: Decimal | None) -> str | None:
    return None if number is None else f"{number:f}"


def _valid(agreement: Agreement, row: Assignment, cycles: Sequence[str]) -> tuple[int, int]:
    """Numbers of the first and last of these cycles in which an assignment is valid; (0, 0) for none."""
    valid = [number for number, code in enumerate(cycles, 1) if agreement.valid_in(row.from_, row.to, code)]
    return (valid[0], valid[-1]) if valid else (0, 0)


# --- the data files as tables -----------------------------------------------------------------------------------------


def _file_tables(agreement: Agreement, data: Mapping[str, bytes]) -> Iterator[tuple[str, pd.DataFrame]]:
    """Every cell as the text it is. Dimensions are dimension_1, dimension_2, …; dimension_0 is empty and there for a logframe without any."""
    dimensions = agreement.dimensions
    where = ("member", "submission", "row", "cycle")

    rows = _frame(data, "indicator_rows.csv", (*where, "indicator", "country", *dimensions, "value", "numerator", "denominator", "comment", "derived_from"))
    rows["comment"] = rows["comment"] != ""
    yield "indicator_file", _with_dimensions(rows, dimensions).rename(columns={"row": "sheet_row", "comment": "has_text"})
    figures = _frame(data, "indicators.csv", ("indicator", "scope", "level", "area", *dimensions, "numerator", "denominator", "value", "baseline", "target", "progress", "contributions", "derived"))
    yield "delivered_indicator_file", _with_dimensions(figures, dimensions)

    activities = _frame(data, "activities.csv", (*where, "activity", "sdg", "women", "men", "other", "unknown", "status", "joint", "lead"))
    payments = _frame(data, "expenditure.csv", (*where, "heading", "payment_date", "currency", "amount", "activity", "rate", "amount_eur", "cost"))
    yield "activity_row", _caseless(activities, "activity", "joint").rename(columns={"row": "sheet_row"})
    yield "expenditure_row", _caseless(payments, "activity").rename(columns={"row": "sheet_row"})
    yield "delivered_sdg_file", _frame(data, "sdg.csv", ("scope", "sdg", "kind", "activities_main", "activities_significant", "women", "men", "other", "unknown", "expenditure_eur"))
    yield "delivered_finance_file", _frame(data, "finance.csv", ("heading", "budget_eur", "period_eur", "previous_eur", "cumulative_eur", "variation_eur", "variation_pct"))


def _frame(data: Mapping[str, bytes], name: str, columns: Sequence[str]) -> pd.DataFrame:
    """These columns of a data file, as texts. Only a line feed ends a line, whatever a member's text holds."""
    import pandas as pd

    try:
        frame = pd.read_csv(io.BytesIO(data[name]), usecols=list(columns), dtype=str, na_filter=False, index_col=False, lineterminator="\n", skip_blank_lines=False)
    except (KeyError, ValueError) as error:
        raise ValueError(f"data/{name} cannot be read as the table it should be: {error}") from error
    frame = frame[list(columns)]
    frame.insert(0, "place", range(1, len(frame) + 1))
    return frame


def _with_dimensions(frame: pd.DataFrame, dimensions: Sequence[str]) -> pd.DataFrame:
    frame = frame.rename(columns={name: f"dimension_{place}" for place, name in enumerate(dimensions, 1)})
    frame["dimension_0"] = ""
    return frame


def _caseless(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Codes that members make up, as they are compared: trimmed and without case (contract section 3)."""
    for column in columns:
        frame[column] = frame[column].map({text: text.strip().casefold() for text in frame[column].unique()})
    return frame
