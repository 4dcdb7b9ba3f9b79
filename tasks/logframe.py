"""logframe.xlsx of a delivered report: the updated logframe matrix (PRAG e3d) and what is to be encoded in OPSYS by hand. The figures are those of
data/indicators.csv, for the network and for countries; no member is named, and a country that only unnamed members report from is left out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from domain.agreement import Agreement, Indicator
from domain.figures import Figures, IndicatorFigure, Scope, Slice
from domain.indicators import definitions_for, never_combined, not_disaggregated
from domain.profile import Profile
from domain.schema import DIMENSION_LABELS
from tasks.annex_book import MONEY, PERCENT, AnnexBook, Column, Number, format_for
from tasks.phrases import phrases


def logframe_workbook(agreement: Agreement, profile: Profile, figures: Figures, language: str) -> bytes:
    """An .xlsx with the sheets Logframe and OPSYS encoding, labelled in the language; texts of the logframe as the agreement has them.
    The same arguments give the same bytes."""
    return _Logframe(agreement, figures, language).write()


_LOGFRAME_WIDTHS = {
    "result": 26, "indicator": 8, "title": 36, "unit": 14, "baseline": 9, "baseline_year": 7, "current": 12, "day": 11, "target": 11, "target_year": 7,
    "milestones": 12, "period": 12, "numerator": 11, "denominator": 11, "progress": 9, "source": 20,
}  # fmt: skip
_OPSYS_WIDTHS = {
    "result_level": 10, "result_code": 8, "result_statement": 28, "indicator_code": 9, "indicator_text": 34, "corporate_code": 12, "unit": 14,
    "value_type": 12, "baseline_value": 10, "baseline_date": 9, "intermediate_target": 12, "final_target": 10, "final_target_date": 8,
    "current_value": 12, "current_value_date": 11, "disagg_dimension": 13, "disagg_value": 14, "source_of_data": 22, "comment": 40,
}  # fmt: skip
_RULE: dict[str, Any] = {"border": 1, "border_color": "#c9ced6"}
_TOTAL: dict[str, Any] = {"bold": True, **_RULE}
_GROUP: dict[str, Any] = {"font_color": "#333333", "bg_color": "#f5f6f8", **_RULE}
_OPEN: dict[str, Any] = {"bg_color": "#fff7d6", **_RULE}


class _Logframe:
    """The two sheets on their way."""

    def __init__(self, agreement: Agreement, figures: Figures, language: str) -> None:
        self.paper = AnnexBook("logframe", agreement, figures, language)
        self.words, self.wording, self.language = self.paper.words, self.paper.wording, language
        self.definitions = definitions_for(agreement, figures.cycles)
        self.internal = agreement.internal_members
        self.figures: dict[tuple[str, Scope, str], list[IndicatorFigure]] = defaultdict(list)
        for figure in figures.indicators:
            self.figures[figure.indicator, figure.scope, figure.level].append(figure)

    def write(self) -> bytes:
        self._write_logframe()
        self._write_opsys()
        return self.paper.bytes()

    # --- figures

    def network(self, indicator: Indicator, scope: Scope) -> dict[Slice, IndicatorFigure]:
        """The network's figures by slice; the total is that of ()."""
        return {figure.slice: figure for figure in self.figures[indicator.indicator, scope, "network"]}

    def slices(self, indicator: Indicator) -> list[Slice]:
        """The groups that were reported, as the figures order them."""
        reported = [*self.network(indicator, "cumulative"), *self.network(indicator, "reporting")]
        return [slice_ for slice_ in dict.fromkeys(reported) if slice_]

    def said_otherwise(self, indicator: Indicator) -> str:
        """Of an indicator without a figure of the network how many members answered; "" where none did or where there is a figure."""
        if not never_combined(indicator):
            return ""
        members = {figure.area.partition("/")[0] for figure in self.figures[indicator.indicator, "cumulative", "member"]}
        words = self.words["logframe"]["in_words" if indicator.measure == "qualitative" else "by_member"]
        return str(words.format(count=len(members))) if members else ""

    # --- words

    def dimension(self, name: str) -> str:
        labels = DIMENSION_LABELS.get(name.casefold())
        return labels[self.language][0] if labels else name

    def group(self, slice_: Slice) -> str:
        return " × ".join(self.wording.category(*part) for part in slice_)

    def number_format(self, indicator: Indicator, value: Number | None) -> str:
        return {"percentage": PERCENT, "money": MONEY}.get(indicator.measure, format_for(value))

    # --- the sheet Logframe

    def _write_logframe(self) -> None:
        words = self.words["logframe"]
        title = words["title"].format(day=self.wording.day(self.paper.last_day, "long"))
        columns = [(words["columns"][name], width) for name, width in _LOGFRAME_WIDTHS.items()]
        sheet, row = self.paper.sheet(words["sheet"], title, columns, words["notes"], keep=3)
        sheet.outline_settings(True, False, False)  # a total stands above its groups
        at = {name: index for index, name in enumerate(_LOGFRAME_WIDTHS)}
        before = None
        for indicator in self.definitions.values():
            shown = (indicator.level, indicator.result)
            self._write_indicator(sheet, row, at, indicator, names_result=shown != before)
            before, row = shown, row + 1
            for label, reporting, cumulative in self._lines(indicator):
                self._write_line(sheet, row, at, indicator, label, reporting, cumulative)
                row += 1

    def _write_indicator(self, sheet: Any, row: int, at: Mapping[str, int], indicator: Indicator, names_result: bool) -> None:
        reporting, cumulative = self.network(indicator, "reporting").get(()), self.network(indicator, "cumulative").get(())
        level = self.words["logframe"]["levels"][indicator.level]
        result = f"{level} {indicator.result}\n{indicator.statement}" if names_result else ""
        milestones = "\n".join(f"{year}: {self.wording.number(value)}" for year, value in sorted(indicator.milestones.items()))
        texts = {"result": result, "indicator": indicator.indicator, "title": indicator.title, "unit": indicator.unit, "milestones": milestones, "source": indicator.source}
        for name, text in texts.items():
            self.paper.text(sheet, row, at[name], text, text_wrap=True, **(_TOTAL if name in ("result", "title") else _RULE))
        self._value(sheet, row, at["baseline"], indicator, indicator.baseline, _RULE)
        self._value(sheet, row, at["target"], indicator, indicator.target, _RULE)
        for name, year in (("baseline_year", indicator.baseline_year), ("target_year", indicator.target_year)):
            self.paper.number(sheet, row, at[name], year, num_format="0_)", **_RULE)
        self._values(sheet, row, at, indicator, reporting, cumulative, _TOTAL)
        self.paper.number(sheet, row, at["progress"], cumulative.progress if cumulative else None, num_format=PERCENT, **_TOTAL)

    def _lines(self, indicator: Indicator) -> Iterator[tuple[str, IndicatorFigure | Fraction | None, IndicatorFigure | Fraction | None]]:
        """What stands under an indicator: what it has instead of a figure; each group, and after the groups of a dimension what is not disaggregated."""
        reporting, cumulative, slices = self.network(indicator, "reporting"), self.network(indicator, "cumulative"), self.slices(indicator)
        if said := self.said_otherwise(indicator):
            yield said, None, None
        for number, slice_ in enumerate(slices):
            name = " × ".join(self.dimension(dimension) for dimension, _ in slice_)
            yield f"{name}: {self.group(slice_)}", reporting.get(slice_), cumulative.get(slice_)
            following = slices[number + 1] if number + 1 < len(slices) else ()
            if len(slice_) == 1 and [name for name, _ in following] != [slice_[0][0]]:
                now, to_date = (not_disaggregated(indicator, of_scope, slice_[0][0]) for of_scope in (reporting, cumulative))
                if now or to_date:
                    yield f"{name}: {self.words['logframe']['rest']}", now, to_date

    def _write_line(
        self, sheet: Any, row: int, at: Mapping[str, int], indicator: Indicator, label: str,
        reporting: IndicatorFigure | Fraction | None, cumulative: IndicatorFigure | Fraction | None,
    ) -> None:  # fmt: skip
        self.paper.group_row(sheet, row)
        for column in at.values():
            self.paper.text(sheet, row, column, "", **_GROUP)
        self.paper.text(sheet, row, at["title"], label, text_wrap=True, indent=1, **_GROUP)
        self._values(sheet, row, at, indicator, reporting, cumulative, _GROUP)

    def _values(
        self, sheet: Any, row: int, at: Mapping[str, int], indicator: Indicator,
        reporting: IndicatorFigure | Fraction | None, cumulative: IndicatorFigure | Fraction | None, look: Mapping[str, Any],
    ) -> None:  # fmt: skip
        figure = cumulative if isinstance(cumulative, IndicatorFigure) else None
        self._value(sheet, row, at["period"], indicator, _number(reporting), look)
        self._value(sheet, row, at["current"], indicator, _number(cumulative), look)
        for name, part in (("numerator", figure.numerator if figure else None), ("denominator", figure.denominator if figure else None)):
            self.paper.number(sheet, row, at[name], part, **{**look, "num_format": format_for(part), "bold": False})
        if _number(cumulative) is None:
            self.paper.text(sheet, row, at["day"], "", **look)
        else:
            self.paper.day(sheet, row, at["day"], self.paper.last_day, **{**look, "bold": False})

    def _value(self, sheet: Any, row: int, column: int, indicator: Indicator, value: Number | None, look: Mapping[str, Any]) -> None:
        self.paper.number(sheet, row, column, value, **{**look, "num_format": self.number_format(indicator, value)})

    # --- the sheet OPSYS encoding

    def _write_opsys(self) -> None:
        words = self.words["opsys"]
        years = sorted({year for indicator in self.definitions.values() for year in indicator.milestones})
        names: dict[str, Column] = {}
        for name, width in _OPSYS_WIDTHS.items():
            if name == "intermediate_target":
                names |= {f"{name} {year}": (words["columns"][name].format(year=year), width) for year in years}
            else:
                names[name] = (words["columns"][name], width)
        sheet, row = self.paper.sheet(words["sheet"], words["title"], list(names.values()), words["notes"], keep=4)
        at = {name: index for index, name in enumerate(names)}
        for indicator in self.definitions.values():
            for cells, figure in self._opsys_rows(indicator):
                self._write_opsys_row(sheet, row, at, indicator, cells, figure)
                row += 1

    def _opsys_rows(self, indicator: Indicator) -> Iterator[tuple[dict[str, str | Number | None], IndicatorFigure | None]]:
        """The total with its baseline and targets, then the groups, then the countries."""
        cumulative = self.network(indicator, "cumulative")
        targets: dict[str, str | Number | None] = {
            "baseline_value": indicator.baseline, "baseline_date": indicator.baseline_year, "final_target": indicator.target, "final_target_date": indicator.target_year,
            **{f"intermediate_target {year}": value for year, value in indicator.milestones.items()},
        }  # fmt: skip
        yield targets, cumulative.get(())
        for slice_ in self.slices(indicator):
            if slice_ in cumulative:
                yield {"disagg_dimension": " × ".join(self.dimension(name) for name, _ in slice_), "disagg_value": self.group(slice_)}, cumulative[slice_]
        for figure in self.figures[indicator.indicator, "cumulative", "country"]:
            if not figure.slice and not figure.only_of(self.internal):
                yield {"disagg_dimension": self.words["opsys"]["country"], "disagg_value": self.wording.country(figure.area)}, figure

    def _write_opsys_row(
        self, sheet: Any, row: int, at: Mapping[str, int], indicator: Indicator, cells: Mapping[str, str | Number | None], figure: IndicatorFigure | None
    ) -> None:
        total = "disagg_value" not in cells
        look = _RULE if total else _GROUP
        kind = indicator.measure if indicator.measure in ("percentage", "qualitative") else "quantitative"
        given: dict[str, str | Number | None] = {
            "result_level": self.words["logframe"]["levels"][indicator.level], "result_code": indicator.result, "result_statement": indicator.statement,
            "indicator_code": indicator.indicator, "indicator_text": indicator.title, "unit": indicator.unit,
            "value_type": self.words["opsys"]["value_types"][kind], "source_of_data": indicator.source, "comment": self._comment(indicator, figure, total),
            "current_value": figure.value if figure else None, **cells,
        }  # fmt: skip
        for name, column in at.items():
            value = given.get(name)
            if isinstance(value, str):
                self.paper.text(sheet, row, column, value, text_wrap=True, **look)
            elif name in ("baseline_date", "final_target_date"):
                self.paper.number(sheet, row, column, value, num_format="0_)", **look)
            else:
                self._value(sheet, row, column, indicator, value, look)
        self.paper.text(sheet, row, at["corporate_code"], "", **_OPEN)
        if figure and figure.value is not None:
            self.paper.day(sheet, row, at["current_value_date"], self.paper.last_day, **look)

    def _comment(self, indicator: Indicator, figure: IndicatorFigure | None, total: bool) -> str:
        """How the figure came about: its pair, and how those of members became one."""
        sentences = []
        if figure and figure.denominator is not None:
            pair = {"numerator": self.wording.number(figure.numerator), "denominator": self.wording.number(figure.denominator)}
            sentences.append(self.words["opsys"]["pair"].format(**pair))
        if total:
            how = indicator.measure if indicator.measure in ("percentage", "yes_no", "qualitative") else indicator.across_members
            said = self.said_otherwise(indicator)
            sentences.append(said if said else phrases("iati", self.language)["combined"]["none" if indicator.across_members == "none" and how != "qualitative" else how])
        return " ".join(sentences)


def _number(figure: IndicatorFigure | Fraction | None) -> Fraction | None:
    return figure.value if isinstance(figure, IndicatorFigure) else figure
