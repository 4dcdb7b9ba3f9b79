"""A finding: what is wrong in a member's file, where, how much it matters, and how to mend it (contract section 4)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

Severity = Literal["reject", "error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("reject", "error", "warning", "info")

COLUMNS = ("member", "submission", "sheet", "row", "column", "cell", "rule", "severity", "value", "message")
"""Columns of findings.csv; `data/findings.csv` of a report has `cycle` behind them."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault at one place of a member's file.

    `submission` is the first 12 hex digits of the file's SHA-256, `sheet` the machine name ("" for the file as a whole), `row` the row of
    the member's own file (None: no row), `column` the machine name of the column, `cell` its address there ("B7"), `value` what the cell says.
    `details` holds what the rule's message needs beside these ({total}, {sum}, …); `message` is filled in from the catalogue, in the
    member's language, by `domain.messages.with_message`.
    """

    member: str
    cycle: str
    submission: str
    rule: str
    severity: Severity
    sheet: str = ""
    row: int | None = None
    column: str = ""
    cell: str = ""
    value: str = ""
    details: dict[str, str] = field(default_factory=dict, hash=False, compare=False)
    message: str = ""

    def with_severity(self, severity: Severity) -> Finding:
        return replace(self, severity=severity)

    @property
    def sort_key(self) -> tuple[str, str, str, str, int, str, str]:
        """Reading order: member, cycle, file, sheet, row, column, rule."""
        return (self.member, self.cycle, self.submission, self.sheet, self.row or 0, self.column, self.rule)
