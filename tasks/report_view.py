"""What the template of the report prints, looked up and put in order. The figures are made elsewhere; here they only find their place."""

from __future__ import annotations

import re
import textwrap
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from importlib import resources
from typing import Any, Literal

import yaml

from domain.agreement import Indicator, PlannedActivity
from domain.codes import NOT_TAKEN_PLACE, SDG_GOALS, goal_of, sdg_order
from domain.coverage import Coverage
from domain.exceptions import MET, OperatorException
from domain.figures import IndicatorFigure, Scope, SdgFigure, Slice, Withheld
from domain.findings import SEVERITIES, Finding
from domain.indicators import definitions_for, not_disaggregated
from domain.messages import column_label, sheet_label
from domain.report import ReportDocument
from domain.restatement import Restatement
from domain.schema import COVER_KEYS, DIMENSION_LABELS
from domain.schema import sheet as sheet_schema
from domain.sdg import main_sdg, parse_sdg
from domain.sdg_figures import PARTICIPATIONS, activities_as_last_reported, activities_of_cycle
from domain.submission import AcceptedRow
from tasks.wording import HIDDEN, MISSING, Wording

LONG_LOGFRAME = 150
"""Indicators up to which every one is printed, reported or not."""
CHART_LABEL = 42
"""Characters of a goal's name in a line of the chart."""
MAX_PLACES = 12
"""Cells named of one rule in one file."""
PUBLIC_ANNEXES = ("goals", "finance", "method")
"""Who sent what when, what was wrong in it, and members' words to the network stay between the network and the EU."""
_LANGUAGE_TAG = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of the report and an entry of its contents."""

    anchor: str
    level: int
    text: str


@dataclass(frozen=True, slots=True)
class IndicatorLine:
    """A line under an indicator: a group of its disaggregation, or a member where members are not combined. `reporting` and `cumulative` as printed."""

    label: str
    reporting: str
    cumulative: str


@dataclass(frozen=True, slots=True)
class ListedActivity:
    """An activity as it counts, once: `row` as last reported, `members` by name, participations added up over the reporting period (None: not reported)."""

    row: AcceptedRow
    members: tuple[str, ...]
    participations: dict[str, int | None]

    @property
    def people(self) -> int | None:
        known = [number for number in self.participations.values() if number is not None]
        return sum(known) if known else None


@dataclass(frozen=True, slots=True)
class Result:
    """A result of the logframe with what was reported for it; `withheld` activities count and are not named."""

    level: str
    code: str
    statement: str
    indicators: tuple[Indicator, ...]
    activities: tuple[ListedActivity, ...] = ()
    withheld: int = 0


@dataclass(frozen=True, slots=True)
class Overlap:
    """The three numbers of domain double counting: counted once, summed over the goals, and what the goals count twice."""

    label: str
    unique: str
    goals: str
    unattributed: str
    overlap: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A goal in the chart: its participations in words, and the length of each bar as a share (0 to 1) of the longest."""

    goal: SdgFigure
    people: str
    shares: dict[str, float] = field(default_factory=dict)


def rule_phrases() -> dict[str, str]:
    """What each rule found, in English words of a report's reader; the catalogues hold them in the other languages."""
    loaded: dict[str, str] = yaml.safe_load(resources.files("templates").joinpath("report", "rules.yaml").read_text(encoding="utf-8"))
    return loaded


def _same(code: str | None) -> str:
    """Codes are compared trimmed and without case."""
    return (code or "").strip().casefold()


def goals_named(written: str) -> list[str]:
    """The goals of an outcome's codes, each once; what is no code of the framework names none."""
    codes = [parse_sdg(part.partition("=")[0]) for part in re.split(r"[;,\n|](?!\d)", written)]
    return list(dict.fromkeys(goal_of(code) for found in codes if isinstance(found, tuple) for code, _ in found))


class ReportView:
    """The document as the template asks for it."""

    def __init__(self, document: ReportDocument, wording: Wording) -> None:
        self.document, self.wording, self.language = document, wording, wording.language
        self.agreement, self.profile, self.figures = document.agreement, document.profile, document.figures
        self.contract = self.agreement.contract
        self.kind, self.edition = document.kind, document.edition
        self.cycle = self.agreement.cycle(self.figures.cycle)
        self.start = self.agreement.cycle(self.figures.reporting[0]).start
        self.action = self.profile.action_word[self.contract.kind][self.language]
        self.definitions = definitions_for(self.agreement, self.figures.cycles)
        self.logframe = self.agreement.indicators_in(self.figures.cycle)
        self._members = {member.member: member for member in self.agreement.members}
        self._withheld = {member.member for member in self.agreement.members if member.sensitivity in document.withheld_sensitivities}
        self._indicator_figures: dict[tuple[str, Scope, str], list[IndicatorFigure]] = defaultdict(list)
        for figure in self.figures.indicators:
            self._indicator_figures[figure.indicator, figure.scope, figure.level].append(figure)
        self._sdg_figures = {(figure.scope, figure.kind, figure.sdg): figure for figure in self.figures.sdg}

    # --- headings and dates -------------------------------------------------------------------------------------------

    @property
    def kind_title(self) -> str:
        _ = self.wording.gettext
        titles = {"interim": _("Interim narrative and financial report"), "final": _("Final narrative and financial report")}
        return titles.get(self.kind, _("Report for the network’s own use"))

    @property
    def edition_title(self) -> str:
        """What the cover says of an edition that is not the one for the EU."""
        _ = self.wording.gettext
        return {"internal": _("Internal edition"), "public": _("Public edition")}.get(self.edition, "")

    @property
    def is_public(self) -> bool:
        return self.edition == "public"

    @property
    def small_groups_below(self) -> int:
        """The public edition withholds groups of fewer people."""
        return self.profile.small_groups_below

    def section(self, code: str) -> str:
        """Title of a section of Annex VI; 1.6 of a final report is the whole contract's."""
        key = "1.6-final" if code == "1.6" and self.kind == "final" else code
        return self.profile.section(key, self.language, self.contract.kind)

    @cached_property
    def contents(self) -> dict[str, Heading]:
        """All headings of chapters and annexes by short name, in the order of the report (PRAG 2018 Annex VI, then annexes of our own)."""
        _ = self.wording.gettext
        chapters = ["1", "2", "2.1", "2.2", "2.3", "2.4", "3", "4"] + (["5"] if self.kind == "final" else [])
        headings = {code: Heading(f"s{code.replace('.', '-')}", 1 + code.count("."), f"{code} {self.section(code)}") for code in chapters}
        headings_with_sdg = {}
        for code, heading in headings.items():
            headings_with_sdg[code] = heading
            if code == "2.2":
                headings_with_sdg["sdg"] = Heading("sdg", 3, _("Contribution to the Sustainable Development Goals"))
        annexes = {
            "goals": _("Contribution by goal"),
            "finance": _("Finance"),
            "submissions": _("Submissions and timeliness"),
            "quality": _("Data quality"),
            "coverage": _("What is missing from the figures"),
            "restatements": _("Restatements"),
            "reconciliation": _("Reconciliation and control totals"),
            "narratives": _("Members’ own words"),
            "method": _("How the figures are made"),
        }
        if self.is_public:
            annexes = {name: annexes[name] for name in PUBLIC_ANNEXES}
        for number, (name, title) in enumerate(annexes.items(), 1):
            headings_with_sdg[name] = Heading(f"annex-{name}", 1, _("Annex %(number)s: %(title)s") % {"number": number, "title": title})
            if name == "goals":
                headings_with_sdg |= {f"goal-{goal}": Heading(f"goal-{goal}", 2, self.goal_title(goal)) for goal in self.goals_with_content}
        return headings_with_sdg

    def due(self) -> date | None:
        """When the EU must have this report; None for one of the network's own."""
        if self.kind == "none":
            return None
        activities = self.document.accepted.get("activities", ())
        abroad = any(row.values["country"] != self.contract.coordinator.country for row in activities)
        return self.profile.report_due(self.kind, self.contract.end if self.kind == "final" else self.cycle.end, abroad)

    def scopes(self) -> list[tuple[Scope, str]]:
        """The reporting period and, in a final report that looks back on more, the whole contract."""
        _ = self.wording.gettext
        found: list[tuple[Scope, str]] = [("reporting", _("this reporting period"))]
        if self.kind == "final" and self.figures.cycles != self.figures.reporting:
            found.append(("cumulative", _("the whole %(action)s") % {"action": self.action}))
        return found

    # --- members and what may be named --------------------------------------------------------------------------------

    def may_name(self, row: AcceptedRow) -> bool:
        """What is internal (in a public edition also what is for the EU only) is counted and not named: rows marked so, and all of members marked so."""
        return row.values.get("sensitivity") not in self.document.withheld_sensitivities and self.member_may_be_named(row.member)

    def member_may_be_named(self, member: str) -> bool:
        return member not in self._withheld

    def member_name(self, member: str) -> str:
        if not self.member_may_be_named(member):
            return self.wording.gettext("a member not named for reasons of safety")
        return self._members[member].name if member in self._members else member

    def members_with_role(self, *roles: str) -> list[Any]:
        return [member for member in self.agreement.members if member.role in roles and self.member_may_be_named(member.member)]

    def withheld_with_role(self, *roles: str) -> int:
        return sum(member.role in roles and not self.member_may_be_named(member.member) for member in self.agreement.members)

    def language_of(self, row: AcceptedRow) -> str:
        """Language of a member's text: what the row says, else the member's own."""
        said = str(row.values.get("lang") or "")
        return said.lower() if _LANGUAGE_TAG.fullmatch(said) else self.member_language(row.member)

    def member_language(self, member: str) -> str:
        return self._members[member].language if member in self._members else self.contract.language

    def rows(self, sheet: str) -> list[AcceptedRow]:
        """Rows of the reporting period that may be named."""
        return [row for row in self.document.accepted.get(sheet, ()) if row.cycle in self.figures.reporting and self.may_name(row)]

    # --- indicators ---------------------------------------------------------------------------------------------------

    def figure(self, indicator: str, scope: Scope, slice_: Slice = ()) -> IndicatorFigure | None:
        """The network's figure of an indicator, None where nobody reported it (or members are not combined)."""
        return next((figure for figure in self._indicator_figures.get((indicator, scope, "network"), ()) if figure.slice == slice_), None)

    def _by_slice(self, indicator: Indicator, scope: Scope) -> dict[Slice, IndicatorFigure]:
        return {figure.slice: figure for figure in self._indicator_figures.get((indicator.indicator, scope, "network"), ())}

    def value(self, figure: IndicatorFigure | None) -> str:
        """A figure in its measure: 12.5%, 3 of 5, 1,234.50."""
        if figure is None:
            return MISSING
        measure = self.definitions[figure.indicator].measure if figure.indicator in self.definitions else "number"
        if measure == "yes_no":
            numbers = {"yes": self.wording.number(figure.numerator), "all": self.wording.number(figure.denominator)}
            return self.wording.gettext("%(yes)s of %(all)s") % numbers
        return self._in_measure(measure, figure.value)

    def planned(self, indicator: Indicator, value: Decimal | None) -> str:
        """A baseline or target."""
        return self._in_measure(indicator.measure, value)

    def _in_measure(self, measure: str, value: Fraction | Decimal | None) -> str:
        if measure == "percentage":
            return self.wording.percent(value)
        return self.wording.amount(value) if measure == "money" else self.wording.number(value)

    def lines(self, indicator: Indicator) -> list[IndicatorLine]:
        """What stands under an indicator in the logframe: its groups, one dimension after the other (crossings stand in the data), and what is not
        disaggregated; for one that is not combined across members, the members."""
        if indicator.across_members == "none":
            return self._member_lines(indicator)
        lines = []
        for dimension, categories in indicator.disaggregation.items():
            named = DIMENSION_LABELS.get(dimension.casefold())
            name = named[self.language][0] if named else dimension
            slices = [((dimension, category),) for category in categories]
            figures = [(self.figure(indicator.indicator, "reporting", slice_), self.figure(indicator.indicator, "cumulative", slice_)) for slice_ in slices]
            if not any(reporting or cumulative for reporting, cumulative in figures):
                continue
            pairs = zip(categories, figures, strict=True)
            lines += [self._group(name, self.wording.category(dimension, category), self.value(now), self.value(to_date)) for category, (now, to_date) in pairs if now or to_date]
            rest = [not_disaggregated(indicator, self._by_slice(indicator, scope), dimension) for scope in ("reporting", "cumulative")]
            if any(rest):
                printed = [self._in_measure(indicator.measure, number) if number else MISSING for number in rest]
                lines.append(self._group(name, self.wording.gettext("not disaggregated"), *printed))
        return lines

    def _group(self, dimension: str, group: str, reporting: str, cumulative: str) -> IndicatorLine:
        label = self.wording.gettext("%(dimension)s: %(group)s") % {"dimension": dimension, "group": group}
        return IndicatorLine(label, reporting, cumulative)

    def _member_lines(self, indicator: Indicator) -> list[IndicatorLine]:
        if indicator.measure == "qualitative":
            return []
        by_area: dict[str, dict[str, IndicatorFigure]] = defaultdict(dict)
        for scope in ("reporting", "cumulative"):
            for figure in self._indicator_figures.get((indicator.indicator, scope, "member"), ()):
                if not figure.slice:
                    by_area[figure.area][scope] = figure
        lines = []
        for area, figures in by_area.items():
            member, slash, country = area.partition("/")
            where = f", {self.wording.country(country)}" if slash and self.member_may_be_named(member) else ""
            lines.append(IndicatorLine(self.member_name(member) + where, self.value(figures.get("reporting")), self.value(figures.get("cumulative"))))
        return lines

    def is_reported(self, indicator: Indicator, scope: Scope = "cumulative") -> bool:
        return any((indicator.indicator, scope, level) in self._indicator_figures for level in ("network", "member"))

    def printed(self, indicators: Sequence[Indicator], scope: Scope) -> list[Indicator]:
        """All of them or, of a logframe beyond LONG_LOGFRAME, those reported in the scope; the others are counted, and stand in the data."""
        if len(self.logframe) <= LONG_LOGFRAME:
            return list(indicators)
        return [entry for entry in indicators if self.is_reported(entry, scope)]

    def unprinted(self, scope: Scope) -> int:
        everything = [entry for result in self.results for entry in result.indicators]
        return len(everything) - len(self.printed(everything, scope))

    def words_for(self, indicators: Iterable[Indicator]) -> list[tuple[Indicator, AcceptedRow]]:
        """What members wrote in this period for the qualitative ones among these."""
        qualitative = {entry.indicator: entry for entry in indicators if entry.measure == "qualitative"}
        return [(qualitative[row.values["indicator"]], row) for row in self.rows("indicators") if row.values["indicator"] in qualitative and row.values["comment"]]

    # --- results and activities ---------------------------------------------------------------------------------------

    @cached_property
    def _rows_taken_place(self) -> list[AcceptedRow]:
        rows = self.document.accepted.get("activities", ())
        return [row for row in rows if row.cycle in self.figures.reporting and row.values["status"] not in NOT_TAKEN_PLACE]

    @cached_property
    def activities(self) -> list[ListedActivity]:
        """The activities of the reporting period, each once, internal ones included; their participations add up to the total of the SDG figures."""
        counted = activities_as_last_reported(self._rows_taken_place, self.figures.reporting)
        number = {(row.member, _same(row.values["activity"])): i for i, activity in enumerate(counted) for row in activity.rows}
        sums: list[dict[str, int | None]] = [dict.fromkeys(PARTICIPATIONS) for _ in counted]
        for cycle in self.figures.reporting:
            for activity in activities_of_cycle(self._rows_taken_place, cycle):
                tally = sums[number[activity.row.member, _same(activity.row.values["activity"])]]
                for name in PARTICIPATIONS:
                    if activity.row.values[name] is not None:
                        tally[name] = (tally[name] or 0) + int(activity.row.values[name])
        listed = []
        for activity, tally in zip(counted, sums, strict=True):
            members = dict.fromkeys(row.member for row in activity.rows if self.member_may_be_named(row.member))
            listed.append(ListedActivity(activity.row, tuple(map(self.member_name, members)), tally))
        return sorted(listed, key=lambda entry: (entry.row.values["start"] or date.max, entry.row.member, entry.row.row))

    @cached_property
    def results(self) -> list[Result]:
        """All results that the reporting period knew, in the logframe's order."""
        indicators: dict[str, list[Indicator]] = defaultdict(list)
        for entry in self.definitions.values():
            indicators[_same(entry.result)].append(entry)
        activities: dict[str, list[ListedActivity]] = defaultdict(list)
        for activity in self.activities:
            activities[_same(activity.row.values["result"])].append(activity)
        found = []
        for code, of_result in indicators.items():
            first, listed = of_result[0], activities[code]
            named = tuple(activity for activity in listed if self.may_name(activity.row))
            valid = tuple(entry for entry in of_result if entry.indicator in self.logframe or self.is_reported(entry))
            found.append(Result(first.level, first.result, first.statement, valid, named, len(listed) - len(named)))
        return found

    def level_name(self, level: str) -> str:
        _ = self.wording.gettext
        return {"impact": _("Impact"), "outcome": _("Outcome"), "output": _("Output")}[level]

    def status_name(self, status: str | None) -> str:
        _ = self.wording.gettext
        names = {"ongoing": _("ongoing"), "unplanned": _("not in the plan"), "postponed": _("postponed"), "cancelled": _("cancelled")}
        return names.get(status or "", "")

    def not_done(self) -> list[AcceptedRow]:
        return [row for row in self.rows("activities") if row.values["status"] in NOT_TAKEN_PLACE]

    def not_done_withheld(self) -> int:
        all_rows = self.document.accepted.get("activities", ())
        return sum(row.cycle in self.figures.reporting and row.values["status"] in NOT_TAKEN_PLACE for row in all_rows) - len(self.not_done())

    @cached_property
    def _reported_codes(self) -> set[str]:
        rows = self.document.accepted.get("activities", ())
        return {_same(row.values[column]) for row in rows for column in ("plan", "activity") if row.values[column]}

    def plan_unreported(self) -> list[PlannedActivity]:
        """Activities of Annex I that should have ended by now and that no member has reported, under whatever status."""
        return [row for row in self.agreement.plan if row.end <= self.cycle.end and _same(row.activity) not in self._reported_codes]

    def plan_ahead(self) -> list[PlannedActivity]:
        """Activities of Annex I that go on after this report's last day."""
        return [row for row in self.agreement.plan if row.end > self.cycle.end]

    def names_of(self, members: Iterable[str]) -> str:
        return ", ".join(dict.fromkeys(self.member_name(member) for member in members)) or MISSING

    def codes(self, row: AcceptedRow) -> tuple[str, list[str]]:
        """(main SDG, the others) of an activity."""
        main = main_sdg(row.values["sdg"])
        return main, [code for code, _ in row.values["sdg"] if code != main]

    def sdg_text(self, row: AcceptedRow) -> str:
        """The codes of an outcome, which stay as the member wrote them."""
        written = row.values["sdg"]
        return str(written) if isinstance(written, str) else ", ".join(code for code, _ in written or ())

    def countries(self, *sheets: str) -> str:
        """Names of the countries in rows that may be named, in alphabetical order."""
        codes = {row.values["country"] for sheet in sheets for row in self.rows(sheet) if row.values.get("status") not in NOT_TAKEN_PLACE}
        return ", ".join(self.wording.alphabetical(self.wording.country(code) for code in codes if code)) or MISSING

    # --- SDGs ---------------------------------------------------------------------------------------------------------

    def sdg(self, scope: Scope, kind: Literal["goal", "target", "bare", "unattributed", "total"], code: str = "") -> SdgFigure:
        return self._sdg_figures.get((scope, kind, code)) or SdgFigure(scope, code, kind, 0, 0, 0, 0, 0, 0, 0)

    def goals(self, scope: Scope) -> list[SdgFigure]:
        return [figure for figure in self.figures.sdg if figure.scope == scope and figure.kind == "goal"]

    @cached_property
    def goals_with_content(self) -> list[str]:
        """Goals that anything reported in the report's scopes is mapped to: activities, money, indicators, results of advocacy."""
        scopes = [scope for scope, _ in self.scopes()]
        found = {figure.sdg for figure in self.figures.sdg if figure.kind == "goal" and figure.scope in scopes}
        found |= {goal_of(code) for entry in self.definitions.values() if self.is_reported(entry) for code in entry.sdg}
        return sorted(found | set(self.advocacy_by_goal), key=sdg_order)

    @cached_property
    def advocacy_by_goal(self) -> dict[str, list[AcceptedRow]]:
        """Results of advocacy that may be named, in the report's scopes, under each goal that their member names."""
        cycles = self.figures.reporting if len(self.scopes()) == 1 else self.figures.cycles
        found: dict[str, list[AcceptedRow]] = defaultdict(list)
        for row in self.document.accepted.get("outcomes", ()):
            if row.cycle in cycles and self.may_name(row):
                for goal in goals_named(self.sdg_text(row)):
                    found[goal].append(row)
        return found

    def goal_title(self, goal: str) -> str:
        return self.wording.gettext("Goal %(goal)s: %(name)s") % {"goal": goal, "name": self.goal_name(goal)}

    def goal_name(self, goal: str) -> str:
        return self.profile.goals[goal].name(self.language)

    def overlaps(self, scope: Scope) -> list[Overlap]:
        """The three numbers wherever goals are added up: counted once, sum of the goals' rows, overlap."""
        _ = self.wording.gettext
        goals, total, none = self.goals(scope), self.sdg(scope, "total"), self.sdg(scope, "unattributed")

        def line(label: str, unique: int, summed: int, apart: int, money: bool = False) -> Overlap:
            written = self.wording.euros if money else self.wording.number
            return Overlap(label, *(written(number) for number in (unique, summed, apart, summed + apart - unique)))

        main, significant = sum(goal.activities_main for goal in goals), sum(goal.activities_significant for goal in goals)
        lines = [
            line(_("Activities under their main goal"), total.activities_main, main, none.activities_main),
            line(_("Activities under every goal they are mapped to"), total.activities_main, main + significant, none.activities_main),
            line(_("Participations"), total.people, sum(goal.people for goal in goals), none.people),
            line(_("Direct costs"), total.expenditure, sum(goal.expenditure for goal in goals), none.expenditure, money=True),
        ]
        return [entry for entry in lines if entry.goals != HIDDEN]

    def _people(self, goal: SdgFigure) -> str:
        """All participations, or where that is withheld more than those of women and men."""
        at_least = self.wording.number(_at_least(goal))
        return f"> {at_least}" if isinstance(goal.people, Withheld) else at_least

    def chart_label(self, goal: str) -> list[str]:
        """A goal's name in the chart: a line, or two of a long one."""
        return textwrap.wrap(self.goal_name(goal), CHART_LABEL, max_lines=2, placeholder=" …")

    def bars(self, scope: Scope) -> list[Bar]:
        """The goals of the chart; goals in the framework's order."""
        goals = sorted(self.goals(scope), key=lambda figure: SDG_GOALS.index(figure.sdg))
        amounts = {
            "activities": [goal.activities_main + goal.activities_significant for goal in goals],
            "main": [goal.activities_main for goal in goals],
            "people": [_at_least(goal) for goal in goals],
            "money": [goal.expenditure for goal in goals],
        }
        longest = {name: max([*values, 1]) for name, values in amounts.items()} | {"main": max([*amounts["activities"], 1])}
        return [Bar(goal, self._people(goal), {name: max(values[i], 0) / longest[name] for name, values in amounts.items()}) for i, goal in enumerate(goals)]

    # --- submissions and data quality ---------------------------------------------------------------------------------

    def states(self) -> list[tuple[str, int]]:
        """How many members are in each state, over the cycles of the reporting period."""
        order = ("on time", "late", "nil", "too late", "rejected", "missing", "not due")
        counts: Counter[str] = Counter(state.state for state in self.document.members)
        return [(self.state_name(state), counts[state]) for state in order if counts[state]]

    def state_name(self, state: str) -> str:
        _ = self.wording.gettext
        names = {
            "on time": _("on time"), "late": _("late, within the days of grace"), "nil": _("nothing to report"), "too late": _("too late"),
            "rejected": _("rejected"), "missing": _("missing"), "not due": _("not due"),
        }  # fmt: skip
        return names[state]

    def findings_by_rule(self) -> list[tuple[str, str, str, int]]:
        """(severity, rule, what it found, how often), gravest first."""
        counts = Counter((finding.severity, finding.rule) for finding in self.document.findings)
        order = sorted(counts, key=lambda key: (SEVERITIES.index(key[0]), key[1]))
        return [(self.severity_name(severity), rule, self.rule_phrase(rule), counts[severity, rule]) for severity, rule in order]

    def severity_name(self, severity: str) -> str:
        _ = self.wording.gettext
        return {"reject": _("file rejected"), "error": _("not used"), "warning": _("used, with a warning"), "info": _("for the record")}[severity]

    @cached_property
    def _phrases(self) -> dict[str, str]:
        return rule_phrases()

    def rule_phrase(self, rule: str) -> str:
        return self.wording.gettext(self._phrases[rule]) if rule in self._phrases else rule

    def findings_by_member(self) -> list[tuple[Finding, list[str], int]]:
        """Rejections, errors and warnings (in an internal edition, what is for the record too), gravest first: (the first finding of a member and rule, the places of it and its like, how many more)."""
        everything = self.edition == "internal"
        shown = sorted((f for f in self.document.findings if everything or f.severity != "info"), key=lambda finding: finding.sort_key)
        groups: dict[tuple[str, str, str, str], list[Finding]] = defaultdict(list)
        for finding in shown:
            groups[finding.member, finding.cycle, finding.rule, finding.severity].append(finding)
        ordered = sorted(groups.values(), key=lambda group: (SEVERITIES.index(group[0].severity), group[0].sort_key))
        most = len(shown) if everything else MAX_PLACES
        return [(group[0], self._places(group[:most]), max(len(group) - most, 0)) for group in ordered]

    def _places(self, findings: Iterable[Finding]) -> list[str]:
        """Where findings lie in the member's file, the sheet named once: "Activities B7", "B9"."""
        places, before = [], None
        for finding in findings:
            label = sheet_label(finding.sheet, self.language) if finding.sheet else self.wording.gettext("the file")
            cell = finding.cell or str(finding.row or "")
            places.append(cell if cell and finding.sheet == before else f"{label} {cell}".strip())
            before = finding.sheet
        return places

    def exceptions(self) -> tuple[list[OperatorException], list[OperatorException]]:
        """What the operator answered for and what met something: errors accepted, cells corrected."""
        met = [entry for entry in self.document.exceptions if entry.effect in MET]
        return [entry for entry in met if entry.kind == "waiver"], [entry for entry in met if entry.kind == "correction"]

    def sheet_name(self, sheet: str) -> str:
        return sheet_label(sheet, self.language)

    def place(self, entry: OperatorException) -> str:
        """Where an exception lies in the member's file: "Activities B7", else the sheet with the row (of a waiver) or the column (of a correction)."""
        where = entry.row if entry.kind == "waiver" else column_label(entry.sheet, entry.column, self.language)
        return f"{self.sheet_name(entry.sheet)} {entry.cell or where}".strip()

    def quoted(self, text: str, entry: OperatorException) -> str:
        """What a cell says, where it is a number, a date or a code; texts and suppliers stay in the house."""
        columns = COVER_KEYS if entry.sheet == "cover" else sheet_schema(entry.sheet).columns
        kind = next((column.kind for column in columns if column.name == entry.column), "code")
        return self.wording.gettext("(a text)") if kind == "text" and text else text or "–"

    # --- what is missing, what changed, what was checked ---------------------------------------------------------------

    def rating_name(self, rating: str | None) -> str:
        _ = self.wording.gettext
        return {"exceeded": _("exceeded"), "on track": _("on track"), "delayed": _("delayed"), "at risk": _("at risk")}.get(rating or "", "")

    def lacking(self) -> list[tuple[str, Coverage]]:
        """(figure in words, coverage) of the figures that somebody who owes them did not report in this cycle, or that errors left something out of:
        those of the reporting period, and to date those of indicators that are states to date."""
        found = []
        for entry in self.document.coverage:
            kind, *parts = entry.figure.split("/")
            definition = self.definitions.get(entry.indicator or "")
            scope = "cumulative" if definition and definition.value_kind == "cumulative" else "reporting"
            wanted = parts[0] == scope if kind != "finance" else parts[1] == "period_eur"
            if wanted and (entry.silent or entry.carried_forward or entry.rows_left_out):
                found.append((self.figure_name(entry.figure), entry))
        return found

    def restated(self) -> list[tuple[str, str, str, str, str]]:
        """(cycle, figure, old, new, why) of what has changed in the network's figures, goals and headings of earlier reports."""
        found = []
        for entry in self.document.restatements:
            network = entry.figure.startswith(("sdg/", "finance/")) or (entry.figure.split("/")[2] == "network" and entry.column == "value")
            if network:
                found.append((entry.cycle, self.figure_name(entry.figure), self._restated(entry, entry.old), self._restated(entry, entry.new), self._why(entry)))
        return found

    def restated_elsewhere(self) -> int:
        """Changed figures of single members and countries, which stand in the data."""
        parts = [entry.figure.split("/") for entry in self.document.restatements if entry.figure.startswith("indicators/")]
        return len({tuple(part) for part in parts if part[2] != "network"})

    def _restated(self, entry: Restatement, number: str) -> str:
        if not number:
            return MISSING
        if entry.column.endswith("_eur"):
            return self.wording.amount(Decimal(number))
        definition = self.definitions.get(self._code_and_groups(entry.figure)[0]) if entry.figure.startswith("indicators/") else None
        return self._in_measure(definition.measure if definition else "number", Decimal(number))

    def _code_and_groups(self, figure: str) -> tuple[str, list[str]]:
        """The indicator of indicators/<scope>/network//<code>/<dimension>=<category>…, and its groups; a code may hold a slash."""
        said = figure.split("/", 4)[4]
        code = max((code for code in self.definitions if f"{said}/".startswith(f"{code}/")), key=len, default=said)
        return code, [part for part in said[len(code) :].split("/") if part]

    def _why(self, entry: Restatement) -> str:
        _ = self.wording.gettext
        if entry.cause == "submission":
            members = [part.partition(":")[0] for part in entry.detail.split("; ")]
            return _("other submissions of %(members)s") % {"members": self.names_of(members)}
        if entry.cause == "agreement":
            return _("changed: %(files)s") % {"files": entry.detail.replace("; ", ", ")}
        return _("another version of the program")

    def figure_name(self, figure: str) -> str:
        """A figure of lineage.csv in words: "Op1.1-a, women, this reporting period", "All goals, activities, to date"."""
        words = self._figure_words(figure)
        return words[:1].upper() + words[1:]

    def _figure_words(self, figure: str) -> str:
        _ = self.wording.gettext
        kind, *parts = figure.split("/")
        scopes = {"period": _("this cycle"), "reporting": _("this reporting period"), "cumulative": _("to date")}
        if kind == "finance":
            return _("Heading %(heading)s, %(column)s") % {"heading": parts[0], "column": self._column_name(parts[1])}
        if kind == "sdg":
            of = _("not attributed to a goal") if parts[1] == "unattributed" else _("all goals") if parts[1] == "total" else _("SDG %(code)s") % {"code": parts[2]}
            return ", ".join((of, self._column_name(parts[3]), scopes[parts[0]]))
        code, slices = self._code_and_groups(figure)
        groups = [self.wording.category(*part.partition("=")[::2]) for part in slices]
        return ", ".join((code, *groups, scopes[parts[0]]))

    def _column_name(self, column: str) -> str:
        _ = self.wording.gettext
        return {
            "period_eur": _("this reporting period"), "previous_eur": _("before this period"), "cumulative_eur": _("to date"), "budget_eur": _("budget"),
            "activities_main": _("activities"), "activities_significant": _("activities, significant"), "women": _("women"), "men": _("men"),
            "other": _("other"), "unknown": _("unknown"), "expenditure_eur": _("direct costs"),
        }.get(column, column)  # fmt: skip

    def people_rules(self) -> list[tuple[str, str]]:
        """(rule against double counting, codes) of the indicators that count people."""
        groups: dict[str, list[str]] = defaultdict(list)
        for entry in self.definitions.values():
            if entry.measure == "people" and self.is_reported(entry):
                groups[self._people_rule(entry)].append(entry.indicator)
        return [(rule, ", ".join(codes)) for rule, codes in groups.items()]

    def _people_rule(self, indicator: Indicator) -> str:
        _ = self.wording.gettext
        between = {
            "sum": _("Members and countries are added up: a person whom two members reached, or one member in two countries, is counted twice."),
            "max": _("The largest figure of any member and country stands: nobody is counted twice, and people whom only others reached are not counted."),
            "mean": _("The mean of members and countries is given: it is no number of people reached."),
            "none": _("Members are never added up: each stands by itself."),
        }[indicator.across_members]
        over_time = {
            "sum": _("Cycles are added up: a person reached in two of them is counted twice."),
            "max": _("Of several cycles the largest stands: nobody is counted twice over time."),
            "mean": _("Of several cycles the mean is given."),
            "latest": _("The latest cycle stands: nobody is counted twice over time."),
        }["latest" if indicator.value_kind == "cumulative" else indicator.across_periods]
        return f"{between} {over_time}"

    def control_totals(self) -> list[tuple[str, str]]:
        """(what, how much) of the independent recomputation."""
        _, wording = self.wording.gettext, self.wording
        names = {
            "accepted rows of activities": _("Rows of activities used"),
            "accepted rows of indicators, derived ones included": _("Rows of indicators used, derived ones included"),
            "accepted rows of expenditure": _("Rows of expenditure used"),
            "rows of expenditure that are costs": _("of these, rows that are costs"),
            "rows of expenditure that are use of support": _("of these, rows of use of support (in no total)"),
            "costs to date, EUR": _("Direct costs to date, EUR"),
            "costs in the reporting period, EUR": _("Direct costs of this reporting period, EUR"),
            "costs to date under the goals and not attributed, EUR": _("Direct costs to date under the goals and not attributed, EUR"),
            "costs to date not attributed to an SDG, EUR": _("of these, not attributed to a goal, EUR"),
            "activities that took place to date": _("Activities to date, each once"),
            "participations to date": _("Participations to date"),
            "contributions to indicators to date": _("Contributions to indicators to date"),
        }
        totals = (self.document.reconciliation or {}).get("totals", {})
        return [(name, wording.amount(Decimal(totals[key])) if "EUR" in key else wording.number(int(totals[key]))) for key, name in names.items() if key in totals]

    def narratives(self) -> Iterator[tuple[str, list[AcceptedRow]]]:
        """(member, its answers) in the order of members.csv."""
        answers: dict[str, list[AcceptedRow]] = defaultdict(list)
        for row in self.rows("narrative"):
            answers[row.member].append(row)
        for member in self._members:
            if answers[member]:
                yield member, answers[member]

    def question(self, section: str) -> str:
        return self.profile.questions[section][self.language] if section in self.profile.questions else section

    def missing_money(self) -> list[str]:
        """Money without a rate, a line per currency and month."""
        ngettext, wording = self.wording.ngettext, self.wording
        return [
            ngettext("%(amount)s %(currency)s paid in %(month)s (%(rows)s row)", "%(amount)s %(currency)s paid in %(month)s (%(rows)s rows)", missing.rows)
            % {"amount": wording.amount(missing.amount), "currency": missing.currency, "month": wording.month(missing.month), "rows": wording.number(missing.rows)}
            for missing in self.figures.missing_rates
        ]


def _at_least(goal: SdgFigure) -> int:
    """All participations that may be told."""
    return sum(number for number in (goal.women, goal.men) if not isinstance(number, Withheld)) if isinstance(goal.people, Withheld) else goal.people
