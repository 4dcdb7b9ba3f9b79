"""Reads and checks what the operator writes (contract section 2): every fault in one list, nothing half read.

CSV may come from anybody's Excel: `;` or `,` or tab, UTF-8 or Windows-1252. A decimal comma is understood in a `;` file only, where Excel writes it.
"""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from domain.agreement import (
    Agreement,
    Amendment,
    Assignment,
    BudgetLine,
    Contract,
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
from domain.codes import FLOAT_TRAPS, LANGUAGES, ROLES, SDG_CODES, SENSITIVITIES, countries, currencies
from domain.numbers import read_date
from domain.schema import SHEETS
from domain.workbook import Unreadable, csv_records, decode_text, find_delimiter

MAX_AGREEMENT_BYTES = 20 * 1024**2
FIGURE_COLUMNS = frozenset(
    ["figure", "scope", "level", "area", "kind", "numerator", "denominator", "value", "unit", "baseline", "target", "progress", "contributions", "derived", "member", "submission", "sheet", "row", "cell", "column", "rule", "severity", "message", "cycle", "state", "label", "rate", "amount_eur", "cost", "slice", "text"]
)
"""Column names of the data files (contract section 6), which no dimension may have."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """A fault of the agreement, or something to look at (notice). `row` is the line on which the CSV record begins; the header is line 1."""

    file: str
    row: int | None = field(compare=False)
    column: str
    message: str
    severity: Literal["error", "notice"] = "error"

    def __str__(self) -> str:
        place = ", ".join([self.file, *([f"row {self.row}"] if self.row else []), *([f"column {self.column}"] if self.column else [])])
        return f"{place}: {self.message}"


# --- cells ------------------------------------------------------------------------------------------------------------


class _Wrong(Exception):
    """A cell's fault, in words."""


@dataclass(frozen=True, slots=True)
class _Record:
    """A row of a CSV file with its texts by column."""

    line: int
    cells: dict[str, str]
    decimal_comma: bool


Convert = Callable[[str, _Record], Any]
_DATE_LIKE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}.*|\d{1,2}/\d{1,2}/\d{2,4}|\d{1,2}[-. ][A-Za-zéûÀ-ÿ]{3,9}\.?([-. ]\d{2,4})?|[A-Za-zéûÀ-ÿ]{3,9}\.?[-. ]\d{2,4}")


def _text(text: str, _: _Record) -> str:
    return text


def _code(text: str, _: _Record) -> str:
    if _DATE_LIKE.fullmatch(text):
        raise _Wrong(f"{text!r} is a date where a code stands: format the column as text in Excel and type the code again")
    return text


def _choice(*allowed: str) -> Convert:
    def convert(text: str, _: _Record) -> str:
        if text.casefold() not in allowed:
            raise _Wrong(f"{text!r} is none of {', '.join(allowed)}")
        return text.casefold()

    return convert


def _decimal(text: str, record: _Record) -> Decimal:
    if record.decimal_comma and "." not in text and text.count(",") == 1:
        text = text.replace(",", ".")
    if not re.fullmatch(r"-?\d+(\.\d+)?", text):
        raise _Wrong(f"{text!r} is no number: write it with a point as decimal sign and without grouping, e.g. 1500.50")
    return Decimal(text)


def _money(text: str, record: _Record) -> Decimal:
    amount = _decimal(text, record)
    if amount < 0 or amount != amount.quantize(Decimal("0.01")):
        raise _Wrong(f"{text!r} is no amount: not below 0 and at most two decimals")
    return amount


def _date(text: str, _: _Record) -> date:
    day = read_date(text)
    if day is None:
        raise _Wrong(f"{text!r} is no date: write it as 2019-06-30 or 30/06/2019")
    return day


def _moment(text: str, _: _Record) -> datetime:
    """A local time; a date alone is the end of that day."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None) if len(text) > 10 else datetime.combine(date.fromisoformat(text), datetime.max.time())
    except ValueError:
        raise _Wrong(f"{text!r} is no date and time: write it as 2019-07-31T18:00") from None


def _country(text: str, _: _Record) -> str:
    if text.upper() not in countries() or text.isdigit():
        raise _Wrong(f"{text!r} is no country: use its ISO 3166-1 code of two letters, e.g. KE")
    return text.upper()


def _country_or_region(text: str, _: _Record) -> str:
    if text.upper() not in countries():
        raise _Wrong(f"{text!r} is no country (ISO 3166-1, two letters) and no region of the DAC list (89, 298, 498, 798, 889, 998)")
    return text.upper()


def _currency(text: str, _: _Record) -> str:
    if text.upper() not in currencies():
        raise _Wrong(f"{text!r} is no currency: use its ISO 4217 code of three letters, e.g. KES")
    return text.upper()


def _month(text: str, _: _Record) -> str:
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text):
        raise _Wrong(f"{text!r} is no month: write it as 2019-03")
    return text


def _year(text: str, _: _Record) -> int:
    if not re.fullmatch(r"(19|20|21)\d\d", text):
        raise _Wrong(f"{text!r} is no year")
    return int(text)


def _heading(text: str, record: _Record) -> str:
    code = _code(text, record)
    if not re.fullmatch(r"10|[1-6](\.\d+)*", code):
        raise _Wrong(f"{text!r} is no budget heading: 1 to 6 and 10, or a line such as 1.1.2")
    return code


def _member_code(text: str, _: _Record) -> str:
    if not re.fullmatch(r"[a-z0-9-]+", text):
        raise _Wrong(f"{text!r} is no member code: small letters a to z, digits and hyphens only, since it names a folder")
    return text


def _sdgs(text: str, record: _Record) -> tuple[str, ...]:
    codes = [part.strip() for part in re.split(r"[;,\n]", text) if part.strip()]
    for code in codes:
        _code(code, record)
        if code.lower() not in SDG_CODES:
            raise _Wrong(f"{code!r} is no SDG goal or target: write e.g. 8.8 or 5, several with ; between them")
    if len(codes) > 10:
        raise _Wrong(f"{len(codes)} SDGs are too many: the main one and up to nine others")
    if len(set(codes)) < len(codes):
        raise _Wrong("an SDG is listed twice")
    return tuple(code.lower() for code in codes)


def _codes(text: str, record: _Record) -> tuple[str, ...]:
    return tuple(_code(part.strip(), record) for part in re.split(r"[;,]", text) if part.strip())


def _milestones(text: str, record: _Record) -> dict[int, Decimal]:
    found: dict[int, Decimal] = {}
    for part in filter(None, (part.strip() for part in text.split(";"))):
        year, colon, value = (piece.strip() for piece in part.partition(":"))
        if not colon:
            raise _Wrong(f"{part!r} is no milestone: write them as 2019:40; 2020:80")
        found[_year(year, record)] = _decimal(value, record)
    return found


def _disaggregation(text: str, _: _Record) -> dict[str, tuple[str, ...]]:
    reserved = FIGURE_COLUMNS | {column.name for sheet in SHEETS for column in sheet.columns}
    found: dict[str, tuple[str, ...]] = {}
    for part in filter(None, (part.strip() for part in text.split(";"))):
        name, colon, rest = part.partition(":")
        name, categories = name.strip(), tuple(category.strip() for category in rest.split("|"))
        if not colon or not name or not all(categories):
            raise _Wrong(f"{part!r} is no dimension: write it as sex:female|male|other|unknown, several with ; between them")
        if name.casefold() in reserved:
            raise _Wrong(f"a dimension may not be called {name!r}: another column has that name")
        if name in found or len({category.casefold() for category in categories}) < len(categories):
            raise _Wrong(f"dimension {name!r} or one of its categories is listed twice")
        found[name] = categories
    return found


# --- tables -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    convert: Convert = _text
    empty: bool = False
    """May be empty."""
    absent: bool = False
    """May be absent, and then empty."""


def _must(name: str, convert: Convert = _text) -> _Column:
    return _Column(name, convert)


def _may(name: str, convert: Convert = _text) -> _Column:
    return _Column(name, convert, empty=True, absent=True)


def _open(name: str, convert: Convert = _text) -> _Column:
    return _Column(name, convert, empty=True)


MEMBERS = (
    _must("member", _member_code), _must("name"), _must("country", _country), _must("language", _choice(*LANGUAGES)), _must("decimal", _choice(".", ",")),
    _open("email"), _must("role", _choice(*ROLES)), _may("from", _date), _may("to", _date), _may("sensitivity", _choice(*SENSITIVITIES)),
)  # fmt: skip
LOGFRAME = (
    _must("indicator", _code), _must("level", _choice("impact", "outcome", "output")), _must("result", _code), _must("statement"), _must("title"),
    _must("measure", _choice("number", "people", "percentage", "money", "yes_no", "qualitative")), _must("unit"), _must("direction", _choice("up", "down")),
    _must("value_kind", _choice("period", "cumulative")), _must("across_members", _choice("sum", "max", "mean", "none")),
    _must("across_periods", _choice("sum", "max", "mean", "latest")), _open("disaggregation", _disaggregation), _open("sdg", _sdgs),
    _open("baseline", _decimal), _open("baseline_year", _year), _open("target", _decimal), _open("target_year", _year), _open("milestones", _milestones),
    _open("source"), _may("from", _code), _may("to", _code),
)  # fmt: skip
BUDGET = (
    _must("heading", _heading), _must("amount_eur", _money), _may("description"), _may("unit"), _may("units", _decimal), _may("unit_value_eur", _decimal),
    _may("from", _code), _may("to", _code),
)  # fmt: skip
RATES = (_must("month", _month), _must("currency", _currency), _must("rate", _decimal))
PLAN = (
    _must("activity", _code), _must("result", _code), _must("title"), _must("start", _date), _must("end", _date), _open("members", _codes),
    _open("countries", _codes), _open("sdg", _sdgs),
)  # fmt: skip
ASSIGNMENTS = (
    _must("member"), _must("indicator", _code), _must("country", _country_or_region), _may("from", _code), _may("to", _code), _open("baseline", _decimal),
    _open("target", _decimal),
)  # fmt: skip
SUBGRANTS = (
    _must("recipient", _code), _must("name"), _must("country", _country_or_region), _must("lot"), _must("signed", _date), _must("amount_eur", _money), _must("member"),
)  # fmt: skip
AMENDMENTS = (_must("number"), _must("signed", _date), _must("from"), _must("what"), _must("reason"))
WAIVERS = (
    _must("rule"), _must("member"), _must("cycle"), _may("cell"), _may("row"), _must("reason"), _must("by"), _open("until"),
)  # fmt: skip
CORRECTIONS = (
    _must("member"), _must("cycle"), _must("sheet"), _must("row"), _must("column"), _open("expect"), _open("value"), _must("reason"), _must("by"),
)  # fmt: skip
EXTENSIONS = (_must("member"), _must("due", _moment), _must("reason"), _must("by"))
REVIEWS = (_must("member"), _must("submission"), _must("decision"), _open("question"), _open("reply_by"), _must("by"))
EXCHANGE = (_must("version"), _must("date", _date), _must("event"), _open("note"))

Model = TypeVar("Model", bound=BaseModel)


@dataclass(slots=True)
class _Reader:
    """Reads files and keeps every problem it meets."""

    files: Mapping[str, bytes]
    problems: list[Problem] = field(default_factory=list)
    lines: dict[tuple[str, int], int] = field(default_factory=dict)

    def wrong(self, file: str, row: int | None, column: str, message: str, severity: Literal["error", "notice"] = "error") -> None:
        self.problems.append(Problem(file, row, column, message, severity))

    def table(self, file: str, columns: Sequence[_Column], model: type[Model], required: bool = True) -> list[tuple[int, Model]]:
        """The rows of a CSV file as models, each with its line."""
        if file not in self.files:
            if required:
                self.wrong(file, None, "", "the file is missing")
            return []
        rows = []
        for record in self._records(file, columns):
            values = {column.name: self._value(file, record, column) for column in columns}
            if _Missing in values.values():
                continue
            given = {"from_" if name == "from" else name: value for name, value in values.items() if value is not None}
            try:
                rows.append((record.line, model(**given)))
            except ValidationError as error:
                self.wrong(file, record.line, str(error.errors()[0]["loc"][0]), error.errors()[0]["msg"])
        return rows

    def _value(self, file: str, record: _Record, column: _Column) -> Any:
        text = record.cells.get(column.name, "")
        if not text:
            if column.empty:
                return None
            self.wrong(file, record.line, column.name, "the cell is empty; a value is required here")
            return _Missing
        try:
            return column.convert(text, record)
        except _Wrong as wrong:
            self.wrong(file, record.line, column.name, str(wrong))
            return _Missing

    def _records(self, file: str, columns: Sequence[_Column]) -> list[_Record]:
        data = self.files[file]
        if len(data) > MAX_AGREEMENT_BYTES:
            self.wrong(file, None, "", f"the file is larger than {MAX_AGREEMENT_BYTES // 1024**2} MB")
            return []
        text = decode_text(data).replace("\x00", "")
        delimiter = find_delimiter(text)
        try:
            records = [(line, record) for line, record in csv_records(text, delimiter) if any(cell.strip() for cell in record)]
        except Unreadable:
            self.wrong(file, None, "", "the file is no CSV: save it from Excel as CSV (UTF-8)")
            return []
        if not records:
            self.wrong(file, None, "", "the file is empty; a header row is expected: " + ", ".join(column.name for column in columns if not column.absent))
            return []
        header = [name.strip().casefold() for name in records[0][1]]
        missing = [column.name for column in columns if not column.absent and column.name not in header]
        for name in missing:
            self.wrong(file, records[0][0], name, f"the column is missing; expected are {', '.join(c.name for c in columns if not c.absent)}")
        if missing:
            return []
        return [
            _Record(line, {name: cell.strip() for name, cell in zip(header, record, strict=False) if name}, delimiter == ";") for line, record in records[1:]
        ]


class _Missing:
    """Stands for a value whose problem has been noted."""


# --- agreement.yaml ---------------------------------------------------------------------------------------------------


class _Loader(yaml.SafeLoader):
    """Reads every scalar as text, so that 1500000.00 keeps its digits and 2019-06-30 its form; no aliases, no repeated keys."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases (*name) are not understood here")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        keys = [key.value for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.YAMLError(f"{key} stands there twice")
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {"~": [("tag:yaml.org,2002:null", re.compile("~"))]}


def _read_yaml(reader: _Reader, file: str) -> tuple[Contract | None, str, list[Cycle]]:
    if file not in reader.files:
        reader.wrong(file, None, "", "the file is missing")
        return None, "", []
    try:
        content = yaml.load(decode_text(reader.files[file]), _Loader)  # noqa: S506 (a SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        reader.wrong(file, line, "", f"the file is no YAML: {error.problem}")
        return None, "", []
    except (yaml.YAMLError, RecursionError, ValueError, TypeError, AttributeError) as error:
        reader.wrong(file, None, "", f"the file is no YAML: {error}")
        return None, "", []
    if not isinstance(content, dict):
        reader.wrong(file, None, "", "the file must have contract, timezone and cycles")
        return None, "", []
    zone = content.get("timezone")
    try:
        zoneinfo.ZoneInfo(str(zone))
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        reader.wrong(file, None, "timezone", f"{zone!r} is no time zone; e.g. Europe/Brussels")
    contract = _model(reader, file, "contract", Contract, content.get("contract"))
    listed = content.get("cycles")
    if not isinstance(listed, list) or not listed:
        reader.wrong(file, None, "cycles", "at least one cycle is needed")
        listed = []
    cycles = [_model(reader, file, f"cycles[{i}]", Cycle, cycle) for i, cycle in enumerate(listed)]
    return contract, str(zone), [cycle for cycle in cycles if cycle is not None]


def _model(reader: _Reader, file: str, path: str, model: type[Model], content: Any) -> Model | None:
    if not isinstance(content, dict):
        reader.wrong(file, None, path, "is missing")
        return None
    try:
        return model(**{key: value for key, value in content.items() if isinstance(key, str)})
    except ValidationError as error:
        for fault in error.errors():
            where = ".".join([path, *(str(part) for part in fault["loc"])])
            said = "" if fault["type"] == "missing" else f"{fault['input']!r}: "
            reader.wrong(file, None, where, f"{said}{fault['msg'][:1].lower()}{fault['msg'][1:]}")
        return None


def _check_contract(reader: _Reader, file: str, contract: Contract, profiles: Collection[str] | None) -> None:
    def wrong(column: str, message: str) -> None:
        reader.wrong(file, None, f"contract.{column}", message)

    if contract.end < contract.start:
        wrong("end", "lies before the start")
    if profiles is not None and contract.profile not in profiles:
        wrong("profile", f"{contract.profile!r} is no profile; there are {', '.join(sorted(profiles))}")
    if contract.coordinator.country.upper() not in countries():
        wrong("coordinator.country", f"{contract.coordinator.country!r} is no country: use its ISO 3166-1 code of two letters")
    for language in (contract.language, *contract.report_languages):
        if language not in LANGUAGES:
            wrong("language" if language == contract.language else "report_languages", f"{language!r} is none of {', '.join(LANGUAGES)}")
    for name in ("eu_share", "indirect_rate"):
        if not 0 <= getattr(contract, name) <= 100:
            wrong(name, "must be a percentage from 0 to 100")
    for name in ("eu_contribution", "third_party_ceiling"):
        if getattr(contract, name) < 0:
            wrong(name, "must not be below 0")


def _check_cycles(reader: _Reader, file: str, contract: Contract | None, cycles: Sequence[Cycle]) -> None:
    seen: set[str] = set()
    expected = contract.start if contract else None
    for i, cycle in enumerate(cycles):
        where = f"cycles[{i}]"
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", cycle.code):
            reader.wrong(file, None, f"{where}.code", f"{cycle.code!r} cannot name a folder: letters, digits, point, hyphen and underscore only")
        if cycle.code.casefold() in seen:
            reader.wrong(file, None, f"{where}.code", f"cycle {cycle.code} is listed twice")
        seen.add(cycle.code.casefold())
        if cycle.end < cycle.start:
            reader.wrong(file, None, f"{where}.end", "lies before the start")
        if expected is not None and cycle.start != expected:
            reader.wrong(file, None, f"{where}.start", f"must be {expected}: cycles follow one another from the contract's start without gap or overlap")
        if contract and cycle.end > contract.end:
            reader.wrong(file, None, f"{where}.end", f"lies after the end of the implementation period, {contract.end}")
        if cycle.grace_days < 0:
            reader.wrong(file, None, f"{where}.grace_days", "must not be below 0")
        expected = cycle.end + timedelta(days=1)


# --- across files -----------------------------------------------------------------------------------------------------


def _unique(reader: _Reader, file: str, column: str, rows: Iterable[tuple[int, Any]], key: Callable[[Any], Any], what: str) -> None:
    seen: dict[Any, int] = {}
    for line, row in rows:
        value = key(row)
        if value in seen:
            reader.wrong(file, line, column, f"{what} stands in row {seen[value]} already")
        seen.setdefault(value, line)


def _known(reader: _Reader, file: str, column: str, rows: Iterable[tuple[int, Any]], values: Collection[str], where: str) -> None:
    folded = {value.casefold() for value in values}
    for line, row in rows:
        given = getattr(row, "from_" if column == "from" else column)
        for value in given if isinstance(given, tuple) else (given,):
            if value is not None and value.casefold() not in folded:
                reader.wrong(file, line, column, f"{value!r} is not in {where}")


def _check_validity(reader: _Reader, file: str, rows: Sequence[tuple[int, Any]], cycles: Sequence[Cycle], key: Callable[[Any], str], what: str) -> None:
    """from/to are cycles in their order, and no two rows with the same code are valid in the same cycle."""
    order = {cycle.code: i for i, cycle in enumerate(cycles)}
    for column in ("from", "to"):
        _known(reader, file, column, rows, order, "the cycles of agreement.yaml")
    spans: dict[str, list[tuple[int, int, int]]] = {}
    for line, row in rows:
        first, last = order.get(row.from_ or "", 0), order.get(row.to or "", len(order) - 1)
        if row.from_ in order and row.to in order and first > last:
            reader.wrong(file, line, "to", "lies before from")
        for other_first, other_last, other_line in spans.get(key(row), []):
            if first <= other_last and other_first <= last:
                reader.wrong(file, line, what, f"{key(row)} is valid in the same cycle as in row {other_line}: give one of them from or to")
                break
        spans.setdefault(key(row), []).append((first, last, line))


def _check_logframe(reader: _Reader, file: str, rows: Sequence[tuple[int, Indicator]]) -> None:
    for line, row in rows:
        for value, year in (("baseline", "baseline_year"), ("target", "target_year")):
            if getattr(row, value) is not None and getattr(row, year) is None:
                reader.wrong(file, line, year, f"is empty: a {value} has its year")
        if row.measure == "percentage" and row.value_kind == "period" and row.across_periods not in ("sum", "latest"):
            reader.wrong(file, line, "across_periods", f"{row.across_periods!r}: a percentage is added as numerator and denominator (sum) or is the latest one")
        for code in row.sdg:
            if code in FLOAT_TRAPS:
                reader.wrong(file, line, "sdg", f"{code}: is it meant? Excel makes {code} of {code}0", "notice")


def _check_budget(reader: _Reader, file: str, rows: Sequence[tuple[int, BudgetLine]], cycles: Sequence[Cycle]) -> None:
    """A heading with lines has no row of its own in the same cycle."""
    order = {cycle.code: i for i, cycle in enumerate(cycles)}
    for line, row in rows:
        for other_line, other in rows:
            overlap = order.get(row.from_ or "", 0) <= order.get(other.to or "", len(order)) and order.get(other.from_ or "", 0) <= order.get(row.to or "", len(order))
            if other.heading.startswith(f"{row.heading}.") and overlap:
                reader.wrong(file, line, "heading", f"heading {row.heading} has lines of its own (row {other_line}), so it has no amount itself")
                break


def read_agreement(files: Mapping[str, bytes], profiles: Collection[str] | None = None) -> tuple[Agreement | None, list[Problem]]:
    """The agreement, or None where anything of it is at fault, and every problem found, in order of file and row. Never raises.

    `files` by store key ("agreement/members.csv", "desk/2019-H1/extensions.csv"); `profiles` are the profiles there are (None: not checked)."""
    reader = _Reader(files)
    base = "agreement/"
    contract, zone, cycles = _read_yaml(reader, f"{base}agreement.yaml")
    members = reader.table(f"{base}members.csv", MEMBERS, Member)
    logframe = reader.table(f"{base}logframe.csv", LOGFRAME, Indicator)
    budget = reader.table(f"{base}budget.csv", BUDGET, BudgetLine)
    rates = reader.table(f"{base}rates.csv", RATES, _Rate)
    plan = reader.table(f"{base}plan.csv", PLAN, PlannedActivity, required=False)
    assignments = reader.table(f"{base}assignments.csv", ASSIGNMENTS, Assignment, required=False)
    subgrants = reader.table(f"{base}subgrants.csv", SUBGRANTS, Subgrant, required=False)
    amendments = reader.table(f"{base}amendments.csv", AMENDMENTS, Amendment, required=False)
    waivers = reader.table(f"{base}waivers.csv", WAIVERS, Waiver, required=False)
    corrections = reader.table(f"{base}corrections.csv", CORRECTIONS, Correction, required=False)
    desk = {cycle.code: _read_desk(reader, cycle.code) for cycle in cycles}

    if contract:
        _check_contract(reader, f"{base}agreement.yaml", contract, profiles)
    _check_cycles(reader, f"{base}agreement.yaml", contract, cycles)
    _unique(reader, f"{base}members.csv", "member", members, lambda row: row.member, "this member")
    for line, member in members:
        if member.from_ and member.to and member.to < member.from_:
            reader.wrong(f"{base}members.csv", line, "to", "lies before from")
    _check_validity(reader, f"{base}logframe.csv", logframe, cycles, lambda row: row.indicator.casefold(), "indicator")
    _check_logframe(reader, f"{base}logframe.csv", logframe)
    _check_validity(reader, f"{base}budget.csv", budget, cycles, lambda row: row.heading, "heading")
    _check_budget(reader, f"{base}budget.csv", budget, cycles)
    _unique(reader, f"{base}rates.csv", "month", rates, lambda row: (row.month, row.currency), "this month and currency")
    for line, rate in rates:
        if rate.rate <= 0:
            reader.wrong(f"{base}rates.csv", line, "rate", f"{rate.rate} must be above 0: units of the currency for 1 EUR")
    _unique(reader, f"{base}subgrants.csv", "recipient", subgrants, lambda row: row.recipient.casefold(), "this recipient")
    _check_references(reader, base, cycles, members, logframe, plan, assignments, subgrants, waivers, corrections)
    for code, (extensions, reviews, _) in desk.items():
        known = {row.member for _, row in members}
        _known(reader, f"desk/{code}/extensions.csv", "member", extensions, known, "members.csv")
        _known(reader, f"desk/{code}/reviews.csv", "member", reviews, known, "members.csv")

    problems = sorted(reader.problems, key=lambda problem: (problem.file, problem.row or 0, problem.column, problem.message))
    if contract is None or any(problem.severity == "error" for problem in problems):
        return None, problems
    return (
        Agreement(
            contract=contract,
            timezone=zone,
            cycles=tuple(cycles),
            members=_models(members),
            logframe=tuple(_as_fixed(row) for row in _models(logframe)),
            budget=_models(budget),
            rates={(row.month, row.currency): row.rate for row in _models(rates)},
            plan=_models(plan),
            assignments=_models(assignments),
            subgrants=_models(subgrants),
            amendments=_models(amendments),
            waivers=_models(waivers),
            corrections=_models(corrections),
            extensions={code: _models(tables[0]) for code, tables in desk.items()},
            reviews={code: _models(tables[1]) for code, tables in desk.items()},
            exchange={code: _models(tables[2]) for code, tables in desk.items()},
        ),
        problems,
    )


class _Rate(BaseModel):
    month: str
    currency: str
    rate: Decimal


def _models(rows: Iterable[tuple[int, Model]]) -> tuple[Model, ...]:
    return tuple(row for _, row in rows)


def _as_fixed(row: Indicator) -> Indicator:
    """What the contract fixes whatever the file says: cumulative, yes_no and qualitative indicators are always the latest across periods."""
    latest = row.value_kind == "cumulative" or row.measure in ("yes_no", "qualitative")
    return row.model_copy(update={"across_periods": "latest"}) if latest and row.across_periods != "latest" else row


def _read_desk(reader: _Reader, cycle: str) -> tuple[list[tuple[int, Extension]], list[tuple[int, Review]], list[tuple[int, Exchange]]]:
    return (
        reader.table(f"desk/{cycle}/extensions.csv", EXTENSIONS, Extension, required=False),
        reader.table(f"desk/{cycle}/reviews.csv", REVIEWS, Review, required=False),
        reader.table(f"desk/{cycle}/exchange.csv", EXCHANGE, Exchange, required=False),
    )


def _check_references(
    reader: _Reader,
    base: str,
    cycles: Sequence[Cycle],
    members: Sequence[tuple[int, Member]],
    logframe: Sequence[tuple[int, Indicator]],
    plan: Sequence[tuple[int, PlannedActivity]],
    assignments: Sequence[tuple[int, Assignment]],
    subgrants: Sequence[tuple[int, Subgrant]],
    waivers: Sequence[tuple[int, Waiver]],
    corrections: Sequence[tuple[int, Correction]],
) -> None:
    """Codes that point into another file exist there."""
    known_members, codes = {row.member for _, row in members}, {cycle.code for cycle in cycles}
    for file, rows in (("assignments", assignments), ("subgrants", subgrants), ("waivers", waivers), ("corrections", corrections)):
        _known(reader, f"{base}{file}.csv", "member", rows, known_members, "members.csv")
    _known(reader, f"{base}plan.csv", "members", plan, known_members, "members.csv")
    _known(reader, f"{base}plan.csv", "result", plan, {row.result for _, row in logframe}, "the results of logframe.csv")
    _known(reader, f"{base}plan.csv", "countries", plan, countries(), "ISO 3166-1")
    _known(reader, f"{base}assignments.csv", "indicator", assignments, {row.indicator for _, row in logframe}, "logframe.csv")
    for column in ("from", "to"):
        _known(reader, f"{base}assignments.csv", column, assignments, codes, "the cycles of agreement.yaml")
    for file, of_cycle in (("waivers", waivers), ("corrections", corrections)):
        _known(reader, f"{base}{file}.csv", "cycle", of_cycle, codes, "the cycles of agreement.yaml")
