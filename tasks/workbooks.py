"""The workbook that a member fills in: in its language, with what it is to report laid out row by row and last cycle's figures beside the empty cells.

Every data sheet has the same head: its name, one line of help above each column, the column's label, and (hidden) its machine name. Cells are
locked except where one types. Columns that the reader passes over (targets, last figures, checks) are grey.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Any, Literal

from domain.agreement import Agreement, Cycle, Member, PlannedActivity
from domain.codes import (
    ACTIVITY_STATUSES,
    ACTIVITY_TYPES,
    LANGUAGES,
    REGIONS,
    SDG_CODES,
    SENSITIVITIES,
    countries,
    currencies,
    goal_of,
    sdg_order,
)
from domain.grid import column_letter
from domain.prefill import IndicatorLine, Last, countries_of, indicator_lines, planned_activities
from domain.profile import Profile
from domain.reading import schema_with_dimensions
from domain.schema import COVER_KEYS, COVER_LABELS, DIMENSION_LABELS, SHEETS, SheetSchema
from domain.submission import AcceptedRow
from tasks.phrases import phrases

Part = Literal["programme", "finance"]
PARTS: tuple[Part | None, ...] = (None, "programme", "finance")
"""A member gets its workbook whole and as two parts."""

FIRST = 4
"""Index of the first row below the head."""
SPARE = {"activities": 150, "indicators": 40, "expenditure": 1000, "narrative": 10, "outcomes": 20, "visibility": 20, "risks": 15, "stories": 10}
"""Empty rows with drop-downs and checks below the prefilled ones; further rows can be typed in all the same."""
LISTS = "lists"
LONG = frozenset(("title", "deviation", "outcome", "partners", "description", "evidence", "text", "comment", "what_changed", "process", "our_contribution", "risk", "response", "item", "link"))
_LISTED = frozenset(("yes_no", "country", "currency", "type", "status", "sensitivity", "result", "indicator", "heading", "recipient", "section", "lang", "plan"))
"""Columns with a drop-down; dimensions have one too."""
_WIDTHS = {"sdg": 18, "country": 20, "result": 22, "indicator": 14, "section": 40, "heading": 30, "currency": 18, "supplier": 24, "type": 18, "status": 18, "plan": 26}


def workbook_key(cycle: str, member: str, part: Part | None) -> str:
    return f"workbooks/{cycle}/{member}{f'.{part}' if part else ''}.xlsx"


def member_workbook(agreement: Agreement, profile: Profile, member: Member, cycle: str, earlier: Sequence[AcceptedRow] = (), part: Part | None = None) -> bytes:
    """An .xlsx for one member and cycle, whole or one of its parts. `earlier` are the member's accepted rows of earlier cycles, in order of
    cycles. The same inputs give the same bytes."""
    return _Form(agreement, profile, member, agreement.cycle(cycle), earlier, part).write()


# --- code lists -------------------------------------------------------------------------------------------------------


def _labelled(code: str, label: str) -> str:
    """ "code – label", which the reader cuts at the dash; on one line and short enough for a list."""
    label = " ".join(label.split())
    return f"{code} – {label if len(label) <= 90 else label[:89] + '…'}" if label and label != code else code


@cache
def _country_names(language: str) -> tuple[tuple[str, str], ...]:
    """Every country and region by its name in the language, in alphabetical order, regions last."""
    from babel import Locale

    names, regions = Locale.parse(language).territories, phrases("workbook", language)["codes"]["region"]
    known = sorted((code for code in countries() if code not in REGIONS), key=lambda code: _sortable(names.get(code, code)))
    return tuple((code, names.get(code, code)) for code in known) + tuple((code, regions[code]) for code in REGIONS)


@cache
def _country_name(code: str, language: str) -> str:
    return dict(_country_names(language)).get(code, "")


@cache
def _currency_names(language: str) -> tuple[tuple[str, str], ...]:
    from babel.numbers import get_currency_name

    return tuple((code, get_currency_name(code, locale=language)) for code in sorted(currencies()))


def _sortable(text: str) -> str:
    import unicodedata

    return "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))


def _first(wanted: Iterable[str], names: Sequence[tuple[str, str]]) -> list[str]:
    """The list with these codes on top."""
    by_code = dict(names)
    top = [code for code in dict.fromkeys(wanted) if code in by_code]
    return [_labelled(code, by_code[code]) for code in (*top, *(code for code, _ in names if code not in top))]


# --- the form ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Shown:
    """A column of a sheet as it is laid out: one of the contract's, or (name "") one that is only to be read."""

    name: str
    label: str
    help: str = ""
    kind: str = "text"
    required: bool = False
    width: float = 14
    hidden: bool = False


@dataclass
class _Form:
    """One workbook on its way."""

    agreement: Agreement
    profile: Profile
    member: Member
    cycle: Cycle
    earlier: Sequence[AcceptedRow]
    part: Part | None
    lists: dict[str, list[str]] = field(default_factory=dict)
    """The lists in use, a column each on the hidden sheet of lists."""

    def write(self) -> bytes:
        import xlsxwriter

        out = io.BytesIO()
        self.words = phrases("workbook", self.member.language)
        self.book = xlsxwriter.Workbook(
            out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "default_date_format": "dd/mm/yyyy"}
        )
        created = datetime(self.cycle.start.year, self.cycle.start.month, self.cycle.start.day, tzinfo=UTC).replace(tzinfo=None)
        contract = self.agreement.contract.number
        self.book.set_properties({"title": f"{contract} {self.cycle.code} {self.member.member}", "author": contract, "created": created})
        self.formats: dict[tuple[tuple[str, Any], ...], Any] = {}
        self._write_instructions()
        self._write_cover()
        writers = {"activities": self._write_activities, "indicators": self._write_indicators, "expenditure": self._write_expenditure, "narrative": self._write_narrative}
        for schema in SHEETS:
            if self.part in (None, schema.part):
                writers.get(schema.name, self._write_plain)(schema)
        self._write_lists()
        self.book.close()
        return out.getvalue()

    # --- formats and lists

    def look(self, **properties: Any) -> Any:
        key = tuple(sorted(properties.items()))
        if key not in self.formats:
            self.formats[key] = self.book.add_format({"valign": "top", "font_name": "Calibri", "font_size": 11, **properties})
        return self.formats[key]

    def open_cell(self, kind: str, wrap: bool = False) -> Any:
        """The look of a cell in which one types."""
        number = {"date": "dd/mm/yyyy", "number": "General"}.get(kind, "@")
        return self.look(locked=False, num_format=number, text_wrap=wrap, border=1, border_color="#c9ced6")

    def read_cell(self, kind: str = "text", **more: Any) -> Any:
        """The look of a cell that is only to be read."""
        number = {"number": "#,##0.##########"}.get(kind, "@" if kind == "text" else "General")
        return self.look(bg_color="#eef0f3", font_color="#333333", num_format=number, text_wrap=True, border=1, border_color="#c9ced6", **more)

    def list_of(self, name: str) -> str:
        """Where a list will stand; "" for one without entries."""
        if name not in self.lists:
            self.lists[name] = self._entries(name)
        entries = self.lists[name]
        letter = column_letter(list(self.lists).index(name))
        return f"={LISTS}!${letter}$1:${letter}${len(entries)}" if entries else ""

    def _entries(self, name: str) -> list[str]:
        language, codes = self.member.language, self.words["codes"]
        rows = self.agreement.indicators_in(self.cycle.code)
        match name:
            case "country":
                return _first(countries_of(self.agreement, self.member, self.earlier), _country_names(language))
            case "currency":
                return _first(self._likely_currencies(), _currency_names(language))
            case "type" | "status" | "sensitivity" | "lang":
                known = {"type": ACTIVITY_TYPES, "status": ACTIVITY_STATUSES, "sensitivity": SENSITIVITIES, "lang": LANGUAGES}[name]
                return _first([self.member.language] if name == "lang" else [], [(code, codes[name][code]) for code in known])
            case "yes_no":
                return list(codes["yes_no"].values())
            case "decimal":
                return [".", ","]
            case "part":
                return [_labelled(code, codes["part"][code]) for code in ("programme", "finance")]
            case "result":
                return [_labelled(code, statement) for code, statement in self._statements().items()]
            case "indicator":
                return [_labelled(code, row.title) for code, row in rows.items()]
            case "sdg":
                return [_labelled(code, self.profile.goals[goal_of(code)].name(language)) for code in sorted(SDG_CODES, key=sdg_order)]
            case "heading":
                return self._headings()
            case "plan":
                return [_labelled(row.activity, row.title) for row in self.agreement.plan]
            case "recipient":
                return [_labelled(row.recipient, row.name) for row in self.agreement.subgrants]
            case "section":
                return [_labelled(code, words[language]) for code, words in self.profile.questions.items()]
            case _:
                return [self._category(name, category) for category in self._categories(name)]

    def _statements(self) -> dict[str, str]:
        """Each result of the logframe with its text."""
        return {row.result: row.statement for row in self.agreement.indicators_in(self.cycle.code).values()}

    def _categories(self, dimension: str) -> list[str]:
        rows = self.agreement.indicators_in(self.cycle.code).values()
        return list(dict.fromkeys(category for row in rows for category in row.disaggregation.get(dimension, ())))

    def _category(self, dimension: str, category: str) -> str:
        return _labelled(category, self.words["codes"].get(dimension.casefold(), {}).get(category.casefold(), ""))

    def _likely_currencies(self) -> list[str]:
        from babel.numbers import get_territory_currencies

        own = [code for country in countries_of(self.agreement, self.member, self.earlier) for code in get_territory_currencies(country)]
        return [*own, "EUR", "USD", *sorted({currency for _, currency in self.agreement.rates})]

    def _headings(self) -> list[str]:
        """Headings 1 to 6 and their lines: the budget's in its words, the template's others in theirs."""
        language = self.member.language
        names = {code: words[language] for code, words in (*self.profile.headings.items(), *self.profile.lines.items()) if code[:1] in "123456" and not code.startswith("10")}
        names |= {line.heading: line.description or names.get(line.heading, "") for line in self.agreement.budget_in(self.cycle.code) if not line.heading.startswith("10")}
        return [_labelled(code, names[code]) for code in sorted(names, key=lambda code: [int(number) for number in code.split(".")])]

    def _write_lists(self) -> None:
        sheet = self.book.add_worksheet(LISTS)
        for column, entries in enumerate(self.lists.values()):
            for row, entry in enumerate(entries):
                sheet.write_string(row, column, entry)
        sheet.protect()
        sheet.hide()

    # --- instructions and cover

    def _write_instructions(self) -> None:
        from babel.dates import format_date, format_datetime

        words, language = self.words["instructions"], self.member.language
        sheet = self.book.add_worksheet(words["sheet"])
        sheet.hide_gridlines(2)
        sheet.set_column(0, 0, 4)
        sheet.set_column(1, 1, 100)
        due = max([self.cycle.due, *(e.due for e in self.agreement.extensions.get(self.cycle.code, ()) if e.member == self.member.member)])
        about = {
            "member": self.member.name, "cycle": self.cycle.code, "timezone": self.agreement.timezone.replace("_", " "),
            "start": format_date(self.cycle.start, "long", language), "end": format_date(self.cycle.end, "long", language),
            "due": format_datetime(due, "d MMMM y, HH:mm", locale=language),
            "folder": f"inbox/{self.cycle.code}/{self.member.member}/", "feedback": f"feedback/{self.cycle.code}/{self.member.member}/",
        }  # fmt: skip
        sheet.write_string(0, 1, words["title"].format(**about), self.look(bold=True, font_size=16, font_color="#003399", text_wrap=True))
        if self.part:
            sheet.write_string(1, 1, self.words["parts"][self.part], self.look(bold=True, font_size=13))
        sheet.write_string(2, 1, f"{self.agreement.contract.number} · {self.agreement.contract.title}", self.look(text_wrap=True))
        sheet.write_string(3, 1, words["period"].format(**about), self.look())
        sheet.write_string(4, 1, words["due"].format(**about), self.look(bold=True))
        row = 6
        for number, step in enumerate(words["steps"], start=1):
            text = step.format(**about)
            sheet.write_number(row, 0, number, self.look(bold=True, font_color="#003399", align="center"))
            sheet.write_string(row, 1, text, self.look(text_wrap=True))
            sheet.set_row(row, 16 * (len(text) // 100 + 1) + 4)
            row += 1
        sheet.write_string(row + 1, 1, self.profile.funding[self.agreement.contract.funding][language], self.look(font_color="#003399"))
        sheet.protect("", {"format_columns": True, "format_rows": True})
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)

    def _write_cover(self) -> None:
        """Keys and values: the machine's name hidden, the label, the value; the help stands below, where it is no value."""
        language = self.member.language
        sheet = self.book.add_worksheet(COVER_LABELS[language][0])
        sheet.hide_gridlines(2)
        sheet.set_column(0, 0, 12, None, {"hidden": True})
        sheet.set_column(1, 1, 34)
        sheet.set_column(2, 2, 48)
        title = self.words["instructions"]["title"].format(member=self.member.name, cycle=self.cycle.code)
        sheet.write_string(0, 1, title, self.look(bold=True, font_size=14, font_color="#003399"))
        filled = {"contract": self.agreement.contract.number, "cycle": self.cycle.code, "member": self.member.member, "decimal": self.member.decimal, "part": self.part or ""}
        locked = {"contract", "cycle", "member", *(("part",) if self.part else ())}
        lists = {"decimal": "decimal", "part": "part", "nil": "yes_no"}
        for number, key in enumerate(COVER_KEYS):
            row = 2 + 2 * number
            sheet.write_string(row, 0, key.name)
            sheet.write_string(row, 1, key.labels[language][0], self.look(bold=True, bg_color="#003399", font_color="#ffffff", border=1))
            look = self.read_cell() if key.name in locked else self.open_cell("text")
            if value := filled.get(key.name, ""):
                sheet.write_string(row, 2, value, look)
            else:
                sheet.write_blank(row, 2, None, look)
            sheet.write_string(row + 1, 1, self.words["help"]["cover"][key.name], self.look(italic=True, font_color="#555555", font_size=9))
            if key.name in lists and key.name not in locked:
                entries = self._entries(lists[key.name])
                sheet.data_validation(row, 2, row, 2, {"validate": "list", "source": entries, **self._refusal("list")})
        sheet.protect("", {"format_columns": True, "format_rows": True})
        sheet.activate()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)

    # --- a data sheet

    def _refusal(self, kind: str, **about: str) -> dict[str, Any]:
        words = self.words["refusals"]
        return {"error_title": words["title"], "error_message": words[kind].format(**about), "error_type": "stop"}

    def _columns(self, schema: SheetSchema) -> dict[str, _Shown]:
        """The contract's columns of a sheet by name, in its order."""
        helps, language = self.words["help"][schema.name], self.member.language
        shown = {}
        for column in schema_with_dimensions(schema, self.agreement.dimensions):
            labels = column.labels or DIMENSION_LABELS.get(column.name.casefold(), {})
            label = labels[language][0] if labels else column.name
            text = helps.get(column.name, helps.get("dimension", "")).format(limit=self.profile.answer_words)
            width = 60 if column.name == "text" else 20 if column.name in self.agreement.dimensions else 34 if column.name in LONG else _WIDTHS.get(column.name, max(12, len(label) + 3))
            shown[column.name] = _Shown(column.name, label, text, column.kind, column.required, width)
        return shown

    def _note(self, name: str, width: float = 16, kind: str = "text") -> _Shown:
        """A column that is only to be read."""
        return _Shown("", self.words["columns"][name], kind=kind, width=width)

    def _head(self, schema: SheetSchema, columns: Sequence[_Shown]) -> Any:
        """A new sheet with its four rows of headings and every column's look; the last column, hidden, is for what the workbook filled in."""
        label = schema.labels[self.member.language][0]
        sheet = self.book.add_worksheet(label)
        sheet.set_row(0, 24)
        sheet.set_row(1, 46)
        sheet.set_row(2, 32)
        sheet.set_row(3, None, None, {"hidden": True})
        sheet.write_string(0, 0, f"{label} – {self.member.name}, {self.cycle.code}", self.look(bold=True, font_size=14, font_color="#003399"))
        for index, column in enumerate(columns):
            look = self.open_cell(column.kind, column.name in LONG) if column.name else self.read_cell(column.kind)
            sheet.set_column(index, index, column.width, look, {"hidden": column.hidden})
            if index:
                sheet.write_blank(0, index, None, self.look())
            sheet.write_string(1, index, column.help, self.look(italic=True, font_color="#555555", font_size=9, text_wrap=True, valign="bottom"))
            head = {"bold": True, "text_wrap": True, "border": 1, "bg_color": "#003399" if column.name else "#5b6675", "font_color": "#ffffff"}
            sheet.write_string(2, index, f"{column.label} *" if column.required else column.label, self.look(**head))
            if column.name:
                sheet.write_string(3, index, column.name, self.look())
        last = len(columns)
        sheet.set_column(last, last, 12, self.look(), {"hidden": True})
        sheet.write_string(3, last, "prefilled", self.look())
        sheet.freeze_panes(FIRST, 2)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(2)
        sheet.protect("", {"format_columns": True, "format_rows": True, "insert_rows": True})
        return sheet

    def _guard(self, sheet: Any, column: _Shown, index: int, rows: int, number: Literal["whole", "decimal"] = "decimal") -> None:
        """The drop-down or check of a column, over the prefilled and the spare rows."""
        first, last = FIRST, FIRST + rows - 1
        listed = _LISTED | set(self.agreement.dimensions)
        name = "yes_no" if column.kind == "yes_no" else column.name
        if column.kind == "sdg":  # several codes may stand in it: the list helps, and refuses nothing
            sheet.data_validation(first, index, last, index, {"validate": "list", "source": self.list_of("sdg"), "show_error": False})
        elif name in listed and (source := self.list_of(name)):
            sheet.data_validation(first, index, last, index, {"validate": "list", "source": source, **self._refusal("list")})
        elif column.kind == "date":
            self._guard_date(sheet, column, index, first, last)
        elif column.kind == "number":
            rule = {"validate": "integer", "criteria": ">=", "value": 0} if number == "whole" else {"validate": "decimal", "criteria": "between", "minimum": -1e14, "maximum": 1e14}
            sheet.data_validation(first, index, last, index, {**rule, **self._refusal("whole" if number == "whole" else "number")})

    def _guard_date(self, sheet: Any, column: _Shown, index: int, first: int, last: int) -> None:
        """Dates may run over the cycle's ends, but an activity has a day in it and a payment lies within the contract."""
        contract, cycle = self.agreement.contract, self.cycle
        latest = cycle.due.date() if cycle.report == "final" else cycle.end
        bounds = {"start": (contract.start, cycle.end), "end": (cycle.start, contract.end), "payment_date": (contract.start, max(latest, cycle.end))}
        start, end = bounds.get(column.name, (date(contract.start.year - 5, 1, 1), date(contract.end.year + 5, 12, 31)))
        refusal = self._refusal("date", start=f"{start:%d/%m/%Y}", end=f"{end:%d/%m/%Y}")
        rule = {"validate": "date", "criteria": "between", "minimum": _at(start), "maximum": _at(end), **refusal}
        sheet.data_validation(first, index, last, index, rule)

    def _mark_checks(self, sheet: Any, index: int, rows: int) -> None:
        """A check that is not content stands out by colour and by what it says."""
        letter = column_letter(index)
        content = self.words["checks"]["right"]
        bad = self.book.add_format({"bg_color": "#fde2d4", "font_color": "#8a2a00"})
        criteria = f'=AND(${letter}{FIRST + 1}<>"",ISERROR(SEARCH("{content}",${letter}{FIRST + 1})),ISERROR(SEARCH("%",${letter}{FIRST + 1})),ISERROR(SEARCH("{self.words["checks"]["people"].strip()}",${letter}{FIRST + 1})))'
        sheet.conditional_format(FIRST, index, FIRST + rows - 1, index, {"type": "formula", "criteria": criteria, "format": bad})

    def _write_plain(self, schema: SheetSchema) -> None:
        """A sheet of empty rows."""
        columns = list(self._columns(schema).values())
        sheet = self._head(schema, columns)
        for index, column in enumerate(columns):
            self._guard(sheet, column, index, SPARE[schema.name])

    # --- activities

    def _write_activities(self, schema: SheetSchema) -> None:
        columns = [*self._columns(schema).values()]
        where = {column.name: index for index, column in enumerate(columns)}
        after = where["unknown"] + 1
        columns[after:after] = [self._note("check", 24), self._note("planned", 22)]
        where = {column.name: index for index, column in enumerate(columns)}
        planned = planned_activities(self.agreement, self.member, self.cycle.code, self.earlier)
        rows = len(planned) + SPARE[schema.name]
        sheet = self._head(schema, columns)
        for index, column in enumerate(columns):
            self._guard(sheet, column, index, rows, "whole")
        for number, activity in enumerate(planned):
            self._write_planned(sheet, FIRST + number, where, after + 1, activity)
            sheet.write_string(FIRST + number, len(columns), "activity title country result sdg plan")
        letters = {name: column_letter(index) for name, index in where.items()}
        for row in range(FIRST, FIRST + rows):
            sheet.write_formula(row, after, self._activity_check(letters, row + 1), self.read_cell("General"), "")
        self._mark_checks(sheet, after, rows)

    def _write_planned(self, sheet: Any, row: int, where: Mapping[str, int], note: int, activity: PlannedActivity) -> None:
        country = activity.countries[0] if activity.countries else self.member.country
        cells = {
            "activity": activity.activity, "title": activity.title, "country": _labelled(country, _country_name(country, self.member.language)), "result": _labelled(activity.result, self._statements().get(activity.result, "")),
            "sdg": "; ".join(activity.sdg), "plan": activity.activity,
        }  # fmt: skip
        for name, text in cells.items():
            if text:
                sheet.write_string(row, where[name], text, self.open_cell("text", name in LONG))
        sheet.write_string(row, note, f"{activity.start:%d/%m/%Y} – {activity.end:%d/%m/%Y}", self.read_cell())

    def _activity_check(self, letters: Mapping[str, str], row: int) -> str:
        words = self.words["checks"]
        at = {name: f"{letter}{row}" for name, letter in letters.items() if name}
        not_done = f'OR(LEFT({at["status"]},9)="postponed",LEFT({at["status"]},9)="cancelled")'
        return (
            f'=IF(COUNTA({at["activity"]}:{at["sdg"]})=0,"",IF({not_done},"",IF(COUNTBLANK({at["activity"]}:{at["sdg"]})>0,"{words["incomplete"]}"&COUNTBLANK({at["activity"]}:{at["sdg"]}),'
            f'IF({at["end"]}<{at["start"]},"{words["reversed"]}",SUM({at["women"]}:{at["unknown"]})&"{words["people"]}"))))'
        )

    # --- indicators

    def _write_indicators(self, schema: SheetSchema) -> None:
        own = self._columns(schema)
        dimensions = [name for name in own if name in self.agreement.dimensions]
        columns = [
            own["indicator"], self._note("what", 44), own["country"], *(own[name] for name in dimensions), self._note("unit", 16), self._note("aim", 16, "number"),
            self._note("before", 14, "number"), own["value"], own["numerator"], own["denominator"], self._note("check", 34), own["date"], own["source"], own["comment"],
        ]  # fmt: skip
        where = {column.name or column.label: index for index, column in enumerate(columns)}
        lines = indicator_lines(self.agreement, self.member, self.cycle.code, self.earlier)
        rows = len(lines) + SPARE[schema.name]
        sheet = self._head(schema, columns)
        for index, column in enumerate(columns):
            if column.name != "value":
                self._guard(sheet, column, index, rows)
        for number, line in enumerate(lines):
            self._write_line(sheet, FIRST + number, where, line, dimensions)
            sheet.write_string(FIRST + number, len(columns), " ".join(("indicator", "country", *dimensions)))
        self._write_line_checks(sheet, where, lines)
        self._mark_checks(sheet, where[self.words["columns"]["check"]], rows)

    def _write_line(self, sheet: Any, row: int, where: Mapping[str, int], line: IndicatorLine, dimensions: Sequence[str]) -> None:
        """One indicator, country and slice: what is asked for, last time's figure, and the cells that its measure has."""
        names, total, indicator = self.words["columns"], not line.slice, line.indicator
        look, chosen = self.read_cell(bold=total), dict(line.slice)
        source = f"\n({indicator.source})" if indicator.source else ""
        sheet.write_string(row, where["indicator"], indicator.indicator, look)
        sheet.write_string(row, where["country"], _labelled(line.country, _country_name(line.country, self.member.language)), look)
        sheet.write_string(row, where[names["what"]], indicator.title + source if total else "   " + " × ".join(self._category(*part) for part in line.slice), look)
        if total:
            sheet.set_row(row, 15.5 * (len(indicator.title) // 42 + 1 + bool(source)))
        for name in dimensions:
            sheet.write_string(row, where[name], self._category(name, chosen[name]) if name in chosen else "", self.read_cell())
        sheet.write_string(row, where[names["unit"]], indicator.unit, self.read_cell())
        self._write_aim(sheet, row, where[names["aim"]], line)
        _write_last(sheet, row, where[names["before"]], line.last, self.read_cell("number"))
        asked = {"percentage": ("numerator", "denominator"), "qualitative": ()}.get(indicator.measure, ("value",))
        for name in ("value", "numerator", "denominator"):
            sheet.write_blank(row, where[name], None, self.open_cell("text" if indicator.measure == "yes_no" else "number") if name in asked else self.read_cell())
        value = where["value"]
        if indicator.measure == "yes_no":
            sheet.data_validation(row, value, row, value, {"validate": "list", "source": self.list_of("yes_no"), **self._refusal("list")})
        elif indicator.measure == "people":
            sheet.data_validation(row, value, row, value, {"validate": "integer", "criteria": ">=", "value": 0, **self._refusal("whole")})
        elif asked == ("value",):
            sheet.data_validation(row, value, row, value, {"validate": "decimal", "criteria": "between", "minimum": -1e14, "maximum": 1e14, **self._refusal("number")})

    def _write_aim(self, sheet: Any, row: int, column: int, line: IndicatorLine) -> None:
        """Beside a total the member's own target, else the network's, which says so."""
        from babel.numbers import format_decimal

        own = [a.target for a in self.agreement.assignments if (a.member, a.indicator, a.country) == (self.member.member, line.indicator.indicator, line.country)]
        target, network = next((target for target in own if target is not None), None), line.indicator.target
        if target is not None and not line.slice:
            sheet.write_number(row, column, float(target), self.read_cell("number"))
        elif network is None or line.slice:
            sheet.write_blank(row, column, None, self.read_cell())
        else:
            sheet.write_string(row, column, f"{self.words['columns']['network']}{format_decimal(network, locale=self.member.language)}", self.read_cell())

    def _write_line_checks(self, sheet: Any, where: Mapping[str, int], lines: Sequence[IndicatorLine]) -> None:
        """Beside a total whether it fell, beside the first slice of a dimension whether the dimension adds up to the total, beside a percentage its value."""
        words, check = self.words["checks"], where[self.words["columns"]["check"]]
        value, before = column_letter(where["value"]), column_letter(where[self.words["columns"]["before"]])
        numerator, denominator = column_letter(where["numerator"]), column_letter(where["denominator"])
        look = self.read_cell("General")
        total_row = 0
        for number, line in enumerate(lines):
            row = FIRST + number + 1
            total_row = row if not line.slice else total_row
            if line.indicator.measure == "percentage":
                n, d = f"{numerator}{row}", f"{denominator}{row}"
                formula = f'=IF(AND({n}="",{d}=""),"",IF(OR({n}="",{d}=""),"{words["pair"]}",IF({n}>{d},"{words["percent"]}",IF({d}=0,"",ROUND(100*{n}/{d},1)&" %"))))'
                sheet.write_formula(row - 1, check, formula, look, "")
            elif not line.slice and _can_fall(line):
                cell = f"{value}{row}"
                sheet.write_formula(row - 1, check, f'=IF({cell}="","",IF({cell}<{before}{row},"{words["fell"]}",""))', look, "")
            elif starts_dimension(lines, number) and line.indicator.across_members == "sum":
                parts, total = f"{value}{row}:{value}{FIRST + end_of_dimension(lines, number)}", f"{value}{total_row}"
                formula = (
                    f'=IF(COUNT({parts})=0,"",IF({total}="","{words["no_total"]}",IF(SUM({parts})>{total},"{words["sum"]}"&SUM({parts})&"{words["more"]}",'
                    f'IF(SUM({parts})<{total},"{words["sum"]}"&SUM({parts})&"{words["less"]}","{words["right"]}"))))'
                )
                sheet.write_formula(row - 1, check, formula, look, "")

    # --- expenditure and narrative

    def _write_expenditure(self, schema: SheetSchema) -> None:
        columns = [*self._columns(schema).values()]
        columns.insert(5, self._note("check", 18))
        rows = SPARE[schema.name]
        sheet = self._head(schema, columns)
        for index, column in enumerate(columns):
            self._guard(sheet, column, index, rows)
        incomplete = self.words["checks"]["incomplete"]
        for row in range(FIRST, FIRST + rows):
            cells = f"A{row + 1}:E{row + 1}"
            sheet.write_formula(row, 5, f'=IF(OR(COUNTA({cells})=0,COUNTBLANK({cells})=0),"","{incomplete}"&COUNTBLANK({cells}))', self.read_cell("General"), "")
        self._mark_checks(sheet, 5, rows)

    def _write_narrative(self, schema: SheetSchema) -> None:
        """A row for each guiding question, with a running count of words."""
        columns = [*self._columns(schema).values()]
        columns.insert(2, self._note("words", 16))
        rows = len(self.profile.questions) + SPARE[schema.name]
        sheet = self._head(schema, columns)
        for index, column in enumerate(columns):
            if column.name != "section":
                self._guard(sheet, column, index, rows)
        first, last = FIRST + len(self.profile.questions), FIRST + rows - 1
        sheet.data_validation(first, 0, last, 0, {"validate": "list", "source": self.list_of("section"), **self._refusal("list")})
        limit = self.profile.answer_words
        for number, (code, words) in enumerate(self.profile.questions.items()):
            row = FIRST + number
            sheet.set_row(row, 110)
            sheet.write_string(row, 0, _labelled(code, words[self.member.language]), self.read_cell(bold=True))
            sheet.write_string(row, 4, _labelled(self.member.language, self.words["codes"]["lang"][self.member.language]), self.open_cell("text"))
            sheet.write_string(row, len(columns), "section lang")
        for row in range(FIRST, FIRST + rows):
            text = f"TRIM(B{row + 1})"
            count = f'LEN({text})-LEN(SUBSTITUTE({text}," ",""))+1'
            sheet.write_formula(row, 2, f'=IF({text}="","",{count}&" {self.words["checks"]["of"].format(limit=limit)}")', self.read_cell("General"), "")
        too_long = self.book.add_format({"bg_color": "#fde2d4", "font_color": "#8a2a00"})
        over = f'=LEN(TRIM($B{FIRST + 1}))-LEN(SUBSTITUTE(TRIM($B{FIRST + 1})," ",""))+1>{limit}'
        sheet.conditional_format(FIRST, 2, last, 2, {"type": "formula", "criteria": over, "format": too_long})


def _at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC).replace(tzinfo=None)


def _can_fall(line: IndicatorLine) -> bool:
    known = line.last is not None and isinstance(line.last.value, Decimal)
    return known and line.indicator.value_kind == "cumulative" and line.indicator.direction == "up"


def starts_dimension(lines: Sequence[IndicatorLine], number: int) -> bool:
    """Whether a line is the first category of its dimension below a total."""
    line = lines[number]
    return len(line.slice) == 1 and number > 0 and (len(lines[number - 1].slice) != 1 or lines[number - 1].slice[0][0] != line.slice[0][0])


def end_of_dimension(lines: Sequence[IndicatorLine], number: int) -> int:
    """One past the last category of the dimension that begins at `number`."""
    dimension = lines[number].slice[0][0]
    end = number
    while end < len(lines) and len(lines[end].slice) == 1 and lines[end].slice[0][0] == dimension:
        end += 1
    return end


def _write_last(sheet: Any, row: int, column: int, last: Last | None, look: Any) -> None:
    """A percentage by its pair, a text by its beginning."""
    if last is None:
        sheet.write_blank(row, column, None, look)
    elif last.denominator is not None:
        sheet.write_string(row, column, f"{last.numerator:f} / {last.denominator:f}", look)
    elif isinstance(last.value, Decimal):
        sheet.write_number(row, column, float(last.value), look)
    else:
        text = last.value or ""
        sheet.write_string(row, column, text if len(text) <= 60 else text[:59] + "…", look)
