"""What chapters 1 to 5 print beside their figures, looked up and put in order: the chain of results, variances in words, the action plan, the checklist."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cached_property

from domain.agreement import Indicator, PlannedActivity
from domain.figures import IndicatorFigure, Scope, Withheld
from domain.numbers import is_placeholder
from domain.report import ReportDocument
from domain.sdg_figures import PARTICIPATIONS
from domain.submission import AcceptedRow
from tasks.report_view import ListedActivity, ReportView, Result
from tasks.wording import MISSING, Wording, rounded

RATINGS = ("exceeded", "on track", "delayed", "at risk", "")
"""The columns of the overview; "": without a rating, reported or not."""
UNSETTLED = ("missing", "rejected", "too late")
"""States of members whose figures are not in the report."""
MAX_COMMENTS = 4
"""Members' comments printed on one indicator; the others are counted, and stand in data/indicator_rows.csv."""
MAX_LINES = 20
"""Indicators that the checklist names one by one; the others are counted."""
HALF_YEARS = 4
"""Columns of the action plan that are half a year each; what lies beyond stands in one more."""
PLACED = ("summary", "results", "action-plan", "cooperation", "visibility", "records", "transfer", "variations")
"""Texts with a place of their own in the report; whatever else a profile asks for stands at the end of 2.2, in the profile's order."""
_LEVELS = {"impact": 0, "outcome": 1, "output": 3}
_NUMBER = re.compile(r"\d+(?:\.\d+)*")


@dataclass(frozen=True, slots=True)
class Tally:
    """Activities as they count, whether they may be named or not, with their participations (None: nobody reported any)."""

    activities: int
    participations: dict[str, int | None]

    @property
    def people(self) -> int | None:
        return _sum(self.participations.values())


@dataclass(frozen=True, slots=True)
class Link:
    """A result in the chain: `parent` is the code of the result it contributes to ("" where the codes show none), `depth` how many stand above it,
    `ratings` how many of its indicators are rated how, in the order of RATINGS."""

    result: Result
    level: str
    parent: str
    depth: int
    ratings: tuple[int, ...]
    tally: Tally


@dataclass(frozen=True, slots=True)
class HalfYear:
    """A column of the action plan, both days included."""

    label: str
    start: date
    end: date


@dataclass(frozen=True, slots=True)
class ToDo:
    """What is left to do before the report is sent; each line says where."""

    title: str
    lines: tuple[str, ...]


def _sum(numbers: Iterable[int | None]) -> int | None:
    """Of what was reported; None where nothing was."""
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None


def rank(result: Result) -> int:
    """Impact 0, outcome 1, intermediary outcome (iOc in its code) 2, output 3."""
    return 2 if result.level == "outcome" and result.code.strip().casefold().startswith("ioc") else _LEVELS[result.level]


def number_of(code: str) -> tuple[str, ...]:
    """(1, 1) of iOc1.1, Op 1.1 and Op-1.1; () of a code without a number."""
    found = _NUMBER.search(code)
    return tuple(found[0].split(".")) if found else ()


def parents(results: Sequence[Result]) -> dict[str, Result]:
    """Code to the result it contributes to, as the codes show: the number of the one is the beginning of the other's (Op1.1.1 of Op1.1, iOc1.1 or
    Oc1). The longest beginning wins, then the nearest level; a higher level never contributes to a lower one."""
    by_number: dict[tuple[str, ...], list[Result]] = defaultdict(list)
    for result in results:
        by_number[number_of(result.code)].append(result)
    found = {}
    for result in results:
        number = number_of(result.code)
        for length in range(len(number) - 1, 0, -1):
            above = [other for other in by_number.get(number[:length], ()) if rank(other) <= rank(result)]
            if above:
                found[result.code] = max(above, key=rank)
                break
    return found


def half_years(first: date, last: date) -> list[tuple[date, date]]:
    """Calendar half-years (first and last day) from the one of the first day to the one of the last day."""
    found = []
    year, second = first.year, first.month > 6
    while (start := date(year, 7 if second else 1, 1)) <= last:
        found.append((start, date(year, 12, 31) if second else date(year, 6, 30)))
        year, second = year + second, not second
    return found


class AssessmentView:
    """The assessment as its templates ask for it."""

    def __init__(self, view: ReportView) -> None:
        self.view, self.document, self.wording = view, view.document, view.wording
        self.max_comments = MAX_COMMENTS

    # --- results ------------------------------------------------------------------------------------------------------

    @cached_property
    def chain(self) -> list[Link]:
        """All results, each under the one it contributes to, else in the logframe's order."""
        parent_of = parents(self.view.results)
        children: dict[str, list[Result]] = defaultdict(list)
        for result in self.view.results:
            children[parent_of[result.code].code if result.code in parent_of else ""].append(result)
        chain: list[Link] = []

        def add(parent: str, depth: int) -> None:
            for result in children.get(parent, ()):
                chain.append(Link(result, self.level_name(result), parent, depth, self._ratings(result), self.tally(self._activities_of(result))))
                add(result.code, depth + 1)

        add("", 0)
        return chain

    @property
    def rating_names(self) -> list[str]:
        """The columns of the overview."""
        names = [self.view.rating_name(rating) or self.wording.gettext("no rating") for rating in RATINGS]
        return [name[:1].upper() + name[1:] for name in names]

    def level_name(self, result: Result) -> str:
        return self.wording.gettext("Intermediary outcome") if rank(result) == 2 else self.view.level_name(result.level)

    def _ratings(self, result: Result) -> tuple[int, ...]:
        given = [self._to_date(indicator) for indicator in result.indicators]
        ratings = [(figure.rating if figure else None) or "" for figure in given]
        return tuple(ratings.count(rating) for rating in RATINGS)

    def _to_date(self, indicator: Indicator) -> IndicatorFigure | None:
        return self.view.figure(indicator.indicator, "cumulative")

    @cached_property
    def _activities_by_result(self) -> dict[str, list[ListedActivity]]:
        found: dict[str, list[ListedActivity]] = defaultdict(list)
        for activity in self.view.activities:
            found[(activity.row.values["result"] or "").strip().casefold()].append(activity)
        return found

    def _activities_of(self, result: Result) -> Sequence[ListedActivity]:
        return self._activities_by_result.get(result.code.strip().casefold(), ())

    def tally(self, activities: Sequence[ListedActivity]) -> Tally:
        """Those that are not named count here too."""
        return Tally(len(activities), {name: _sum(entry.participations[name] for entry in activities) for name in PARTICIPATIONS})

    @cached_property
    def total(self) -> tuple[tuple[int, ...], int]:
        """(ratings, activities) of all results."""
        return tuple(map(sum, zip(*(link.ratings for link in self.chain), strict=True))) or (0,) * len(RATINGS), sum(link.tally.activities for link in self.chain)

    def variance(self, indicator: Indicator) -> str:
        """How the figure to date stands to what was expected by now and, beyond the target, to that; "" where the logframe lets expect nothing."""
        _ = self.wording.gettext
        figure = self._to_date(indicator)
        if figure is None or figure.value is None or isinstance(figure.value, Withheld):
            return ""
        said = [self._beside_expected(indicator, figure)]
        if figure.rating == "exceeded" and indicator.target is not None:
            beyond = abs(figure.value - Fraction(indicator.target))
            said.append(_("The target is exceeded by %(difference)s.") % {"difference": self._difference(indicator, beyond)})
        elif figure.rating:
            said.append(_("Rating: %(rating)s.") % {"rating": self.view.rating_name(figure.rating)})
        return " ".join(filter(None, said))

    def _beside_expected(self, indicator: Indicator, figure: IndicatorFigure) -> str:
        _ = self.wording.gettext
        if figure.expected is None or figure.value is None:
            return ""
        difference = figure.value - Fraction(rounded(figure.expected, self._decimals(indicator, figure)))
        words = {"expected": self.expected(indicator, figure), "difference": self._difference(indicator, abs(difference))}
        if difference == 0:
            return _("As much as was expected by now (%(expected)s).") % words
        if difference > 0:
            said = _("%(difference)s above what was expected by now (%(expected)s).") % words
        else:
            said = _("%(difference)s below what was expected by now (%(expected)s).") % words
        lower = _("Here a lower value is better.")
        return f"{said} {lower}" if indicator.direction == "down" else said

    def expected(self, indicator: Indicator, figure: IndicatorFigure | None) -> str:
        """What the plan lets expect by now, as fine as the figure beside it; "–" where it says nothing."""
        if figure is None or figure.expected is None:
            return MISSING
        return self.view.planned(indicator, rounded(figure.expected, self._decimals(indicator, figure)))

    @staticmethod
    def _decimals(indicator: Indicator, figure: IndicatorFigure) -> int:
        """Of an expectation: as many as are printed of it, none where figure, baseline and target are whole numbers (74, not 73.66 organisations)."""
        if indicator.measure == "percentage":
            return 1
        return 0 if all(Fraction(number).denominator == 1 for number in (figure.value, indicator.baseline, indicator.target) if number is not None) else 2

    def _difference(self, indicator: Indicator, difference: Fraction) -> str:
        """Between two percentages lie percentage points."""
        if indicator.measure == "percentage":
            return self.wording.gettext("%(points)s percentage points") % {"points": self.wording.number(difference, 1)}
        return self.view.planned(indicator, rounded(difference, 2))

    # --- what members wrote -------------------------------------------------------------------------------------------

    @cached_property
    def _commented(self) -> dict[str, list[AcceptedRow]]:
        """Indicator to the rows of the reporting period that say something about it, of several alike the first."""
        found: dict[str, dict[tuple[str, str | None, str], AcceptedRow]] = defaultdict(dict)
        for row in self.view.rows("indicators"):
            if comment := (row.values["comment"] or "").strip():
                found[row.values["indicator"]].setdefault((row.member, row.values["country"], comment), row)
        return {indicator: list(rows.values()) for indicator, rows in found.items()}

    def comments(self, indicator: Indicator) -> list[AcceptedRow]:
        """Members' comments on their figures; what a qualitative indicator says is its figure, and what is for everybody leaves them out."""
        return [] if indicator.measure == "qualitative" or self.view.is_public else self._commented.get(indicator.indicator, [])

    def words(self, indicators: Iterable[Indicator]) -> list[tuple[Indicator, AcceptedRow]]:
        """What members wrote for the qualitative ones among these."""
        return [(entry, row) for entry in indicators if entry.measure == "qualitative" for row in self._commented.get(entry.indicator, ())]

    @cached_property
    def risks(self) -> list[AcceptedRow]:
        """What members say of their safety is not for everybody."""
        return [] if self.view.is_public else self._each_once("risks", "risk", "response")

    @property
    def visibility(self) -> list[AcceptedRow]:
        return self._each_once("visibility", "item", "link", "emblem_shown")

    def _each_once(self, sheet: str, *columns: str) -> list[AcceptedRow]:
        """What a member says again in a later cycle stands once; rows without a word do not stand at all."""
        said: dict[tuple[str | None, ...], AcceptedRow] = {}
        for row in self.view.rows(sheet):
            if any(row.values[column] for column in columns):
                said.setdefault((row.member, *(row.values[column] for column in columns)), row)
        return list(said.values())

    @cached_property
    def stories(self) -> list[AcceptedRow]:
        """Only with the consent of the person they are about."""
        return [row for row in self._each_once("stories", "text") if row.values["consent"] == "yes"]

    @cached_property
    def own_sections(self) -> list[str]:
        """Texts of the network that stand at the end of 2.2: those asked for, and those written without being asked for."""
        asked, written = self.document.asked_texts, self.document.texts
        return [section for section in self.document.profile.texts if section not in PLACED and (section in asked or written.get(section, "").strip())]

    # --- women and men ------------------------------------------------------------------------------------------------

    def women_and_men(self, scope: Scope) -> list[tuple[Indicator, str, str]]:
        """(indicator, women, men) of the indicators in people that the network reports by sex, as printed."""
        found = []
        for indicator in self.view.definitions.values():
            dimension = next((name for name in indicator.disaggregation if name.casefold() == "sex"), None)
            if indicator.measure != "people" or dimension is None:
                continue
            named = {category.casefold(): category for category in indicator.disaggregation[dimension]}
            women, men = (self.view.figure(indicator.indicator, scope, ((dimension, named.get(sex, sex)),)) for sex in ("female", "male"))
            if women or men:
                found.append((indicator, self.view.value(women), self.view.value(men)))
        return found

    # --- the action plan ----------------------------------------------------------------------------------------------

    @cached_property
    def half_years(self) -> list[HalfYear]:
        """The columns of the action plan: from the day after this report, HALF_YEARS of them, then all that lies beyond."""
        _ = self.wording.gettext
        ahead, end = self.view.plan_ahead(), self.view.cycle.end
        first = date.fromordinal(end.toordinal() + 1)
        if not ahead:
            return []
        spans = half_years(first, max(row.end for row in ahead))
        columns = []
        for start, last in spans[:HALF_YEARS]:
            half = _("1st half of %(year)s") if start.month == 1 else _("2nd half of %(year)s")
            columns.append(HalfYear(half % {"year": start.year}, max(start, first), last))
        if len(spans) > HALF_YEARS:
            columns.append(HalfYear(_("later"), spans[HALF_YEARS][0], spans[-1][1]))
        return columns

    def takes_place(self, planned: PlannedActivity, half: HalfYear) -> bool:
        return planned.start <= half.end and planned.end >= half.start

    def bodies(self, planned: PlannedActivity) -> str:
        """Who implements it; a plan that names nobody means all members."""
        return self.view.names_of(planned.members) if planned.members else self.wording.gettext("all members")

    # --- the checklist ------------------------------------------------------------------------------------------------

    @cached_property
    def checklist(self) -> list[ToDo]:
        """What is left to do before the report is sent, by kind; empty where nothing is."""
        _ = self.wording.gettext
        kinds = {
            _("Texts to be completed by the coordinator"): self._missing_texts(),
            _("Texts that are too long for the form"): self._long_texts(),
            _("Contact data of the coordinator"): self._contact(),
            _("Money left out of every figure for want of an exchange rate"): [f"{line}{_(':')} agreement/rates.csv" for line in self.view.missing_money()],
            _("Headings above their budget without an explanation"): self._unexplained(),
            _("Submissions that are not in this report"): self._unsettled(),
            _("Indicators with a target and without any value"): self._without_value(),
        }
        return [ToDo(title, tuple(lines)) for title, lines in kinds.items() if lines]

    def _file(self, section: str) -> str:
        return f"texts/{self.view.figures.cycle}/{self.view.language}/{section}.md"

    def _missing_texts(self) -> list[str]:
        _, texts = self.wording.gettext, self.document.profile.texts
        optional = " ({})".format(_("if there is something to say"))
        return [
            f"{texts[section].title[self.view.language]}{_(':')} {self._file(section)}{'' if texts[section].mandatory else optional}" for section in self.document.missing_texts
        ]

    def _long_texts(self) -> list[str]:
        found = []
        for section, text in self.document.profile.texts.items():
            words = len(self.document.texts.get(section, "").split())
            if text.words and words > text.words:
                said = self.wording.gettext("%(title)s: %(words)s words, where the form has room for about %(limit)s: %(file)s")
                found.append(said % {"title": text.title[self.view.language], "words": self.wording.number(words), "limit": self.wording.number(text.words), "file": self._file(section)})
        return found

    def _contact(self) -> list[str]:
        _, coordinator = self.wording.gettext, self.view.contract.coordinator
        names = {"name": _("Name"), "contact": _("Contact person"), "role": _("Role")}
        lacking = [field for field in names if not getattr(coordinator, field).strip() or is_placeholder(getattr(coordinator, field).strip().casefold())]
        return [f"{names[field]}{_(':')} agreement/agreement.yaml, contract.coordinator.{field}" for field in lacking]

    def _unexplained(self) -> list[str]:
        if self.document.texts.get("variations", "").strip():
            return []
        said = self.wording.gettext("Heading %(heading)s, %(name)s, is %(percent)s above its budget: %(file)s")
        headings, language = self.document.profile.headings, self.view.language
        return [
            said % {"heading": line.heading, "name": headings[line.heading][language], "percent": self.wording.percent(line.variation_pct), "file": self._file("variations")}
            for line in self.view.figures.finance
            if line.over_flexibility
        ]

    def _unsettled(self) -> list[str]:
        """Of a member that is not named, its folder is not either."""
        lines = []
        for state in self.document.members:
            if state.state in UNSETTLED:
                said = f"{self.view.member_name(state.member)}, {state.cycle}{self.wording.gettext(':')} {self.view.state_name(state.state)}"
                lines.append(f"{said} (inbox/{state.cycle}/{state.member})" if self.view.member_may_be_named(state.member) else said)
        return lines

    def _without_value(self) -> list[str]:
        """Indicators of the logframe as it stands that nobody has ever reported."""
        _ = self.wording.gettext
        silent = [entry for entry in self.view.logframe.values() if entry.target is not None and not self.view.is_reported(entry)]
        said = _("%(code)s, %(title)s: in the workbooks of members, else without its target in agreement/logframe.csv")
        lines = [said % {"code": entry.indicator, "title": entry.title} for entry in silent[:MAX_LINES]]
        further = len(silent) - MAX_LINES
        return lines if further <= 0 else [*lines, self.wording.ngettext("and %(num)s more", "and %(num)s more", further) % {"num": self.wording.number(further)}]


def checklist(document: ReportDocument, language: str) -> list[str]:
    """What is left to do before a report is sent, a line each that says where, in the language; for the summary of a run and for who approves it."""
    wording = Wording(language)
    kinds = AssessmentView(ReportView(document, wording)).checklist
    return [f"{kind.title}{wording.gettext(':')} {line}" for kind in kinds for line in kind.lines]
