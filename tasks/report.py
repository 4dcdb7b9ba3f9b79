"""The report of a cycle, put together: its basis, its data files and its PDF."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domain import datafiles
from domain.agreement import Agreement
from domain.codes import LANGUAGES
from domain.completeness import counting_keys, member_states, open_rejections
from domain.coverage import Coverage, Weighed, coverage_csv
from domain.figures import Figures, MemberState
from domain.findings import Finding
from domain.money import CostLine
from domain.profile import Profile
from domain.report import ReportDocument
from domain.restatement import Restatement
from domain.submission import Judged, Submission
from tasks.aggregate import no_cycles_sought
from tasks.collect import InputFile, input_file
from tasks.evidence import EvidenceFile, evidence_csv
from tasks.store import Store


@dataclass(frozen=True, slots=True)
class Totals:
    """The figures with what the data files and the PDF print beside them."""

    figures: Figures
    lines: Sequence[CostLine]
    before: Mapping[str, int] | None
    """The cumulative column (heading to cents) of the report delivered before, if one was."""
    states: Sequence[MemberState]
    findings: Sequence[Finding]
    restatements: Sequence[Restatement]
    """What of earlier delivered reports is no longer so."""
    coverage: Sequence[Coverage]
    weighed: Weighed


@dataclass(frozen=True, slots=True)
class Texts:
    """The network's own words: language to section to Markdown, and the files they were read from."""

    by_language: Mapping[str, Mapping[str, str]]
    inputs: tuple[InputFile, ...]


def read_texts(store: Store, cycle: str, languages: Sequence[str]) -> Texts:
    """texts/<cycle>/<lang>/<section>.md for these languages."""
    by_language: dict[str, dict[str, str]] = {}
    inputs = []
    for language in languages:
        prefix = f"texts/{cycle}/{language}/"
        files = store.read_many([info.key for info in store.list(prefix) if info.key.endswith(".md")])
        by_language[language] = {key.removeprefix(prefix).removesuffix(".md"): data.decode("utf-8", "replace") for key, data in files.items()}
        inputs += [input_file(key, data) for key, data in files.items()]
    return Texts(by_language, tuple(inputs))


def findings_of_report(figures: Figures, submissions: Sequence[Submission], judged: Judged) -> list[Finding]:
    """Findings on what the report is made of, over its reporting period: the files that count, and rejected ones that no good one has settled."""
    of_report = [submission for submission in submissions if submission.cycle in figures.reporting]
    keys = set(counting_keys(of_report)) | {submission.key for submission in open_rejections(of_report)}
    shown = {(s.member, s.cycle, s.submission) for s in of_report if s.key in keys}
    return [finding for finding in judged.findings if (finding.member, finding.cycle, finding.submission) in shown]


def data_files(
    agreement: Agreement, figures: Figures, lines: Sequence[CostLine], judged: Judged, states: Sequence[MemberState], findings: Sequence[Finding],
    evidence: Sequence[EvidenceFile], restatements: Sequence[Restatement] = (), coverages: Sequence[Coverage] = (),
) -> dict[str, bytes]:  # fmt: skip
    """The files under data/ by name (contract section 6), and the list of evidence."""
    return {
        "indicators.csv": datafiles.indicators_csv(agreement, figures),
        "sdg.csv": datafiles.sdg_csv(figures),
        "finance.csv": datafiles.finance_csv(figures),
        "activities.csv": datafiles.activities_csv(judged.accepted["activities"]),
        "indicator_rows.csv": datafiles.indicator_rows_csv(agreement, judged.accepted["indicators"]),
        "expenditure.csv": datafiles.expenditure_csv(lines),
        "members.csv": datafiles.members_csv(states),
        "findings.csv": datafiles.findings_csv(findings, with_cycle=True),
        "texts.csv": datafiles.texts_csv(agreement, judged.accepted["indicators"]),
        "outcomes.csv": datafiles.outcomes_csv(judged.accepted["outcomes"]),
        "exceptions.csv": datafiles.exceptions_csv(e for e in judged.exceptions if e.cycle in figures.reporting),
        "evidence.csv": evidence_csv(evidence),
        "coverage.csv": coverage_csv(coverages),
        "restatements.csv": datafiles.restatements_csv(restatements),
        **lineage_files(figures),
    }


LARGE_LINEAGE = 1_048_576
"""Lines that a spreadsheet can open."""


def lineage_files(figures: Figures) -> dict[str, bytes]:
    """lineage.csv and, where no spreadsheet could open it, the same as lineage.parquet."""
    with no_cycles_sought():
        lines = datafiles.lineage_csv(figures)
    return {"lineage.csv": lines} | ({"lineage.parquet": as_parquet(lines)} if lines.count(b"\n") > LARGE_LINEAGE else {})


def as_parquet(lines: bytes) -> bytes:
    """By one thread and in order, so that the same lines give the same bytes."""
    import duckdb

    with tempfile.TemporaryDirectory() as folder:
        source, made = Path(folder, "lineage.csv"), Path(folder, "lineage.parquet")
        source.write_bytes(lines)
        with duckdb.connect(config={"threads": 1, "autoinstall_known_extensions": False}) as connection:
            columns = "{'figure': 'VARCHAR', 'member': 'VARCHAR', 'submission': 'VARCHAR', 'sheet': 'VARCHAR', 'row': 'INTEGER'}"
            connection.execute(f"COPY (SELECT * FROM read_csv(?, header = true, columns = {columns})) TO '{made}' (FORMAT parquet, COMPRESSION zstd)", [str(source)])  # noqa: S608
        return made.read_bytes()


def annexes(agreement: Agreement, profile: Profile, figures: Figures, lines: Sequence[CostLine], judged: Judged) -> dict[str, bytes]:
    """The workbooks of Annex VI and of the logframe, in the contract's language where there are words in it, and the IATI activity."""
    from tasks.financial_report import financial_report
    from tasks.iati import iati_activity

    return {
        "financial-report.xlsx": financial_report(agreement, profile, figures, lines, _language(agreement), judged.accepted["activities"]),
        "logframe.xlsx": logframe(agreement, profile, figures),
        "iati.xml": iati_activity(agreement, profile, figures, judged.accepted, lines, agreement.cycle(figures.cycle).end),
    }


def logframe(agreement: Agreement, profile: Profile, figures: Figures) -> bytes:
    """The updated logframe with these figures, in the contract's language where there are words in it."""
    from tasks.logframe import logframe_workbook

    return logframe_workbook(agreement, profile, figures, _language(agreement))


def _language(agreement: Agreement) -> str:
    return agreement.contract.language if agreement.contract.language in LANGUAGES else "en"


def document(
    agreement: Agreement, profile: Profile, totals: Totals, judged: Judged, texts: Mapping[str, str], attachments: Mapping[str, bytes], reconciliation: Mapping[str, Any]
) -> ReportDocument:
    """What the PDF for the EU is rendered from."""
    return ReportDocument(
        agreement=agreement,
        profile=profile,
        figures=totals.figures,
        members=tuple(totals.states),
        accepted=judged.accepted,
        findings=tuple(totals.findings),
        texts=dict(texts),
        attachments=attachments,
        exceptions=tuple(entry for entry in judged.exceptions if entry.cycle in totals.figures.reporting),
        restatements=totals.restatements,
        coverage=totals.coverage,
        weighed=totals.weighed,
        reconciliation=reconciliation,
    )


def states_of_report(agreement: Agreement, figures: Figures, submissions: Sequence[Submission], judged: Judged) -> list[MemberState]:
    return member_states(agreement, figures.reporting, submissions, judged)
