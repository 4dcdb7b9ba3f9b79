"""Reads and checks what the operator writes (contract section 2): every fault in one list, nothing half read.

First each file by itself (the columns below), then what must hold between rows and between files. A reference is compared without case and takes
the spelling of the place that defines the code, so that everything behind the agreement may compare codes as they stand.
"""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from pydantic import BaseModel

from domain import agreement_cells as cells
from domain.agreement import (
    Agreement,
    Amendment,
    Assignment,
    BudgetLine,
    Contract,
    Coordinator,
    Correction,
    Cycle,
    Exchange,
    Extension,
    Indicator,
    Member,
    PlannedActivity,
    Review,
    Subgrant,
    Waiver,
)
from domain.agreement_cells import Kind, choice, looks_like_date, shown
from domain.agreement_tables import Column, Document, Problem, Problems, Row, Table, read_document, read_fields, read_list, read_table
from domain.codes import FLOAT_TRAPS, ROLES, SENSITIVITIES
from domain.rules import RULES, ever_waivable
from domain.schema import COVER_KEYS, SHEETS

__all__ = ["Problem", "read_agreement"]

Model = TypeVar("Model", bound=BaseModel)


# --- the columns of each file -----------------------------------------------------------------------------------------


def _must(name: str, kind: Kind = cells.TEXT) -> Column:
    """There, and filled in every row."""
    return Column(name, kind)


def _open(name: str, kind: Kind = cells.TEXT) -> Column:
    """There, but perhaps empty."""
    return Column(name, kind, empty=True)


def _may(name: str, kind: Kind = cells.TEXT) -> Column:
    """Perhaps not there."""
    return Column(name, kind, empty=True, absent=True)


CONTRACT = (
    _must("number"), _must("title"), _must("framework"), _must("kind", choice("action", "operating")), _must("profile"), _must("granting_authority"),
    _must("start", cells.DATE), _must("end", cells.DATE), _must("eu_contribution", cells.MONEY), _must("eu_share", cells.PERCENT),
    _must("indirect_rate", cells.PERCENT), _must("language", cells.LANGUAGE), _must("funding", choice("funded", "co-funded")),
    _must("third_party_ceiling", cells.MONEY), _must("sdg_money", choice("main", "weights")),
)  # fmt: skip
"""Beside these `coordinator` and `report_languages`."""
COORDINATOR = (_must("name"), _must("contact"), _must("role"), _must("country", cells.AREA))
CYCLE = (
    _must("code", cells.CYCLE_CODE), _must("start", cells.DATE), _must("end", cells.DATE), _must("opens", cells.DATE), _must("due", cells.MOMENT),
    _must("grace_days", cells.DAYS), _must("report", choice("interim", "final", "none")),
)  # fmt: skip
MEMBERS = (
    _must("member", cells.MEMBER_CODE), _must("name"), _must("country", cells.COUNTRY), _must("language", cells.LANGUAGE), _must("decimal", choice(".", ",")),
    _open("email"), _must("role", choice(*ROLES)), _may("from", cells.DATE), _may("to", cells.DATE), _may("sensitivity", choice(*SENSITIVITIES)),
)  # fmt: skip
LOGFRAME = (
    _must("indicator", cells.CODE), _must("level", choice("impact", "outcome", "output")), _must("result", cells.CODE), _must("statement"), _must("title"),
    _must("measure", choice("number", "people", "percentage", "money", "yes_no", "qualitative")), _must("unit"), _must("direction", choice("up", "down")),
    _must("value_kind", choice("period", "cumulative")), _must("across_members", choice("sum", "max", "mean", "none")),
    _must("across_periods", choice("sum", "max", "mean", "latest")), _open("disaggregation", cells.DISAGGREGATION), _open("sdg", cells.SDGS),
    _open("baseline", cells.DECIMAL), _open("baseline_year", cells.YEAR), _open("target", cells.DECIMAL), _open("target_year", cells.YEAR),
    _open("milestones", cells.MILESTONES), _open("source"), _may("from"), _may("to"),
)  # fmt: skip
BUDGET = (
    _must("heading", cells.HEADING), _must("amount_eur", cells.MONEY), _may("description"), _may("unit"), _may("units", cells.DECIMAL),
    _may("unit_value_eur", cells.DECIMAL), _may("from"), _may("to"),
)  # fmt: skip
RATES = (_must("month", cells.MONTH), _must("currency", cells.CURRENCY), _must("rate", cells.RATE))
PLAN = (
    _must("activity", cells.CODE), _must("result"), _must("title"), _must("start", cells.DATE), _must("end", cells.DATE), _open("members", cells.CODES),
    _open("countries", cells.AREAS), _open("sdg", cells.SDGS),
)  # fmt: skip
ASSIGNMENTS = (
    _must("member"), _must("indicator"), _must("country", cells.AREA), _may("from"), _may("to"), _may("baseline", cells.DECIMAL), _may("target", cells.DECIMAL),
)  # fmt: skip
SUBGRANTS = (
    _must("recipient", cells.CODE), _must("name"), _must("country", cells.AREA), _must("lot"), _must("signed", cells.DATE), _must("amount_eur", cells.MONEY),
    _must("member"),
)  # fmt: skip
AMENDMENTS = (_must("number"), _must("signed", cells.DATE), _must("from"), _must("what"), _must("reason"))
WAIVERS = (
    _must("rule"), _must("member"), _must("cycle"), _may("cell"), _may("row"), _must("reason"), _must("by"), _may("until", cells.DATE),
)  # fmt: skip
CORRECTIONS = (
    _must("member"), _must("cycle"), _must("sheet", choice("cover", *(sheet.name for sheet in SHEETS))), _must("row"), _must("column"), _open("expect"),
    _open("value"), _must("reason"), _must("by"),
)  # fmt: skip
EXTENSIONS = (_must("member"), _must("due", cells.MOMENT), _must("reason"), _must("by"))
REVIEWS = (_must("member"), _must("submission"), _must("decision"), _open("question"), _open("reply_by", cells.DATE), _must("by"))
EXCHANGE = (
    _must("version"), _must("date", cells.DATE), _must("event", choice("sent", "questions", "answered", "accepted", "disallowed", "paid")), _open("note"),
)  # fmt: skip

YAML = "agreement/agreement.yaml"
REQUIRED = {"members": MEMBERS, "logframe": LOGFRAME, "budget": BUDGET, "rates": RATES}
OPTIONAL = {
    "plan": PLAN, "assignments": ASSIGNMENTS, "subgrants": SUBGRANTS, "amendments": AMENDMENTS, "waivers": WAIVERS, "corrections": CORRECTIONS,
}  # fmt: skip
DESK = {"extensions": EXTENSIONS, "reviews": REVIEWS, "exchange": EXCHANGE}
"""The CSV files by name and their columns: those of agreement/, and those of desk/<cycle>/."""


# --- agreement.yaml ---------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Yaml:
    """What agreement.yaml says. Of a cycle or contract in error only the values that are right are there."""

    document: Document
    contract: Row
    coordinator: Row
    languages: list[str]
    zone: zoneinfo.ZoneInfo | None
    cycles: list[Row]

    @property
    def codes(self) -> dict[str, str] | None:
        """The cycles' codes in their order, without case, each with its spelling; None where one of them is not known."""
        codes = [cycle.get("code") for cycle in self.cycles]
        return {code.casefold(): code for code in codes} if codes and None not in codes else None


def _read_yaml(problems: Problems, files: Mapping[str, bytes]) -> _Yaml:
    read = _Yaml(Document(YAML), Row(1), Row(1), [], None, [])
    if YAML not in files:
        problems.add(YAML, None, "", "the file is missing; expected are the keys contract, timezone and cycles")
        return read
    document = read.document = read_document(problems, YAML, files[YAML])
    if document.content is None:
        return read
    contract = document.content.get("contract")
    if row := read_fields(problems, document, "contract", contract, CONTRACT):
        read.contract = row
        read.coordinator = read_fields(problems, document, "contract.coordinator", contract.get("coordinator"), COORDINATOR) or Row(1)
        read.languages = read_list(problems, document, "contract.report_languages", contract.get("report_languages"), cells.LANGUAGE)
    read.zone = _read_zone(problems, document)
    listed = document.content.get("cycles")
    if isinstance(listed, list) and listed:
        read.cycles = [read_fields(problems, document, f"cycles[{i}]", cycle, CYCLE) or Row(1) for i, cycle in enumerate(listed)]
    else:
        problems.add(*document.place("cycles"), f"is missing; expected is a list of cycles, each with {', '.join(column.name for column in CYCLE)}")
    return read


def _read_zone(problems: Problems, document: Document) -> zoneinfo.ZoneInfo | None:
    name = document.content.get("timezone")
    try:
        if isinstance(name, str) and name:
            return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        pass
    said = f"{shown(name)} is not" if isinstance(name, str) and name else "is missing; expected is"
    problems.add(*document.place("timezone"), f"{said} a time zone by its name in the IANA database, e.g. Europe/Brussels")
    return None


def _check_contract(problems: Problems, read: _Yaml, profiles: Collection[str] | None) -> None:
    contract = read.contract
    if contract.get("start") and contract.get("end") and contract.get("end") < contract.get("start"):
        problems.add(*read.document.place("contract.end"), f"{contract.get('end')} lies before the start, {contract.get('start')}")
    profile = contract.get("profile")
    if profile and profiles is not None and profile not in profiles:
        problems.add(*read.document.place("contract.profile"), f"{shown(profile)} is not a profile; there are {', '.join(sorted(profiles))}")
    if len(set(read.languages)) < len(read.languages):
        problems.add(*read.document.place("contract.report_languages"), "a language is listed twice")


def _check_cycles(problems: Problems, read: _Yaml) -> None:
    """Cycles have codes of their own and follow one another from the contract's start, without gap or overlap, not past its end."""
    seen: dict[str, int] = {}
    expected, last = read.contract.get("start"), read.contract.get("end")
    for i, cycle in enumerate(read.cycles):
        code, start, end = (cycle.get(name) for name in ("code", "start", "end"))
        if code and (first := seen.setdefault(code.casefold(), i)) != i:
            problems.add(*read.document.place(f"cycles[{i}].code"), f"{shown(code)} is the code of cycles[{first}] too")
        if start and expected and start != expected:
            whose = "when the implementation period starts" if i == 0 else "the day after the cycle before"
            problems.add(*read.document.place(f"cycles[{i}].start"), f"{start} is not {expected}, {whose}: cycles follow one another without gap or overlap")
        backwards = bool(start and end and end < start)
        if backwards:
            problems.add(*read.document.place(f"cycles[{i}].end"), f"{end} lies before the start, {start}")
        elif end and last and end > last and (i == 0 or read.cycles[i - 1].get("end") is None or read.cycles[i - 1].get("end") <= last):
            problems.add(*read.document.place(f"cycles[{i}].end"), f"{end} lies after the end of the implementation period, {last}")
        expected = end + timedelta(days=1) if end and not backwards else None


# --- rows of one file -------------------------------------------------------------------------------------------------


def _check_unique(problems: Problems, table: Table, columns: Sequence[str]) -> None:
    """No two rows have the same values, compared without case, in these columns."""
    seen: dict[tuple[Any, ...], int] = {}
    for row in table.rows:
        values = [row.get(column) for column in columns]
        if None in values:
            continue
        first = seen.setdefault(tuple(str(value).casefold() for value in values), row.line)
        if first != row.line:
            problems.add(table.file, row.line, columns[0], f"{' '.join(map(str, values))} is there twice, first in row {first}")


def _check_order(problems: Problems, table: Table, first: str, last: str) -> None:
    """One date does not lie before the other."""
    for row in table.rows:
        start, end = row.get(first), row.get(last)
        if start and end and end < start:
            problems.add(table.file, row.line, last, f"{end} lies before {first}, {start}")


def _check_float_traps(problems: Problems, table: Table) -> None:
    for row in table.rows:
        for code in row.get("sdg") or ():
            if code in FLOAT_TRAPS:
                problems.add(table.file, row.line, "sdg", f"is {code} meant? Where {code}0 is typed as a number, a spreadsheet makes {code} of it", "notice")


def _check_logframe(problems: Problems, logframe: Table) -> None:
    """Baselines and targets have their years; percentages are combined in a way that keeps them percentages."""
    for row in logframe.rows:
        for name, year in (("baseline", "baseline_year"), ("target", "target_year")):
            if row.get(name) is not None and year in row.values and row.get(year) is None:
                problems.add(logframe.file, row.line, year, f"is empty, but the row has a {name}; expected is {cells.YEAR.expected}")
        if row.get("measure") == "percentage" and row.get("value_kind") == "period" and row.get("across_periods") in ("max", "mean"):
            message = f"{row.get('across_periods')!r} is not sum or latest, the two a percentage allows: its numerators and denominators are added, or the latest are taken"
            problems.add(logframe.file, row.line, "across_periods", message)


def _fix_across_periods(logframe: Table) -> None:
    """The contract fixes it for some, whatever the file says: cumulative, yes_no and qualitative indicators are always the latest."""
    for row in logframe.rows:
        if row.get("value_kind") == "cumulative" or row.get("measure") in ("yes_no", "qualitative"):
            row.values["across_periods"] = "latest"


def _unify_dimensions(logframe: Table) -> None:
    """Sex and sex are one dimension: dimensions and their categories take the spelling of their first row."""
    names: dict[str, str] = {}
    categories: dict[tuple[str, str], str] = {}
    for row in logframe.rows:
        unified: dict[str, tuple[str, ...]] = {}
        for name, given in (row.get("disaggregation") or {}).items():
            folded = name.casefold()
            unified[names.setdefault(folded, name)] = tuple(categories.setdefault((folded, category.casefold()), category) for category in given)
        if unified:
            row.values["disaggregation"] = unified


# --- validity: from one cycle to another --------------------------------------------------------------------------------


def _span(row: Row, order: Mapping[str, int]) -> tuple[int, int] | None:
    """Places of the first and last cycle in which the row is valid; None where that cannot be said."""
    from_, to = row.get("from"), row.get("to")
    if (from_ and from_ not in order) or (to and to not in order):
        return None
    return order[from_] if from_ else 0, order[to] if to else len(order) - 1


def _check_validity(problems: Problems, table: Table, column: str, codes: Sequence[str], beside: Sequence[str] = ()) -> None:
    """No two rows with the same code in the column, and in those beside it, are valid in the same cycle.

    An addendum adds a later row with a later `from`: a row above it that is left open ends where that one begins, and a notice says so."""
    order = {code: i for i, code in enumerate(codes)}
    groups: dict[tuple[Any, ...], list[tuple[int, int, Row]]] = {}
    for row in table.rows:
        span, values = _span(row, order), tuple(row.get(name) for name in (*beside, column))
        if span is None or None in values:
            continue
        if span[1] < span[0]:
            problems.add(table.file, row.line, "to", f"{row.get('to')} lies before from, {row.get('from')}")
            continue
        groups.setdefault(values, []).append((*span, row))
    told: set[int] = set()
    for values, spans in groups.items():
        spans.sort(key=lambda span: (span[0], span[2].line))
        _, reach, widest = spans[0]
        for first, last, row in spans[1:]:
            if first <= reach and _takes_over(row, widest, order):
                widest.values["to"] = codes[first - 1]
                message = f"{' '.join(values)} of this row is taken to end with {codes[first - 1]}, since row {row.line} follows from {codes[first]}; to be clear, say so in `to`"
                problems.add(table.file, widest.line, "to", message, "notice")
            elif first <= reach:
                other, later = sorted((widest.line, row.line))
                message = f"{' '.join(values)} is valid in cycle {codes[first]} here and in row {other}: give one of them an end (to) or a later beginning (from)"
                if later not in told:
                    problems.add(table.file, later, column, message)
                told.add(later)
            if last >= reach:
                reach, widest = last, row


def _takes_over(row: Row, earlier: Row, order: Mapping[str, int]) -> bool:
    """Whether a row below replaces one that has no end, from a later cycle on."""
    begins, began = row.get("from"), earlier.get("from")
    return bool(begins and not row.get("to") and not earlier.get("to") and row.line > earlier.line and order[begins] > (order[began] if began else 0))


def _check_lines(problems: Problems, budget: Table, codes: Sequence[str]) -> None:
    """A heading with lines has no row of its own in the same cycle: its amount would count twice."""
    order = {code: i for i, code in enumerate(codes)}
    lines: dict[tuple[str, int], int] = {}
    spans = [(row, heading, span) for row in budget.rows if (heading := row.get("heading")) and (span := _span(row, order))]
    for row, heading, (first, last) in spans:
        parts = heading.split(".")
        for depth in range(1, len(parts)):
            for cycle in range(first, last + 1):
                lines.setdefault((".".join(parts[:depth]), cycle), row.line)
    for row, heading, (first, last) in spans:
        line = next((lines[heading, cycle] for cycle in range(first, last + 1) if (heading, cycle) in lines), None)
        if line is not None:
            problems.add(budget.file, row.line, "heading", f"heading {heading} has lines of its own (row {line}), so it has no row itself: it is their sum")


# --- references from one file to another ------------------------------------------------------------------------------


def _codes_of(table: Table, column: str) -> dict[str, str] | None:
    """The codes that a table defines, without case, each with the spelling of its first row; None where one is in error or the file could not
    be read: what points there cannot be judged then."""
    codes = [row.get(column) for row in reversed(table.rows)]
    return {code.casefold(): code for code in codes} if table.read and None not in codes else None


def _refer(problems: Problems, table: Table, column: str, codes: Mapping[str, str] | None, where: str) -> None:
    """What stands in the column is in the list of codes, and takes their spelling. Without a list nothing is judged."""
    if codes is None:
        return
    for row in table.rows:
        given = row.get(column)
        for code in given if isinstance(given, tuple) else (given,) if given else ():
            if code.casefold() not in codes:
                hint = "; it is a date: format the column as text in Excel and type the code again" if looks_like_date(code) else ""
                problems.add(table.file, row.line, column, f"{shown(code)} is not in {where}{hint}")
        if isinstance(given, tuple):
            row.values[column] = tuple(codes.get(code.casefold(), code) for code in given)
        elif given:
            row.values[column] = codes.get(given.casefold(), given)


def _check_references(problems: Problems, tables: Mapping[str, Table], desk: Mapping[tuple[str, str], Table], cycles: Mapping[str, str] | None) -> None:
    """Codes that point into another file exist there."""
    members = _codes_of(tables["members"], "member")
    pointing = [tables[name] for name in ("assignments", "subgrants", "waivers", "corrections")]
    for table in (*pointing, *(table for (_, name), table in desk.items() if name != "exchange")):
        _refer(problems, table, "member", members, "members.csv")
    _refer(problems, tables["plan"], "members", members, "members.csv")
    logframe = tables["logframe"]
    for name, column in (("logframe", "indicator"), ("assignments", "indicator"), ("logframe", "result"), ("plan", "result")):
        _refer(problems, tables[name], column, _codes_of(logframe, column), "logframe.csv")
    for name in ("logframe", "budget", "assignments"):
        for column in ("from", "to"):
            _refer(problems, tables[name], column, cycles, "the cycles of agreement.yaml")
    for name in ("waivers", "corrections"):
        _refer(problems, tables[name], "cycle", cycles, "the cycles of agreement.yaml")


def _check_waivers(problems: Problems, waivers: Table) -> None:
    """A waiver accepts what can be counted all the same."""
    for row in waivers.rows:
        rule = row.get("rule")
        if rule and rule not in RULES:
            problems.add(waivers.file, row.line, "rule", f"{shown(rule)} is no rule; rules are named as findings.csv names them")
        elif rule and not ever_waivable(rule):
            advice = "is not waived: it leaves nothing out, or its rows cannot be counted; a wrong value is mended in corrections.csv"
            problems.add(waivers.file, row.line, "rule", f"{shown(rule)} {advice}", "notice")


def _check_changed(problems: Problems, logframe: Table, amendments: Table, cycles: Sequence[str]) -> None:
    """A target or baseline that a later row changes without an amendment that begins there: an auditor asks who agreed to it."""
    begins = {row.get("from") for row in amendments.rows}
    order = {code: i for i, code in enumerate(cycles)}
    before: dict[str, Row] = {}
    for row in sorted(logframe.rows, key=lambda row: order.get(row.get("from") or "", -1)):
        earlier = before.get(row.get("indicator") or "")
        for column in ("target", "baseline"):
            if earlier and earlier.get(column) != row.get(column) and row.get("from") not in begins:
                was, now = (shown(f"{r.get(column):f}") if r.get(column) is not None else "empty" for r in (earlier, row))
                said = f"{column} of {row.get('indicator')} changes from {was} to {now}, and no row of amendments.csv begins in {row.get('from') or 'that cycle'}"
                problems.add(logframe.file, row.line, column, said, "notice")
        before[row.get("indicator") or ""] = row


def _check_corrections(problems: Problems, corrections: Table, logframe: Table) -> None:
    """A correction names a column that its sheet has."""
    columns = {sheet.name: {column.name for column in sheet.columns} for sheet in SHEETS} | {"cover": {key.name for key in COVER_KEYS}}
    columns["indicators"] |= {name for row in logframe.rows for name in row.get("disaggregation") or ()}
    for row in corrections.rows:
        sheet, column = row.get("sheet"), row.get("column")
        if sheet and column and logframe.read and column not in columns[sheet]:
            problems.add(corrections.file, row.line, "column", f"{shown(column)} is not a column of the sheet {sheet}")


def _check_unread(problems: Problems, files: Iterable[str], known: Collection[str]) -> None:
    """A file beside the known ones is perhaps misspelt, or of a cycle that is."""
    for file in files:
        if file not in known and re.fullmatch(r"agreement/[^/]+|desk/[^/]+/[^/]+", file):
            problems.add(file, None, "", "is not read: it is no file of the agreement, or of a cycle that agreement.yaml does not list", "notice")


# --- all together -----------------------------------------------------------------------------------------------------


def read_agreement(files: Mapping[str, bytes], profiles: Collection[str] | None = None) -> tuple[Agreement | None, list[Problem]]:
    """The agreement, or None where anything of it is in error, and every problem found, in order of file and row. Never raises.

    `files` by store key ("agreement/members.csv", "desk/2019-H1/extensions.csv"); `profiles` are the profiles there are (None: not checked)."""
    problems = Problems()
    read = _read_yaml(problems, files)
    tables = {name: read_table(problems, files, f"agreement/{name}.csv", columns, required=True) for name, columns in REQUIRED.items()}
    tables |= {name: read_table(problems, files, f"agreement/{name}.csv", columns) for name, columns in OPTIONAL.items()}
    cycles = read.codes
    desk = {
        (code, name): read_table(problems, files, f"desk/{code}/{name}.csv", columns)
        for code in (cycles or {}).values()
        for name, columns in DESK.items()
    }
    _check_contract(problems, read, profiles)
    _check_cycles(problems, read)
    _check_tables(problems, tables)
    _check_references(problems, tables, desk, cycles)
    if cycles:
        codes = list(cycles.values())
        _check_validity(problems, tables["logframe"], "indicator", codes)
        _check_validity(problems, tables["budget"], "heading", codes)
        _check_validity(problems, tables["assignments"], "indicator", codes, beside=("member", "country"))
        _check_lines(problems, tables["budget"], codes)
        _check_unread(problems, files, {YAML, *(table.file for table in (*tables.values(), *desk.values())), *(f"desk/{code}/deposits.csv" for code in codes)})
    if cycles and not any(problem.severity == "error" for problem in problems.in_order):
        _check_changed(problems, tables["logframe"], tables["amendments"], list(cycles.values()))
    found = problems.in_order
    if read.zone is None or any(problem.severity == "error" for problem in found):
        return None, found
    return _agreement(read, read.zone, tables, desk), found


def _check_tables(problems: Problems, tables: Mapping[str, Table]) -> None:
    """What holds within each file."""
    _check_unique(problems, tables["members"], ("member",))
    _check_order(problems, tables["members"], "from", "to")
    _check_logframe(problems, tables["logframe"])
    _fix_across_periods(tables["logframe"])
    _unify_dimensions(tables["logframe"])
    _check_unique(problems, tables["rates"], ("month", "currency"))
    for row in tables["rates"].rows:
        if row.get("currency") == "EUR" and row.get("rate") not in (None, Decimal(1)):
            problems.add(tables["rates"].file, row.line, "rate", "the rate of EUR is 1: it is the currency of the contract")
    _check_unique(problems, tables["plan"], ("activity",))
    _check_order(problems, tables["plan"], "start", "end")
    _check_unique(problems, tables["subgrants"], ("recipient",))
    for name in ("logframe", "plan"):
        _check_float_traps(problems, tables[name])
    _check_corrections(problems, tables["corrections"], tables["logframe"])
    _check_waivers(problems, tables["waivers"])


def _models(model: type[Model], table: Table) -> tuple[Model, ...]:
    return tuple(_model(model, row) for row in table.rows)


def _model(model: type[Model], row: Row, **more: Any) -> Model:
    given = {"from_" if name == "from" else name: value for name, value in row.values.items() if value is not None}
    return model(**given | more)


def _local(moment: datetime, zone: zoneinfo.ZoneInfo) -> datetime:
    """In the agreement's time zone; a time that was written with another offset is moved there."""
    return (moment.astimezone(zone) if moment.tzinfo else moment).replace(tzinfo=None)


def _agreement(read: _Yaml, zone: zoneinfo.ZoneInfo, tables: Mapping[str, Table], desk: Mapping[tuple[str, str], Table]) -> Agreement:
    codes = [cycle.get("code") for cycle in read.cycles]
    for row in (*read.cycles, *(row for (_, name), table in desk.items() if name == "extensions" for row in table.rows)):
        row.values["due"] = _local(row.values["due"], zone)
    return Agreement(
        contract=_model(Contract, read.contract, coordinator=_model(Coordinator, read.coordinator), report_languages=tuple(read.languages)),
        timezone=zone.key,
        cycles=tuple(_model(Cycle, cycle) for cycle in read.cycles),
        members=_models(Member, tables["members"]),
        logframe=_models(Indicator, tables["logframe"]),
        budget=_models(BudgetLine, tables["budget"]),
        rates={(row.get("month"), row.get("currency")): row.get("rate") for row in tables["rates"].rows},
        plan=_models(PlannedActivity, tables["plan"]),
        assignments=_models(Assignment, tables["assignments"]),
        subgrants=_models(Subgrant, tables["subgrants"]),
        amendments=_models(Amendment, tables["amendments"]),
        waivers=_models(Waiver, tables["waivers"]),
        corrections=_models(Correction, tables["corrections"]),
        extensions={code: _models(Extension, desk[code, "extensions"]) for code in codes},
        reviews={code: _models(Review, desk[code, "reviews"]) for code in codes},
        exchange={code: _models(Exchange, desk[code, "exchange"]) for code in codes},
    )
