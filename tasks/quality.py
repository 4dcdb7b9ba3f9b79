"""The board of a cycle, for operators: what is to be done today, who has sent what, what was found, what was spent; as a page, and Great Expectations' Data
Docs beside it. What Prefect's UI shows of it is `tasks.board`'s."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache
from importlib import resources
from typing import Any
from urllib.parse import quote

import yaml

from domain.agreement import Agreement
from domain.completeness import Counting, counting_keys, member_states, open_rejections
from domain.coverage import Weighed, coverage, weighed
from domain.desk import TURNS, ToDo, day_in_words, to_do
from domain.exceptions import MET, OperatorException
from domain.figures import Figures, FinanceLine, MemberState
from domain.findings import SEVERITIES, Finding
from domain.money import cost_lines, euros, finance_lines
from domain.profile import Profile
from domain.rules import RULES
from domain.submission import Judged, Submission
from tasks import deliver
from tasks.datadocs import data_docs
from tasks.feedback import SUMMARY, folder
from tasks.store import Store
from tasks.workbooks import workbook_key

DATA_DOCS = "data-docs"
MAX_CYCLES = 8
"""In the charts: the newest ones."""
MAX_RULES = 10
"""In the chart; the table of the page has all."""
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
URGENT = {"overdue": "bad", "soon": "part", "open": "part", "later": "quiet"}
WHOSE = {"coordination": "The coordination’s turn", "member": "Members’ turn", "EU": "The EU’s turn"}
WORDS = {"reject": ("reject", "rejects"), "error": ("error", "errors"), "warning": ("warning", "warnings"), "info": ("info", "infos")}


@dataclass(frozen=True, slots=True)
class Situation:
    """What the board says beside the submissions: the day (local), delivered versions by cycle (oldest first), and keys of what lies in the store: workbooks of
    the cycle, and the files of its newest report."""

    today: date
    delivered: Mapping[str, Sequence[str]]
    workbooks: frozenset[str] = frozenset()
    report: tuple[str, ...] = ()


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
    workbook: str = ""
    """Its key, where one was written."""


@dataclass(frozen=True, slots=True)
class RuleLine:
    """What one rule found, with one severity; `members` has the number of each, in order of their codes."""

    rule: str
    severity: str
    meaning: str
    findings: int
    members: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Quality:
    """A cycle as an operator sees it on `day`. `trend` has the findings by severity of this cycle and those before it, in their order;
    `to_do` what is to be done, the most urgent first; `finance` headings 1–11 to date; `report` the keys of its newest report's files;
    `exceptions` what was waived and corrected."""

    cycle: str
    day: date
    title: str
    contract: str
    members: tuple[MemberLine, ...]
    rules: tuple[RuleLine, ...]
    trend: tuple[tuple[str, Mapping[str, int]], ...]
    to_do: tuple[ToDo, ...]
    finance: tuple[FinanceLine, ...]
    report: tuple[str, ...]
    exceptions: tuple[OperatorException, ...]
    missing: tuple[str, ...] = ()
    """Sentences about what the figures of the reporting period lack."""

    @property
    def turns(self) -> list[tuple[str, list[ToDo]]]:
        """What is to be done by whose turn it is, ours first."""
        return [(WHOSE[turn], lines) for turn in TURNS if (lines := [line for line in self.to_do if line.turn == turn])]

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


def quality_of(agreement: Agreement, profile: Profile, cycle: str, submissions: Sequence[Submission], judged: Judged, situation: Situation) -> Quality:
    """What is shown of a cycle. Counted are, as in the report, the files that count and rejected ones that no good one has settled."""
    cycles = agreement.cycles_to(cycle)
    shown = set(counting_keys(submissions)) | {submission.key for submission in open_rejections(submissions)}
    places = {(s.member, s.cycle, s.submission) for s in submissions if s.key in shown}
    findings = [finding for finding in judged.findings if (finding.member, finding.cycle, finding.submission) in places]
    own = [finding for finding in findings if finding.cycle == cycle]
    states = {state.member: state for state in member_states(agreement, [cycle], submissions, judged)}
    members = _members(agreement, cycle, submissions, judged, own, shown, states, situation.workbooks)
    rules = _rules(own)
    exceptions = tuple(exception for exception in judged.exceptions if exception.cycle == cycle)
    finance = _finance(agreement, profile, cycle, judged)
    lines = to_do(
        agreement, profile, cycle, states.values(), situation.today, submissions=submissions, finance=finance, delivered=situation.delivered,
        abroad=_abroad(agreement, judged), more=_duties(members, rules, exceptions),
    )  # fmt: skip
    return Quality(
        cycle=cycle,
        day=situation.today,
        title=f"Cycle {cycle}",
        contract=f"{agreement.contract.number} – {agreement.contract.title}",
        members=members,
        rules=rules,
        trend=tuple((code, _by_severity(finding for finding in findings if finding.cycle == code)) for code in cycles[-MAX_CYCLES:]),
        to_do=tuple(lines),
        finance=tuple(finance),
        report=situation.report,
        exceptions=exceptions,
        missing=tuple(lacking(_weighed(agreement, cycle, submissions, judged))),
    )


def _finance(agreement: Agreement, profile: Profile, cycle: str, judged: Judged) -> list[FinanceLine]:
    """Headings 1–11 to date, of the accepted rows as they now stand."""
    cycles = agreement.cycles_to(cycle)
    lines = cost_lines(agreement, (row for row in judged.accepted["expenditure"] if row.cycle in cycles))
    labels = {heading: words["en"] for heading, words in profile.headings.items()}
    return finance_lines(agreement, lines, cycles, agreement.reporting_period(cycle), None, labels, profile.flexibility_pct)


def _abroad(agreement: Agreement, judged: Judged) -> bool:
    """As the report reckons its due date; with no activity yet, what most such contracts are."""
    countries = {row.values["country"] for row in judged.accepted["activities"]}
    return countries != {agreement.contract.coordinator.country}


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
    agreement: Agreement, cycle: str, submissions: Sequence[Submission], judged: Judged, findings: Sequence[Finding], shown: set[str],
    states: Mapping[str, MemberState], workbooks: Collection[str],
) -> tuple[MemberLine, ...]:  # fmt: skip
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
                workbook=key if (key := workbook_key(cycle, member, None)) in workbooks else "",
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
        RuleLine(rule, severity, _meanings().get(rule, ""), len(group), dict(sorted(Counter(finding.member for finding in group).items())))
        for (rule, severity), group in groups.items()
    ]
    gravity: Sequence[str] = SEVERITIES
    return tuple(sorted(lines, key=lambda line: (gravity.index(line.severity), -line.findings, RULES.index(line.rule) if line.rule in RULES else len(RULES))))


@cache
def _meanings() -> dict[str, str]:
    """What each rule found, in a reader's words."""
    loaded: dict[str, str] = yaml.safe_load(resources.files("templates").joinpath("report", "rules.yaml").read_text(encoding="utf-8"))
    return loaded


def _duties(members: Sequence[MemberLine], rules: Sequence[RuleLine], exceptions: Sequence[OperatorException]) -> list[str]:
    """What the coordination must see to beside dates and states, the gravest first."""
    sentences = []
    unknown = [line.member for line in members if line.state == "unknown member"]
    if unknown:
        sentences.append(f"Files lie in a folder that no row of members.csv names: {', '.join(unknown)}.")
    of_rule = {line.rule: line for line in rules}
    if rate := of_rule.get("expenditure.rate.missing"):
        sentences.append(f"An exchange rate is missing in agreement/rates.csv ({counted(rate.findings, 'payment', 'payments')}); yours to add.")
    if ceiling := of_rule.get("expenditure.recipient.ceiling"):
        sentences.append(f"A third party is above the ceiling of the contract ({', '.join(ceiling.members)}); the report cannot be approved.")
    newer = [line.member for line in members if line.state not in ("rejected", "too late", "unknown member") and any(file.standing == "rejected" for file in line.files)]
    if newer:
        sentences.append(f"A newer file was rejected, the earlier one counts: {', '.join(newer)}.")
    idle = [exception for exception in exceptions if exception.effect not in MET]
    if idle:
        sentences.append(f"{counted(len(idle), 'waiver or correction has', 'waivers or corrections have')} no effect; see below.")
    return sentences


def counted(number: int, one: str, many: str) -> str:
    """ "1 row", "1,234 rows"."""
    return f"{number:,} {one if number == 1 else many}"


# --- as a page --------------------------------------------------------------------------------------------------------


def quality_page(quality: Quality) -> bytes:
    """quality/<cycle>/index.html: one page without script, readable on a phone and on paper; whatever a member typed is text in it."""
    from importlib.metadata import version

    html = _template().render(
        quality=quality,
        generator=f"fpa-reporting {version('fpa-reporting')}",
        today=day_in_words(quality.day),
        tones=TONES,
        urgent=URGENT,
        severities=SEVERITIES,
        words=WORDS,
        met=MET,
        data_docs=f"{DATA_DOCS}/index.html",
        headings=[(line, *spent(line)) for line in quality.finance],
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


def spent(line: FinanceLine) -> tuple[str, str]:
    """How much of a heading's budget was spent to date, in percent, and how that is: within, above, or above what may be without an addendum."""
    if not line.budget:
        return "–", "bad" if line.over_flexibility else "good"
    share = 100 * Fraction(line.cumulative, line.budget)
    tone = "bad" if line.over_flexibility else "part" if share > 100 else "good"
    return f"{Decimal(round(share * 10)) / 10:.1f}", tone


def amount(cents: int) -> str:
    """EUR cents as 1,234.56."""
    return f"{Decimal(euros(cents)):,.2f}"


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
    environment.filters["amount"] = amount
    return environment.from_string(resources.files("templates").joinpath("quality", "index.html.j2").read_text(encoding="utf-8"))


# --- writing ----------------------------------------------------------------------------------------------------------


def situation_of(store: Store, agreement: Agreement, cycle: str, today: date) -> Situation:
    """What of the store the board of this cycle tells."""
    delivered = {code: deliver.versions(store, code) for code in agreement.cycles_to(cycle)}
    newest = f"reports/{cycle}/{delivered[cycle][-1]}/" if delivered[cycle] else ""
    report = tuple(info.key for info in store.list(newest) if "/" not in info.key.removeprefix(newest)) if newest else ()
    return Situation(today, delivered, frozenset(info.key for info in store.list(f"workbooks/{cycle}/")), report)


def write_quality(store: Store, quality: Quality, validations: Sequence[Any]) -> list[str]:
    """Writes quality/<cycle>/index.html and its Data Docs where they changed, and deletes Data Docs pages that are no more; gives the keys written."""
    root = f"quality/{quality.cycle}"
    docs = {f"{root}/{DATA_DOCS}/{path}": content for path, content in data_docs(validations, quality.cycle).items()}
    wanted = {**docs, f"{root}/index.html": quality_page(quality)}
    there = {info.key for info in store.list(f"{root}/")}
    kept = store.read_many([key for key in wanted if key in there])
    changed = [key for key, content in wanted.items() if kept.get(key) != content]
    for key in changed:  # the page that links to the others comes last
        store.write(key, wanted[key])
    for key in sorted(there - set(wanted)):
        if key.startswith(f"{root}/{DATA_DOCS}/"):
            store.delete(key)
    return changed
