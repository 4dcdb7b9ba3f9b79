"""A member's file as flat rows: every cell keeps its sheet, row and column from here to the lineage file (contract section 3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from domain.findings import Finding

Value = Any
"""A cell as read: str, Decimal, datetime.date, "yes"/"no" for yes_no columns, or None for an empty (or placeholder) one."""


@dataclass(slots=True)
class Row:
    """One row of a data sheet. `number` is the row in the member's own file; `values` has every column of the sheet's schema (dimensions of
    the logframe included); `raw` the text of each non-empty cell as the member wrote it; `faults` the columns in which the reader found an error."""

    number: int
    values: dict[str, Value]
    raw: dict[str, str]
    faults: set[str] = field(default_factory=set)
    waived: set[str] = field(default_factory=set)
    """Columns whose fault the operator answers for: they are left empty and judged no further."""


@dataclass(slots=True)
class Sheet:
    """A data sheet as read: `letters` gives, for each column found, where it stands ("B"); columns that the file lacks are not in it."""

    name: str
    letters: dict[str, str]
    rows: list[Row]

    def cell(self, column: str, row: int | None) -> str:
        """Address of a cell in the member's own file ("B7"); "" where the file has no such column."""
        letter = self.letters.get(column, "")
        return f"{letter}{row}" if letter and row else ""


@dataclass(frozen=True, slots=True)
class Corrected:
    """A cell that was read as corrections.csv says: `number` is the correction's place in the agreement (from 0)."""

    number: int
    sheet: str
    row: int
    column: str
    cell: str
    was: str
    now: str


@dataclass(slots=True)
class Submission:
    """One file of a member in a cycle, read: its cover, its rows, and what the reader found.

    `submission` is the first 12 hex digits of `sha256`; `received_at` an aware UTC time (from the receipt); `part` None for a whole one.
    `findings` has the structural and parse findings of contract section 4, timeliness included; a reject among them means nothing else of it is used.
    """

    member: str
    cycle: str
    key: str
    sha256: str
    size: int
    received_at: datetime
    part: Literal["programme", "finance"] | None = None
    nil: bool = False
    decimal: str = "."
    cover: dict[str, str] = field(default_factory=dict)
    cover_cells: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Where each key's value stands: row and cell."""
    sheets: dict[str, Sheet] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    corrected: list[Corrected] = field(default_factory=list)

    @property
    def submission(self) -> str:
        return self.sha256[:12]

    @property
    def rejected(self) -> bool:
        return any(finding.severity == "reject" for finding in self.findings)


@dataclass(frozen=True, slots=True)
class AcceptedRow:
    """A row that passed: what every figure is made of. A row derived from slices has `row` 0 and names the rows it was made of."""

    member: str
    cycle: str
    submission: str
    sheet: str
    row: int
    values: dict[str, Value]
    derived_from: tuple[int, ...] = ()


def activity_key(row: AcceptedRow) -> tuple[str, str]:
    """Whose activity a row of activities or expenditure names; codes are compared trimmed and without case."""
    return row.member, str(row.values["activity"] or "").strip().casefold()


def in_order(rows: Iterable[AcceptedRow], cycles: Sequence[str]) -> list[AcceptedRow]:
    """The rows of these cycles, by cycle, member, submission and row: the order in which they arrived says nothing."""
    place = {cycle: number for number, cycle in enumerate(cycles)}
    return sorted((row for row in rows if row.cycle in place), key=lambda row: (place[row.cycle], row.member, row.submission, row.row, row.derived_from))


@dataclass(slots=True)
class Judged:
    """What validation found over all submissions of the cycles concerned (contract section 4).

    `accepted` has, by sheet, the rows in use of the submissions that count, in order of cycle, member, submission and row; derived indicator rows last.
    `left_out` counts, by (member, cycle, sheet), the rows in error.
    """

    findings: list[Finding]
    accepted: dict[str, list[AcceptedRow]]
    left_out: dict[tuple[str, str, str], int] = field(default_factory=dict)
    validations: list[Any] = field(default_factory=list, compare=False)
    """What Great Expectations answered, one ExpectationSuiteValidationResult per suite and pass, for its Data Docs."""
    exceptions: list[Any] = field(default_factory=list)
    """What the operator's waivers and corrections came to (domain.exceptions.OperatorException)."""
