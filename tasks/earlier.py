"""Earlier delivered reports: what they gave, and what of it is no longer so."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from domain import datafiles
from domain.agreement import Agreement
from domain.figures import Figures
from domain.profile import Profile
from domain.restatement import Known, Restatement, Submissions, changed, known_figures, restated_since, restatement, submissions_of
from domain.submission import Judged, Submission
from tasks.aggregate import aggregate
from tasks.collect import InputFile, input_file
from tasks.faults import OperatorFault
from tasks.store import Store


@dataclass(frozen=True, slots=True)
class DeliveredReport:
    """The latest delivered version of a cycle's report, with its manifest, which is an input of every later report."""

    store: Store
    cycle: str
    version: str
    manifest: Mapping[str, Any]
    input: InputFile

    def data(self, name: str) -> bytes:
        """A file under data/; b"" where that report has none. Raises OperatorFault where it is no longer what was delivered."""
        path, key = f"data/{name}", f"reports/{self.cycle}/{self.version}/data/{name}"
        listed = next((entry["sha256"] for entry in self.manifest["outputs"] if entry["path"] == path), None)
        if listed is None:
            return b""
        content = self.store.read(key)
        if hashlib.sha256(content).hexdigest() != listed:
            raise OperatorFault(f"{key} is no longer what was delivered, so nothing can be compared with it. Restore the file (fpa verify names what else has changed).")
        return content

    def cumulative(self) -> dict[str, int]:
        """The cumulative column of its finance.csv: heading to EUR cents."""
        rows = csv.DictReader(io.StringIO(self.data("finance.csv").decode("utf-8")))
        return {row["heading"]: int(Decimal(row["cumulative_eur"]) * 100) for row in rows}


def delivered_reports(store: Store, cycles: Sequence[str]) -> list[DeliveredReport]:
    """The reports delivered for these cycles, in their order."""
    found = []
    for cycle in cycles:
        if store.head(f"reports/{cycle}/latest.json") is not None:
            version = json.loads(store.read(f"reports/{cycle}/latest.json"))["version"]
            key = f"reports/{cycle}/{version}/manifest.json"
            manifest = store.read(key)
            found.append(DeliveredReport(store, cycle, version, json.loads(manifest), input_file(key, manifest)))
    return found


def cumulative_before(agreement: Agreement, reports: Sequence[DeliveredReport], cycle: str) -> dict[str, int] | None:
    """What the report of the cycle just before this one's reporting period gave as cumulative (heading to cents); None where none was delivered."""
    earlier = agreement.cycles_to(cycle)[: -len(agreement.reporting_period(cycle))]
    report = next((report for report in reports if report.cycle in earlier[-1:]), None)
    return report.cumulative() if report else None


def restatements(
    agreement: Agreement, profile: Profile, judged: Judged, submissions: Sequence[Submission], reports: Sequence[DeliveredReport], inputs: Sequence[Mapping[str, Any]]
) -> list[Restatement]:
    """Every figure of these earlier reports that is another now, as the reader knows it: as delivered, or as a later one of them restated it.

    `inputs`: those of the report in hand (key, sha256), beside which the changed files of the agreement are seen."""
    found = []
    for place, report in enumerate(reports):
        known = known_figures(report.data("indicators.csv"), report.data("sdg.csv"), report.data("finance.csv"))
        for later in reports[place + 1 :]:
            known = restated_since(known, _restated_of(later, report.cycle))
        figures, _ = aggregate(agreement, profile, judged, submissions, report.cycle, cumulative_before(agreement, reports, report.cycle))
        found += _of_report(agreement, report, known, figures, _changed_files(report, inputs))
    return found


def _restated_of(later: DeliveredReport, cycle: str) -> bytes:
    """The rows of a later report's restatements.csv that are about this cycle."""
    content = later.data("restatements.csv")
    head, *rows = list(csv.reader(io.StringIO(content.decode("utf-8")))) or [["cycle", "figure", "column", "new"]]
    return datafiles.csv_bytes(head, (row for row in rows if row[head.index("cycle")] == cycle))


def _of_report(agreement: Agreement, report: DeliveredReport, known: Known, figures: Figures, changed_files: Sequence[str]) -> list[Restatement]:
    now = known_figures(datafiles.indicators_csv(agreement, figures), datafiles.sdg_csv(figures), datafiles.finance_csv(figures))
    different = changed(known, now)
    if not different:
        return []
    wanted = {figure for figure, _ in different}
    then_made_of = submissions_of(csv.DictReader(io.StringIO(report.data("lineage.csv").decode("utf-8"))), wanted)
    now_made_of: Submissions = {
        figure: {(source.member, source.submission) for source in sources} for figure, sources in datafiles.lineage(figures) if figure in wanted
    }
    return [
        restatement(report.cycle, report.version, figure, column, known.get((figure, column), ""), now.get((figure, column), ""), then_made_of, now_made_of, changed_files)
        for figure, column in different
    ]


def _changed_files(report: DeliveredReport, inputs: Sequence[Mapping[str, Any]]) -> list[str]:
    """Files of the agreement and the desk that are other ones than when that report was made."""
    def of(entries: Sequence[Mapping[str, Any]]) -> dict[str, str]:
        return {entry["key"]: entry["sha256"] for entry in entries if entry["key"].startswith(("agreement/", "desk/"))}

    then, now = of(report.manifest["inputs"]), of(inputs)
    return sorted(key for key in {**then, **now} if then.get(key) != now.get(key))
