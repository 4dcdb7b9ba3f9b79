"""The quality page of a cycle, for operators: who has sent what, what was found, what needs a person; and Great Expectations' Data Docs beside it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any
from urllib.parse import quote

import yaml

from domain.agreement import Agreement
from domain.completeness import Counting, counting_keys, member_states, open_rejections
from domain.coverage import Weighed, coverage, weighed
from domain.exceptions import MET, OperatorException
from domain.figures import Figures
from domain.findings import SEVERITIES, Finding
from domain.rules import RULES
from domain.submission import Judged, Submission
from tasks.datadocs import data_docs
from tasks.feedback import SUMMARY, folder
from tasks.store import Store

DATA_DOCS = "data-docs"
MAX_CYCLES = 8
"""In the charts: the newest ones."""
MAX_RULES = 10
"""In the chart and the Markdown; the table of the page has all."""
TONES = {
    "on time": "good",
    "late": "part",
    "nil": "good",
    "too late": "bad",
    "rejected": "bad",
    "missing": "bad",
    "not due": "quiet",
    "unknown member": "bad",
}
_WORDS = {"reject": ("reject", "rejects"), "error": ("error", "errors"), "warning": ("warning", "warnings"), "info": ("info", "infos")}


@dataclass(frozen=True, slots=True)
class FileLine:
    """A file of a member: `standing` says what has become of it, `key` is its place in the store, `answer` that of the page the member reads."""

    name: str
    key: str
    answer: str
    standing: str


@dataclass(frozen=True, slots=True)
class MemberLine:
    """A member in the cycle. `files`: those that count, and rejected ones that no good one has settled; `earlier`: the others.
    `counts`: findings on `files` by severity; rows left out are those in error."""

    member: str
    name: str
    state: str
    files: tuple[FileLine, ...]
    earlier: tuple[FileLine, ...]
    rows_accepted: int
    rows_left_out: int
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class RuleLine:
    """What one rule found, with one severity."""

    rule: str
    severity: str
    meaning: str
    findings: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Quality:
    """A cycle as an operator sees it. `trend` has the findings by severity of this cycle and those before it, in their order;
    `to_do` the sentences about what a person must see to; `exceptions` what was waived and corrected."""

    cycle: str
    title: str
    contract: str
    members: tuple[MemberLine, ...]
    rules: tuple[RuleLine, ...]
    trend: tuple[tuple[str, Mapping[str, int]], ...]
    to_do: tuple[str, ...]
    exceptions: tuple[OperatorException, ...]
    missing: tuple[str, ...] = ()
    """Sentences about what the figures of the reporting period lack."""

    @property
    def states(self) -> list[tuple[str, int]]:
        """How many members are in each state, those that need somebody last."""
        counted = Counter(line.state for line in self.members)
        return [
            (state, counted[state])
            for state in ("on time", "late", "nil", "not due", "too late", "rejected", "missing", "unknown member")
            if counted[state]
        ]

    @property
    def counts(self) -> dict[str, int]:
        """Findings of the cycle by severity."""
        return {severity: sum(line.counts[severity] for line in self.members) for severity in SEVERITIES}


# --- what there is to show --------------------------------------------------------------------------------------------


def quality_of(agreement: Agreement, cycle: str, submissions: Sequence[Submission], judged: Judged) -> Quality:
    """What is shown of a cycle. Counted are, as in the report, the files that count and rejected ones that no good one has settled."""
    cycles = agreement.cycles_to(cycle)
    shown = set(counting_keys(submissions)) | {submission.key for submission in open_rejections(submissions)}
    places = {(s.member, s.cycle, s.submission) for s in submissions if s.key in shown}
    findings = [finding for finding in judged.findings if (finding.member, finding.cycle, finding.submission) in places]
    own = [finding for finding in findings if finding.cycle == cycle]
    members = _members(agreement, cycle, submissions, judged, own, shown)
    rules = _rules(own)
    exceptions = tuple(exception for exception in judged.exceptions if exception.cycle == cycle)
    return Quality(
        cycle=cycle,
        title=f"Data quality, {cycle}",
        contract=f"{agreement.contract.number} – {agreement.contract.title}",
        members=members,
        rules=rules,
        trend=tuple((code, _by_severity(finding for finding in findings if finding.cycle == code)) for code in cycles[-MAX_CYCLES:]),
        to_do=tuple(_to_do(members, rules, exceptions)),
        exceptions=exceptions,
        missing=tuple(lacking(_weighed(agreement, cycle, submissions, judged))),
    )


def _weighed(agreement: Agreement, cycle: str, submissions: Sequence[Submission], judged: Judged) -> Weighed:
    """What a report of the cycle would lack as things stand."""
    cycles = Figures(cycle, agreement.cycles_to(cycle), agreement.reporting_period(cycle), [], [], [], [], [])
    return weighed(coverage(agreement, cycles, judged, submissions), cycles, judged)


def lacking(of: Weighed) -> list[str]:
    """What the figures of a reporting period lack, in sentences; none where they lack nothing."""
    found = []
    if of.rows:
        amounts = [counted(of.participations, "participation", "participations"), counted(of.people, "person", "people"), f"EUR {Decimal(of.eur).scaleb(-2):,.2f}"]
        unread = f" and {counted(of.rows_without_amount, 'payment', 'payments')} whose amount cannot be read" if of.rows_without_amount else ""
        found.append(f"Errors leave {counted(of.rows, 'row', 'rows')} out of the figures: {', '.join(amounts)}{unread}.")
    for entry in of.most_silent:
        members = ", ".join(entry.silent[:MAX_SILENT]) + (f" and {len(entry.silent) - MAX_SILENT} more" if len(entry.silent) > MAX_SILENT else "")
        found.append(f"{entry.indicator}: {entry.reported} of {entry.owed} members who owe it reported it; silent: {members}.")
    if of.indicators_with_silent > len(of.most_silent):
        found.append(f"{counted(of.indicators_with_silent - len(of.most_silent), 'more indicator lacks', 'more indicators lack')} a member's figure.")
    return found


MAX_SILENT = 8
"""Members named of those that are silent about an indicator."""


def _members(
    agreement: Agreement, cycle: str, submissions: Sequence[Submission], judged: Judged, findings: Sequence[Finding], shown: set[str]
) -> tuple[MemberLine, ...]:
    files: dict[str, list[Submission]] = defaultdict(list)
    for submission in submissions:
        if submission.cycle == cycle:
            files[submission.member].append(submission)
    found: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        found[finding.member].append(finding)
    left_out: Counter[str] = Counter()
    for (member, code, _), rows in judged.left_out.items():
        left_out[member] += rows if code == cycle else 0
    counting = counting_keys(submissions)
    states = {state.member: state for state in member_states(agreement, [cycle], submissions, judged)}
    names = {member.member: member.name for member in agreement.members}
    lines = []
    for member in [*names, *sorted(set(files) - set(names))]:
        ordered = sorted(files[member], key=lambda s: (s.received_at, s.key), reverse=True)
        state = states.get(member)
        lines.append(
            MemberLine(
                member=member,
                name=names.get(member, "not in members.csv"),
                state=state.state if state else "unknown member",
                files=tuple(_file(s, counting) for s in ordered if s.key in shown),
                earlier=tuple(_file(s, counting) for s in ordered if s.key not in shown),
                rows_accepted=state.rows_accepted if state else 0,
                rows_left_out=left_out[member],
                counts=_by_severity(found[member]),
            )
        )
    return tuple(lines)


def _file(submission: Submission, counting: Counting) -> FileLine:
    counts = submission.key in counting
    part = f", {submission.part} part" if counts and submission.part else ""
    standing = f"counts{part}" if counts else "rejected" if submission.rejected else "replaced"
    return FileLine(submission.key.rpartition("/")[2], submission.key, f"{folder(submission)}/{SUMMARY}", standing)


def _by_severity(findings: Any) -> dict[str, int]:
    counted = Counter(finding.severity for finding in findings)
    return {severity: counted[severity] for severity in SEVERITIES}


def _rules(findings: Sequence[Finding]) -> tuple[RuleLine, ...]:
    """The gravest first, of equal ones the most frequent."""
    groups: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for finding in findings:
        groups[finding.rule, finding.severity].append(finding)
    lines = [
        RuleLine(rule, severity, _meanings().get(rule, ""), len(group), tuple(sorted({finding.member for finding in group})))
        for (rule, severity), group in groups.items()
    ]
    gravity: Sequence[str] = SEVERITIES
    return tuple(sorted(lines, key=lambda line: (gravity.index(line.severity), -line.findings, RULES.index(line.rule) if line.rule in RULES else len(RULES))))


@cache
def _meanings() -> dict[str, str]:
    """What each rule found, in a reader's words."""
    loaded: dict[str, str] = yaml.safe_load(resources.files("templates").joinpath("report", "rules.yaml").read_text(encoding="utf-8"))
    return loaded


def _to_do(members: Sequence[MemberLine], rules: Sequence[RuleLine], exceptions: Sequence[OperatorException]) -> list[str]:
    """What a person must see to, the gravest first."""
    sentences = []
    for state, said in (
        ("unknown member", "Files lie in a folder that no row of members.csv names"),
        ("rejected", "Nothing of their files could be used; they know why"),
        ("too late", "Arrived after the days of grace; you may let them in (include_late)"),
        ("missing", "Have not sent everything"),
    ):
        named = [line.member for line in members if line.state == state]
        if named:
            sentences.append(f"{said}: {', '.join(named)}.")
    newer = [
        line.member
        for line in members
        if line.state not in ("rejected", "too late", "unknown member") and any(file.standing == "rejected" for file in line.files)
    ]
    if newer:
        sentences.append(f"A newer file was rejected, the earlier one counts: {', '.join(newer)}.")
    left = [line for line in members if line.rows_left_out]
    if left:
        rows = sum(line.rows_left_out for line in left)
        sentences.append(
            f"{counted(rows, 'row is', 'rows are')} left out until mended: {', '.join(f'{line.member} {line.rows_left_out}' for line in left)}."
        )
    of_rule = {line.rule: line for line in rules}
    if rate := of_rule.get("expenditure.rate.missing"):
        sentences.append(
            f"An exchange rate is missing in agreement/rates.csv ({counted(rate.findings, 'payment', 'payments')}); yours to add."
        )
    if ceiling := of_rule.get("expenditure.recipient.ceiling"):
        sentences.append(
            f"A third party is above the ceiling of the contract ({', '.join(ceiling.members)}); the report cannot be approved."
        )
    idle = [exception for exception in exceptions if exception.effect not in MET]
    if idle:
        sentences.append(f"{counted(len(idle), 'waiver or correction has', 'waivers or corrections have')} no effect; see below.")
    return sentences


def counted(number: int, one: str, many: str) -> str:
    """ "1 row", "1,234 rows"."""
    return f"{number:,} {one if number == 1 else many}"


# --- as a page, as Markdown, as a table -------------------------------------------------------------------------------


def quality_page(agreement: Agreement, cycle: str, submissions: Sequence[Submission], judged: Judged) -> bytes:
    """quality/<cycle>/index.html: one page without script, readable on a phone and on paper; whatever a member typed is text in it."""
    from importlib.metadata import version

    quality = quality_of(agreement, cycle, submissions, judged)
    html = _template().render(
        quality=quality,
        generator=f"fpa-reporting {version('fpa-reporting')}",
        tones=TONES,
        severities=SEVERITIES,
        words=_WORDS,
        met=MET,
        data_docs=f"{DATA_DOCS}/index.html",
        trends=[
            (severity, _bars([(code, counts[severity]) for code, counts in quality.trend]))
            for severity in SEVERITIES
            if any(counts[severity] for _, counts in quality.trend)
        ],
        by_rule=_bars([(line.rule, line.findings) for line in sorted(quality.rules, key=lambda line: -line.findings)[:MAX_RULES]]),
        severity_of={line.rule: line.severity for line in reversed(quality.rules)},
        max_rules=MAX_RULES,
    )
    return html.encode()


def _bars(values: Sequence[tuple[str, int]]) -> list[tuple[str, int, float]]:
    """(label, number, share of the largest from 0 to 1)."""
    largest = max((number for _, number in values), default=0)
    return [(label, number, number / largest if largest else 0.0) for label, number in values]


@cache
def _template() -> Any:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["link"] = lambda key: "../../" + quote(key)
    environment.filters["counted"] = counted
    return environment.from_string(resources.files("templates").joinpath("quality", "index.html.j2").read_text(encoding="utf-8"))


def quality_markdown(agreement: Agreement, cycle: str, submissions: Sequence[Submission], judged: Judged) -> str:
    """The same in short, for an artifact of a run: what needs a person, the members' states, the most frequent rules."""
    quality = quality_of(agreement, cycle, submissions, judged)
    lines = [
        f"# {_plain(quality.title)}",
        "",
        _plain(quality.contract),
        "",
        f"**{', '.join(f'{number} {state}' for state, number in quality.states) or 'no members'}**",
        "",
    ]
    if quality.to_do:
        lines += ["## Needs a person", "", *(f"- {_plain(sentence)}" for sentence in quality.to_do), ""]
    if quality.missing:
        lines += ["## Missing from the figures of the reporting period", "", *(f"- {_plain(sentence)}" for sentence in quality.missing), ""]
    lines += [
        "## Members",
        "",
        "| member | state | rows accepted | left out | rejects | errors | warnings | infos |",
        "|---|---|--:|--:|--:|--:|--:|--:|",
    ]
    for line in quality.members:
        figures = (line.rows_accepted, line.rows_left_out, *(line.counts[severity] for severity in SEVERITIES))
        lines.append(f"| {_plain(line.member)} | {line.state} | {' | '.join(f'{figure:,}' for figure in figures)} |")
    if quality.rules:
        lines += ["", "## Findings by rule", "", "| rule | severity | findings | members | what it means |", "|---|---|--:|--:|---|"]
        lines += [
            f"| {line.rule} | {line.severity} | {line.findings:,} | {len(line.members)} | {_plain(line.meaning)} |"
            for line in quality.rules[:MAX_RULES]
        ]
        if len(quality.rules) > MAX_RULES:
            lines += ["", f"… and {counted(len(quality.rules) - MAX_RULES, 'more rule', 'more rules')} on the page."]
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    """Text in which nothing is Markdown or HTML."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "".join(f"\\{character}" if character in "\\`*_[]|#~" else character for character in escaped.replace("\n", " "))


def quality_table(agreement: Agreement, cycle: str, submissions: Sequence[Submission], judged: Judged) -> list[dict[str, Any]]:
    """The members' lines for an artifact of a run, a row each; `answer` is the key of the page that the member reads."""
    return [
        {
            "member": line.member,
            "name": line.name,
            "state": line.state,
            "file": "; ".join(file.name for file in line.files),
            "rows accepted": line.rows_accepted,
            "rows left out": line.rows_left_out,
            **{_WORDS[severity][1]: line.counts[severity] for severity in SEVERITIES},
            "answer": "; ".join(file.answer for file in line.files),
        }
        for line in quality_of(agreement, cycle, submissions, judged).members
    ]


# --- writing ----------------------------------------------------------------------------------------------------------


def write_quality(store: Store, agreement: Agreement, cycle: str, submissions: Sequence[Submission], judged: Judged) -> list[str]:
    """Writes quality/<cycle>/index.html and its Data Docs where they changed, and deletes Data Docs pages that are no more; gives the keys written."""
    root = f"quality/{cycle}"
    docs = {f"{root}/{DATA_DOCS}/{path}": content for path, content in data_docs(judged.validations, cycle).items()}
    wanted = {**docs, f"{root}/index.html": quality_page(agreement, cycle, submissions, judged)}
    there = {info.key for info in store.list(f"{root}/")}
    kept = store.read_many([key for key in wanted if key in there])
    changed = [key for key, content in wanted.items() if kept.get(key) != content]
    for key in changed:  # the page that links to the others comes last
        store.write(key, wanted[key])
    for key in sorted(there - set(wanted)):
        if key.startswith(f"{root}/{DATA_DOCS}/"):
            store.delete(key)
    return changed
