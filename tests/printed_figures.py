"""Every number in the tables of a finished report against the data files delivered with it. Numbers are read as the language writes them, and the
data's are rounded here once more, a half away from zero; from the program come only the words that tables and rows are called by."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path

from domain.schema import DIMENSION_LABELS
from tasks.report_view import rule_phrases
from tasks.wording import Wording
from tests.pdftables import Cell, Table, words

Rows = list[dict[str, str]]
SIGNS = {"en": (",", "."), "fr": ("\u202f", ","), "es": (".", ","), "pt": ("\u00a0", ",")}
"""What groups thousands, and what stands before decimals."""
DECIMALS = {"number": 2, "percentage": 1, "money": 2, "count": 0}
NOT_REPORTED = "–"


def read_number(text: str, language: str) -> Decimal | None:
    """A printed number; None for "–". ValueError for what the language does not write so."""
    if text == NOT_REPORTED:
        return None
    group, point = map(re.escape, SIGNS[language])
    if not re.fullmatch(rf"-?\d{{1,3}}({group}\d{{3}})*({point}\d+)?", text):
        raise ValueError(text)
    return Decimal(re.sub(group, "", text).replace(SIGNS[language][1], "."))


def rounded(value: str | Fraction, kind: str) -> Decimal:
    """A half away from zero, which Decimal calls half up."""
    exact = Fraction(value)
    whole = (Decimal(abs(exact.numerator) * 10 ** DECIMALS[kind]) / exact.denominator).quantize(Decimal(1), ROUND_HALF_UP)
    return (whole if exact >= 0 else -whole).scaleb(-DECIMALS[kind])


@dataclass
class Delivered:
    """The data files of a delivered report by name, and of the agreement the logframe and the members."""

    data: Mapping[str, Rows]
    logframe: Mapping[str, Mapping[str, str]]
    members: Mapping[str, Mapping[str, str]]

    @classmethod
    def at(cls, storage: Path, folder: str) -> Delivered:
        def rows(path: Path) -> Rows:
            with path.open(encoding="utf-8", newline="") as file:
                return list(csv.DictReader(file))

        data = {name: rows(storage / folder / f"data/{name}.csv") for name in ("indicators", "sdg", "finance", "members", "expenditure", "findings")}
        agreement = {name: rows(storage / f"agreement/{name}.csv") for name in ("logframe", "members")}
        return cls(data, {row["indicator"]: row for row in agreement["logframe"]}, {row["member"]: row for row in agreement["members"]})


@dataclass
class Comparison:
    """`compared`: cells by table; `faults`: cells that say something else than the data, a line each."""

    delivered: Delivered
    language: str
    compared: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.wording = Wording(self.language)
        self._ = self.wording.gettext
        columns = list(self.delivered.data["indicators"][0])
        dimensions = self.dimensions = columns[columns.index("area") + 1 : columns.index("numerator")]
        self.indicators = {
            (row["indicator"], row["scope"], row["level"], row["area"], tuple((name, row[name]) for name in dimensions if row[name])): row
            for row in self.delivered.data["indicators"]
        }
        self.sdg = {(row["scope"], row["kind"], row["sdg"]): row for row in self.delivered.data["sdg"]}
        self.finance = {row["heading"]: row for row in self.delivered.data["finance"]}
        self._known_lines: dict[str, dict[str, dict[str, Mapping[str, str]]]] = {}

    # --- cells --------------------------------------------------------------------------------------------------------

    def check(self, table: str, where: str, cell: Cell, value: str | Fraction | None, kind: str = "number", piece: int = 0) -> None:
        """A cell against the value it stands for; "" and None are not reported."""
        self.compared[table] += 1
        printed = cell[piece] if len(cell) > piece else ""
        try:
            said = read_number(self._bare(printed, kind), self.language)
        except ValueError:
            self.faults.append(f"{table}, {where}: {printed!r} is no {kind} in {self.language}")
            return
        wanted = None if value in ("", None) else rounded(value, kind)  # type: ignore[arg-type]
        if said != wanted:
            self.faults.append(f"{table}, {where}: printed {printed!r}, the data say {value}")
        elif said is not None and kind in ("percentage", "money") and -int(said.as_tuple().exponent) != DECIMALS[kind]:
            self.faults.append(f"{table}, {where}: {printed!r} has not {DECIMALS[kind]} decimals")

    def _bare(self, printed: str, kind: str) -> str:
        """A percentage without its sign, which has to be there."""
        if kind != "percentage" or printed == NOT_REPORTED:
            return printed
        return printed.removesuffix("%").rstrip("\u202f\u00a0") if printed.endswith("%") else ""

    def check_figure(self, table: str, where: str, cell: Cell, row: Mapping[str, str] | None, measure: str) -> None:
        """A figure of indicators.csv, in its measure; a yes_no is "3 of 5"."""
        if measure != "yes_no" or row is None:
            kind = measure if measure in DECIMALS else "number"
            return self.check(table, where, cell, row["value"] if row else None, kind)
        self.compared[table] += 1
        pattern = re.escape(self._("%(yes)s of %(all)s")).replace(r"%\(yes\)s", r"(\S+)").replace(r"%\(all\)s", r"(\S+)")
        said = re.fullmatch(pattern, cell[0]) if cell else None
        if not said or [read_number(number, self.language) for number in said.groups()] != [Decimal(row["numerator"]), Decimal(row["denominator"])]:
            self.faults.append(f"{table}, {where}: printed {cell}, the data say {row['numerator']} of {row['denominator']}")

    # --- tables by their captions -------------------------------------------------------------------------------------

    def of_caption(self, tables: Sequence[Table], sentence: str, **named: str) -> list[tuple[Cell, ...]]:
        """The rows of a table, those on further pages too; none where there is no such table."""
        wanted, found, inside = _bare_of_space(self._(sentence) % named), [], False
        for table in tables:
            inside = _bare_of_space(table.caption) == wanted if table.caption else inside
            found += table.rows if inside else ()
        return found

    def all(self, tables: Sequence[Table], cycle_end: str, reporting: Iterable[str]) -> Comparison:
        """Compares all tables that are known here. `cycle_end`: the report's last day as the caption of the logframe writes it."""
        self.in_logframe(self.of_caption(tables, "Logframe with current values as of %(day)s", day=cycle_end))
        for result in dict.fromkeys(row["result"] for row in self.delivered.logframe.values()):
            self.in_indicators("indicators of results", self.of_caption(tables, "Indicators of %(code)s", code=result))
        when = self._("this reporting period")
        self.in_goals(self.of_caption(tables, "The goals in %(when)s", when=when))
        self.in_overlaps(self.of_caption(tables, "Counted once, summed over the goals, counted twice"))
        for goal in map(str, range(1, 18)):
            self.in_targets(goal, self.of_caption(tables, "Targets of goal %(goal)s in %(when)s", goal=goal, when=when))
            self.in_indicators("indicators of goals", self.of_caption(tables, "Indicators mapped to goal %(goal)s", goal=goal))
        self.in_finance(self.of_caption(tables, "Budget against actual costs, EUR"))
        self.in_costs_by_goal(self.of_caption(tables, "Direct costs by Sustainable Development Goal, EUR"))
        self.in_costs_by_member(self.of_caption(tables, "Direct costs by member, EUR"), list(reporting))
        self.in_funding(self.of_caption(tables, "Sources of funding, EUR"))
        self.in_members(self.of_caption(tables, "Submissions of the reporting period"))
        self.in_findings(self.of_caption(tables, "Findings by rule"))
        return self

    # --- indicators ---------------------------------------------------------------------------------------------------

    def in_logframe(self, rows: Sequence[tuple[Cell, ...]]) -> None:
        indicator = ""
        for name, *cells in (row for row in rows if len(row) == 8):
            if name and name[0] in self.delivered.logframe:
                indicator = name[0]
                _, baseline, target, reporting, to_date, progress, _ = cells
                self._in_full("logframe", indicator, baseline, target, reporting, to_date, progress)
                self._in_expected(indicator, to_date, progress)
            else:
                self._in_line("logframe", indicator, words(name), cells[3], cells[4])

    def in_indicators(self, table: str, rows: Sequence[tuple[Cell, ...]]) -> None:
        """Rows of six cells; remarks below an indicator are one cell wide."""
        indicator = ""
        for name, *cells in (row for row in rows if len(row) == 6):
            if name and name[0] in self.delivered.logframe:
                indicator = name[0]
                self._in_full(table, indicator, *cells)
            else:
                self._in_line(table, indicator, words(name), cells[2], cells[3])

    def _in_full(self, table: str, indicator: str, baseline: Cell, target: Cell, reporting: Cell, to_date: Cell, progress: Cell) -> None:
        planned = self.delivered.logframe[indicator]
        measure, kind = planned["measure"], planned["measure"] if planned["measure"] in DECIMALS else "number"
        figures = {scope: self.indicators.get((indicator, scope, "network", "", ())) for scope in ("reporting", "cumulative")}
        last = figures["cumulative"]
        self.check(table, f"{indicator}, baseline", baseline, (last or planned)["baseline"], kind)
        self.check(table, f"{indicator}, target", target, (last or planned)["target"], kind)
        self.check_figure(table, f"{indicator}, reporting", reporting, figures["reporting"], measure)
        self.check_figure(table, f"{indicator}, to date", to_date, last, measure)
        self.check(table, f"{indicator}, progress", progress, last["progress"] if last else None, "percentage")

    def _in_expected(self, indicator: str, to_date: Cell, progress: Cell) -> None:
        """What was expected by now, and the rating, below the figure and the progress."""
        figure = self.indicators.get((indicator, "cumulative", "network", "", ()))
        measure = self.delivered.logframe[indicator]["measure"]
        if figure and figure["expected"]:
            prefix = (self._("expected: %(value)s") % {"value": ""}).strip()
            said = tuple(piece.removeprefix(prefix).strip() for piece in to_date[1:])
            whole = all(Fraction(figure[name] or 0).denominator == 1 for name in ("value", "baseline", "target"))  # 74, not 73.66 organisations
            kind = "count" if whole and measure != "percentage" else measure if measure in DECIMALS else "number"
            self.check("logframe", f"{indicator}, expected", said, figure["expected"], kind)
        wanted = [self._(figure["rating"])] if figure and figure["rating"] else []
        self.compared["logframe"] += 1
        if list(progress[1:]) != wanted:
            self.faults.append(f"logframe, {indicator}: rated {progress[1:]}, the data say {wanted}")

    def _in_line(self, table: str, indicator: str, label: str, reporting: Cell, to_date: Cell) -> None:
        """A group below an indicator, what is in no group, or a member."""
        measure = self.delivered.logframe[indicator]["measure"]
        known = self._lines(indicator)
        if _bare_of_space(label) not in known:
            self.faults.append(f"{table}, {indicator}: no {label!r} in the data")
            return
        for scope, cell in (("reporting", reporting), ("cumulative", to_date)):
            row = known[_bare_of_space(label)].get(scope)
            self.check_figure(table, f"{indicator}, {label}, {scope}", cell, row, measure)

    def _lines(self, indicator: str) -> dict[str, dict[str, Mapping[str, str]]]:
        """Labels of the lines below an indicator to their rows by scope."""
        if indicator not in self._known_lines:
            self._known_lines[indicator] = self._lines_of(indicator)
        return self._known_lines[indicator]

    def _lines_of(self, indicator: str) -> dict[str, dict[str, Mapping[str, str]]]:
        lines: dict[str, dict[str, Mapping[str, str]]] = {}
        for (code, scope, level, area, slice_), row in self.indicators.items():
            if code != indicator or scope == "period":
                continue
            if level == "network" and len(slice_) == 1:
                ((dimension, category),) = slice_
                lines.setdefault(self._group(dimension, self.wording.category(dimension, category)), {})[scope] = row
            if level == "member" and not slice_:
                member, _, country = area.partition("/")
                where = f", {self.wording.country(country)}" if country else ""
                lines.setdefault(_bare_of_space(self.delivered.members[member]["name"] + where), {})[scope] = row
        for dimension in self.dimensions:
            for scope in ("reporting", "cumulative"):
                total = self.indicators.get((indicator, scope, "network", "", ()))
                groups = [Fraction(row["value"]) for key, row in self.indicators.items() if key[:4] == (indicator, scope, "network", "") and [name for name, _ in key[4]] == [dimension]]
                if total and groups and Fraction(total["value"]) > sum(groups):
                    label = self._group(dimension, self._("not disaggregated"))
                    lines.setdefault(label, {})[scope] = {"value": str(Fraction(total["value"]) - sum(groups))}
        return lines

    def _group(self, dimension: str, group: str) -> str:
        named = DIMENSION_LABELS[dimension][self.language][0]
        return _bare_of_space(self._("%(dimension)s: %(group)s") % {"dimension": named, "group": group})

    # --- goals --------------------------------------------------------------------------------------------------------

    def _in_sdg_cells(self, table: str, row: Mapping[str, str], cells: Sequence[Cell]) -> None:
        where = f"{row['kind']} {row['sdg']}".strip()
        columns = ("activities_main", "activities_significant", "women", "men", "others", "expenditure_eur")
        for column, cell in zip(columns, cells, strict=True):
            if (row["kind"], column) == ("total", "activities_significant"):
                continue  # of no meaning, and nothing stands there
            value = str(int(row["other"]) + int(row["unknown"])) if column == "others" else row[column]
            self.check(table, f"{where}, {column}", cell, value, "money" if column == "expenditure_eur" else "number")

    def in_goals(self, rows: Sequence[tuple[Cell, ...]]) -> None:
        apart, total = self._("Not attributed to a goal"), self._("Total, each counted once")
        for name, *cells in rows:
            key = ("unattributed", "") if words(name) == apart else ("total", "") if words(name) == total else ("goal", name[0])
            self._in_sdg_cells("goals", self.sdg["reporting", *key], cells)

    def in_targets(self, goal: str, rows: Sequence[tuple[Cell, ...]]) -> None:
        bare, whole = self._("the goal, no target named"), self._("Goal %(goal)s") % {"goal": goal}
        for name, *cells in rows:
            key = ("bare", goal) if words(name) == bare else ("goal", goal) if words(name) == whole else ("target", name[0])
            self._in_sdg_cells("targets", self.sdg["reporting", *key], cells)

    def in_overlaps(self, rows: Sequence[tuple[Cell, ...]]) -> None:
        """Unique total, sum of the goals, not attributed, and what the first lacks of the others."""

        def amount(row: Mapping[str, str], columns: Sequence[str]) -> Fraction:
            return sum((Fraction(row[column]) for column in columns), Fraction(0))

        goals = [row for (scope, kind, _), row in self.sdg.items() if (scope, kind) == ("reporting", "goal")]
        people = ("women", "men", "other", "unknown")
        lines = [(("activities_main",), ("activities_main",)), (("activities_main",), ("activities_main", "activities_significant")), (people, people), (("expenditure_eur",), ("expenditure_eur",))]
        for (name, *cells), (once, each) in zip(rows, lines, strict=False):
            unique, apart = (amount(self.sdg["reporting", kind, ""], once) for kind in ("total", "unattributed"))
            summed = sum((amount(goal, each) for goal in goals), Fraction(0))
            kind = "money" if once == ("expenditure_eur",) else "number"
            for cell, value in zip(cells, (unique, summed, apart, summed + apart - unique), strict=True):
                self.check("overlaps", words(name), tuple(piece.strip("€\u00a0") for piece in cell), value, kind)

    # --- money --------------------------------------------------------------------------------------------------------

    def in_finance(self, rows: Sequence[tuple[Cell, ...]]) -> None:
        columns = ("budget_eur", "previous_eur", "period_eur", "cumulative_eur", "variation_eur", "variation_pct")
        for name, *cells in rows:
            heading = words(name).split()[0]
            for column, cell in zip(columns, cells, strict=True):
                self.check("finance", f"{heading}, {column}", cell, self.finance[heading][column], "money" if column.endswith("eur") else "percentage")

    def _in_breakdown(self, table: str, rows: Sequence[tuple[Cell, ...]], known: Mapping[str, tuple[Fraction, Fraction]]) -> None:
        """Rows that add up to heading 7, with corrections of earlier periods where they fall into this one, and their shares of it."""
        whole = [Fraction(self.finance["7"][column]) for column in ("period_eur", "cumulative_eur")]
        corrections = whole[0] - sum(amounts[0] for amounts in known.values())
        further = {_bare_of_space(self._("Corrections of earlier periods")): (corrections, None), _bare_of_space(self._("All direct costs (heading %(heading)s)") % {"heading": "7"}): whole}
        for name, *cells in rows:
            label = _bare_of_space(words(name))
            key = next((key for key in (*further, *known) if label.startswith(key)), "")
            if not key:
                self.faults.append(f"{table}: no {words(name)!r} in the data")
                continue
            for at, amount in enumerate(further.get(key) or known[key]):
                if amount is not None:
                    self.check(table, words(name), cells[2 * at], amount, "money")
                    self.check(table, f"share of {words(name)}", cells[2 * at + 1], 100 * amount / whole[at] if whole[at] else None, "percentage")

    def in_costs_by_goal(self, rows: Sequence[tuple[Cell, ...]]) -> None:
        def costs(kind: str, goal: str = "") -> tuple[Fraction, Fraction]:
            now, to_date = (Fraction(self.sdg[scope, kind, goal]["expenditure_eur"]) if (scope, kind, goal) in self.sdg else Fraction(0) for scope in ("reporting", "cumulative"))
            return now, to_date

        goals = [sdg for scope, kind, sdg in self.sdg if (scope, kind) == ("cumulative", "goal")]
        known = {_bare_of_space(f"{goal} {self._goal_name(goal)}"): costs("goal", goal) for goal in goals} | {_bare_of_space(self._("Not attributed to a goal")): costs("unattributed")}
        self._in_breakdown("costs by goal", rows, known)

    def _goal_name(self, goal: str) -> str:
        from tasks.profiles import load_profile

        return load_profile("prag-2018").goals[goal].name(self.language)

    def in_costs_by_member(self, rows: Sequence[tuple[Cell, ...]], reporting: Sequence[str]) -> None:
        known: dict[str, tuple[Fraction, Fraction]] = {}
        for row in self.delivered.data["expenditure"]:
            if row["cost"] == "yes":
                name = _bare_of_space(self.delivered.members[row["member"]]["name"])
                now, to_date = known.get(name, (Fraction(0), Fraction(0)))
                amount = Fraction(row["amount_eur"])
                known[name] = (now + (amount if row["cycle"] in reporting else 0), to_date + amount)
        self._in_breakdown("costs by member", rows, known)

    def in_funding(self, rows: Sequence[tuple[Cell, ...]]) -> None:
        """Who pays adds up to heading 11."""
        whole = [Fraction(self.finance["11"][column]) for column in ("budget_eur", "previous_eur", "period_eur", "cumulative_eur")]
        if len(rows) < 3:
            return
        (_, *eu), (_, *others), (_, *eligible) = rows[:3]
        for at, amount in enumerate(whole):
            self.check("sources of funding", "eligible costs", eligible[at], amount, "money")
            paid = read_number(eu[at][0], self.language)
            self.check("sources of funding", "other sources", others[at], amount - Fraction(paid or 0), "money")

    # --- members ------------------------------------------------------------------------------------------------------

    def in_members(self, rows: Sequence[tuple[Cell, ...]]) -> None:
        delivered = self.delivered.data["members"]
        if rows and len(rows) != len(delivered):
            self.faults.append(f"members: {len(rows)} rows printed, {len(delivered)} in the data")
        for (name, cycle, _, received, submission, *counts), row in zip(rows, delivered, strict=False):
            where = f"{row['member']}, {row['cycle']}"
            texts = (_bare_of_space(self.delivered.members[row["member"]]["name"]), row["cycle"], _bare_of_space(row["submission"]) or NOT_REPORTED, row["received_at"][11:16] or NOT_REPORTED)
            printed = (_bare_of_space(words(name)), words(cycle), _bare_of_space(words(submission)), words(received)[-5:].strip())
            self.compared["members"] += 1
            if printed != texts:
                self.faults.append(f"members, {where}: printed {printed}, the data say {texts}")
            for column, cell in zip(("rows_accepted", "errors", "warnings"), counts, strict=True):
                self.check("members", f"{where}, {column}", cell, row[column])

    def in_findings(self, rows: Sequence[tuple[Cell, ...]]) -> None:
        counted = Counter((row["rule"], row["severity"]) for row in self.delivered.data["findings"])
        severities = {_bare_of_space(self._(words)): severity for words, severity in (("file rejected", "reject"), ("not used", "error"), ("used, with a warning", "warning"), ("for the record", "info"))}
        if rows and len(rows) != len(counted):
            self.faults.append(f"findings: {len(rows)} rows printed, {len(counted)} in the data")
        for phrase, rule, severity, number in rows:
            key = (_bare_of_space(words(rule)), severities.get(_bare_of_space(words(severity)), ""))
            self.check("findings", f"{key[0]}, {words(phrase)}", number, str(counted[key]))
            if _bare_of_space(words(phrase)) != _bare_of_space(self._(rule_phrases()[key[0]])):
                self.faults.append(f"findings, {key[0]}: {words(phrase)!r}")


def _bare_of_space(text: str) -> str:
    """Lines end anywhere."""
    return re.sub(r"\s", "", text)
