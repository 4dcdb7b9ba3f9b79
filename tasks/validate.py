"""Validate: every rule of the contract over all members' rows at once, through Great Expectations (which is imported here only).

Two passes over one pooled frame per sheet: rules that judge a row by itself, then rules over several rows, which see only rows without an error
of their own. Rules are judged in the order of the contract's table, and one looks only at cells in which no earlier one found an error.
"""

from __future__ import annotations

import logging
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from typing import Any, cast

import yaml

from domain.agreement import Agreement, Waiver
from domain.completeness import Counting
from domain.exceptions import Waivers, exceptions
from domain.findings import Finding, Severity
from domain.messages import Catalogue
from domain.numbers import read_yes_no
from domain.reading import schema_with_dimensions
from domain.rules import RULES, activities, expenditure, indicators, plausibility
from domain.rules.entries import Columns, Entry, Lists, Speller, pool
from domain.schema import NARRATIVE, SHEETS
from domain.schema import sheet as sheet_schema
from domain.submission import AcceptedRow, Judged, Row, Submission
from tasks.faults import OperatorFault

log = logging.getLogger("fpa")

SEVERITY_OF: dict[str, Severity] = {"critical": "error", "warning": "warning", "info": "info"}
LANGUAGES = ("en", "fr", "es", "pt")
SUITES = ("activities", "indicators", "expenditure", "narrative", "cover", "owed", "submissions")


class RuleCrashed(OperatorFault):
    """A rule could not be judged: the operator's problem, never the member's."""


@dataclass(frozen=True, slots=True)
class Rule:
    """An expectation of a suite: which rule it is, how grave, where its finding points and which cells it looks at."""

    id: str
    rule: str
    severity: Severity
    at: str
    cells: tuple[str, ...]
    over_rows: bool
    expectation: Mapping[str, Any]

    @property
    def column(self) -> str:
        """The column of the frame that the expectation reads."""
        return cast(str, self.expectation["kwargs"]["column"])


# --- the suites -------------------------------------------------------------------------------------------------------


def _resource(name: str) -> Any:
    return yaml.safe_load(resources.files("expectations").joinpath(name).read_text(encoding="utf-8"))


@cache
def load_catalogue() -> Catalogue:
    """Messages in four languages. Raises OperatorFault naming every rule that lacks one."""
    catalogue = Catalogue(_resource("messages.yaml"), _resource("words.yaml"))
    lacking = [f"expectations/messages.yaml: {rule} has no message in {language}" for rule in RULES for language in LANGUAGES if not catalogue.messages.get(rule, {}).get(language)]
    if lacking:
        raise OperatorFault(*lacking)
    return catalogue


MAX_LISTED = 100
"""Values a rule may list itself; a longer list is a code list and a column that says whether a code is in it (Great Expectations is slow on lists)."""


@cache
def load_suite(name: str, dimensions: tuple[str, ...] = ()) -> list[Rule]:
    """The rules of expectations/<name>.yaml; one that is there `per: dimension` is repeated for each dimension of the logframe.

    Raises OperatorFault with every mistake in the file."""
    load_catalogue()
    rules, faults = [], []
    try:
        entries = _resource(f"{name}.yaml")["expectations"]
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise OperatorFault(f"expectations/{name}.yaml cannot be read: {' '.join(str(error).split())[:200]}") from None
    for number, written in enumerate(entries):
        wrong = mistakes(written)
        if wrong:
            faults += [f"expectations/{name}.yaml, entry {number + 1}: {mistake}" for mistake in wrong]
            continue
        for dimension in dimensions if written["meta"].get("per") == "dimension" else ("",):
            expectation = _filled(written, dimension)
            meta = expectation["meta"]
            severity = SEVERITY_OF[expectation["severity"]]
            rules.append(Rule(f"{name}-{number}-{dimension}", meta["rule"], severity, meta["at"], tuple(meta["cells"]), meta["over"] == "rows", expectation))
    if faults:
        raise OperatorFault(*faults)
    return sorted(rules, key=lambda rule: _rule_order(rule.rule))


def mistakes(written: Any) -> list[str]:
    """What is wrong with an entry of a suite, in words; [] where nothing is."""
    if not isinstance(written, dict) or not {"type", "kwargs", "severity", "description", "meta"} <= set(written):
        return ["it needs type, kwargs, severity, description and meta"]
    meta, kwargs, wrong = written["meta"], written["kwargs"], []
    if not isinstance(meta, dict) or not {"rule", "at", "cells", "over", "examples"} <= set(meta):
        return ["its meta needs rule, at, cells, over and examples"]
    rule = meta["rule"]
    if not load_catalogue().messages.get(rule):
        wrong.append(f"{rule} has no message in expectations/messages.yaml")
    if written["severity"] not in SEVERITY_OF:
        wrong.append(f"{rule} has severity {written['severity']!r}; it is critical, warning or info")
    if meta["over"] not in ("row", "rows"):
        wrong.append(f"{rule} is over {meta['over']!r}; it is row or rows")
    if not isinstance(kwargs, dict) or "column" not in kwargs:
        return [*wrong, f"{rule} names no column in kwargs"]
    if len(kwargs.get("value_set") or ()) > MAX_LISTED:
        wrong.append(f"{rule} lists more than {MAX_LISTED} values")
    if isinstance(kwargs.get("regex"), str):
        try:
            re.compile(kwargs["regex"])
        except re.error as error:
            wrong.append(f"{rule} has a pattern that is none: {error}")
        else:
            if not re.search(r"\^.*\$$", kwargs["regex"]):
                wrong.append(f"{rule} has a pattern that is not tied to the whole text; begin it with ^ and end it with $")
    examples = meta["examples"]
    if not isinstance(examples, dict) or not examples.get("pass") or not examples.get("fail"):
        wrong.append(f"{rule} needs examples that pass and examples that fail")
    return wrong


def check_suites(lists: Lists) -> None:
    """Every column that a rule reads or points to exists. Raises OperatorFault with all that do not, before anything is judged."""
    faults = []
    for name, columns in known_columns(lists).items():
        shown = set(columns) | {"", "expenditure"}
        for rule in load_suite(name, lists.agreement.dimensions):
            faults += [
                f"expectations/{name}.yaml: {rule.rule} names the column {column!r}, which is not there"
                for column in (rule.column, rule.at, *rule.cells)
                if column not in (columns if column == rule.column else shown)
            ]
    if faults:
        raise OperatorFault(*dict.fromkeys(faults))


def known_columns(lists: Lists) -> dict[str, set[str]]:
    """The columns that the rules of each suite may read: the sheet's own and the helper columns."""
    cycle = lists.agreement.cycles[0].code
    nobody = Submission("", cycle, "", "", 0, datetime(1900, 1, 1, tzinfo=UTC))
    known: dict[str, set[str]] = {
        "cover": {"decimal", "part", "nil"}, "owed": {"reported", "indicator"}, "submissions": set(plausibility.submission_columns(lists.agreement, [])),
    }  # fmt: skip
    for schema in (sheet_schema(name) for name in ("activities", "indicators", "expenditure", "narrative")):
        own = [column.name for column in schema_with_dimensions(schema, lists.agreement.dimensions)]
        known[schema.name] = set(own)
        blank = [Entry(nobody, schema.name, Row(1, dict.fromkeys(own), {}), False, 0)]
        match schema.name:
            case "activities":
                known[schema.name] |= {*activities.row_columns(blank, lists), *activities.rows_columns([], lists)}
            case "indicators":
                known[schema.name] |= {*indicators.row_columns(blank, lists), *indicators.rows_columns([], lists).columns}
            case "expenditure":
                known[schema.name] |= {*expenditure.row_columns(blank, lists), *expenditure.rows_columns([], lists, {})}
            case _:
                known[schema.name] |= {"section_known", "numbers_agree"}
    return known


def _filled(value: Any, dimension: str) -> Any:
    """A copy of a suite's entry with {dimension} put in."""
    if isinstance(value, dict):
        return {key: _filled(entry, dimension) for key, entry in value.items()}
    if isinstance(value, list):
        return [_filled(entry, dimension) for entry in value]
    return value.replace("{dimension}", dimension) if isinstance(value, str) else value


# --- Great Expectations -----------------------------------------------------------------------------------------------

_RESULT_FORMAT = {
    "result_format": "COMPLETE",
    "return_unexpected_index_query": False,
    "exclude_unexpected_values": True,  # members' data stay out of results and Data Docs
    "partial_unexpected_count": 0,
}


def new_context() -> Any:
    """An ephemeral context of Great Expectations, one for a run: making one costs more than judging a small sheet."""
    import great_expectations as gx

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]
    return context


def failing_rows(
    context: Any, name: str, rules: Sequence[Rule], columns: Mapping[str, Sequence[Any]], validations: list[Any] | None = None
) -> dict[str, list[int]]:
    """Runs the rules over a frame of these columns; rule id to the positions of the rows that break it. What Great Expectations answered
    (an ExpectationSuiteValidationResult) is added to `validations`.

    Raises RuleCrashed for a rule that Great Expectations dropped or could not run."""
    length = len(next(iter(columns.values()), ()))
    if not rules or not length:
        return {}
    import great_expectations as gx
    import pandas as pd

    lacking = [f"expectations/{name}.yaml: {rule.rule} reads column {rule.column!r}, which is not there" for rule in rules if rule.column not in columns]
    if lacking:
        raise RuleCrashed(*lacking)
    # truth values as such, others as categories: as objects they would take Great Expectations twice as long
    truths = {rule.column for rule in rules if rule.expectation["kwargs"].get("value_set") == [True]}
    frame = pd.DataFrame(
        {
            name: pd.Series(list(columns[name]), dtype="boolean") if name in truths else pd.Series(pd.Categorical(pd.Series(list(columns[name]), dtype=object)))
            for name in sorted({rule.column for rule in rules})
        }
    )
    suite = gx.ExpectationSuite(
        name=name,
        expectations=[
            {"type": rule.expectation["type"], "kwargs": dict(rule.expectation["kwargs"]), "severity": rule.expectation["severity"],
             "description": rule.expectation["description"], "meta": {"rule_id": rule.id}}
            for rule in rules
        ],
    )  # fmt: skip
    if len(suite.expectations) != len(rules):
        kept = {cast(Any, expectation).meta["rule_id"] for expectation in suite.expectations}
        raise RuleCrashed(*(f"expectations/{name}.yaml: {rule.rule}: {rule.expectation['type']!r} is no expectation" for rule in rules if rule.id not in kept))
    # a source of its own for each frame: a later frame of the same asset would silently take the earlier one's place
    source = context.data_sources.add_pandas(f"{name}-{len(context.data_sources.all())}")
    batch = source.add_dataframe_asset(name).add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
    failing: dict[str, list[int]] = {}
    validation = batch.validate(suite, result_format=_RESULT_FORMAT)
    if validations is not None:
        validations.append(validation)
    for result in validation.results:
        rule_id = cast(Any, result.expectation_config).meta["rule_id"]
        if result.exception_info and any(_raised(info) for info in _infos(result.exception_info)):
            rule = next(rule for rule in rules if rule.id == rule_id)
            raise RuleCrashed(f"expectations/{name}.yaml: {rule.rule} could not be judged; correct the rule or switch it off.")
        failing[rule_id] = list(result.result.get("unexpected_index_list") or [])
    return failing


def _infos(exception_info: Mapping[str, Any]) -> Iterable[Any]:
    return (exception_info,) if "raised_exception" in exception_info else exception_info.values()


def _raised(info: Any) -> bool:
    return bool(isinstance(info, Mapping) and info.get("raised_exception"))


# --- judging ----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Findings:
    """What was found, and which cells are in error."""

    context: Any
    found: list[Finding]
    waivers: Waivers
    validations: list[Any] = field(default_factory=list)

    def judge(self, name: str, rules: Sequence[Rule], entries: Sequence[Entry], columns: Columns) -> None:
        """One pass of rules over entries; `columns` are the helper columns, members' own are added as they are read."""
        own = {rule.column for rule in rules} - set(columns)
        values = {column: [entry.values.get(column) for entry in entries] for column in own if column in (entries[0].values if entries else ())}
        failing = failing_rows(self.context, name, rules, {**columns, **values}, self.validations)
        for rule in rules:
            for position in failing.get(rule.id, []):
                entry = entries[position]
                if not (entry.broken | entry.row.waived) & set(rule.cells):
                    self.add(rule, entry)

    def add(self, rule: Rule, entry: Entry) -> None:
        s = entry.submission
        at = rule.at if rule.at in s.sheets[entry.sheet].letters else next((c for c in rule.cells if c in entry.row.raw), rule.at)
        finding = Finding(
            s.member, s.cycle, s.submission, rule.rule, rule.severity, entry.sheet, entry.row.number, at, entry.cell(at),
            entry.row.raw.get(at, ""), entry.details.get(rule.rule, {}),
        )  # fmt: skip
        if waiver := self.waivers.accepts(finding, s, entry.row):
            finding = waived(finding, waiver)
            entry.in_use |= rule.rule == "indicators.slices.exceed-total"
        if finding.severity == "error":
            entry.broken.update(rule.cells)
        self.found.append(finding)


def waived(finding: Finding, waiver: Waiver) -> Finding:
    """The finding as an accepted exception: its row is used, and the report lists it."""
    return replace(finding, severity="warning", details={**finding.details, "note": "waived", "reason_given": waiver.reason})


@dataclass(slots=True)
class _Pass:
    """The judging of all sheets, sheet by sheet, and what is accepted."""

    lists: Lists
    submissions: Sequence[Submission]
    counting: Counting
    findings: _Findings
    accepted: dict[str, list[AcceptedRow]]
    left_out: Counter[tuple[str, str, str]]

    def entries(self, sheet: str) -> list[Entry]:
        entries = pool(self.submissions, self.counting, sheet, self.lists)
        speller = Speller(self.lists)
        for entry in entries:
            speller.spell(entry)
        return entries

    def rules(self, name: str, over_rows: bool) -> list[Rule]:
        return [rule for rule in load_suite(name, self.lists.agreement.dimensions) if rule.over_rows == over_rows]

    def waive_faults(self) -> None:
        """What the reader found in single cells is waived like any other error."""
        rows = {(s.key, name, row.number): row for s in self.submissions for name, sheet in s.sheets.items() for row in sheet.rows}
        for s in self.submissions:
            for number, finding in enumerate(s.findings):
                row = rows.get((s.key, finding.sheet, finding.row or 0))
                if finding.severity == "error" and row is not None and (waiver := self.findings.waivers.accepts(finding, s, row)):
                    s.findings[number] = waived(finding, waiver)
                    row.faults.discard(finding.column)
                    row.waived.add(finding.column)

    def accept(self, sheet: str, entries: Iterable[Entry], derived: Iterable[AcceptedRow] = ()) -> None:
        keys = {(s.member, s.cycle, s.submission): s.key for s in self.submissions}
        part = sheet_schema(sheet).part
        rows = []
        for entry in entries:
            s = entry.submission
            if entry.counts and not entry.broken and entry.in_use:
                rows.append(AcceptedRow(s.member, s.cycle, s.submission, sheet, entry.row.number, entry.values))
            elif entry.counts and entry.broken:
                self.left_out[s.member, s.cycle, sheet] += 1
        self.accepted[sheet] = [*rows, *(row for row in derived if part in self.counting.get(keys[row.member, row.cycle, row.submission], ()))]

    def judge_activities(self) -> dict[Any, set[str]]:
        """Judges the activities; gives the codes of accepted ones by unit."""
        entries = self.entries("activities")
        self.findings.judge("activities", self.rules("activities", False), entries, activities.row_columns(entries, self.lists))
        usable = [entry for entry in entries if not entry.broken]
        self.findings.judge("activities", self.rules("activities", True), usable, activities.rows_columns(usable, self.lists))
        self.accept("activities", entries)
        codes: dict[Any, set[str]] = defaultdict(set)
        for entry in usable:
            if not entry.broken:
                codes[entry.unit].add(entry.values["activity"].casefold())
        return codes

    def judge_indicators(self) -> None:
        entries = self.entries("indicators")
        self.findings.judge("indicators", self.rules("indicators", False), entries, indicators.row_columns(entries, self.lists))
        usable = []
        for entry in entries:
            if not entry.broken:
                entry.in_use = not indicators.is_blank(entry, cast(Any, self.lists.indicator(entry)).measure)
                if entry.in_use:
                    usable.append(entry)
        judged = indicators.rows_columns(usable, self.lists)
        self.findings.judge("indicators", self.rules("indicators", True), usable, judged.columns)
        self.accept("indicators", entries, judged.derived)
        self._judge_owed(entries)

    def _judge_owed(self, entries: Sequence[Entry]) -> None:
        """indicators.indicator.not-reported: one row per indicator that a submission owes."""
        files: dict[Any, Submission] = {}
        for s in self.submissions:
            if "indicators" in s.sheets:
                files[s.member, s.cycle, "" if "programme" in self.counting.get(s.key, ()) else s.key] = s
        owed = indicators.owed(entries, self.lists, [(unit, unit[1]) for unit in files])
        rules = self.rules("owed", False)
        failing = failing_rows(self.findings.context, "owed", rules, {"reported": [reported for _, _, reported in owed]}, self.findings.validations)
        for rule in rules:
            for position in failing.get(rule.id, []):
                unit, indicator, _ = owed[position]
                s = files[unit]
                self.findings.found.append(Finding(s.member, s.cycle, s.submission, rule.rule, rule.severity, "indicators", None, rule.at, "", indicator))

    def judge_expenditure(self, codes: Mapping[Any, set[str]]) -> None:
        entries = self.entries("expenditure")
        self.findings.judge("expenditure", self.rules("expenditure", False), entries, expenditure.row_columns(entries, self.lists))
        usable = [entry for entry in entries if not entry.broken]
        self.findings.judge("expenditure", self.rules("expenditure", True), usable, expenditure.rows_columns(usable, self.lists, codes))
        self.accept("expenditure", entries)

    def judge_other_sheets(self) -> None:
        """The narrative has rules of its own; the optional sheets are taken as they are read."""
        entries = self.entries(NARRATIVE.name)
        known = [None if e.values["section"] is None else e.values["section"] in self.lists.sections for e in entries]
        figures = plausibility.figures_by_indicator(self.accepted["indicators"], dict.fromkeys(self.lists.agreement.dimensions, ""))
        agree = [plausibility.numbers_agree(entry, figures) for entry in entries]
        self.findings.judge(NARRATIVE.name, self.rules(NARRATIVE.name, False), entries, {"section_known": known, "numbers_agree": agree})
        self.accept(NARRATIVE.name, entries)
        for schema in SHEETS:
            if schema.optional and schema is not NARRATIVE:
                self.accept(schema.name, self.entries(schema.name))

    def judge_submissions(self) -> None:
        """What should hold of a submission as a whole: one row for each member and cycle."""
        rows = plausibility.submission_rows(self.lists.agreement, self.accepted, self.left_out)
        rules = self.rules("submissions", False)
        failing = failing_rows(self.findings.context, "submissions", rules, plausibility.submission_columns(self.lists.agreement, rows), self.findings.validations)
        for rule in rules:
            for position in failing.get(rule.id, []):
                row = rows[position]
                s = next(s for s in self.submissions if (s.member, s.cycle) == row.unit[:2] and s.key in self.counting and (not rule.at or (rule.at in s.sheets and sheet_schema(rule.at).part in self.counting[s.key])))
                self.findings.found.append(Finding(s.member, s.cycle, s.submission, rule.rule, rule.severity, rule.at, details=row.details.get(rule.rule, {})))

    def judge_covers(self) -> None:
        """decimal, part and nil of the cover are words of their lists."""
        covers = [s for s in self.submissions if s.cover]
        words = {
            "decimal": [s.cover.get("decimal") for s in covers],
            "part": [s.part or s.cover.get("part") for s in covers],
            "nil": [read_yes_no(s.cover["nil"]) or s.cover["nil"] if "nil" in s.cover else None for s in covers],
        }
        rules = self.rules("cover", False)
        failing = failing_rows(self.findings.context, "cover", rules, words, self.findings.validations)
        for rule in rules:
            for position in failing.get(rule.id, []):
                s = covers[position]
                row, cell = s.cover_cells[rule.at]
                self.findings.found.append(Finding(s.member, s.cycle, s.submission, rule.rule, rule.severity, "cover", row, rule.at, cell, s.cover[rule.at]))


def judge(
    agreement: Agreement, submissions: Sequence[Submission], counting: Counting, sections: Collection[str], standard_lines: Collection[str]
) -> Judged:
    """Judges all files read, of all cycles up to the one concerned, in order of cycle, member, arrival and key.

    `counting` are the keys of those that count as their member's submission, with the parts they count for: only their rows are accepted, and only they serve as reference for
    rules across submissions and cycles. `sections` and `standard_lines` are the profile's guiding questions and budget lines. The submissions'
    rows are brought to one spelling on the way. Findings come with their messages, in the members' languages. Raises RuleCrashed."""
    lists = Lists(agreement, standard_lines, sections)
    work = _Pass(lists, submissions, counting, _Findings(new_context(), [], Waivers(agreement)), {schema.name: [] for schema in SHEETS}, Counter())
    check_suites(lists)
    if agreement.waivers:
        work.waive_faults()
    work.judge_covers()
    work.judge_expenditure(work.judge_activities())
    work.judge_indicators()
    work.judge_other_sheets()
    work.judge_submissions()
    cycles = list(dict.fromkeys(s.cycle for s in submissions))
    found = [*work.findings.found, *(finding for submission in submissions for finding in submission.findings)]
    found.sort(key=lambda f: (lists.order[f.cycle], f.member, f.submission, _sheet_order(f.sheet), f.row or 0, _rule_order(f.rule), f.column))
    return Judged(with_messages(agreement, found), work.accepted, dict(work.left_out), work.findings.validations, exceptions(work.findings.waivers, submissions, cycles))


def _rule_order(rule: str) -> int:
    """The contract's rules in its order, an officer's own behind them."""
    return RULES.index(rule) if rule in RULES else len(RULES)


_SHEET_ORDER = {name: i for i, name in enumerate(("", "cover", *(schema.name for schema in SHEETS)))}


def _sheet_order(sheet: str) -> int:
    return _SHEET_ORDER[sheet]


def with_messages(agreement: Agreement, findings: Iterable[Finding]) -> list[Finding]:
    """The findings in words, in each member's language (of an unknown member: the contract's)."""
    catalogue = load_catalogue()
    languages = {member.member: member.language for member in agreement.members}
    contract_language = agreement.contract.language
    return [catalogue.with_message(replace(finding), languages.get(finding.member, contract_language)) for finding in findings]

