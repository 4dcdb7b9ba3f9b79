"""The narrative as a Word document, for colleagues to comment on: chapters 1 to 5 and members' own words, from the same page that the PDF is set from."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

from domain.report import ReportDocument
from tasks.render import LINE_MAY_END, STEERING, render_html
from tasks.wording import Wording

LEFT_OUT = frozenset({"goals", "finance", "submissions", "quality", "coverage", "restatements", "reconciliation", "method"})
"""Annexes that are in the PDF only: tables that nobody rewrites."""
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BLOCKS = frozenset({"p", "ul", "ol", "table", "dl", "div", "section", "figure", "blockquote", "h1", "h2", "h3", "nav", "pre"})


def narrative_document(document: ReportDocument, language: str) -> bytes:
    """A .docx in the language: styles for headings, tables with repeated header rows, languages marked. The same document gives the same bytes."""
    from lxml import html

    day = document.agreement.cycle(document.figures.cycle).end
    page = html.document_fromstring(render_html(document, language, day))
    paper = _Paper(document, Wording(language), day)
    for element in page.body:
        paper.add(element)
    return paper.bytes()


class _Paper:
    """The document on its way: elements of the page are added one by one, in order."""

    def __init__(self, document: ReportDocument, wording: Wording, day: date) -> None:
        import docx
        from docx.enum.style import WD_STYLE_TYPE
        from docx.shared import Cm, Pt

        self.word, self.language = docx.Document(), wording.language
        self.day, self.shown = day, True
        contract = document.agreement.contract
        about = self.word.core_properties
        about.title, about.author, about.language = _clean(f"{contract.number} {document.figures.cycle}"), _clean(contract.coordinator.name)[:255], wording.language
        about.comments, about.last_modified_by, about.revision = "", "", 1
        about.created = about.modified = datetime(day.year, day.month, day.day, tzinfo=UTC)
        normal = self.word.styles["Normal"]
        normal.font.name, normal.font.size = "Calibri", Pt(10.5)
        self._say_language(normal.element.get_or_add_rPr(), wording.language)
        in_tables = self.word.styles.add_style("Table Text", WD_STYLE_TYPE.PARAGRAPH)
        in_tables.base_style, in_tables.font.size = normal, Pt(8.5)
        in_tables.paragraph_format.space_after = Pt(0)
        section = self.word.sections[0]
        section.page_width, section.page_height = Cm(21), Cm(29.7)
        section.left_margin = section.right_margin = Cm(2)
        section.header.paragraphs[0].text = _clean(contract.number)
        self._number_pages(section.footer.paragraphs[0])

    # --- blocks

    def add(self, element: Any) -> None:
        """One element of the page with all that is in it."""
        if not isinstance(element.tag, str):
            return
        kind = element.get("class") or ""
        if element.tag in ("h1", "h2", "h3", "h4"):
            self._heading(element)
        elif not self.shown or element.tag in ("nav", "svg", "img") or "quiet" in kind.split():
            return
        elif element.tag == "p":
            self._paragraph(element, "List Paragraph" if "said" in kind else None, highlighted="todo" in kind)
        elif element.tag in ("ul", "ol"):
            for item in element.iterchildren("li"):
                self._item(item, "List Bullet" if element.tag == "ul" else "List Number")
        elif element.tag == "table":
            self._table(element)
        elif element.tag == "dl":
            self._facts(element)
        elif element.tag == "figure":
            self._figure(element)
        elif element.tag in ("pre", "blockquote") and not any(child.tag in _BLOCKS for child in element):
            self._paragraph(element, "Quote")
        else:
            self._within(element)

    def _within(self, element: Any) -> None:
        """A box: what stands in it as text, then its blocks."""
        if (element.text or "").strip():
            self.word.add_paragraph(_clean(" ".join(element.text.split())))
        for child in element:
            self.add(child)

    def _heading(self, element: Any) -> None:
        name = (element.get("id") or "").removeprefix("annex-")
        level = int(element.tag[1])
        if level == 1:
            self.shown = name not in LEFT_OUT and name not in ("contents", "acronyms")
        if not self.shown:
            return
        landscape = any("wide" in (box.get("class") or "").split() for box in element.iterancestors())
        self._turn(landscape)
        self._runs(self.word.add_heading(level=min(level, 4)), element)

    def _turn(self, landscape: bool) -> None:
        """A new section where the paper turns."""
        from docx.enum.section import WD_ORIENT, WD_SECTION

        section = self.word.sections[-1]
        if landscape == (section.orientation == WD_ORIENT.LANDSCAPE):
            return
        turned = self.word.add_section(WD_SECTION.NEW_PAGE)
        turned.orientation = WD_ORIENT.LANDSCAPE if landscape else WD_ORIENT.PORTRAIT
        turned.page_width, turned.page_height = section.page_height, section.page_width

    def _paragraph(self, element: Any, style: str | None = None, highlighted: bool = False) -> None:
        paragraph = self.word.add_paragraph(style=style)
        self._runs(paragraph, element, highlighted)

    def _item(self, item: Any, style: str) -> None:
        self._runs(self.word.add_paragraph(style=style), item, skip=("ul", "ol"))
        for inner in item:
            if inner.tag in ("ul", "ol"):
                for further in inner.iterchildren("li"):
                    self._item(further, f"{style} 2" if not style.endswith("2") else style)

    def _figure(self, element: Any) -> None:
        """A chart in words."""
        for title in element.iter("{http://www.w3.org/2000/svg}title", "title"):
            self.word.add_paragraph(_clean(" ".join((title.text or "").split()))).style = self.word.styles["Caption"]

    def _facts(self, element: Any) -> None:
        """Terms and what is said of them, side by side."""
        terms = list(element.iterchildren("dt", "dd"))
        table = self.word.add_table(rows=0, cols=2)
        for term, said in zip(terms[::2], terms[1::2], strict=False):
            cells = table.add_row().cells
            self._cell(cells[0], term)
            self._cell(cells[1], said)
        self.word.add_paragraph()

    def _table(self, element: Any) -> None:
        caption = next(element.iterchildren("caption"), None)
        if caption is not None and "quiet" not in (caption.get("class") or ""):
            title = self.word.add_paragraph(style="Caption")
            title.paragraph_format.keep_with_next = True
            self._runs(title, caption)
        rows = [row for part in element.iterchildren("thead", "tbody") for row in part.iterchildren("tr")]
        width = max((sum(int(cell.get("colspan") or 1) for cell in row) for row in rows), default=0)
        if not width:
            return
        widths = self._widths(element, width)
        table = self._ruled(self.word.add_table(rows=0, cols=width))
        for column, size in zip(table.columns, widths, strict=True):
            column.width = size
        for row in rows:
            made = table.add_row()
            self._mark(made, "w:cantSplit")
            if row.getparent().tag == "thead":
                self._mark(made, "w:tblHeader")
            place = 0
            cells = made.cells
            for cell in row:
                span = int(cell.get("colspan") or 1)
                target = cells[place] if span == 1 else cells[place].merge(cells[min(place + span, width) - 1])
                target.width = sum(widths[place : place + span])
                self._cell(target, cell, bold=row.getparent().tag == "thead")
                place += span
        self.word.add_paragraph()

    def _widths(self, element: Any, number: int) -> list[int]:
        """Of the columns, as the page gives them in millimetres; those without share what is left."""
        from docx.shared import Mm

        said = [re.search(r"width:\s*([\d.]+)mm", column.get("style") or "") for column in element.iter("col")][:number]
        given = [float(match[1]) if match else 0.0 for match in said] + [0.0] * (number - len(said))
        section: Any = self.word.sections[-1]
        room = (section.page_width - section.left_margin - section.right_margin) / Mm(1)
        free = max((room - sum(given)) / max(given.count(0.0), 1), 12)
        return [int(Mm(size or free)) for size in given]

    @staticmethod
    def _ruled(table: Any) -> Any:
        """Thin grey lines between the rows, none between the columns."""
        from docx.oxml import parse_xml
        from docx.oxml.ns import nsdecls

        lines = "".join(f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="BFBFBF"/>' for side in ("top", "bottom", "insideH"))
        table.autofit = False
        table._tbl.tblPr.append(parse_xml(f"<w:tblBorders {nsdecls('w')}>{lines}</w:tblBorders>"))
        return table

    def _cell(self, target: Any, element: Any, bold: bool = False) -> None:
        from docx.enum.text import WD_ALIGN_PARAGRAPH

        first = target.paragraphs[0]
        first.style = self.word.styles["Table Text"]
        if "n" in (element.get("class") or "").split():
            first.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        blocks = [child for child in element if child.tag in ("p", "ul", "ol")]
        self._runs(first, element, skip=("p", "ul", "ol"), bold=bold)
        for block in blocks:
            for line in block.iterchildren("li") if block.tag != "p" else (block,):
                self._runs(target.add_paragraph(style="Table Text"), line)

    @staticmethod
    def _mark(row: Any, name: str) -> None:
        from docx.oxml import OxmlElement

        row._tr.get_or_add_trPr().append(OxmlElement(name))

    # --- text

    def _runs(self, paragraph: Any, element: Any, highlighted: bool = False, skip: tuple[str, ...] = (), bold: bool = False) -> None:
        """The text of an element, in runs of one look and language each."""
        from docx.enum.text import WD_COLOR_INDEX

        for text, look in _texts(element, _look(element, {}), skip):
            if text == "\n":
                paragraph.add_run().add_break()
                continue
            run = paragraph.add_run(_clean(text))
            run.bold, run.italic = look.get("bold") or bold or None, look.get("italic")
            if highlighted:
                run.font.highlight_color = WD_COLOR_INDEX.YELLOW
            if look.get("lang", self.language) != self.language:
                self._say_language(run._r.get_or_add_rPr(), look["lang"])

    @staticmethod
    def _say_language(properties: Any, language: str) -> None:
        from docx.oxml import OxmlElement
        from docx.oxml.ns import qn

        for known in properties.findall(qn("w:lang")):
            properties.remove(known)
        said = OxmlElement("w:lang")
        said.set(qn("w:val"), {"en": "en-GB", "fr": "fr-FR", "es": "es-ES", "pt": "pt-PT"}.get(language, language))
        properties.append(said)

    @staticmethod
    def _number_pages(paragraph: Any) -> None:
        from docx.enum.text import WD_ALIGN_PARAGRAPH
        from docx.oxml import OxmlElement
        from docx.oxml.ns import qn

        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        field = OxmlElement("w:fldSimple")
        field.set(qn("w:instr"), "PAGE")
        paragraph._p.append(field)

    def bytes(self) -> bytes:
        """The file, its parts in one order and with one date."""
        written, settled = io.BytesIO(), io.BytesIO()
        self.word.save(written)
        with zipfile.ZipFile(written) as parts, zipfile.ZipFile(settled, "w", zipfile.ZIP_DEFLATED) as out:
            for name in sorted(parts.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
                out.writestr(zipfile.ZipInfo(name, (self.day.year, self.day.month, self.day.day, 0, 0, 0)), parts.read(name), zipfile.ZIP_DEFLATED)
        return settled.getvalue()


def _clean(text: str) -> str:
    """Without characters that XML cannot hold, signs that turn the direction of text, and places where the PDF may break a word."""
    return _NOT_XML.sub("", text).translate(dict.fromkeys([*STEERING, ord(LINE_MAY_END)]))


def _look(element: Any, around: dict[str, Any]) -> dict[str, Any]:
    """How text in an element looks, and its language, given what is around it."""
    look = dict(around)
    if element.tag in ("strong", "b") or (element.tag == "span" and element.get("class") == "code"):
        look["bold"] = True
    if element.tag in ("em", "i"):
        look["italic"] = True
    if element.get("lang"):
        look["lang"] = element.get("lang")
    return look


def _texts(element: Any, look: dict[str, Any], skip: tuple[str, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(text, look) in order of reading; "\\n" for a line break. White space runs together as on a page."""
    lines = "pre-line" if "said" in (element.get("class") or "") or "narrative" in (element.get("class") or "") else ""
    yield from _parts(element.text, look, lines)
    for child in element:
        if isinstance(child.tag, str) and child.tag not in skip:
            if child.tag == "br":
                yield "\n", look
            else:
                yield from _texts(child, _look(child, look), skip)
        yield from _parts(child.tail, look, lines)


def _parts(text: str | None, look: dict[str, Any], lines: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, line in enumerate((text or "").split("\n") if lines else [text or ""]):
        if number:
            yield "\n", look
        squeezed = re.sub(r"[ \t\r\n]+", " ", line)
        if squeezed.strip(" ") or squeezed:
            yield squeezed, look
