"""The narrative as a Word document, for colleagues to comment on: chapters 1 to 5 and members' own words, from the same page that the PDF is set from."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from typing import Any

from domain.report import ReportDocument
from tasks.render import LINE_MAY_END, STEERING, render_html
from tasks.wording import Wording

CHAPTERS = re.compile(r"s\d+|annex-narratives")
"""Anchors of what colleagues comment on: the chapters of Annex VI, and members' own words. Contents, checklist and the annexes of tables are in the PDF only."""
LINKS = re.compile(r"(https?://|mailto:)[A-Za-z0-9._~:/?#@!$&'()*+,;=%-]{1,2000}")
"""Where a link may lead."""
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BLOCKS = ("p", "ul", "ol", "table", "dl", "div", "section", "figure", "blockquote", "h1", "h2", "h3", "h4", "nav", "pre")
_BORDERS = "".join(f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="BFBFBF"/>' for side in ("top", "bottom", "insideH"))
_MARGINS = "".join(f'<w:{side} w:w="60" w:type="dxa"/>' for side in ("left", "right"))
_IN_TABLES = {"result": "Table Strong", "sum": "Table Strong", "slice": "Table Slice"}
"""Styles of rows by their class; "Table Text" are all others."""
_TERM = 66.0
"""Width of the terms beside what is said of them, in millimetres, as on the page."""


def narrative_document(document: ReportDocument, language: str) -> bytes:
    """A .docx in the language: styles for headings, tables with repeated header rows, languages marked. The same document gives the same bytes."""
    from lxml import html

    day = document.agreement.cycle(document.figures.cycle).end
    page = html.document_fromstring(_NOT_XML.sub("", render_html(document, language, day)))
    paper = _Paper(document, Wording(language), day, page.findtext("head/title"))
    for element in page.body:
        paper.add(element)
    return paper.bytes()


class _Paper:
    """The document on its way: elements of the page are added one by one, in order."""

    def __init__(self, document: ReportDocument, wording: Wording, day: date, title: str) -> None:
        import docx
        from docx.shared import Cm

        self.word, self.language = docx.Document(), wording.language
        self.day, self.shown = day, True
        self._style_ids: dict[str, str] = {}
        contract = document.agreement.contract
        about = self.word.core_properties
        about.title, about.author, about.language = _clean(title)[:255], _clean(contract.coordinator.name)[:255], wording.language
        about.comments, about.last_modified_by, about.revision = "", "", 1
        about.created = about.modified = datetime(day.year, day.month, day.day, tzinfo=UTC)
        self._define_styles()
        section = self.word.sections[0]
        section.page_width, section.page_height = Cm(21), Cm(29.7)
        section.left_margin = section.right_margin = Cm(2)
        section.header.paragraphs[0].text = _clean(contract.number)
        self._number_pages(section.footer.paragraphs[0])

    def _define_styles(self) -> None:
        """All looks are styles, so that a colleague changes each in one place."""
        from docx.enum.style import WD_STYLE_TYPE
        from docx.oxml import parse_xml
        from docx.oxml.ns import nsdecls
        from docx.shared import Pt, RGBColor

        styles = self.word.styles
        normal = styles["Normal"]
        normal.font.name, normal.font.size = "Calibri", Pt(10.5)
        self._say_language(normal.element.get_or_add_rPr(), self.language)
        for name, base in (("Table Text", "Normal"), ("Table Strong", "Table Text"), ("Table Slice", "Table Text"), ("Note", "Normal"), ("Chart in Words", "Note")):
            styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH).base_style = styles[base]
        styles["Table Text"].font.size, styles["Note"].font.size = Pt(8.5), Pt(9)
        styles["Table Text"].paragraph_format.space_after, styles["Table Slice"].paragraph_format.left_indent = Pt(0), Pt(12)
        styles["Table Strong"].font.bold, styles["Chart in Words"].font.italic = True, True
        link = styles.add_style("Hyperlink", WD_STYLE_TYPE.CHARACTER)
        link.font.underline, link.font.color.rgb = True, RGBColor(0x00, 0x33, 0x99)
        ruled = styles.add_style("Report Table", WD_STYLE_TYPE.TABLE)
        ruled.base_style = styles["Normal Table"]
        ruled.element.append(parse_xml(f"<w:tblPr {nsdecls('w')}><w:tblBorders>{_BORDERS}</w:tblBorders><w:tblCellMar>{_MARGINS}</w:tblCellMar></w:tblPr>"))

    # --- blocks

    def add(self, element: Any, style: str | None = None) -> None:
        """One element of the page with all that is in it; `style`: of the box that it stands in."""
        if not isinstance(element.tag, str):
            return
        kind = _classes(element)
        if element.tag in ("h1", "h2", "h3", "h4"):
            self._heading(element)
        elif not self.shown or element.tag in ("nav", "svg", "img") or "quiet" in kind:
            return
        elif element.tag == "p":
            looks = {"said": "List Paragraph", "note": "Note", "title": "Title", "kind": "Subtitle"}
            self._paragraph(element, next((looks[name] for name in kind if name in looks), style), highlighted="todo" in kind)
        elif element.tag in ("ul", "ol"):
            self._list(element)
        elif element.tag == "table":
            self._table(element)
        elif element.tag == "dl":
            self._facts(element)
        elif element.tag == "figure":
            self._figure(element)
        elif element.tag in ("pre", "blockquote") and not any(child.tag in _BLOCKS for child in element):
            self._paragraph(element, "Quote")
        else:
            self._within(element, "Quote" if element.tag == "blockquote" else style)

    def _within(self, element: Any, style: str | None) -> None:
        """A box: what stands in it as text, then its blocks."""
        if (element.text or "").strip():
            self.word.add_paragraph(_clean(" ".join(element.text.split())), style)
        for child in element:
            self.add(child, style)

    def _heading(self, element: Any) -> None:
        level = int(element.tag[1])
        if level == 1:
            self.shown = CHAPTERS.fullmatch(element.get("id") or "") is not None
        if not self.shown:
            return
        turned = self._turn(landscape=any("wide" in _classes(box) for box in element.iterancestors()))
        heading = self.word.add_heading(level=level)
        if "new" in _classes(element) and not turned:
            heading.paragraph_format.page_break_before = True
        self._runs(heading, element)

    def _turn(self, landscape: bool) -> bool:
        """A new section where the paper turns, and whether it did."""
        from docx.enum.section import WD_ORIENT, WD_SECTION

        section = self.word.sections[-1]
        if landscape == (section.orientation == WD_ORIENT.LANDSCAPE):
            return False
        turned = self.word.add_section(WD_SECTION.NEW_PAGE)
        turned.orientation = WD_ORIENT.LANDSCAPE if landscape else WD_ORIENT.PORTRAIT
        turned.page_width, turned.page_height = section.page_height, section.page_width
        return True

    def _paragraph(self, element: Any, style: str | None = None, highlighted: bool = False) -> None:
        paragraph = self.word.add_paragraph(style=style)
        self._runs(paragraph, element, highlighted)

    def _list(self, element: Any, depth: int = 1) -> None:
        """Its items, each with all that is in it; a numbered list begins with 1."""
        deeper = "" if depth == 1 else f" {min(depth, 3)}"
        style = ("List Bullet" if element.tag == "ul" else "List Number") + deeper
        number = self._numbered_anew(style) if element.tag == "ol" else None
        for item in element.iterchildren("li"):
            paragraph = self.word.add_paragraph(style=style)
            if number is not None:
                numbering = paragraph._p.get_or_add_pPr().get_or_add_numPr()
                numbering.get_or_add_ilvl().val, numbering.get_or_add_numId().val = 0, number
            self._runs(paragraph, item, skip=_BLOCKS)
            for block in item.iterchildren(*_BLOCKS):
                if block.tag in ("ul", "ol"):
                    self._list(block, depth + 1)
                elif block.tag == "p" and not paragraph.runs:
                    self._runs(paragraph, block)
                else:
                    self.add(block, f"List Continue{deeper}")

    def _numbered_anew(self, style: str) -> int:
        """The number of a numbering like that of the style, for one list alone."""
        numberings = self.word.part.numbering_part.element
        known = numberings.num_having_numId(self.word.styles[style].element.pPr.numPr.numId.val)
        anew = numberings.add_num(known.abstractNumId.val)
        anew.add_lvlOverride(ilvl=0).add_startOverride(1)
        return int(anew.numId)

    def _figure(self, element: Any) -> None:
        """A chart in words."""
        for caption in element.iterchildren("figcaption"):
            self._caption(caption)
        for title in element.iter("{http://www.w3.org/2000/svg}title", "title"):
            self.word.add_paragraph(_clean(" ".join((title.text or "").split())), "Chart in Words")

    def _caption(self, element: Any) -> None:
        paragraph = self.word.add_paragraph(style="Caption")
        paragraph.paragraph_format.keep_with_next = True
        self._runs(paragraph, element)

    def _facts(self, element: Any) -> None:
        """Terms and what is said of them, side by side."""
        terms = list(element.iterchildren("dt", "dd"))
        table, widths = self._empty_table([_TERM, 0.0])
        for term, said in zip(terms[::2], terms[1::2], strict=False):
            for cell, width, part in zip(table.add_row().cells, widths, (term, said), strict=True):
                cell.width = width
                self._cell(cell, part)
        self.word.add_paragraph()

    def _table(self, element: Any) -> None:
        for caption in element.iterchildren("caption"):
            if "quiet" not in _classes(caption):
                self._caption(caption)
        parts = [part for part in element.iterchildren("thead", "tbody", "tfoot") if "quiet" not in _classes(part)]
        rows = [row for part in parts for row in part.iterchildren("tr")]
        width = max((sum(int(cell.get("colspan") or 1) for cell in row) for row in rows), default=0)
        if not width:
            return
        said = [re.search(r"width:\s*([\d.]+)mm", column.get("style") or "") for column in element.iter("col")][:width]
        table, widths = self._empty_table([float(match[1]) if match else 0.0 for match in said] + [0.0] * (width - len(said)))
        for row in rows:
            made = table.add_row()
            self._mark(made, "w:cantSplit")
            heads = row.getparent().tag == "thead"
            if heads:
                self._mark(made, "w:tblHeader")
            style = "Table Strong" if heads else next((_IN_TABLES[name] for name in _classes(row) if name in _IN_TABLES), "Table Text")
            place = 0
            cells = made.cells
            for cell in row.iterchildren("th", "td"):
                span = int(cell.get("colspan") or 1)
                target = cells[place] if span == 1 else cells[place].merge(cells[min(place + span, width) - 1])
                target.width = sum(widths[place : place + span])
                self._cell(target, cell, style)
                place += span
        self.word.add_paragraph()

    def _empty_table(self, given: list[float]) -> tuple[Any, list[int]]:
        """A table without rows, and the widths of its columns: those given in millimetres; those of 0 share what is left of the page."""
        from docx.shared import Mm

        section: Any = self.word.sections[-1]
        room = (section.page_width - section.left_margin - section.right_margin) / Mm(1)
        free = max((room - sum(given)) / max(given.count(0.0), 1), 12)
        widths = [int(Mm(size or free)) for size in given]
        table = self.word.add_table(rows=0, cols=len(widths), style="Report Table")
        table.autofit = False
        for column, width in zip(table.columns, widths, strict=True):
            column.width = width
        return table, widths

    def _cell(self, target: Any, element: Any, style: str = "Table Text") -> None:
        from docx.enum.text import WD_ALIGN_PARAGRAPH

        first = self._styled(target.paragraphs[0], style)
        if "n" in _classes(element) or "text-align: right" in (element.get("style") or ""):
            first.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        self._runs(first, element, skip=("p", "ul", "ol"))
        for block in element.iterchildren("p", "ul", "ol"):
            for line in block.iterchildren("li") if block.tag != "p" else (block,):
                self._runs(self._styled(target.add_paragraph(), style), line)

    def _styled(self, paragraph: Any, name: str) -> Any:
        """The paragraph in a style, whose identifier is looked up once: python-docx would ask every style of the document for each cell."""
        if name not in self._style_ids:
            self._style_ids[name] = self.word.styles[name].style_id
        paragraph._p.style = self._style_ids[name]
        return paragraph

    @staticmethod
    def _mark(row: Any, name: str) -> None:
        from docx.oxml import OxmlElement

        row._tr.get_or_add_trPr().append(OxmlElement(name))

    # --- text

    def _runs(self, paragraph: Any, element: Any, highlighted: bool = False, skip: tuple[str, ...] = ()) -> None:
        """The text of an element, in runs of one look and language each."""
        from docx.enum.text import WD_COLOR_INDEX

        for text, look in _tidy(_texts(element, _look(element, {}), skip)):
            if text == "\n":
                paragraph.add_run().add_break()
                continue
            run = paragraph.add_run(text)
            run.bold, run.italic = look.get("bold"), look.get("italic")
            if highlighted:
                run.font.highlight_color = WD_COLOR_INDEX.YELLOW
            if look.get("lang", self.language) != self.language:
                self._say_language(run._r.get_or_add_rPr(), look["lang"])
            if "link" in look:
                self._lead(paragraph, run, look["link"])

    def _lead(self, paragraph: Any, run: Any, target: str) -> None:
        """Makes a run a link out of the document."""
        from docx.opc.constants import RELATIONSHIP_TYPE
        from docx.oxml import OxmlElement
        from docx.oxml.ns import qn

        run.style = self.word.styles["Hyperlink"]
        link = OxmlElement("w:hyperlink")
        link.set(qn("r:id"), paragraph.part.relate_to(target, RELATIONSHIP_TYPE.HYPERLINK, is_external=True))
        run._r.addprevious(link)
        link.append(run._r)

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


def _classes(element: Any) -> list[str]:
    return (element.get("class") or "").split()


def _look(element: Any, around: dict[str, Any]) -> dict[str, Any]:
    """How text in an element looks, its language, where it leads, and whether its lines are kept, given what is around it."""
    look, kind = dict(around), _classes(element)
    if element.tag in ("strong", "b") or "code" in kind or "flag" in kind:
        look["bold"] = True
    if element.tag in ("em", "i"):
        look["italic"] = True
    if element.tag == "pre" or "said" in kind or "narrative" in kind:
        look["lines"] = True
    if element.get("lang"):
        look["lang"] = element.get("lang")
    if element.tag == "a" and LINKS.fullmatch(element.get("href") or ""):
        look["link"] = element.get("href")
    return look


def _texts(element: Any, look: dict[str, Any], skip: tuple[str, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(text, look) in order of reading; "\\n" for a line break. White space runs together as on a page."""
    yield from _parts(element.text, look)
    for child in element:
        if isinstance(child.tag, str) and child.tag not in skip:
            if child.tag == "br":
                yield "\n", look
            else:
                yield from _texts(child, _look(child, look), skip)
        yield from _parts(child.tail, look)


def _parts(text: str | None, look: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, line in enumerate((text or "").split("\n") if "lines" in look else [text or ""]):
        if number:
            yield "\n", look
        yield re.sub(r"[ \t\r\n]+", " ", _clean(line)), look


def _tidy(parts: Iterable[tuple[str, dict[str, Any]]]) -> list[tuple[str, dict[str, Any]]]:
    """Without what is not seen on a page: a space after a space or at either end of a line, a line break at either end of a paragraph."""
    tidy: list[tuple[str, dict[str, Any]]] = []
    for text, look in parts:
        if not tidy or tidy[-1][0].endswith((" ", "\n")):
            text = text.lstrip(" ") if tidy else text.lstrip(" \n")
        if text:
            tidy.append((text, look))
    while tidy and not tidy[-1][0].strip(" \n"):
        tidy.pop()
    return tidy
