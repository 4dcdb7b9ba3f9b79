"""Coverage: for each figure of the network how many of the members who owe it reported it, how many figures were carried forward, and what errors left out.

A total says nothing of who is missing from it. Owed is what the agreement asks of a member in the cycles of a scope; left out are the rows in
error of the files that count, as the members wrote them: joint activities, repeats and contradictions among them are not sorted out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from domain.agreement import Agreement
from domain.codes import COST_ROLES, NOT_TAKEN_PLACE
from domain.completeness import counting_keys, is_due
from domain.datafiles import csv_bytes
from domain.figures import SCOPES, Figures, Scope
from domain.indicators import definitions_for
from domain.money import DIRECT_HEADINGS, euros, in_cents, rate_for
from domain.schema import sheet as sheet_schema
from domain.sdg_figures import PARTICIPATIONS
from domain.submission import Judged, Row, Submission

TOTAL_HEADING = "11"
FIGURE_SHEETS = ("activities", "indicators", "expenditure")
"""The sheets that figures are made of."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """A row of data/coverage.csv: `figure` as in lineage.csv; `owed` = `reported` + `carried_forward` + members in `silent` (in the order of members.csv).

    `people_left_out` are participations for activities and people for indicators of people; `eur_left_out` in EUR cents, direct costs alone, without
    the `rows_without_amount`, which say no amount that could be brought to EUR. An indicator or an activity leaves out no money."""

    figure: str
    owed: int
    reported: int
    carried_forward: int
    silent: tuple[str, ...]
    rows_left_out: int
    people_left_out: int
    eur_left_out: int
    rows_without_amount: int

    @property
    def indicator(self) -> str | None:
        """The indicator's code; None for activities and money."""
        return self.figure.split("/", 4)[4] if self.figure.startswith("indicators/") else None


@dataclass(frozen=True, slots=True)
class Weighed:
    """What a reporting period lacks, in sum: rows in error of activities, indicators and expenditure (each once, use of support among them), the
    participations, people and costs (EUR cents) they would have added, and the indicators that members owe and are silent about.

    `most_silent`: of these the ten with the most silent members, the most first, else in the logframe's order."""

    rows: int
    participations: int
    people: int
    eur: int
    rows_without_amount: int
    indicators_with_silent: int
    most_silent: tuple[Coverage, ...]


class _LeftOut(NamedTuple):
    """What rows in error would have brought."""

    rows: int = 0
    people: int = 0
    eur: int = 0
    without_amount: int = 0

    def and_(self, more: _LeftOut) -> _LeftOut:
        return _LeftOut(*(mine + theirs for mine, theirs in zip(self, more, strict=True)))


_NOTHING = _LeftOut()
_Reported = dict[str, set[str]]
"""Member to the cycles in which it reported."""


@dataclass(frozen=True, slots=True)
class _Basis:
    """Who owes and who reported what, and what was left out: looked up once for all figures. Members and cycles by code.

    `assigned` and `by_indicator` by indicator; `by_sheet` counts nil submissions too; `left_out` by (sheet, indicator or heading, cycle)."""

    due: Mapping[str, frozenset[str]]
    costs: frozenset[str]
    assigned: Mapping[str, _Reported]
    by_indicator: Mapping[str, _Reported]
    by_sheet: Mapping[str, _Reported]
    left_out: Mapping[tuple[str, str, str], _LeftOut]


# --- what is looked up ------------------------------------------------------------------------------------------------


def _basis(agreement: Agreement, cycles: Sequence[str], judged: Judged, submissions: Sequence[Submission]) -> _Basis:
    due = {member.member: frozenset(cycle for cycle in cycles if is_due(agreement, member, cycle)) for member in agreement.members}
    assigned: dict[str, _Reported] = defaultdict(lambda: defaultdict(set))
    for row in agreement.assignments:
        assigned[row.indicator][row.member].update(cycle for cycle in cycles if agreement.valid_in(row.from_, row.to, cycle))
    by_indicator: dict[str, _Reported] = defaultdict(lambda: defaultdict(set))
    for accepted in judged.accepted.get("indicators", ()):
        by_indicator[accepted.values["indicator"]][accepted.member].add(accepted.cycle)
    return _Basis(
        due=due,
        costs=frozenset(member.member for member in agreement.members if member.role in COST_ROLES),
        assigned=assigned,
        by_indicator=by_indicator,
        by_sheet=_by_sheet(judged, submissions),
        left_out=_left_out(agreement, judged, submissions),
    )


def _by_sheet(judged: Judged, submissions: Sequence[Submission]) -> dict[str, _Reported]:
    """Who has accepted rows of activities and of expenditure, or said that there is nothing to report (in a file of that part or of both)."""
    found: dict[str, _Reported] = {}
    counting = counting_keys(submissions)
    for sheet, part in (("activities", "programme"), ("expenditure", "finance")):
        of_sheet: _Reported = defaultdict(set)
        for row in judged.accepted.get(sheet, ()):
            of_sheet[row.member].add(row.cycle)
        for submission in submissions:
            if submission.nil and part in counting.get(submission.key, ()):
                of_sheet[submission.member].add(submission.cycle)
        found[sheet] = of_sheet
    return found


# --- what errors left out ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _RowInError:
    """A row of a file that counts, in error and in no figure; `errors` are the columns in which errors were found."""

    submission: Submission
    sheet: str
    row: Row
    errors: set[str] = field(default_factory=set)


def _rows_in_error(judged: Judged, submissions: Sequence[Submission]) -> Iterator[_RowInError]:
    counting = counting_keys(submissions)
    files = {(s.member, s.cycle, s.submission): s for s in submissions if s.key in counting}
    parts = {name: sheet_schema(name).part for name in FIGURE_SHEETS}
    errors: dict[tuple[str, str, str, str, int], set[str]] = defaultdict(set)
    for finding in judged.findings:
        file = files.get((finding.member, finding.cycle, finding.submission))
        if finding.severity == "error" and finding.row is not None and file is not None and parts.get(finding.sheet) in counting[file.key]:
            errors[finding.member, finding.cycle, finding.submission, finding.sheet, finding.row].add(finding.column)
    touched = {place[:4] for place in errors}
    for rows in judged.accepted.values():
        for accepted in rows:
            where = (accepted.member, accepted.cycle, accepted.submission, accepted.sheet)
            if where in touched:
                for number in accepted.derived_from or (accepted.row,):
                    errors.pop((*where, number), None)
    by_number = {where: {row.number: row for row in files[where[:3]].sheets[where[3]].rows} for where in touched}
    for (member, cycle, digest, sheet, number), columns in errors.items():
        yield _RowInError(files[member, cycle, digest], sheet, by_number[member, cycle, digest, sheet][number], columns)


def _left_out(agreement: Agreement, judged: Judged, submissions: Sequence[Submission]) -> dict[tuple[str, str, str], _LeftOut]:
    """By sheet, what the figure is of (indicator, heading, "" for activities) and cycle. All costs count under heading 11 too."""
    roles = {member.member: member.role for member in agreement.members}
    found: dict[tuple[str, str, str], _LeftOut] = defaultdict(_LeftOut)

    def add(in_error: _RowInError, of: str, what: _LeftOut) -> None:
        key = (in_error.sheet, of, in_error.submission.cycle)
        found[key] = found[key].and_(what)

    for in_error in _rows_in_error(judged, submissions):
        values = in_error.row.values
        match in_error.sheet:
            case "activities":
                add(in_error, "", _LeftOut(rows=1, people=_participations(values)))
            case "indicators":
                if values["indicator"] in agreement.indicators_in(in_error.submission.cycle):
                    add(in_error, values["indicator"], _LeftOut(rows=1, people=_people(agreement, in_error)))
            case _ if roles.get(in_error.submission.member) in COST_ROLES:
                cents = _cents(agreement, values)
                what = _LeftOut(rows=1, eur=cents or 0, without_amount=int(cents is None))
                heading = str(values["heading"]).partition(".")[0]
                if "heading" not in in_error.errors and heading in DIRECT_HEADINGS:
                    add(in_error, heading, what)
                add(in_error, TOTAL_HEADING, what)
    return found


def _whole(value: Any) -> int:
    """A number of people; 0 where the cell is empty or says none."""
    return int(value) if isinstance(value, Decimal) and value >= 0 and value == value.to_integral_value() else 0


def _participations(values: Mapping[str, Any]) -> int:
    """What did not take place has no participants."""
    return 0 if values["status"] in NOT_TAKEN_PLACE else sum(_whole(values[column]) for column in PARTICIPATIONS)


def _people(agreement: Agreement, in_error: _RowInError) -> int:
    """The value of a total of people; a slice is part of a total."""
    definition = agreement.indicators_in(in_error.submission.cycle)[in_error.row.values["indicator"]]
    sliced = any(in_error.row.values.get(name) is not None or name in in_error.errors for name in definition.disaggregation)
    return _whole(in_error.row.values["value"]) if definition.measure == "people" and not sliced else 0


def _cents(agreement: Agreement, values: Mapping[str, Any]) -> int | None:
    """EUR cents of a row whose amount, currency and date can be read, None where they cannot or where there is no rate."""
    amount, currency, paid = values["amount"], values["currency"], values["payment_date"]
    if not (isinstance(amount, Decimal) and isinstance(currency, str) and isinstance(paid, date)):
        return None
    rate = rate_for(agreement, currency, paid)
    return None if rate is None else in_cents(amount, rate)


# --- the coverage of each figure --------------------------------------------------------------------------------------


def coverage(agreement: Agreement, figures: Figures, judged: Judged, submissions: Sequence[Submission]) -> list[Coverage]:
    """The coverage of the network's total of each indicator of the logframe (in its order, by scope), of activities (by scope), and of the costs under
    headings 1–6 and 11 (reporting period and to date).

    An indicator is there in each scope in which the logframe has it, whether anybody reported it or not. `submissions`: all files of all cycles up to
    the report's; those that do not count say nothing here."""
    basis = _basis(agreement, figures.cycles, judged, submissions)
    cycles_of: dict[Scope, tuple[str, ...]] = {"period": (figures.cycle,), "reporting": figures.reporting, "cumulative": figures.cycles}
    found = []
    for code, definition in definitions_for(agreement, figures.cycles).items():
        for scope in SCOPES:
            valid = [cycle for cycle in cycles_of[scope] if code in agreement.indicators_in(cycle)]
            if valid:
                carried = _carried(basis.by_indicator.get(code, {}), figures) if scope == "cumulative" and definition.value_kind == "cumulative" else frozenset()
                owing = _owing_indicator(basis, code, valid)
                figure = f"indicators/{scope}/network//{code}"
                found.append(_coverage(basis, figure, owing, basis.by_indicator.get(code, {}), cycles_of[scope], ("indicators", code), carried))
    for scope in SCOPES:
        owing = _owing(basis, cycles_of[scope])
        found.append(_coverage(basis, f"sdg/{scope}/total//activities_main", owing, basis.by_sheet["activities"], cycles_of[scope], ("activities", "")))
    for heading in (*DIRECT_HEADINGS, TOTAL_HEADING):
        for column, cycles in (("period_eur", figures.reporting), ("cumulative_eur", figures.cycles)):
            owing = [member for member in _owing(basis, cycles) if member in basis.costs]
            found.append(_coverage(basis, f"finance/{heading}/{column}", owing, basis.by_sheet["expenditure"], cycles, ("expenditure", heading)))
    return found


def _owing(basis: _Basis, cycles: Sequence[str]) -> list[str]:
    """Members of whom something is due in any of the cycles."""
    return [member for member, due in basis.due.items() if not due.isdisjoint(cycles)]


def _owing_indicator(basis: _Basis, code: str, cycles: Sequence[str]) -> list[str]:
    """Members to whom the indicator is assigned in one of these cycles that is due; where nobody has it by assignments.csv, those that once
    reported it and of whom something is due in one of them."""
    if code not in basis.assigned:
        return [member for member in _owing(basis, cycles) if member in basis.by_indicator.get(code, ())]
    assigned = basis.assigned[code]
    return [member for member, due in basis.due.items() if any(cycle in due and cycle in assigned.get(member, ()) for cycle in cycles)]


def _carried(reported: Mapping[str, set[str]], figures: Figures) -> frozenset[str]:
    """Members whose figure to date is the one of an earlier cycle."""
    return frozenset(member for member, cycles in reported.items() if figures.cycle not in cycles)


def _coverage(
    basis: _Basis, figure: str, owing: Sequence[str], reported: Mapping[str, set[str]], cycles: Sequence[str], of: tuple[str, str], carried: frozenset[str] = frozenset()
) -> Coverage:
    """`carried`: members whose figure is an earlier one; `of`: sheet, and indicator or heading."""
    heard = {member for member in owing if not reported.get(member, set()).isdisjoint(cycles)}
    left_out = _NOTHING
    for cycle in cycles:
        left_out = left_out.and_(basis.left_out.get((*of, cycle), _NOTHING))
    return Coverage(
        figure=figure,
        owed=len(owing),
        reported=len(heard - carried),
        carried_forward=len(heard & carried),
        silent=tuple(member for member in owing if member not in heard),
        rows_left_out=left_out.rows,
        people_left_out=left_out.people,
        eur_left_out=left_out.eur,
        rows_without_amount=left_out.without_amount,
    )


def coverage_csv(coverages: Iterable[Coverage]) -> bytes:
    """data/coverage.csv."""
    columns = ("figure", "owed", "reported", "carried_forward", "silent", "rows_left_out", "people_left_out", "eur_left_out", "rows_without_amount")
    return csv_bytes(
        columns,
        (
            [c.figure, c.owed, c.reported, c.carried_forward, "; ".join(c.silent), c.rows_left_out, c.people_left_out, euros(c.eur_left_out), c.rows_without_amount]
            for c in coverages
        ),
    )


def weighed(coverages: Sequence[Coverage], figures: Figures, judged: Judged) -> Weighed:
    """What the reporting period lacks, for the person who approves the report."""
    indicators = [entry for entry in coverages if entry.figure.startswith("indicators/reporting/")]
    by_figure = {entry.figure: entry for entry in coverages}
    activities, costs = by_figure["sdg/reporting/total//activities_main"], by_figure[f"finance/{TOTAL_HEADING}/period_eur"]
    silent = [entry for entry in indicators if entry.silent]
    return Weighed(
        rows=sum(rows for (_, cycle, sheet), rows in judged.left_out.items() if cycle in figures.reporting and sheet in FIGURE_SHEETS),
        participations=activities.people_left_out,
        people=sum(entry.people_left_out for entry in indicators),
        eur=costs.eur_left_out,
        rows_without_amount=costs.rows_without_amount,
        indicators_with_silent=len(silent),
        most_silent=tuple(sorted(silent, key=lambda entry: -len(entry.silent))[:10]),
    )
