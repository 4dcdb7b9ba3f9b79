"""Render: the report as PDF/A-3a and PDF/UA-1, from templates/report. The same document gives the same bytes, whatever clock, time zone or locale.

Members' text is data: autoescaped, never markup; the renderer can open nothing but the template folder.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from fractions import Fraction
from importlib import resources
from pathlib import Path
from typing import Any

from domain.codes import NOT_TAKEN_PLACE, REGIONS, goal_of, sdg_order
from domain.datafiles import SIGNIFICANT_DIGITS
from domain.figures import FinanceLine, IndicatorFigure, SdgFigure
from domain.report import ReportDocument
from domain.submission import AcceptedRow
from tasks.faults import OperatorFault

LANGUAGES = ("en",)
"""Languages whose template texts are there."""
MAX_FINDINGS_PRINTED = 150
MISSING = "–"
"""What is not reported; never 0."""


def check_languages(languages: Sequence[str]) -> None:
    """Raises OperatorFault for a language that the report cannot be rendered in."""
    for language in languages:
        if language not in LANGUAGES:
            raise OperatorFault(f"The report cannot be rendered in {language!r} yet; its languages are {', '.join(LANGUAGES)}.")


# --- numbers and dates as the language writes them --------------------------------------------------------------------


def _decimal(value: Fraction | Decimal | int) -> Decimal:
    if isinstance(value, Fraction):
        from decimal import Context

        return Context(prec=SIGNIFICANT_DIGITS).divide(Decimal(value.numerator), Decimal(value.denominator))
    return Decimal(value)


class Words:
    """Numbers, money, dates and countries as a language writes them."""

    def __init__(self, language: str) -> None:
        from babel import Locale

        self.language = language
        self.locale = Locale.parse({"en": "en_GB"}.get(language, language))

    def number(self, value: Fraction | Decimal | int | None, decimals: int = 2) -> str:
        """At most so many decimals; "–" for what is missing."""
        from babel.numbers import format_decimal

        return MISSING if value is None else format_decimal(_decimal(value), format=f"#,##0.{'#' * decimals}", locale=self.locale)

    def percent(self, value: Fraction | None) -> str:
        """A figure in percent, one decimal."""
        from babel.numbers import format_decimal

        return MISSING if value is None else format_decimal(_decimal(value), format="#,##0.0", locale=self.locale) + "\u00a0%"

    def money(self, cents: int | None) -> str:
        """EUR cents with two decimals, without the sign of the currency (it stands in the heading)."""
        from babel.numbers import format_decimal

        return MISSING if cents is None else format_decimal(Decimal(cents) / 100, format="#,##0.00", locale=self.locale)

    def day(self, value: date | None) -> str:
        from babel.dates import format_date

        return MISSING if value is None else format_date(value, format="d MMM y", locale=self.locale).replace(" ", "\u00a0")

    def country(self, code: str | None) -> str:
        if code is None:
            return MISSING
        return REGIONS.get(code) or str(self.locale.territories.get(code, code))


# --- what the template prints -----------------------------------------------------------------------------------------


class View:
    """The document as the template asks for it: figures by result, activities by result, goals. It looks up and orders; it computes no figure."""

    def __init__(self, document: ReportDocument, words: Words) -> None:
        self.document, self.words = document, words
        self.agreement, self.profile, self.figures = document.agreement, document.profile, document.figures
        self.cycle = self.agreement.cycle(self.figures.cycle)
        self.start = self.agreement.cycle(self.figures.reporting[0]).start
        self.kind = self.cycle.report if self.cycle.report != "none" else "interim"
        self.logframe = self.agreement.indicators_in(self.figures.cycle)
        self.member_names = {member.member: member.name for member in self.agreement.members}
        self._indicators: dict[tuple[str, str, str, str], list[IndicatorFigure]] = defaultdict(list)
        for figure in self.figures.indicators:
            self._indicators[figure.indicator, figure.scope, figure.level, figure.area].append(figure)
        self.activities = [row for row in document.accepted["activities"] if row.cycle in self.figures.reporting]

    def total(self, indicator: str, scope: str) -> IndicatorFigure | None:
        return next((figure for figure in self._indicators.get((indicator, scope, "network", ""), ()) if not figure.slice), None)

    def slices(self, indicator: str, scope: str) -> list[IndicatorFigure]:
        return [figure for figure in self._indicators.get((indicator, scope, "network", ""), ()) if figure.slice]

    def value(self, figure: IndicatorFigure | None) -> str:
        """A figure in its measure: 12.5 %, 3 of 5 yes, 1,234."""
        if figure is None:
            return MISSING
        measure = self.logframe[figure.indicator].measure if figure.indicator in self.logframe else "number"
        if measure == "percentage":
            return self.words.percent(figure.value)
        if measure == "yes_no":
            return f"{self.words.number(figure.numerator)} of {self.words.number(figure.denominator)}"
        return self.words.number(figure.value)

    def of_measure(self, indicator: str, value: Decimal | None) -> str:
        """A baseline or target."""
        if value is None:
            return MISSING
        return self.words.number(value) + ("\u00a0%" if self.logframe[indicator].measure == "percentage" else "")

    def results(self) -> Iterator[tuple[str, str, str, list[Any], list[AcceptedRow]]]:
        """(level, code, statement, indicators, activities) by result: outcomes and impact first, as the logframe lists them."""
        order = {"impact": 0, "outcome": 1, "output": 2}
        found: dict[str, list[Any]] = {}
        for indicator in self.logframe.values():
            found.setdefault(indicator.result, []).append(indicator)
        for code, indicators in sorted(found.items(), key=lambda item: order[item[1][0].level]):
            rows = [row for row in self.activities if row.values["result"] == code and row.values["status"] not in NOT_TAKEN_PLACE]
            yield indicators[0].level, code, indicators[0].statement, indicators, rows

    def has_figures(self, indicators: Sequence[Any]) -> bool:
        return any((entry.indicator, "cumulative", "network", "") in self._indicators for entry in indicators)

    def reported(self, indicators: Sequence[Any]) -> list[Any]:
        """Of a long logframe only what anybody has reported is printed in chapter 2; the whole stands in its annex and in the data."""
        keys = {figure.indicator for figure in self.figures.indicators}
        return [entry for entry in indicators if entry.indicator in keys]

    def named(self, rows: Sequence[AcceptedRow]) -> list[AcceptedRow]:
        """Rows that may be named; what sensitivity withholds is counted, never named."""
        levels = {member.member: member.sensitivity for member in self.agreement.members}
        return [row for row in rows if "internal" not in (row.values.get("sensitivity"), levels.get(row.member))]

    def not_done(self) -> list[AcceptedRow]:
        return [row for row in self.activities if row.values["status"] in NOT_TAKEN_PLACE]

    def rows(self, sheet: str) -> list[AcceptedRow]:
        return [row for row in self.document.accepted[sheet] if row.cycle in self.figures.reporting]

    def sdg(self, scope: str, kind: str, code: str = "") -> SdgFigure | None:
        return next((figure for figure in self.figures.sdg if (figure.scope, figure.kind, figure.sdg) == (scope, kind, code)), None)

    def goals(self, scope: str = "reporting") -> list[SdgFigure]:
        return [figure for figure in self.figures.sdg if figure.scope == scope and figure.kind == "goal"]

    def parts_of(self, goal: str, scope: str = "reporting") -> list[SdgFigure]:
        """The targets of a goal, its bare row first."""
        return [f for f in self.figures.sdg if f.scope == scope and f.kind in ("bare", "target") and goal_of(f.sdg) == goal]

    def indicators_of(self, goal: str) -> list[tuple[Any, list[str]]]:
        """Indicators mapped to a goal, each with the other goals it is also listed under."""
        found = []
        for indicator in self.reported(list(self.logframe.values())):
            goals = list(dict.fromkeys(goal_of(code) for code in sorted(indicator.sdg, key=sdg_order)))
            if goal in goals:
                found.append((indicator, [other for other in goals if other != goal]))
        return found

    def activities_of(self, goal: str) -> list[AcceptedRow]:
        return [r for r in self.activities if r.values["status"] not in NOT_TAKEN_PLACE and any(goal_of(code) == goal for code, _ in r.values["sdg"])]

    def codes(self, row: AcceptedRow) -> str:
        return ", ".join(code for code, _ in row.values["sdg"])

    def people(self, row: AcceptedRow) -> int | None:
        numbers = [row.values[name] for name in ("women", "men", "other", "unknown") if row.values[name] is not None]
        return int(sum(numbers)) if numbers else None

    def countries(self) -> list[str]:
        codes = {row.values["country"] for sheet in ("activities", "indicators", "expenditure") for row in self.rows(sheet)}
        return sorted(self.words.country(code) for code in codes)

    def finance(self, heading: str) -> FinanceLine:
        return next(line for line in self.figures.finance if line.heading == heading)

    def findings_by_rule(self) -> list[tuple[str, str, int]]:
        counts = Counter((finding.rule, finding.severity) for finding in self.document.findings)
        order = ("reject", "error", "warning", "info")
        return sorted(((rule, severity, number) for (rule, severity), number in counts.items()), key=lambda entry: (order.index(entry[1]), entry[0]))

    def grave_findings(self) -> list[Any]:
        return [finding for finding in self.document.findings if finding.severity in ("reject", "error")]

    def narratives(self) -> Iterator[tuple[str, str, list[AcceptedRow]]]:
        """(member, language, rows) of members' own words."""
        languages = {member.member: member.language for member in self.agreement.members}
        rows: dict[str, list[AcceptedRow]] = defaultdict(list)
        for row in self.named(self.rows("narrative")):
            rows[row.member].append(row)
        for member, own in sorted(rows.items()):
            yield member, languages[member], own

    def due(self) -> date:
        return self.profile.report_due(self.kind, self.cycle.end)

    def bars(self, column: str) -> list[tuple[SdgFigure, int, float]]:
        """(goal, amount, share of the longest bar) for a chart by goal."""
        amounts = [(goal, int(getattr(goal, column)) if column != "people" else goal.women + goal.men + goal.other + goal.unknown) for goal in self.goals()]
        longest = max((amount for _, amount in amounts), default=0)
        return [(goal, amount, max(amount, 0) / longest if longest > 0 else 0.0) for goal, amount in amounts]


# --- text from the network --------------------------------------------------------------------------------------------


def markdown(text: str) -> Any:
    """The network's own words: Markdown without HTML, then cleaned; headings below those of the report."""
    import nh3
    from markdown_it import MarkdownIt
    from markupsafe import Markup

    html = MarkdownIt("commonmark", {"html": False}).disable(["image", "autolink"]).enable("table").render(text)
    for level in range(6, 0, -1):
        html = html.replace(f"<h{level}>", "<h4>").replace(f"</h{level}>", "</h4>")
    allowed = {"p", "em", "strong", "ul", "ol", "li", "h4", "blockquote", "br", "table", "thead", "tbody", "tr", "th", "td"}
    return Markup(nh3.clean(html, tags=allowed, attributes={}))  # noqa: S704 (cleaned just now)


# --- PDF --------------------------------------------------------------------------------------------------------------


def render_html(document: ReportDocument, language: str) -> str:
    """The report as HTML, members' text escaped."""
    import jinja2

    words = Words(language)
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("templates", "report"), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"number": words.number, "percent": words.percent, "money": words.money, "day": words.day, "country": words.country, "markdown": markdown}
    view = View(document, words)
    names = {goal: getattr(entry, language) for goal, entry in view.profile.goals.items()}
    return environment.get_template("report.html.j2").render(
        v=view, d=document, a=view.agreement, p=view.profile, f=view.figures, lang=language, goal_names=names, max_findings=MAX_FINDINGS_PRINTED
    )


def _fetcher(folder: Path) -> Callable[..., Any]:
    """Serves files of the template folder and nothing else: nothing is fetched, whatever a text contains."""
    from weasyprint.urls import URLFetcher

    class TemplateFiles(URLFetcher):
        def fetch(self, url: str, headers: Any = None) -> Any:
            path = Path(url.removeprefix("file://")).resolve() if url.startswith("file://") else None
            if path is None or not path.is_relative_to(folder.resolve()):
                raise ValueError(f"refused: {url}")
            return super().fetch(url, headers)

    return TemplateFiles()


@contextmanager
def _fixed_clock(day: date) -> Iterator[None]:
    """The date that goes into the file instead of today's (SOURCE_DATE_EPOCH, which fontTools reads)."""
    before = os.environ.get("SOURCE_DATE_EPOCH")
    os.environ["SOURCE_DATE_EPOCH"] = str((day - date(1970, 1, 1)).days * 86400)
    try:
        yield
    finally:
        if before is None:
            del os.environ["SOURCE_DATE_EPOCH"]
        else:
            os.environ["SOURCE_DATE_EPOCH"] = before


def render_report(document: ReportDocument, language: str, identifier: str) -> bytes:
    """The report as PDF/A-3a and PDF/UA-1, tagged, with its attachments. `identifier`: hex digits that stand for its inputs.

    Dated with the last day of its reporting period: a report says the same whenever it is made."""
    import weasyprint

    day = document.agreement.cycle(document.figures.cycle).end
    with resources.as_file(resources.files("templates").joinpath("report")) as folder, _fixed_clock(day):
        attachments = [
            weasyprint.Attachment(string=content, name=name, relationship="Data", description=f"Data of this report: {name}", created=_noon(day), modified=_noon(day))
            for name, content in sorted(document.attachments.items())
        ]
        page = weasyprint.HTML(string=render_html(document, language), base_url=folder.as_uri() + "/", url_fetcher=_fetcher(folder))
        pdf = page.write_pdf(pdf_variant="pdf/a-3a", pdf_identifier=bytes.fromhex(identifier[:32]), attachments=attachments, pdf_tags=True)
    return _declare_accessible(pdf)


def _noon(day: date) -> Any:
    from datetime import UTC, datetime

    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


_PDFUA = """<rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/"><pdfuaid:part>1</pdfuaid:part></rdf:Description>
<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/" xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"
 xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#"><pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>PDF/UA identification schema</pdfaSchema:schema><pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix><pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource"><pdfaProperty:name>part</pdfaProperty:name>
<pdfaProperty:valueType>Integer</pdfaProperty:valueType><pdfaProperty:category>internal</pdfaProperty:category>
<pdfaProperty:description>Part of the PDF/UA standard</pdfaProperty:description></rdf:li></rdf:Seq></pdfaSchema:property></rdf:li></rdf:Bag>
</pdfaExtension:schemas></rdf:Description>"""


def _declare_accessible(pdf: bytes) -> bytes:
    """Adds what PDF/UA-1 asks for beside PDF/A-3a: pdfuaid:part, in the same rdf:RDF, with the extension schema that describes it."""
    import io

    import pikepdf

    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as file:
        stream = file.Root.Metadata
        xmp = stream.read_bytes().decode("utf-8")
        stream.write(xmp.replace("</rdf:RDF>", f"{_PDFUA}</rdf:RDF>", 1).encode("utf-8"))
        file.save(out, deterministic_id=True)
    return out.getvalue()

