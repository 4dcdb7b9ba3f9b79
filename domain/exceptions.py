"""What the operator answers for: waivers that accept an error, corrections of members' cells. Each is listed, whether it met something or not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal
from zoneinfo import ZoneInfo

from domain.agreement import Agreement, Waiver
from domain.findings import Finding
from domain.reading import is_row
from domain.rules import waivable
from domain.submission import Row, Submission

Effect = Literal["accepted", "expired", "matches nothing", "cannot be counted", "corrected", "the cell says something else"]
MET: tuple[Effect, ...] = ("accepted", "corrected")


@dataclass(frozen=True, slots=True)
class OperatorException:
    """A row of data/exceptions.csv. A waiver has no column, was and now; one that met nothing has the place that the operator named."""

    kind: Literal["waiver", "correction"]
    rule: str
    member: str
    cycle: str
    sheet: str
    row: str
    column: str
    cell: str
    was: str
    now: str
    reason: str
    by: str
    effect: Effect


@dataclass(slots=True)
class Waivers:
    """The waivers of an agreement while findings are made; `met` holds, by place in the agreement, the findings that each accepted."""

    agreement: Agreement
    met: dict[int, list[Finding]] = field(default_factory=dict)
    refused: dict[int, Effect] = field(default_factory=dict)

    def accepts(self, finding: Finding, submission: Submission, row: Row | None) -> Waiver | None:
        """The waiver that covers a finding, if any. It holds for files that arrived up to its last day."""
        arrived = submission.received_at.astimezone(ZoneInfo(self.agreement.timezone)).date()
        for number, waiver in enumerate(self.agreement.waivers):
            if (waiver.rule, waiver.member, waiver.cycle) != (finding.rule, finding.member, finding.cycle):
                continue
            if (waiver.cell and waiver.cell.upper() != finding.cell) or (waiver.row and not (row and is_row(waiver.row, row, finding.sheet))):
                continue
            if waiver.until and arrived > waiver.until:
                self.refused[number] = "expired"
                continue
            if not waivable(finding.rule, finding.sheet, finding.column):
                self.refused[number] = "cannot be counted"
                continue
            self.met.setdefault(number, []).append(finding)
            return waiver
        return None


def exceptions(waivers: Waivers, submissions: Iterable[Submission], order: Sequence[str]) -> list[OperatorException]:
    """Every waiver and correction of the cycles in `order`, with what came of it."""
    agreement, found = waivers.agreement, []
    for number, waiver in enumerate(agreement.waivers):
        if waiver.cycle in order:
            of_whom = (waiver.rule, waiver.member, waiver.cycle)
            for finding in waivers.met.get(number, []):
                found.append(
                    OperatorException("waiver", *of_whom, finding.sheet, str(finding.row or ""), finding.column, finding.cell, finding.value, "", waiver.reason, waiver.by, "accepted")
                )
            if number not in waivers.met:
                effect = waivers.refused.get(number, "matches nothing")
                found.append(OperatorException("waiver", *of_whom, "", waiver.row, "", waiver.cell, "", "", waiver.reason, waiver.by, effect))
    corrected = {(s.member, s.cycle, c.number): c for s in submissions for c in s.corrected}
    for number, correction in enumerate(agreement.corrections):
        if correction.cycle in order:
            done = corrected.get((correction.member, correction.cycle, number))
            row, cell = (str(done.row or ""), done.cell) if done else (correction.row, "")
            found.append(
                OperatorException(
                    "correction", "", correction.member, correction.cycle, correction.sheet, row, correction.column, cell,
                    done.was if done else correction.expect, correction.value, correction.reason, correction.by,
                    "corrected" if done else "the cell says something else",
                )
            )  # fmt: skip
    return found
