"""Rows of all members' files as entries of one pool per sheet, and the code lists they are judged by."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from domain.agreement import Agreement, Assignment, Cycle, Indicator
from domain.codes import ACTIVITY_STATUSES, ACTIVITY_TYPES, LANGUAGES, SENSITIVITIES, countries, currencies
from domain.completeness import Counting
from domain.schema import sheet as sheet_schema
from domain.submission import Row, Submission

Columns = dict[str, list[Any]]
"""Helper columns: one value per entry, in the entries' order."""
Unit = tuple[str, str, str]
"""What a rule calls a submission: all files of a member that count in a cycle together, or a single file that does not count (its key)."""


@dataclass(slots=True)
class Entry:
    """A row on its way through the rules; `broken` are the columns in which an error was found."""

    submission: Submission
    sheet: str
    row: Row
    counts: bool
    cycle_index: int
    broken: set[str] = field(default_factory=set)
    in_use: bool = True
    details: dict[str, dict[str, str]] = field(default_factory=dict)
    """What a rule's message needs, by rule id."""

    @property
    def values(self) -> dict[str, Any]:
        return self.row.values

    @property
    def unit(self) -> Unit:
        return (self.submission.member, self.submission.cycle, "" if self.counts else self.submission.key)

    def cell(self, column: str) -> str:
        return self.submission.sheets[self.sheet].cell(column, self.row.number)


@dataclass(slots=True)
class Lists:
    """The code lists of an agreement, by cycle where the logframe or the budget changes."""

    agreement: Agreement
    standard_lines: Collection[str]
    """Budget lines of the profile's template."""
    sections: Collection[str]
    """Guiding questions of the profile."""
    cycles: dict[str, Cycle] = field(default_factory=dict)
    order: dict[str, int] = field(default_factory=dict)
    indicators: dict[str, dict[str, Indicator]] = field(default_factory=dict)
    results: dict[str, dict[str, str]] = field(default_factory=dict)
    headings: dict[str, set[str]] = field(default_factory=dict)
    assignments: dict[tuple[str, str, str], Assignment] = field(default_factory=dict)
    """The first of each member, indicator and country."""

    def __post_init__(self) -> None:
        for assignment in self.agreement.assignments:
            self.assignments.setdefault((assignment.member, assignment.indicator, assignment.country), assignment)
        for i, cycle in enumerate(self.agreement.cycles):
            rows = self.agreement.indicators_in(cycle.code)
            self.cycles[cycle.code], self.order[cycle.code] = cycle, i
            self.indicators[cycle.code] = {code.casefold(): row for code, row in rows.items()}
            self.results[cycle.code] = folded(row.result for row in rows.values())
            budget = [line.heading for line in self.agreement.budget_in(cycle.code) if not line.heading.startswith("10")]
            parents = {".".join(line.split(".")[:n]) for line in budget for n in range(1, line.count(".") + 2)}
            self.headings[cycle.code] = {*"123456", *self.standard_lines, *parents}

    def indicator(self, entry: Entry) -> Indicator | None:
        """The logframe row of an entry's indicator as valid in its cycle."""
        return self.indicators[entry.submission.cycle].get((entry.values["indicator"] or "").casefold())


def folded(values: Iterable[str]) -> dict[str, str]:
    """Casefolded code to the list's own spelling."""
    return {value.casefold(): value for value in values}


def pool(submissions: Sequence[Submission], counting: Counting, sheet: str, lists: Lists) -> list[Entry]:
    """The rows of one sheet of all submissions, in order of cycle, member, submission and row; those count whose file counts for the sheet's part."""
    part = sheet_schema(sheet).part
    return [
        Entry(s, sheet, row, part in counting.get(s.key, ()), lists.order[s.cycle], set(row.faults)) for s in submissions if sheet in s.sheets for row in s.sheets[sheet].rows
    ]


# --- one spelling -----------------------------------------------------------------------------------------------------

_TYPES, _STATUSES, _SENSITIVITIES, _LANGUAGES = folded(ACTIVITY_TYPES), folded(ACTIVITY_STATUSES), folded(SENSITIVITIES), folded(LANGUAGES)


def spell(entry: Entry, column: str, known: Mapping[str, str]) -> None:
    """Gives a code the spelling of its list, where it is in it."""
    value = entry.values.get(column)
    if isinstance(value, str) and value.casefold() in known:
        entry.values[column] = known[value.casefold()]


@dataclass(frozen=True, slots=True)
class Speller:
    """Gives every code of an entry the spelling of its list."""

    lists: Lists

    def spell(self, entry: Entry) -> None:
        if isinstance(entry.values.get("country"), str):
            entry.values["country"] = entry.values["country"].upper()
        match entry.sheet:
            case "activities":
                for column, known in (("type", _TYPES), ("status", _STATUSES), ("sensitivity", _SENSITIVITIES)):
                    spell(entry, column, known)
                spell(entry, "result", self.lists.results[entry.submission.cycle])
                if entry.values["status"] is None and "status" not in entry.broken:
                    entry.values["status"] = "done"
            case "indicators":
                self._indicator(entry)
            case "expenditure":
                if entry.values["currency"]:
                    entry.values["currency"] = entry.values["currency"].upper()
            case "narrative":
                spell(entry, "section", folded(self.lists.sections))
                spell(entry, "lang", _LANGUAGES)

    def _indicator(self, entry: Entry) -> None:
        """The indicator's code and categories."""
        definition = self.lists.indicator(entry)
        if definition is None:
            return
        entry.values["indicator"] = definition.indicator
        for name, categories in definition.disaggregation.items():
            spell(entry, name, folded(categories))


# --- lists as columns -------------------------------------------------------------------------------------------------


def in_list(entry: Entry, column: str, known: Collection[str]) -> bool | None:
    """Whether a filled code is in its list (spelt as there); None for an empty cell."""
    value = entry.values.get(column)
    return None if value is None else value in known


def country_known(entry: Entry) -> bool | None:
    return in_list(entry, "country", countries())


def currency_known(entry: Entry) -> bool | None:
    return in_list(entry, "currency", currencies())

