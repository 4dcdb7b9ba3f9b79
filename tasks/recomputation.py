"""A delivered report's figures once more from its inputs: the same way that made them, over the store as it was then.

What has come since, and what the system keeps beside (readings, feedback), is not seen: nothing but the inputs that the manifest lists, each with its hash.
"""

from __future__ import annotations

import csv
import io
import json
import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from domain.restatement import changed, known_figures
from tasks import deliver
from tasks.faults import OperatorFault
from tasks.program import program
from tasks.store import Info, NotFound, Store

log = logging.getLogger("fpa")

_FIGURES = ("data/indicators.csv", "data/sdg.csv", "data/finance.csv")


def recompute(store: Store, path: str, manifest: Mapping[str, Any], altered: Collection[str]) -> tuple[list[str], list[str]]:
    """(faults, notes) of a report whose manifest this is. `altered`: keys known to differ from the manifest, of which nothing more is said.

    Only the program that made a report has to come to the same bytes; with another one figures that differ are a note."""
    if any(entry["key"] in altered for entry in manifest["inputs"]):
        return [], ["its figures were not recomputed: inputs have changed since"]
    then = InputsOnly(store, path, manifest)
    same_program = manifest["program"] == json.loads(json.dumps(program()))
    try:
        made = _made_again(then, manifest)
    except (OperatorFault, ValueError, KeyError) as fault:
        return ([f"{path}: its figures cannot be recomputed from its inputs: {fault}"], []) if same_program else ([], [f"its figures cannot be recomputed by this program: {fault}"])
    listed = {entry["path"] for entry in manifest["outputs"]}
    whole = [name for name in sorted(made) if name in listed and f"{path}/{name}" not in altered]
    different = [name for name in whole if store.read(f"{path}/{name}") != made[name]]
    if same_program:
        faults = [f"{path}/{name}: is not what comes out of its inputs" for name in different]
        faults += [f"{path}/{name}: is no part of the manifest, though it comes out of its inputs" for name in sorted(set(made) - listed)]
        return faults, [] if faults else [f"recomputed from its inputs, {len(whole)} files come out the same"]
    if not different:
        return [], [f"recomputed from its inputs by another program than made it, {len(whole)} files come out the same"]
    return [], [_by_another_program(store, path, made, altered, different)]


def _by_another_program(store: Store, path: str, made: Mapping[str, bytes], altered: Collection[str], different: Sequence[str]) -> str:
    if any(f"{path}/{name}" in altered for name in _FIGURES):
        return "its figures were not recomputed: its data files have changed, and another program made it"
    first = known_figures(*(store.read(f"{path}/{name}") for name in _FIGURES))
    others = changed(first, known_figures(*(made[name] for name in _FIGURES)))
    if not others:
        return f"recomputed from its inputs by another program than made it, all {len(first)} figures come out the same, but not {', '.join(different)}"
    return f"another program made it: with this one {len(others)} of {len(first)} figures come out otherwise, first {', '.join(others[0])}"


def _made_again(store: Store, manifest: Mapping[str, Any]) -> dict[str, bytes]:
    """Data files and annexes by path."""
    from domain.completeness import counting_keys
    from domain.coverage import coverage, weighed
    from tasks import collect, report, validate
    from tasks.aggregate import aggregate
    from tasks.earlier import cumulative_before, delivered_reports, restatements
    from tasks.profiles import load_profile

    agreement, cycle = collect.load_agreement(store).agreement, manifest["cycle"]
    profile, cycles = load_profile(agreement.contract.profile), agreement.cycles_to(cycle)
    inbox = collect.read_inbox(store, agreement, cycles, manifest["parameters"]["include_late"])
    judged = validate.judge(agreement, inbox.submissions, counting_keys(inbox.submissions), profile.questions, profile.lines)
    earlier = delivered_reports(store, cycles[:-1])
    before = cumulative_before(agreement, earlier, cycle)
    figures, lines = aggregate(agreement, profile, judged, inbox.submissions, cycle, before)
    states = report.states_of_report(agreement, figures, inbox.submissions, judged)
    restated = restatements(agreement, profile, judged, inbox.submissions, earlier, manifest["inputs"])
    covered = coverage(agreement, figures, judged, inbox.submissions)
    findings = report.findings_of_report(figures, inbox.submissions, judged)
    totals = report.Totals(figures, lines, before, states, findings, restated, covered, weighed(covered, figures, judged))
    evidence = [file for file in inbox.evidence if file.cycle in figures.reporting]
    data = report.data_files(agreement, figures, totals.lines, judged, states, findings, evidence, restated, covered)
    return {f"data/{name}": content for name, content in data.items()} | report.annexes(agreement, profile, figures, lines, judged)


class InputsOnly:
    """The store as a report found it: the inputs of its manifest, the reports delivered before it, and nothing else. What is written to it is forgotten."""

    def __init__(self, store: Store, path: str, manifest: Mapping[str, Any]) -> None:
        self._store = store
        self.url = store.url
        self._inputs = {entry["key"] for entry in manifest["inputs"]}
        self._made = dict(_latest_then(manifest["inputs"]))
        self._arrived = dict(_evidence_arrived(store, path))

    def list(self, prefix: str) -> Iterator[Info]:
        for info in self._store.list(prefix):
            if info.key in self._inputs:
                yield replace(info, modified=self._arrived.get(info.key, info.modified))

    def head(self, key: str) -> Info | None:
        if key in self._made:
            return Info(key, len(self._made[key]), datetime(1970, 1, 1, tzinfo=UTC), "")
        return self._store.head(key) if self._sees(key) else None

    def read(self, key: str, token: str | None = None) -> bytes:
        if key in self._made:
            return self._made[key]
        if not self._sees(key):
            raise NotFound(f"{key} in {self.url} is no input of the report.")
        return self._store.read(key, token)

    def get(self, key: str) -> tuple[Info, bytes]:
        if not self._sees(key):
            raise NotFound(f"{key} in {self.url} is no input of the report.")
        return self._store.get(key)

    def _sees(self, key: str) -> bool:
        """Files of earlier reports are held against their manifests, which are inputs, by who reads them."""
        return key in self._inputs or (key.startswith("reports/") and not key.endswith("/latest.json"))

    def read_many(self, keys: Sequence[str]) -> dict[str, bytes]:
        return self._store.read_many([key for key in keys if self._sees(key)])

    def get_many(self, keys: Sequence[str]) -> dict[str, tuple[Info, bytes]]:
        return self._store.get_many([key for key in keys if self._sees(key)])

    def write(self, key: str, data: bytes) -> None:
        """Nothing is changed."""

    def write_once(self, key: str, data: bytes) -> None:
        """Nothing is changed."""

    def delete(self, key: str) -> None:
        """Nothing is changed."""

    def locate(self, key: str) -> str:
        return self._store.locate(key)

    def link(self, key: str, seconds: int) -> str:
        return self._store.link(key, seconds)


def _latest_then(inputs: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, bytes]]:
    """latest.json of the cycles before, as the report found them."""
    for entry in inputs:
        folder, _, name = entry["key"].rpartition("/")
        if folder.startswith("reports/") and name == "manifest.json":
            cycle, version = folder.split("/")[1:]
            yield f"reports/{cycle}/latest.json", deliver.latest_bytes(version, entry["sha256"])


def _evidence_arrived(store: Store, path: str) -> Iterator[tuple[str, datetime]]:
    """When evidence arrived, as the report has it: of all that it is made of, only this lies in no file but in the store's clock, which a copied store has
    set anew."""
    try:
        rows = list(csv.DictReader(io.StringIO(store.read(f"{path}/data/evidence.csv").decode("utf-8"), newline="")))
        for row in rows:
            arrived = datetime.strptime(row["received_at"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
            yield f"inbox/{row['cycle']}/{row['member']}/evidence/{row['file']}", arrived
    except (NotFound, ValueError, KeyError, TypeError) as fault:
        log.debug("evidence of %s: %s", path, fault)
