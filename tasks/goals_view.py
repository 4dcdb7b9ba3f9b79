"""What the spread of each goal prints, looked up and put in order: its facts in a sentence, targets, indicators, who worked where, what came of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

from domain.agreement import Indicator
from domain.codes import goal_of, sdg_order
from domain.figures import Scope, SdgFigure, Withheld
from domain.sdg import main_sdg
from domain.sdg_figures import Activity, activities_as_last_reported, took_place
from domain.submission import AcceptedRow
from tasks.report_view import IndicatorLine, ReportView
from tasks.wording import HIDDEN

HIGHLIGHTS = 3
"""Results of advocacy, and what activities led to, printed of each under one goal; the others are counted, and stand in the data."""
LINES = 20
"""Groups (or members, where they are not combined) printed under one indicator; all of them stand in the logframe of chapter 2.3."""
IN_A_LINE = 3
"""Countries or members that are named in a line; more than these stand in a table."""


class Tally(NamedTuple):
    """A country or a member, by name, with its activities under a goal: under it as their main one, and that name it as significant."""

    name: str
    main: int
    significant: int


@dataclass(slots=True)
class Reach:
    """Who worked under a goal, and where: by code the activities under it as their main goal (True) and as a significant one (False); None is
    whoever and wherever is counted and not named. `countries_all` and `members_all` are the codes of all of them."""

    countries: dict[str | None, Counter[bool]] = field(default_factory=lambda: defaultdict(Counter))
    members: dict[str | None, Counter[bool]] = field(default_factory=lambda: defaultdict(Counter))
    countries_all: set[str] = field(default_factory=set)
    members_all: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class TargetBars:
    """A line of a goal's chart: shares (0 to 1) of the longest bar, of women, men, others with unknown, and of money; `people` and `money` in words."""

    figure: SdgFigure
    groups: tuple[float, float, float]
    people: str
    cost: float
    money: str


@dataclass(frozen=True, slots=True)
class MappedIndicator:
    """An indicator under a goal: the codes of the goal it is mapped to, the other goals it also counts under, and the lines beneath it."""

    indicator: Indicator
    codes: tuple[str, ...]
    others: tuple[str, ...]
    lines: tuple[IndicatorLine, ...]
    more_lines: int


@dataclass(frozen=True, slots=True)
class Highlights:
    """Rows worth reading, and how many more there are."""

    rows: tuple[AcceptedRow, ...]
    more: int


@dataclass(frozen=True, slots=True)
class Targets:
    """A goal's targets (and what was given to it without one) in a scope, which `when` names; none where nothing was reported in it."""

    scope: Scope
    when: str
    parts: tuple[SdgFigure, ...]


@dataclass(frozen=True, slots=True)
class Spread:
    """All that is printed of one goal. `targets` of each scope of the report; everything else of the last, which holds the others."""

    goal: str
    facts: tuple[str, ...]
    targets: tuple[Targets, ...]
    bars: tuple[TargetBars, ...]
    indicators: tuple[MappedIndicator, ...]
    countries: tuple[Tally, ...]
    members: tuple[Tally, ...]
    advocacy: Highlights
    changes: Highlights

    @property
    def when(self) -> str:
        return self.targets[-1].when


class GoalsView:
    """A goal's targets, indicators, countries, members and highlights as the template asks for them."""

    def __init__(self, view: ReportView) -> None:
        self.view, self.document, self.wording = view, view.document, view.wording
        self.in_a_line = IN_A_LINE

    @cached_property
    def spreads(self) -> list[Spread]:
        """The goals with content, in the framework's order."""
        return [self._spread(goal) for goal in self.view.goals_with_content]

    def _spread(self, goal: str) -> Spread:
        targets = tuple(Targets(scope, when, tuple(self._parts[scope, goal])) for scope, when in self.view.scopes())
        widest = targets[-1]
        reach = self._reach[widest.scope, goal]
        return Spread(
            goal, tuple(self._facts(goal, scope) for scope in targets if scope.parts), targets, self._bars(widest.parts), tuple(self._indicators[goal]),
            self._tallies(reach.countries, self.wording.country), self._tallies(reach.members, self.view.member_name),
            _first_of_each(sorted(self.view.advocacy_by_goal.get(goal, ()), key=_latest_first)), _first_of_each(self._changes[goal]),
        )  # fmt: skip

    # --- targets ------------------------------------------------------------------------------------------------------

    @cached_property
    def _parts(self) -> dict[tuple[Scope, str], list[SdgFigure]]:
        parts: dict[tuple[Scope, str], list[SdgFigure]] = defaultdict(list)
        for figure in self.view.figures.sdg:
            if figure.kind in ("bare", "target"):
                parts[figure.scope, goal_of(figure.sdg)].append(figure)
        return parts

    def _facts(self, goal: str, scope: Targets) -> str:
        """A scope in a sentence: activities, countries, members; participations; direct costs."""
        _, ngettext, wording = self.wording.gettext, self.wording.ngettext, self.wording

        def counted(words: str, number: int) -> list[str]:
            return [words % {"num": wording.number(number)}] if number else []

        figure, reach = self.view.sdg(scope.scope, "goal", goal), self._reach[scope.scope, goal]
        activities = counted(ngettext("%(num)s activity with this goal as its main one", "%(num)s activities with this goal as their main one", figure.activities_main), figure.activities_main)
        if activities:
            activities += counted(ngettext("%(num)s more that names it as significant", "%(num)s more that name it as significant", figure.activities_significant), figure.activities_significant)
        else:
            activities += counted(ngettext("%(num)s activity that names it as significant", "%(num)s activities that name it as significant", figure.activities_significant), figure.activities_significant)
        activities += counted(ngettext("in %(num)s country", "in %(num)s countries", len(reach.countries_all)), len(reach.countries_all))
        activities += counted(ngettext("by %(num)s member", "by %(num)s members", len(reach.members_all)), len(reach.members_all))
        facts = [", ".join(activities) or _("no activity")]
        if not isinstance(figure.people, Withheld):
            people = counted(ngettext("%(num)s participation", "%(num)s participations", figure.people), figure.people)
            share = self._share_of_women(figure)
            facts += [_("%(participations)s, %(share)s of them of women") % {"participations": people[0], "share": share}] if people and share else people
        facts.append(_("direct costs of %(amount)s") % {"amount": wording.euros(figure.expenditure)} if figure.expenditure else _("no direct costs"))
        return _("In %(when)s: %(facts)s.") % {"when": scope.when, "facts": _("; ").join(facts)}

    def _share_of_women(self, figure: SdgFigure) -> str:
        """Of all participations; "" where there are none or where they are withheld."""
        if isinstance(figure.women, Withheld) or isinstance(figure.people, Withheld) or not figure.people:
            return ""
        return self.wording.percent(Fraction(100 * figure.women, figure.people), 0)

    def _bars(self, parts: Sequence[SdgFigure]) -> tuple[TargetBars, ...]:
        """The chart, where there is something to compare: two parts or more that have participations or costs."""
        told = [part for part in parts if part.people or part.expenditure]
        if len(told) < 2:
            return ()
        people = max(0 if isinstance(part.people, Withheld) else part.people for part in told)
        money = max(part.expenditure for part in told)
        return tuple(self._bar(part, people, money) for part in told)

    def _bar(self, part: SdgFigure, most_people: int, most_money: int) -> TargetBars:
        groups = (part.women, part.men, part.others)
        hidden = any(isinstance(number, Withheld) for number in (*groups, part.people))
        share = self._share_of_women(part)
        people = HIDDEN if isinstance(part.people, Withheld) else self.wording.number(part.people)
        words = self.wording.gettext("%(number)s (women: %(share)s)") % {"number": people, "share": share} if share else people
        women, men, others = (0.0 if hidden or not most_people else number / most_people for number in groups)
        cost = max(part.expenditure, 0) / most_money if most_money > 0 else 0.0
        return TargetBars(part, (women, men, others), words, cost, self.wording.euros(part.expenditure, 0))

    # --- indicators ---------------------------------------------------------------------------------------------------

    @cached_property
    def _indicators(self) -> dict[str, list[MappedIndicator]]:
        """Reported indicators by the goals they are mapped to."""
        found: dict[str, list[MappedIndicator]] = defaultdict(list)
        for indicator in self.view.definitions.values():
            if indicator.sdg and self.view.is_reported(indicator):
                lines = self.view.lines(indicator)
                goals = list(dict.fromkeys(map(goal_of, indicator.sdg)))
                for goal in goals:
                    codes = tuple(code for code in indicator.sdg if goal_of(code) == goal)
                    others = tuple(sorted((other for other in goals if other != goal), key=sdg_order))
                    found[goal].append(MappedIndicator(indicator, codes, others, tuple(lines[:LINES]), max(len(lines) - LINES, 0)))
        return found

    # --- who worked where ---------------------------------------------------------------------------------------------

    @cached_property
    def _activities(self) -> dict[Scope, list[Activity]]:
        """The activities of each scope of the report, each once."""
        rows = [row for row in self.document.accepted.get("activities", ()) if took_place(row)]
        return {scope: activities_as_last_reported(rows, self._cycles(scope)) for scope, _ in self.view.scopes()}

    def _cycles(self, scope: Scope) -> tuple[str, ...]:
        return self.view.figures.cycles if scope == "cumulative" else self.view.figures.reporting

    @cached_property
    def _widest(self) -> Scope:
        return self.view.scopes()[-1][0]

    @cached_property
    def _reach(self) -> dict[tuple[Scope, str], Reach]:
        """Scope and goal to who worked under it, each activity looked at once."""
        found: dict[tuple[Scope, str], Reach] = defaultdict(Reach)
        for scope, activities in self._activities.items():
            for activity in activities:
                codes = activity.row.values["sdg"]
                main = goal_of(main_sdg(codes))
                country = activity.row.values["country"]
                named = self.view.may_name(activity.row)
                members = {row.member for row in activity.rows}
                told = {row.member if named and self.view.may_name(row) else None for row in activity.rows}
                for goal in {main, *(goal_of(code) for code, _ in codes)}:
                    reach = found[scope, goal]
                    reach.countries_all.add(country)
                    reach.members_all |= members
                    reach.countries[country if named else None][goal == main] += 1
                    for member in told:
                        reach.members[member][goal == main] += 1
        return found

    def _tallies(self, counts: dict[str | None, Counter[bool]], name_of: Callable[[str], str]) -> tuple[Tally, ...]:
        """Those with most activities first, of equal ones in the order of the alphabet; at the end what is not named."""
        names = {code: name_of(code) for code in counts if code is not None}
        place = {name: number for number, name in enumerate(self.wording.alphabetical(names.values()))}
        order = sorted(names, key=lambda code: (-counts[code].total(), place[names[code]], code))
        tallies = [Tally(names[code], counts[code][True], counts[code][False]) for code in order]
        if None in counts:
            tallies.append(Tally(self.wording.gettext("not named for reasons of safety"), counts[None][True], counts[None][False]))
        return tuple(tallies)

    # --- what came of it ----------------------------------------------------------------------------------------------

    @cached_property
    def _changes(self) -> dict[str, list[AcceptedRow]]:
        """Activities by main goal that say what they led to, the latest first."""
        found: dict[str, list[AcceptedRow]] = defaultdict(list)
        for activity in self._activities[self._widest]:
            if activity.row.values["outcome"] and self.view.may_name(activity.row):
                found[goal_of(main_sdg(activity.row.values["sdg"]))].append(activity.row)
        for rows in found.values():
            rows.sort(key=_latest_first)
        return found


def _latest_first(row: AcceptedRow) -> tuple[int, str, int]:
    day = row.values.get("end") or row.values.get("date")
    return (-day.toordinal() if day else 0, row.member, row.row)


def _first_of_each(rows: Iterable[AcceptedRow]) -> Highlights:
    """As many as are printed: one of each member before a second one of any."""
    turn: Counter[str] = Counter()
    turns: list[tuple[int, int, AcceptedRow]] = []
    for row in rows:
        turns.append((turn[row.member], len(turns), row))
        turn[row.member] += 1
    chosen = sorted(turns, key=lambda entry: entry[:2])[:HIGHLIGHTS]
    return Highlights(tuple(row for *_, row in chosen), len(turns) - len(chosen))
