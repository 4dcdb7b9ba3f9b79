"""financial-report.xlsx of a delivered report: the financial report of Annex VI (PRAG 2018, e3h7).

It shows the figures of data/finance.csv as live formulas over the listed transactions, each with the figure itself as its cached value: whoever
opens it sees our figures, and whoever changes a cell sees what follows. Suppliers stay out; of members that are internal only heading, date and EUR
are given (their currency and country would name them).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from domain.agreement import Agreement, BudgetLine
from domain.figures import Figures, FinanceLine
from domain.funding import funding, rates_to_name
from domain.grid import column_letter
from domain.money import DIRECT_HEADINGS, CostLine, budget_by_heading, rounded_half_away, with_totals
from domain.profile import Profile
from domain.submission import AcceptedRow
from tasks.annex_book import MONEY, AnnexBook, Column, format_for

MAX_TRANSACTIONS = 1_000_000
"""Rows of a sheet; what is more stands on another one."""
PENDING_ROWS = 5
"""Empty rows in which a final report names payments that are still to be made."""
SHARE = "0.00%_)"
RATE = "#,##0.00####_)"
SUMS = {"7": DIRECT_HEADINGS, "9": ("7", "8"), "11": ("9", "10")}
"""Headings that are sums of others; 8 is the indirect rate of 7."""
_RULE: dict[str, Any] = {"border": 1, "border_color": "#c9ced6"}
_LINE: dict[str, Any] = {"font_color": "#333333", **_RULE}
_HEADING: dict[str, Any] = {"bold": True, **_RULE}
_SUM: dict[str, Any] = {"bold": True, "bg_color": "#e3e8f1", **_RULE}
_OPEN: dict[str, Any] = {"bg_color": "#fff7d6", **_RULE}
_WIDTHS = {
    "line": 6, "description": 36, "unit": 10, "units": 9, "unit_value": 11, "budget": 13, "ceiling": 13, "transactions": 13, "corrections": 12, "period": 13,
    "before": 13, "cumulative": 13, "variation": 13, "variation_pct": 9, "remark": 17, "explanation": 28,
}  # fmt: skip
_AT = {name: column_letter(index) for index, name in enumerate(_WIDTHS)}
_FORECAST_WIDTHS = {
    "line": 7, "description": 38, "budget": 14, "cumulative": 14, "balance": 14, "forecast": 14, "real": 14, "next_unit": 11, "next_units": 11, "next_value": 12,
    "next_cost": 14,
}  # fmt: skip
_FORECAST_AT = {name: column_letter(index) for index, name in enumerate(_FORECAST_WIDTHS)}
_TRANSACTION_WIDTHS = {
    "member": 34, "submission": 14, "row": 7, "heading": 9, "country": 15, "date": 11, "document": 18, "description": 36, "currency": 10, "amount": 14, "rate": 12,
    "eur": 13,
}  # fmt: skip


def financial_report(
    agreement: Agreement, profile: Profile, figures: Figures, lines: Sequence[CostLine], language: str, activities: Iterable[AcceptedRow] | None = None
) -> bytes:
    """An .xlsx labelled in the language. `lines`: the cost lines that the figures' money is made of. `activities`: the accepted rows of all cycles;
    only they tell which costs belong to an activity that is internal, so without them no cost is described, and never one of an activity that is not among them.
    The same arguments give the same bytes."""
    return _Report(agreement, profile, figures, lines, language, activities).write()


@dataclass(slots=True)
class _Row:
    """A row of the table of costs, in EUR cents: a heading, or a line below one. `row` is the index it stands at."""

    code: str
    label: str
    budget: int
    transactions: int
    before: int
    cumulative: int
    period: int
    agreed: BudgetLine | None = None
    lines: list[_Row] = field(default_factory=list)
    row: int = 0

    @property
    def corrections(self) -> int:
        return self.period - self.transactions


def _by_number(code: str) -> list[int]:
    return [int(number) for number in code.split(".")]


def _same(code: str | None) -> str:
    """Codes are compared trimmed and without case."""
    return (code or "").strip().casefold()


def _activity(row: AcceptedRow) -> tuple[str, str]:
    """The activity that an activity or a cost is: its member and code."""
    return row.member, _same(row.values["activity"])


class _Report:
    """The workbook on its way."""

    def __init__(
        self, agreement: Agreement, profile: Profile, figures: Figures, lines: Sequence[CostLine], language: str, activities: Iterable[AcceptedRow] | None
    ) -> None:
        self.agreement, self.profile, self.figures, self.language = agreement, profile, figures, language
        self.contract, self.kind = agreement.contract, agreement.cycle(figures.cycle).report
        self.costs = [line for line in lines if line.cost and line.row.cycle in figures.cycles]
        self.members = {member.member: member for member in agreement.members}
        self.described = activities is not None
        known = list(activities or ())
        internal = {_activity(row) for row in known if row.values.get("sensitivity") == "internal"}
        self.describable = {_activity(row) for row in known} - internal
        self.listed = self._listed()
        self.finance = {line.heading: line for line in figures.finance}
        self.paper = AnnexBook("financial report", agreement, figures, language)
        self.words, self.wording = self.paper.words, self.paper.wording
        self.rows = self._rows()
        self.parts = self._parts()
        self.cells: dict[str, str] = {}
        """Where the contract's numbers stand, by their name on the first sheet."""
        self.report_sheet = self.words["kinds"][self.kind]

    def write(self) -> bytes:
        self._write_information()
        self._write_report()
        if self.kind != "final":  # no further pre-financing to ask for
            self._write_forecast()
        self._write_funding()
        self._write_addenda()
        self._write_transactions()
        self._write_support()
        self._write_rates()
        return self.paper.bytes()

    # --- what is shown ------------------------------------------------------------------------------------------------

    def may_name(self, member: str) -> bool:
        return member not in self.agreement.internal_members

    def member_name(self, member: str) -> str:
        if not self.may_name(member):
            return str(self.words["unnamed"])
        return self.members[member].name if member in self.members else member

    def _listed(self) -> list[CostLine]:
        """The costs of the reporting period; those of unnamed members last, in an order that says nothing of whose they are."""
        of_period = [line for line in self.costs if line.row.cycle in self.figures.reporting]
        named = [line for line in of_period if self.may_name(line.row.member)]
        unnamed = [line for line in of_period if not self.may_name(line.row.member)]
        return named + sorted(unnamed, key=lambda line: (line.row.values["payment_date"], _by_number(line.row.values["heading"]), line.cents))

    def _rows(self) -> list[_Row]:
        """The headings 1–11, each with its lines. A heading has lines where the budget has or where members spent on some."""
        agreed = {line.heading: line for line in self.agreement.budget_in(self.figures.cycle)}
        period, cumulative = _sums(self.listed), _sums(self.costs)
        codes: dict[str, set[str]] = defaultdict(set)
        for code in (*agreed, *cumulative):
            codes[code.partition(".")[0]].add(code)
        rows = []
        for line in self.figures.finance:
            below = sorted(codes[line.heading], key=_by_number) if codes[line.heading] != {line.heading} else []
            heading = self._heading_row(line, period, agreed.get(line.heading))
            heading.lines = [self._line_row(code, line.heading, agreed.get(code), period[code], cumulative[code]) for code in below]
            rows.append(heading)
        transactions = with_totals({row.code: row.transactions for row in rows}, self.contract.indirect_rate)
        for row in rows:
            row.transactions = transactions[row.code]
        return rows

    def _heading_row(self, line: FinanceLine, period: Mapping[str, int], agreed: BudgetLine | None) -> _Row:
        words = self.profile.headings.get(line.heading)
        spent = sum(cents for code, cents in period.items() if code.partition(".")[0] == line.heading)
        return _Row(line.heading, words[self.language] if words else line.label, line.budget, spent, line.previous, line.cumulative, line.period, agreed)

    def _line_row(self, code: str, heading: str, agreed: BudgetLine | None, period: int, cumulative: int) -> _Row:
        """What was spent on a line as the rows now stand: what the last report said of lines nobody wrote down."""
        known = self.profile.lines.get(code)
        label = (agreed.description if agreed else "") or (known[self.language] if known else "")
        if code == heading and not agreed:
            label = self.words["report"]["no_line"]
        budget = rounded_half_away(Fraction(agreed.amount_eur) * 100) if agreed else 0
        return _Row(code, label, budget, period, cumulative - period, cumulative, period, agreed)

    # --- cells --------------------------------------------------------------------------------------------------------

    def cents(self, sheet: Any, row: int, column: int, cents: int | None, formula: str = "", **look: Any) -> None:
        """EUR cents as euro; with a formula, as what it comes to."""
        properties = {"num_format": MONEY, "align": "right", **look}
        if formula:
            sheet.write_formula(row, column, formula, self.paper.look(**properties), (cents or 0) / 100)
        else:
            self.paper.number(sheet, row, column, None if cents is None else Fraction(cents, 100), **properties)

    def there(self, sheet: str, cell: str) -> str:
        """A cell of another sheet."""
        from xlsxwriter.utility import quote_sheetname

        return f"{quote_sheetname(sheet)}!{cell}"

    def given(self, name: str) -> str:
        """A number of the contract on the first sheet."""
        return self.there(self.words["information"]["sheet"], self.cells[name])

    def of_rate(self, cell: str) -> str:
        """Indirect costs, rounded half away from zero; whole cents are multiplied, so that a half is a half."""
        return f"=ROUND(ROUND({cell}*100,0)*{self.given('indirect')}/100,0)/100"

    # --- information --------------------------------------------------------------------------------------------------

    def _write_information(self) -> None:
        words, contract = self.words["information"], self.contract
        unnamed = len(self.agreement.internal_members)
        notes = [*words["notes"], *([words["unnamed"].format(count=unnamed)] if unnamed else [])]
        sheet, row = self.paper.sheet(words["sheet"], words["title"], [("", 52), ("", 80)], notes)
        texts = {
            "number": contract.number, "action": contract.title, "framework": contract.framework, "authority": contract.granting_authority,
            "coordinator": contract.coordinator.name, "contact": f"{contract.coordinator.contact}, {contract.coordinator.role}",
            "implementation": self.paper.period(contract.start, contract.end), "kind": self.report_sheet,
            "reporting": self.paper.period(self.paper.first_day, self.paper.last_day), "profile": f"{self.profile.name} ({self.profile.version})",
        }  # fmt: skip
        numbers = {"contribution": contract.eu_contribution, "share": contract.eu_share, "indirect": contract.indirect_rate, "flexibility": self.profile.flexibility_pct}
        for name, text in texts.items():
            self.paper.text(sheet, row, 0, words[name], **_HEADING)
            self.paper.text(sheet, row, 1, text, text_wrap=True, **_RULE)
            row += 1
        for name, number in numbers.items():
            self.paper.text(sheet, row, 0, words[name], **_HEADING)
            self.paper.number(sheet, row, 1, number, num_format=MONEY, **{**_RULE, "align": "left"})
            self.cells[name] = f"$B${row + 1}"
            row += 1

    # --- the table of costs -------------------------------------------------------------------------------------------

    def _write_report(self) -> None:
        words = self.words["report"]
        columns = [(words["columns"][name], width) for name, width in _WIDTHS.items()]
        sheet, row = self.paper.sheet(self.report_sheet, words["title"].format(kind=self.report_sheet), columns, words["notes"], keep=2)
        after = _placed(self.rows, row)
        if not any(line.unit or line.units is not None or line.unit_value_eur is not None for line in self.agreement.budget_in(self.figures.cycle)):
            sheet.set_column(2, 4, None, None, {"hidden": True})
        self.at = {heading.code: heading for heading in self.rows}
        for heading in self.rows:
            self._write_heading(sheet, heading)
            for line in heading.lines:
                self._write_line(sheet, line)
        self._mark(sheet, row, after - 1)
        self._write_check(sheet, after)

    def _write_row(self, sheet: Any, row: _Row, amounts: Mapping[str, tuple[int | None, str]], look: Mapping[str, Any]) -> None:
        """The cells that headings and lines have alike. `amounts`: by column the cents and the formula ("" for none)."""
        self.paper.text(sheet, row.row, 0, row.code, **look)
        self.paper.text(sheet, row.row, 1, row.label, text_wrap=True, **look)
        agreed = row.agreed
        self.paper.text(sheet, row.row, 2, agreed.unit if agreed else "", **look)
        units = agreed.units if agreed else None
        self.paper.number(sheet, row.row, 3, units, **{**look, "num_format": format_for(units)})
        self.paper.number(sheet, row.row, 4, agreed.unit_value_eur if agreed else None, **{**look, "num_format": MONEY})
        places = list(_WIDTHS)
        for name, (cents, formula) in amounts.items():
            self.cents(sheet, row.row, places.index(name), cents, formula, **look)
        number = row.row + 1
        variation = row.cumulative - row.budget
        self.cents(sheet, row.row, places.index("variation"), variation, f"=ROUND({_AT['cumulative']}{number}-{_AT['budget']}{number},2)", **look)
        share: float | str = float(Fraction(variation, row.budget)) if row.budget else ""
        percent = self.paper.look(**{**look, "num_format": SHARE, "align": "right"})
        formula = f'=IF({_AT["budget"]}{number}=0,"",{_AT["variation"]}{number}/{_AT["budget"]}{number})'
        sheet.write_formula(row.row, places.index("variation_pct"), formula, percent, share)

    def _write_heading(self, sheet: Any, heading: _Row) -> None:
        number, look = heading.row + 1, _HEADING if heading.code in (*DIRECT_HEADINGS, "10") else _SUM

        def summed(column: str, otherwise: str) -> str:
            letter = _AT[column]
            if heading.code in SUMS:
                return "=ROUND(" + "+".join(f"{letter}{self.at[part].row + 1}" for part in SUMS[heading.code]) + ",2)"
            if heading.lines:
                return f"=ROUND(SUM({letter}{heading.lines[0].row + 1}:{letter}{heading.lines[-1].row + 1}),2)"
            return otherwise

        total, period, before = f"{_AT['cumulative']}{number}", f"{_AT['period']}{number}", f"{_AT['before']}{number}"
        amounts = {
            "budget": (heading.budget, summed("budget", "")),
            "transactions": (heading.transactions, summed("transactions", self._from_list(heading))),
            "corrections": (heading.corrections, ""),
            "period": (heading.period, f"=ROUND({_AT['transactions']}{number}+{_AT['corrections']}{number},2)"),
            "before": (heading.before, ""),
            "cumulative": (heading.cumulative, f"=ROUND({before}+{period},2)"),
        }
        if heading.code in SUMS:
            amounts |= {name: (getattr(heading, name), summed(name, "")) for name in ("corrections", "period", "before", "cumulative")}
        if heading.code == "8":
            amounts |= {name: (getattr(heading, name), self.of_rate(f"{_AT[name]}{self.at['7'].row + 1}")) for name in ("budget", "transactions", "cumulative")}
            amounts["period"] = (heading.period, f"=ROUND({total}-{before},2)")
            amounts["corrections"] = (heading.corrections, f"=ROUND({period}-{_AT['transactions']}{number},2)")
        self._write_row(sheet, heading, amounts, look)
        self._write_ceiling(sheet, heading, look)

    def _write_ceiling(self, sheet: Any, heading: _Row, look: Mapping[str, Any]) -> None:
        """What a heading 1–6 may cost without an addendum, a remark where it costs more, and room to explain."""
        number, places = heading.row + 1, list(_WIDTHS)
        remark = self.paper.look(**{**look, "font_color": "#8a2a00", "text_wrap": True})
        if heading.code in DIRECT_HEADINGS:
            allowed = heading.budget * (1 + Fraction(self.profile.flexibility_pct) / 100)
            formula = f"={_AT['budget']}{number}*(1+{self.given('flexibility')}/100)"
            money = self.paper.look(**{**look, "num_format": MONEY, "align": "right"})
            sheet.write_formula(heading.row, places.index("ceiling"), formula, money, float(allowed / 100))
            said = self.words["report"]["above"]
            over = f'=IF({_AT["cumulative"]}{number}-{_AT["ceiling"]}{number}>0.0001,"{said}","")'
            sheet.write_formula(heading.row, places.index("remark"), over, remark, said if self.finance[heading.code].over_flexibility else "")
            if self.finance[heading.code].over_flexibility:
                self.paper.room_for(sheet, heading.row, said, _WIDTHS["remark"])
        else:
            sheet.write_blank(heading.row, places.index("ceiling"), None, self.paper.look(**look))
            sheet.write_blank(heading.row, places.index("remark"), None, remark)
        self.paper.text(sheet, heading.row, places.index("explanation"), "", text_wrap=True, **_OPEN)

    def _write_line(self, sheet: Any, line: _Row) -> None:
        number, places = line.row + 1, list(_WIDTHS)
        amounts = {
            "budget": (line.budget, ""),
            "transactions": (line.transactions, self._from_list(line)),
            "period": (line.period, f"={_AT['transactions']}{number}"),
            "before": (line.before, ""),
            "cumulative": (line.cumulative, f"=ROUND({_AT['before']}{number}+{_AT['period']}{number},2)"),
        }
        self._write_row(sheet, line, amounts, _LINE)
        for name in ("ceiling", "corrections", "remark"):
            sheet.write_blank(line.row, places.index(name), None, self.paper.look(**_LINE))
        self.paper.text(sheet, line.row, places.index("explanation"), "", text_wrap=True, **_OPEN)

    def _from_list(self, row: _Row) -> str:
        """The transactions of a heading or line. The key begins with a letter: a spreadsheet takes 5.1 and 5.10 for one number."""
        key, eur = column_letter(len(self.transaction_columns)), column_letter(list(self.transaction_columns).index("eur"))
        parts = []
        for sheet, _, first, last in self.parts:
            keys, amounts = (self.there(sheet, f"${letter}${first + 1}:${letter}${last + 1}") for letter in (key, eur))
            parts.append(f'SUMIFS({amounts},{keys},"h"&${_AT["line"]}{row.row + 1})')
        return f"=ROUND({'+'.join(parts)},2)"

    def _mark(self, sheet: Any, first: int, last: int) -> None:
        """A correction that is not 0 and a heading above what is allowed stand out."""
        bad = self.paper.book.add_format({"bg_color": "#fde2d4", "font_color": "#8a2a00"})
        index = list(_WIDTHS).index("corrections")
        sheet.conditional_format(first, index, last, index, {"type": "cell", "criteria": "!=", "value": 0, "format": bad})
        over = f'=${_AT["remark"]}{first + 1}<>""'
        index = list(_WIDTHS).index("cumulative")
        sheet.conditional_format(first, index, last, index, {"type": "formula", "criteria": over, "format": bad})

    def _write_check(self, sheet: Any, row: int) -> None:
        """Whether each column says what data/finance.csv says of the headings 1–11."""
        words = self.words["report"]
        self.paper.text(sheet, row, 1, words["check"], italic=True)
        for name in ("budget", "period", "before", "cumulative", "variation"):
            told = {"before": "previous"}.get(name, name)
            same = ",".join(f"ABS({_AT[name]}{self.at[code].row + 1}-{getattr(line, told) / 100:.2f})<0.005" for code, line in self.finance.items())
            formula = f'=IF(AND({same}),"{words["agrees"]}","{words["differs"]}")'
            sheet.write_formula(row, list(_WIDTHS).index(name), formula, self.paper.look(italic=True, align="right"), words["agrees"])

    # --- forecast -----------------------------------------------------------------------------------------------------

    def _write_forecast(self) -> None:
        words = self.words["forecast"]
        labels = {**self.words["report"]["columns"], **words["columns"]}
        columns = [(labels[name], width) for name, width in _FORECAST_WIDTHS.items()]
        sheet, first = self.paper.sheet(words["sheet"], words["title"], columns, [words["note"]], keep=2)
        shift = first - self.rows[0].row
        for heading in self.rows:
            self._write_forecast_row(sheet, heading, heading, shift)
            for line in heading.lines:
                self._write_forecast_row(sheet, line, heading, shift)

    def _write_forecast_row(self, sheet: Any, row: _Row, heading: _Row, shift: int) -> None:
        """Rows stand in the order of the table of costs, `shift` below."""
        index, number, at = row.row + shift, row.row + shift + 1, _FORECAST_AT
        look = _LINE if row is not heading else _HEADING if row.code in (*DIRECT_HEADINGS, "10") else _SUM
        places = list(_FORECAST_WIDTHS)
        self.paper.text(sheet, index, 0, row.code, **look)
        self.paper.text(sheet, index, 1, row.label, text_wrap=True, **look)
        for name, column, cents in (("budget", "budget", row.budget), ("cumulative", "cumulative", row.cumulative), ("real", "period", row.period)):
            self.cents(sheet, index, places.index(name), cents, "=" + self.there(self.report_sheet, f"{_AT[column]}{row.row + 1}"), **look)
        self.cents(sheet, index, places.index("balance"), row.budget - row.cumulative, f"=ROUND({at['budget']}{number}-{at['cumulative']}{number},2)", **look)
        typed = row.code not in (*SUMS, "8") and (row is not heading or not row.lines)
        for name in ("forecast", "next_unit", "next_units", "next_value", "next_cost"):
            place = places.index(name)
            if name == "next_cost" and typed:
                self.cents(sheet, index, place, 0, f"=ROUND({at['next_units']}{number}*{at['next_value']}{number},2)", **look)
            elif typed:
                number_format = {"next_unit": "@", "next_units": "General"}.get(name, MONEY)
                sheet.write_blank(index, place, None, self.paper.look(**_OPEN, num_format=number_format))
            elif name in ("forecast", "next_cost"):
                self.cents(sheet, index, place, 0, self._forecast_sum(at[name], row, shift), **look)
            else:
                sheet.write_blank(index, place, None, self.paper.look(**look))

    def _forecast_sum(self, letter: str, row: _Row, shift: int) -> str:
        def cell(other: _Row) -> str:
            return f"{letter}{other.row + shift + 1}"

        if row.code == "8":
            return self.of_rate(cell(self.at["7"]))
        if row.code in SUMS:
            return f"=SUM({','.join(cell(self.at[part]) for part in SUMS[row.code])})"
        return f"=SUM({cell(row.lines[0])}:{cell(row.lines[-1])})"

    # --- sources of funding -------------------------------------------------------------------------------------------

    def _write_funding(self) -> None:
        """EU: its share of the eligible costs (heading 11), at most its contribution; the rest by difference."""
        words, total = self.words["funding"], self.at["11"]
        columns = [(label, width) for label, width in zip(words["columns"].values(), (60, 18, 16, 18, 16), strict=True)]
        note = words["note"].format(sheet=self.words["information"]["sheet"])
        sheet, row = self.paper.sheet(words["sheet"], words["title"], columns, [note])
        eu, others, all_ = row, row + 1, row + 2
        for place, label in ((eu, words["eu"]), (others, words["others"]), (all_, words["total"])):
            self.paper.text(sheet, place, 0, label, **(_SUM if place == all_ else _RULE))
        for column, name, cents in ((1, "budget", total.budget), (3, "cumulative", total.cumulative)):
            letter, owed = column_letter(column), funding(self.contract, cents).eu
            share = f"ROUND(ROUND({letter}{all_ + 1}*100,0)*{self.given('share')}/100,0)/100"
            self.cents(sheet, eu, column, owed, f"=MIN({share},{self.given('contribution')})", **_RULE)
            self.cents(sheet, others, column, cents - owed, f"=ROUND({letter}{all_ + 1}-{letter}{eu + 1},2)", **_RULE)
            self.cents(sheet, all_, column, cents, "=" + self.there(self.report_sheet, f"{_AT[name]}{total.row + 1}"), **_SUM)
            for place, part in ((eu, owed), (others, cents - owed), (all_, cents)):
                formula = f'=IF({letter}{all_ + 1}=0,"",{letter}{place + 1}/{letter}{all_ + 1})'
                look = self.paper.look(**(_SUM if place == all_ else _RULE), num_format=SHARE, align="right")
                sheet.write_formula(place, column + 1, formula, look, float(Fraction(part, cents)) if cents else "")
        if self.kind == "final":
            self._write_pending(sheet, all_ + 2)

    def _write_pending(self, sheet: Any, row: int) -> None:
        words = self.words["funding"]["pending"]
        self.paper.text(sheet, row, 0, words["title"], bold=True)
        self.paper.header(sheet, row + 1, list(words["columns"].values()))
        for place in range(row + 2, row + 2 + PENDING_ROWS):
            self.paper.text(sheet, place, 0, "", **_OPEN)
            sheet.write_blank(place, 1, None, self.paper.look(**_OPEN, num_format=MONEY))

    # --- addenda ------------------------------------------------------------------------------------------------------

    def _write_addenda(self) -> None:
        words = self.words["addenda"]
        columns = [(label, width) for label, width in zip(words["columns"].values(), (46, 16, 16, 50, 50), strict=True)]
        sheet, row = self.paper.sheet(words["sheet"], words["title"], columns)
        for amendment in self.agreement.amendments:
            self.paper.text(sheet, row, 0, amendment.number, **_RULE)
            self.paper.day(sheet, row, 1, amendment.signed, **_RULE)
            for column, text in ((2, amendment.from_), (3, amendment.what), (4, amendment.reason)):
                self.paper.text(sheet, row, column, text, text_wrap=True, **_RULE)
            row += 1
        if not self.agreement.amendments:
            self.paper.text(sheet, row, 0, self.words["none"])
            row += 1
        self.paper.text(sheet, row + 1, 0, words["budget"], bold=True)
        self.paper.header(sheet, row + 2, list(words["budget_columns"].values()))
        first = with_totals(budget_by_heading(self.agreement, self.figures.cycles[0]), self.contract.indirect_rate)
        for place, heading in enumerate(self.rows, row + 3):
            look = _RULE if heading.code in (*DIRECT_HEADINGS, "10") else _SUM
            self.paper.text(sheet, place, 0, f"{heading.code} {heading.label}", text_wrap=True, **look)
            self.cents(sheet, place, 1, first[heading.code], **look)
            self.cents(sheet, place, 2, heading.budget, "=" + self.there(self.report_sheet, f"{_AT['budget']}{heading.row + 1}"), **look)
            self.cents(sheet, place, 3, heading.budget - first[heading.code], f"=ROUND(C{place + 1}-B{place + 1},2)", **{**look, "align": "left"})
        self.paper.text(sheet, row + 3 + len(self.rows), 0, words["note"], font_color="#444444")

    # --- transactions -------------------------------------------------------------------------------------------------

    @property
    def transaction_columns(self) -> dict[str, float]:
        return {name: width for name, width in _TRANSACTION_WIDTHS.items() if self.described or name != "description"}

    def _parts(self) -> list[tuple[str, list[CostLine], int, int]]:
        """The sheets of the list: name, costs, indices of the first and last row (of an empty list its first row twice) below title, period and header."""
        name, head = self.words["transactions"]["sheet"], 3
        chunks = [self.listed[i : i + MAX_TRANSACTIONS] for i in range(0, len(self.listed), MAX_TRANSACTIONS)] or [[]]
        return [(f"{name}{f' {number}' if number > 1 else ''}", chunk, head, head + max(len(chunk), 1) - 1) for number, chunk in enumerate(chunks, 1)]

    def _write_transactions(self) -> None:
        words = self.words["transactions"]
        columns: list[Column] = [(words["columns"][name], width) for name, width in self.transaction_columns.items()]
        key = len(columns)
        for name, costs, first, last in self.parts:  # `first` is where the formulas look
            sheet, row = self.paper.sheet(name, words["title"], columns)
            sheet.set_column(key, key, 10, None, {"hidden": True})
            self.paper.text(sheet, row - 1, key, words["columns"]["key"])
            for line in costs:
                self._write_transaction(sheet, row, line)
                self.paper.text(sheet, row, key, f"h{line.row.values['heading']}")
                row += 1
            sheet.autofilter(first - 1, 0, last, key - 1)
            sheet.ignore_errors({"number_stored_as_text": f"A{first + 1}:{column_letter(key)}{last + 1}"})

    def _write_transaction(self, sheet: Any, row: int, line: CostLine) -> None:
        values, named = line.row.values, self.may_name(line.row.member)
        texts = {"member": self.member_name(line.row.member), "heading": values["heading"]}
        if named:
            texts |= {"submission": line.row.submission, "country": self.wording.country(values["country"]), "document": values["document"] or "", "currency": values["currency"]}
            if not _same(values["activity"]) or _activity(line.row) in self.describable:
                texts["description"] = values["description"] or ""
        for column, name in enumerate(self.transaction_columns):
            if name == "date":
                self.paper.day(sheet, row, column, values["payment_date"], **_RULE)
            elif name == "eur":
                self.cents(sheet, row, column, line.cents, **_RULE)
            elif name == "row":
                self.paper.number(sheet, row, column, line.row.row if named else None, **_RULE)
            elif name in ("amount", "rate"):
                self.paper.number(sheet, row, column, {"amount": values["amount"], "rate": line.rate}[name] if named else None, num_format=MONEY if name == "amount" else RATE, **_RULE)
            else:
                self.paper.text(sheet, row, column, texts.get(name, ""), **_RULE)

    # --- use of support, rates ----------------------------------------------------------------------------------------

    def _write_support(self) -> None:
        words = self.words["support"]
        columns = [(label, width) for label, width in zip(words["columns"].values(), (44, 44, 18, 18), strict=True)]
        sheet, row = self.paper.sheet(words["sheet"], words["title"], columns, [words["note"]])
        for line in self.figures.support:
            self.paper.text(sheet, row, 0, self.member_name(line.member), **_RULE)
            self.paper.text(sheet, row, 1, f"{line.heading} {self.profile.headings[line.heading][self.language]}", **_RULE)
            self.cents(sheet, row, 2, line.period, **_RULE)
            self.cents(sheet, row, 3, line.cumulative, **_RULE)
            row += 1
        if not self.figures.support:
            self.paper.text(sheet, row, 0, self.words["none"])

    def _write_rates(self) -> None:
        """The rates of the list by currency and month, then what had none. Those of unnamed members' costs alone would tell where they are."""
        words = self.words["rates"]
        columns = [(label, width) for label, width in zip(words["columns"].values(), (16, 12, 16, 16, 22), strict=True)]
        sheet, row = self.paper.sheet(words["sheet"], words["title"], columns, [words["note"]])
        used = [rate for rate in rates_to_name(self.figures.rates, ["internal"]) if rate.currency != "EUR"]
        for rate in used:
            self.paper.text(sheet, row, 0, rate.month, **_RULE)
            self.paper.text(sheet, row, 1, rate.currency, **_RULE)
            self.paper.number(sheet, row, 2, rate.rate, num_format=RATE, **_RULE)
            self.paper.number(sheet, row, 3, rate.payments, num_format="#,##0_)", **_RULE)
            row += 1
        for missing in self.figures.missing_rates:
            self.paper.text(sheet, row, 0, missing.month, **_RULE)
            self.paper.text(sheet, row, 1, missing.currency, **_RULE)
            self.paper.number(sheet, row, 3, missing.rows, num_format="#,##0_)", **_RULE)
            self.paper.number(sheet, row, 4, missing.amount, num_format=MONEY, **_RULE)
            row += 1
        if not used and not self.figures.missing_rates:
            self.paper.text(sheet, row, 0, self.words["none"])


def _sums(lines: Iterable[CostLine]) -> Counter[str]:
    """Cents by code as members gave it: a heading or one of its lines."""
    spent: Counter[str] = Counter()
    for line in lines:
        spent[line.row.values["heading"]] += line.cents
    return spent


def _placed(rows: Sequence[_Row], row: int) -> int:
    """Gives each heading, and below it each of its lines, the index at which it will stand; and the first index after them."""
    for heading in rows:
        for each in (heading, *heading.lines):
            each.row, row = row, row + 1
    return row
