"""Render: the report as PDF/A-3a and PDF/UA-1, from templates/report. The same document gives the same bytes, whatever clock, time zone or locale.

Members' text is data: it is escaped, never markup, and the renderer can open nothing but the template folder.
"""

from __future__ import annotations

import io
import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import cache
from html import unescape
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from domain.report import ReportDocument
from tasks.aggregate import no_cycles_sought
from tasks.faults import OperatorFault

if TYPE_CHECKING:
    from tasks.wording import Wording

LANGUAGES = ("en", "fr", "es", "pt")
"""Languages whose catalogue is there: templates/locale, and English, which the templates are written in."""
MAX_FINDINGS = 150
"""Findings printed one by one; the others are counted, and stand in data/findings.csv."""
MAX_ROWS = 300
"""Rows printed of one list that members fill (activities of a result, outcomes, …); the others are counted."""
MAX_CELL = 500
"""Characters printed of a member's text in a table."""
MAX_ANSWER = 100_000
"""Characters printed of a member's answer to a guiding question, and of whatever else members write outside of tables."""
SURE_ANSWER = 6000
"""Characters printed of an answer however many there are."""
MAX_LONG_ANSWERS = 1_000_000
"""Characters printed in one report of all answers beyond SURE_ANSWER: some 180 pages."""
SHORT_LINE = 40
"""Characters that a shorter line of an answer counts as: it takes a line of the page."""
LONG_WORD = 16
"""Letters that fit the narrowest column that members' words stand in."""
ENDLESS_WORD = 80
"""Letters beyond which a word gets places where a line may end: the renderer would measure all that is left of it once for each line."""
BREAK_EVERY = 10
"""Letters between two of these places."""
LINE_MAY_END = "\u200b"
"""A space of no width, which is not seen; it is no part of the text that the PDF holds."""
SOFT_HYPHEN = "\u00ad"
LONG_SPAN = 1000
"""Characters laid out as one piece of text."""
MAX_MARKS = 4
"""Marks above and below one letter."""
REPLACEMENT = "\ufffd"
"""Stands for a character that none of the report's typefaces has."""

_RENDERING = threading.Lock()
"""One PDF at a time in a process: the renderer takes the date from the environment."""


def check_languages(languages: Sequence[str]) -> None:
    """Raises OperatorFault for a language that the report cannot be rendered in."""
    for language in languages:
        if language not in LANGUAGES:
            raise OperatorFault(f"The report cannot be rendered in {language!r}; its languages are {', '.join(LANGUAGES)}.")


def render_reports(documents: Mapping[str, tuple[ReportDocument, str]], identifier: str) -> dict[str, bytes]:
    """The report in several languages and editions: name to PDF, from name to document and language. Raises OperatorFault as render_report does."""
    check_languages([language for _, language in documents.values()])
    return side_by_side(render_report, {name: (document, language, identifier) for name, (document, language) in documents.items()})


def side_by_side(function: Callable[..., bytes], jobs: Mapping[str, tuple[Any, ...]]) -> dict[str, bytes]:
    """What the function makes of the arguments of each job, by its name: each in a process of its own, as many at a time as there are processors;
    one alone stays in this process. Raises what the function raises, and OperatorFault where a process ended early."""
    if len(jobs) < 2:
        return {name: function(*arguments) for name, arguments in jobs.items()}
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    processes = min(len(jobs), os.cpu_count() or 1)
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        made = pool.map(function, *zip(*jobs.values(), strict=True))
        try:
            return dict(zip(jobs, made, strict=True))
        except BrokenProcessPool:
            raise OperatorFault("A process that rendered the report ended early; look at this machine's memory, or render one language at a time.") from None


def render_report(document: ReportDocument, language: str, identifier: str, created: date | None = None) -> bytes:
    """The report as PDF/A-3a and PDF/UA-1, tagged, with its attachments.

    `identifier`: at least 32 hex digits that stand for what the report was made of. `created`: the date the file bears; without one the last day
    of the reporting period, so that a report says the same whenever it is made. Raises OperatorFault for a language there are no texts in."""
    check_languages([language])
    day = created or document.agreement.cycle(document.figures.cycle).end
    with resources.as_file(resources.files("templates").joinpath("report")) as folder, _RENDERING:
        html = printable(render_html(document, language, day), _characters(folder))
        with _fixed_date(day), _mended_tags(), no_cycles_sought():
            pdf = _write_pdf(html, folder, _attachments(document, language, day), identifier)
    return _declare_accessible(pdf)


# --- HTML -------------------------------------------------------------------------------------------------------------


def render_html(document: ReportDocument, language: str, created: date) -> str:
    """The report as HTML; whatever members wrote is escaped."""
    import jinja2

    from tasks.assessment_view import AssessmentView
    from tasks.finance_view import FinanceView
    from tasks.goals_view import GoalsView
    from tasks.report_view import ReportView
    from tasks.wording import Wording

    wording = Wording(language)
    view = ReportView(document, wording)
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("templates", "report"), extensions=["jinja2.ext.i18n"],
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.install_gettext_callables(wording.gettext, wording.ngettext, newstyle=True)  # type: ignore[attr-defined]
    printed = ("number", "percent", "at_most_percent", "cents", "amount", "euros", "day", "moment", "country")
    environment.filters |= {name: getattr(wording, name) for name in printed} | {"markdown": markdown, "cut": MembersWords(wording).cut, "has_long_word": has_long_word}
    limits = {"findings": MAX_FINDINGS if document.edition != "internal" else len(document.findings), "rows": MAX_ROWS, "cell": MAX_CELL, "answer": MAX_ANSWER}
    return environment.get_template("report.html.j2").render(
        v=view, assessment=AssessmentView(view), money=FinanceView(view), goals=GoalsView(view), d=document, a=document.agreement, p=document.profile, f=document.figures, lang=language, limits=limits, period=wording.period,
        created=created.isoformat(),
    )


def markdown(text: str, level: int) -> Any:
    """The network's own words as HTML: Markdown in which HTML is text, then cleaned; its headings become headings of that level. Links lead to the
    web or to a mailbox, never to a place on this machine."""
    import nh3
    from markdown_it import MarkdownIt
    from markupsafe import Markup, escape

    html = MarkdownIt("commonmark", {"html": False}).disable("image").enable("table").render(text)
    html = re.sub(r"<(/?)h[1-6]>", rf"<\1h{level}>", html)
    html = re.sub(r"<thead>((?:(?!</thead>).)*)</thead>\s*</table>", r"<tbody>\1</tbody></table>", html, flags=re.DOTALL)  # a head needs a body

    def absolute(tag: str, attribute: str, value: str) -> str | None:
        return value if value.startswith(("https://", "http://", "mailto:")) else None

    tags = {"p", "em", "strong", "ul", "ol", "li", f"h{level}", "blockquote", "br", "table", "thead", "tbody", "tr", "th", "td", "a", "code", "pre"}
    cleaned = nh3.clean(html, tags=tags, attributes={"a": {"href"}}, attribute_filter=absolute, link_rel=None)
    return Markup(re.sub(r"(?:^|(?<=>))[^<]+", lambda text: str(escape(breakable(unescape(text[0])))) if _ENDLESS.search(text[0]) else text[0], cleaned))  # noqa: S704 (just cleaned)


def cut(text: str | None, length: int) -> str:
    """A member's text short enough for where it is printed, with "…" where something was left out."""
    text = (text or "").strip()
    return text if len(text) <= length else text[:length].rstrip() + "\u00a0…"


class MembersWords:
    """What members wrote, as one report prints it: whole where there is room, and where there is none with how much was left out."""

    def __init__(self, wording: Wording) -> None:
        self.wording = wording
        self.left = MAX_LONG_ANSWERS

    def cut(self, text: str | None, length: int) -> Any:
        """A text short enough for where it is printed: as much as takes no more room than `length` characters, or than this report has left for long
        answers. In a place too small for a sentence "…" is all that stands for the rest."""
        if length < MAX_CELL:
            return cut(text, length)
        text = re.sub(r"\n(?:[^\S\n]*\n)+", "\n\n", (text or "").strip())
        fitting = fits(text, min(length, SURE_ANSWER + self.left))
        self.left -= max(fitting - SURE_ANSWER, 0)
        shown = _in_spans(breakable(text[:fitting].rstrip()))
        return shown if fitting == len(text) else shown + self._left_out(len(text) - fitting)

    def _left_out(self, number: int) -> Any:
        """In the report's language within the member's."""
        from markupsafe import Markup

        said = self.wording.ngettext("%(num)s more character stands in the member’s file", "%(num)s more characters stand in the member’s file", number)
        return Markup('\u00a0… <span class="unit" lang="{}">({})</span>').format(self.wording.language, said % {"num": self.wording.number(number)})


def _in_spans(text: str) -> Any:
    """The text escaped, a long one in spans that end where a line may end: the renderer looks at what is left of a span for many a line."""
    from markupsafe import Markup, escape

    if len(text) <= LONG_SPAN:
        return escape(text)
    return Markup().join(Markup("<span>{}</span>").format(span) for span in _SPAN.findall(text))


def fits(text: str, room: int) -> int:
    """How many characters of a text take no more room than so many; a short line of several takes as much as SHORT_LINE."""
    if "\n" not in text:
        return min(len(text), room)
    fitting = 0
    for line in text.splitlines(keepends=True):
        if room < max(len(line), SHORT_LINE):
            return fitting + min(len(line), room)
        room -= max(len(line), SHORT_LINE)
        fitting += len(line)
    return fitting


_ENDLESS = re.compile(rf"[^ \t-\r\u1680\u2000-\u2006\u2008-\u200b\u2028\u2029\u205f\u3000\u3400-\u9fff\uf900-\ufaff]{{{ENDLESS_WORD + 1},}}")
"""No space at which a line ends (a no-break space is none), and no Chinese, where it ends anywhere."""


_SPAN = re.compile(rf".{{1,{LONG_SPAN}}}[^ \n{LINE_MAY_END}]*[ \n{LINE_MAY_END}]*", re.DOTALL)


def breakable(text: str) -> str:
    """A text whose endless words have places where a line may end, in place of soft hyphens; a mark stays with its letter."""
    return _ENDLESS.sub(lambda word: LINE_MAY_END.join(_pieces(word[0].replace(SOFT_HYPHEN, ""))), text)


def _pieces(word: str) -> Iterator[str]:
    import unicodedata

    start = 0
    for i in range(BREAK_EVERY, len(word)):
        of_one = unicodedata.category(word[i])[0] == "M" or unicodedata.combining(word[i - 1])
        if i - start >= BREAK_EVERY and (not of_one or i - start >= 2 * BREAK_EVERY):
            yield word[start:i]
            start = i
    yield word[start:]


def has_long_word(text: str | None) -> bool:
    """Whether a text has a word that may not fit a column of a table and has to be broken; where all are short, none is broken."""
    return max(map(len, (text or "").split()), default=0) > LONG_WORD


STEERING = frozenset({0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0xFEFF})
"""Signs that turn the direction of what follows them, or hide in it: never taken over from a member's text."""


_TOWER = re.compile(rf"([\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]{{{MAX_MARKS}}})[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]+")


@cache
def _characters(folder: Path) -> frozenset[int]:
    """Code points that every style of the report's text can print."""
    from fontTools.ttLib import TTFont

    def of(name: str) -> set[int]:
        return set(TTFont(folder / "fonts" / name).getBestCmap())

    text = of("NotoSans-Regular.ttf") & of("NotoSans-Bold.ttf") & of("NotoSans-Italic.ttf")
    further = [of(path.name) for path in (folder / "fonts").glob("NotoSans?*-*.?tf") if not path.name.startswith("NotoSans-")]
    return frozenset(text.union(*further) - STEERING | {ord("\n")})


def printable(html: str, characters: frozenset[int]) -> str:
    """The text with what no typeface of the report has as U+FFFD: a PDF/A may contain no missing glyph, and no font of the machine steps in.

    Combining marks and signs that only steer (directions; joiners that no script of the report's needs) fall away, and so does what towers above a
    letter beyond MAX_MARKS; other spaces become a space, and an endless row of them one."""
    import unicodedata

    html = _TOWER.sub(r"\1", html)
    table: dict[int, str | None] = {}
    for character in set(html):
        if ord(character) not in characters:
            category = unicodedata.category(character)
            table[ord(character)] = None if category in ("Cf", "Mn", "Me") else " " if category in ("Zs", "Zl", "Zp", "Cc") else REPLACEMENT
    return re.sub(rf"[ \t]{{{ENDLESS_WORD},}}", " ", html.translate(table))


# --- PDF --------------------------------------------------------------------------------------------------------------


def _attachments(document: ReportDocument, language: str, day: date) -> list[Any]:
    """The data files that go with the PDF, described in its language."""
    import weasyprint

    from tasks.wording import Wording

    _ = Wording(language).gettext
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return [
        weasyprint.Attachment(
            string=content, name=name, relationship="Data", description=_("Data of this report: %(file)s") % {"file": name}, created=moment, modified=moment,
        )
        for name, content in sorted(document.attachments.items())
    ]  # fmt: skip


def _write_pdf(html: str, folder: Path, files: list[Any], identifier: str) -> bytes:
    import weasyprint

    page = weasyprint.HTML(string=html, base_url=folder.as_uri() + "/", url_fetcher=_template_files(folder))
    pdf: bytes = page.write_pdf(pdf_variant="pdf/a-3a", pdf_identifier=bytes.fromhex(identifier[:32]), attachments=files, pdf_tags=True)
    return pdf


def _template_files(folder: Path) -> Callable[..., Any]:
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
def _fixed_date(day: date) -> Iterator[None]:
    """The date that goes into the file instead of today's (SOURCE_DATE_EPOCH, which the renderer and fontTools read)."""
    before = os.environ.get("SOURCE_DATE_EPOCH")
    os.environ["SOURCE_DATE_EPOCH"] = str((day - date(1970, 1, 1)).days * 86400)
    try:
        yield
    finally:
        if before is None:
            del os.environ["SOURCE_DATE_EPOCH"]
        else:
            os.environ["SOURCE_DATE_EPOCH"] = before


@contextmanager
def _mended_tags() -> Iterator[None]:
    """Mends two things in the tags WeasyPrint 70 makes. It writes `lang` for the document only: screen readers need it (/Lang) for what members wrote
    in their own language. And it hangs paragraphs of a list item straight into /LI, where PDF/UA-1 allows a label and a body only."""
    import pydyf
    from weasyprint.pdf import tags

    build = tags._build_box_tree

    def mended(box: Any, parent: Any, pdf: Any, *rest: Any) -> Iterator[Any]:
        language = box.element.get("lang") if box.element is not None and box.element.tag != "html" else None
        for element in build(box, parent, pdf, *rest):
            if language:
                element["Lang"] = pydyf.String(language)
            if parent["S"] == "/LI" and element["P"] == parent.reference and element["S"] not in ("/Lbl", "/LBody"):
                body = pydyf.Dictionary({"Type": "/StructElem", "S": "/LBody", "K": pydyf.Array([element.reference]), "P": parent.reference})
                pdf.add_object(body)
                element["P"] = body.reference
                element = body
            yield element

    tags._build_box_tree = mended
    try:
        yield
    finally:
        tags._build_box_tree = build


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
    import pikepdf

    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as file:
        stream = file.Root.Metadata
        xmp = stream.read_bytes().decode("utf-8")
        stream.write(xmp.replace("</rdf:RDF>", f"{_PDFUA}</rdf:RDF>", 1).encode("utf-8"))
        if "/AF" in file.Root:  # WeasyPrint 70 lists each associated file twice
            file.Root.AF = pikepdf.Array({entry.objgen: entry for entry in file.Root.AF}.values())
        file.save(out, deterministic_id=True)
    return out.getvalue()
