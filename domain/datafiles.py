"""The data files of a delivered report (contract section 6): CSV in UTF-8, `.` as decimal sign, no grouping, money with two decimals,
other figures as exact as they are. The same figures give the same bytes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Context, Decimal
from fractions import Fraction
from typing import Any

from domain.agreement import Agreement
from domain.exceptions import OperatorException
from domain.figures import INDICATOR_COLUMNS, INDICATOR_KEYS, Figures, IndicatorFigure, MemberState, SdgFigure, Slice, Sources, Withheld
from domain.findings import COLUMNS as FINDING_COLUMNS
from domain.findings import Finding
from domain.indicators import definitions_for, slice_of
from domain.money import CostLine, euros, rounded_half_away
from domain.restatement import Restatement
from domain.schema import ACTIVITIES, EXPENDITURE, INDICATORS, OUTCOMES
from domain.submission import AcceptedRow

SIGNIFICANT_DIGITS = 17
"""Of figures that no finite decimal can write (means, percentages, progress)."""


# --- cells ------------------------------------------------------------------------------------------------------------


def plain_number(value: Fraction) -> str:
    """The exact decimal where there is one, else 17 significant digits; never an exponent. "" for what is withheld."""
    if isinstance(value, Withheld):
        return ""
    numerator, denominator = value.numerator, value.denominator
    digits = max(_times(denominator, 2), _times(denominator, 5))
    if denominator == 2 ** _times(denominator, 2) * 5 ** _times(denominator, 5):
        scaled = Decimal(numerator * 10**digits // denominator)
        exact = scaled.scaleb(-digits, Context(prec=max(len(str(scaled)), 1) + digits))
        return f"{exact:f}"
    return f"{Context(prec=SIGNIFICANT_DIGITS).divide(Decimal(numerator), Decimal(denominator)):f}"


def _times(number: int, factor: int) -> int:
    """How often a factor divides a number."""
    times = 0
    while number % factor == 0:
        number //= factor
        times += 1
    return times


def two_decimals(value: Fraction) -> str:
    """An amount of money as 1234.56, rounded half away from zero."""
    return euros(rounded_half_away(value * 100))


def inert(text: str) -> str:
    """A text that no spreadsheet takes for a formula: an apostrophe before = + - @, tab or carriage return. Numbers stay numbers."""
    if text and text[0] in "=+-@\t\r" and not text.lstrip("+-").replace(".", "", 1).isdigit():
        return "'" + text
    return text


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else ""
        case Decimal():
            return f"{value:f}"
        case Fraction():
            return plain_number(value)
        case date():
            return value.isoformat()
        case str():
            return inert(value.replace("\r\n", "\n").replace("\r", "\n"))  # the writer quotes no lone carriage return, which readers take for a line's end
        case _:
            return str(value)


def csv_bytes(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """A CSV file with a header row; None is an empty cell, texts are made inert."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return out.getvalue().encode("utf-8")


# --- figures ----------------------------------------------------------------------------------------------------------


def _slice_cells(slice_: Slice, dimensions: Sequence[str]) -> list[str | None]:
    filled = dict(slice_)
    return [filled.get(name) for name in dimensions]


def indicators_csv(agreement: Agreement, figures: Figures) -> bytes:
    definitions = definitions_for(agreement, figures.cycles)
    dimensions = agreement.dimensions

    def row(figure: IndicatorFigure) -> list[Any]:
        number = two_decimals if definitions[figure.indicator].measure == "money" else plain_number
        value = None if figure.value is None else number(figure.value)
        return [
            figure.indicator, figure.scope, figure.level, figure.area, *_slice_cells(figure.slice, dimensions),
            figure.numerator, figure.denominator, value, figure.unit, figure.baseline, figure.target, figure.progress,
            figure.contributions, figure.derived, figure.expected, figure.rating,
        ]  # fmt: skip

    return csv_bytes((*INDICATOR_KEYS, *dimensions, *INDICATOR_COLUMNS), map(row, figures.indicators))


def sdg_csv(figures: Figures) -> bytes:
    def row(figure: SdgFigure) -> list[Any]:
        counts = (figure.activities_main, figure.activities_significant, figure.women, figure.men, figure.other, figure.unknown)
        return [figure.scope, figure.sdg, figure.kind, *counts, euros(figure.expenditure)]

    counts = ("activities_main", "activities_significant", "women", "men", "other", "unknown")
    return csv_bytes(("scope", "sdg", "kind", *counts, "expenditure_eur"), map(row, figures.sdg))


def finance_csv(figures: Figures) -> bytes:
    columns = ("heading", "label", "budget_eur", "period_eur", "previous_eur", "cumulative_eur", "variation_eur", "variation_pct")
    return csv_bytes(
        columns,
        (
            [line.heading, line.label, *map(euros, (line.budget, line.period, line.previous, line.cumulative, line.variation)), line.variation_pct]
            for line in figures.finance
        ),
    )


# --- rows -------------------------------------------------------------------------------------------------------------


def _sdg_text(codes: Any) -> str:
    """Codes with their shares as a member writes them: "8.8=60; 5.5=40"."""
    return "; ".join(code if share is None else f"{code}={share:f}" for code, share in codes or ())


def activities_csv(rows: Iterable[AcceptedRow]) -> bytes:
    """The accepted rows of all cycles, with where they came from."""
    names = [column.name for column in ACTIVITIES.columns]
    cells = ([row.member, row.submission, row.row, *(row.values[n] if n != "sdg" else _sdg_text(row.values[n]) for n in names), row.cycle] for row in rows)
    return csv_bytes(("member", "submission", "row", *names, "cycle"), cells)


def indicator_rows_csv(agreement: Agreement, rows: Iterable[AcceptedRow]) -> bytes:
    """The accepted rows of the indicators sheets of all cycles, one a slice; a row derived from others has row 0 and names them in `derived_from` ("3; 4")."""
    names = [column.name for column in INDICATORS.columns]
    first, rest = names[:2], names[2:]
    cells = (
        [row.member, row.submission, row.row, *(row.values[n] for n in first), *(row.values.get(n) for n in agreement.dimensions), *(row.values[n] for n in rest),
         "; ".join(map(str, row.derived_from)), row.cycle]
        for row in rows
    )  # fmt: skip
    return csv_bytes(("member", "submission", "row", *first, *agreement.dimensions, *rest, "derived_from", "cycle"), cells)


def expenditure_csv(lines: Iterable[CostLine]) -> bytes:
    """The accepted rows of all cycles with rate and EUR; `cost` is empty for use of support."""
    names = [column.name for column in EXPENDITURE.columns]
    cells = (
        [line.row.member, line.row.submission, line.row.row, *(line.row.values[n] for n in names), line.rate, euros(line.cents), line.cost, line.row.cycle]
        for line in lines
    )
    return csv_bytes(("member", "submission", "row", *names, "rate", "amount_eur", "cost", "cycle"), cells)


def texts_csv(agreement: Agreement, rows: Iterable[AcceptedRow]) -> bytes:
    """What members wrote for qualitative indicators; `slice` as in lineage ("sex=female"), empty for the total."""

    def cells() -> Iterator[list[Any]]:
        for row in rows:
            definition = agreement.indicators_in(row.cycle)[row.values["indicator"]]
            if definition.measure == "qualitative":
                where = "/".join(f"{name}={category}" for name, category in slice_of(row, definition))
                yield [row.values["indicator"], row.member, row.values["country"], where, row.cycle, row.values["comment"]]

    return csv_bytes(("indicator", "member", "country", "slice", "cycle", "text"), cells())


def outcomes_csv(rows: Iterable[AcceptedRow]) -> bytes:
    """Results of advocacy, as members reported them."""
    names = [column.name for column in OUTCOMES.columns]
    cells = ([row.member, row.submission, row.row, *(row.values[n] for n in names), row.cycle] for row in rows)
    return csv_bytes(("member", "submission", "row", *names, "cycle"), cells)


def members_csv(states: Iterable[MemberState]) -> bytes:
    columns = ("member", "state", "submission", "received_at", "rows_accepted", "errors", "warnings", "cycle")
    return csv_bytes(columns, ([getattr(state, column) for column in columns] for state in states))


def findings_csv(findings: Iterable[Finding], with_cycle: bool = False) -> bytes:
    columns = (*FINDING_COLUMNS, "cycle") if with_cycle else FINDING_COLUMNS
    return csv_bytes(columns, ([getattr(finding, column) for column in columns] for finding in findings))


def restatements_csv(restatements: Iterable[Restatement]) -> bytes:
    """Figures of earlier delivered reports that are others now."""
    columns = ("cycle", "version", "figure", "column", "old", "new", "cause", "detail")
    return csv_bytes(columns, ([getattr(entry, name) for name in columns] for entry in restatements))


# --- lineage ----------------------------------------------------------------------------------------------------------


def exceptions_csv(exceptions: Iterable[OperatorException]) -> bytes:
    """What the operator answered for: waivers and corrections, with what came of each."""
    columns = ("kind", "rule", "member", "cycle", "sheet", "row", "column", "cell", "was", "now", "reason", "by", "effect")
    return csv_bytes(columns, ([getattr(entry, name) for name in columns] for entry in exceptions))


def indicator_figure_id(figure: IndicatorFigure) -> str:
    slices = "".join(f"/{name}={category}" for name, category in figure.slice)
    return f"indicators/{figure.scope}/{figure.level}/{figure.area}/{figure.indicator}{slices}"


def lineage(figures: Figures) -> Iterator[tuple[str, Sources]]:
    """Every figure of indicators.csv, sdg.csv and finance.csv with the rows it was made of."""
    for indicator in figures.indicators:
        yield indicator_figure_id(indicator), indicator.sources
    for goal in figures.sdg:
        for column, sources in goal.sources.items():
            yield f"sdg/{goal.scope}/{goal.kind}/{goal.sdg}/{column}", sources
    for line in figures.finance:
        for column, sources in line.sources.items():
            yield f"finance/{line.heading}/{column}", sources


def lineage_csv(figures: Figures) -> bytes:
    """The rows behind each figure, a line each. A row takes part in many figures, so its cells are written once and then repeated."""
    written: dict[int, list[bytes]] = {}
    parts = [b"figure,member,submission,sheet,row\n"]
    for figure, sources in lineage(figures):
        if sources:
            if id(sources.rows) not in written:
                written[id(sources.rows)] = [_source_lines(row) for row in sources.rows]
            lines, start = written[id(sources.rows)], f"{_quoted(inert(figure))},".encode()
            text = start.join([b"", *map(lines.__getitem__, sources.places[sources.start : sources.stop].tolist())])
            parts.append(text.replace(NEXT_SOURCE, start) if NEXT_SOURCE in text else text)
    return b"".join(parts)


NEXT_SOURCE = b"\0"
"""Stands for the figure between the rows that a derived one was made of."""


def _source_lines(row: AcceptedRow) -> bytes:
    """Member (a-z 0-9 -), submission (hex digits) and sheet need no quotes."""
    where = f"{row.member},{row.submission},{row.sheet},"
    return NEXT_SOURCE.join([f"{where}{number}\n".encode() for number in row.derived_from or (row.row,)])


def _quoted(text: str) -> str:
    """A cell of a CSV file."""
    return '"' + text.replace('"', '""') + '"' if any(sign in text for sign in ',"\r\n') else text
