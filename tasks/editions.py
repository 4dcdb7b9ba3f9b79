"""The editions of a report and what goes with each. The contractual one is for the EU; the internal one has all evidence with it; the public one has
nothing in it that is not for everybody. What is internal is named in none of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from domain import datafiles
from domain.agreement import Agreement
from domain.figures import Figures
from domain.money import CostLine
from domain.profile import Profile
from domain.report import EDITIONS, Edition, ReportDocument
from domain.submission import AcceptedRow, activity_key
from domain.suppression import for_everybody
from tasks.faults import OperatorFault
from tasks.report import Totals, as_parquet, logframe

UNNAMED = "not named"
"""Stands for a member that must not be named."""


def editions_asked(further: Sequence[str] | None) -> tuple[Edition, ...]:
    """The contractual edition and the further ones, in their order. Raises OperatorFault for one that there is not."""
    for edition in further or ():
        if edition not in EDITIONS:
            raise OperatorFault(f"There is no edition {edition!r} of the report; there are {', '.join(EDITIONS)}.")
    return tuple(edition for edition in EDITIONS if edition == "contractual" or edition in (further or ()))


def file_name(edition: Edition, language: str) -> str:
    """report.en.pdf, report-public.en.pdf, …"""
    return f"report.{language}.pdf" if edition == "contractual" else f"report-{edition}.{language}.pdf"


def document_of(edition: Edition, document: ReportDocument) -> ReportDocument:
    """The contractual document as an edition prints it."""
    figures = for_everybody(document.agreement, document.figures, document.profile.small_groups_below) if edition == "public" else document.figures
    return replace(document, edition=edition, figures=figures)


def attachments(
    edition: Edition, agreement: Agreement, profile: Profile, totals: Totals, activities: Iterable[AcceptedRow], data: Mapping[str, bytes], annexes: Mapping[str, bytes]
) -> dict[str, bytes]:
    """The files that go with the PDF of an edition, by name (contract section 6). Suppliers, findings and lineage only with the internal one, without
    what tells of internal members and activities; with the public one only figures that it prints itself."""
    if edition == "public":
        figures = for_everybody(agreement, totals.figures, profile.small_groups_below)
        return {**_figures(agreement, figures), "logframe.xlsx": logframe(agreement, profile, figures)}
    internal = agreement.internal_members
    named = [figure for figure in totals.figures.indicators if figure.level == "network" or not figure.only_of(internal)]
    states = [replace(state, member=UNNAMED, submission="", received_at="") if state.member in internal else state for state in totals.states]
    sent = {
        **_figures(agreement, replace(totals.figures, indicators=named)),
        "members.csv": datafiles.members_csv(states),
        "logframe.xlsx": annexes["logframe.xlsx"],
    }
    return sent | _evidence(internal, totals, activities, data) if edition == "internal" else sent


def _figures(agreement: Agreement, figures: Figures) -> dict[str, bytes]:
    return {"indicators.csv": datafiles.indicators_csv(agreement, figures), "sdg.csv": datafiles.sdg_csv(figures), "finance.csv": datafiles.finance_csv(figures)}


def _evidence(internal: frozenset[str], totals: Totals, activities: Iterable[AcceptedRow], data: Mapping[str, bytes]) -> dict[str, bytes]:
    """expenditure.csv, findings.csv and the lineage, as Parquet where no spreadsheet could open it."""
    secret = {activity_key(row) for row in activities if row.values.get("sensitivity") == "internal"}
    costs = [_unnamed_cost(line, internal) if line.row.member in internal or activity_key(line.row) in secret else line for line in totals.lines]
    findings = [replace(f, member=UNNAMED, submission="", row=None, cell="", value="", message="") if f.member in internal else f for f in totals.findings]
    lineage = _without_members(data["lineage.csv"], internal)
    return {
        "expenditure.csv": datafiles.expenditure_csv(costs),
        "findings.csv": datafiles.findings_csv(findings, with_cycle=True),
        **({"lineage.parquet": as_parquet(lineage)} if "lineage.parquet" in data else {"lineage.csv": lineage}),
    }


def _unnamed_cost(line: CostLine, internal: frozenset[str]) -> CostLine:
    """Heading, date and money of a cost, and nothing else."""
    row = line.row
    values = {name: value if name in ("heading", "payment_date", "currency", "amount") else None for name, value in row.values.items()}
    unnamed = replace(row, member=UNNAMED, submission="", row=0) if row.member in internal else row
    return replace(line, row=replace(unnamed, values=values))


def _without_members(lineage: bytes, internal: frozenset[str]) -> bytes:
    """Lines of these members bear neither code nor file nor row; lines of figures of them alone are left out."""
    if not internal:
        return lineage
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    for line in csv.reader(io.StringIO(lineage.decode(), newline="")):
        kind, *parts = line[0].split("/")
        if kind == "indicators" and parts[1] == "member" and parts[2] in internal:
            continue
        writer.writerow([line[0], UNNAMED, "", line[3], ""] if line[1] in internal else line)
    return out.getvalue().encode()
