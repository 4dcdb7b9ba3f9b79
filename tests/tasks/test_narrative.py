"""narrative.<lang>.docx: the chapters of the report as a document that colleagues can comment on."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import zipfile
from dataclasses import replace
from typing import Any

import docx
import pytest
from lxml import etree, html

from tasks.narrative import narrative_document
from tasks.render import render_html
from tasks.report_view import ReportView
from tasks.wording import Wording
from tests.builders import CONTRACT, accepted
from tests.tasks.test_render import HOSTILE, document

RELATION = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def opened(cycle: str = "C1", language: str = "en", **texts: str) -> Any:
    return docx.Document(io.BytesIO(narrative_document(document(cycle, **texts), language)))


ORDER = {
    "pPr": "pStyle keepNext keepLines pageBreakBefore widowControl numPr pBdr shd tabs spacing ind contextualSpacing jc outlineLvl rPr sectPr",
    "rPr": "rStyle rFonts b bCs i iCs caps smallCaps strike color spacing kern sz szCs highlight u vertAlign lang",
    "tblPr": "tblStyle tblW jc tblInd tblBorders shd tblLayout tblCellMar tblLook",
    "trPr": "cantSplit tblHeader",
    "tcPr": "tcW gridSpan vMerge shd vAlign",
}
"""What may stand in properties, in the order of ISO/IEC 29500-1, as far as it is used."""


def parts_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return {name: file.read(name) for name in file.namelist()}


def links_of(content: bytes) -> list[str]:
    """Where the document leads out of the file."""
    relations = [part for name, part in parts_of(content).items() if name.endswith(".rels")]
    return [str(e.get("Target")) for part in relations for e in etree.fromstring(part).iter(RELATION) if e.get("TargetMode") == "External"]


def words_of(word: Any) -> str:
    return "".join(text.text or "" for text in word.element.body.iter(f"{WORD}t"))


def test_its_outline_is_that_of_annex_vi_without_the_annexes_of_tables() -> None:
    headings = [(p.style.name, p.text) for p in opened().paragraphs if p.style.name.startswith("Heading 1")]
    assert [text.split()[0] for _, text in headings if text[0].isdigit()] == ["1", "2", "3", "4"]
    assert not [text for _, text in headings if "Finance" in text or "Data quality" in text or "Contents" in text]
    assert any("Members’ own words" in text for _, text in headings)
    assert [p.text[:3] for p in opened().paragraphs if p.style.name == "Heading 2" and p.text[:2] == "2."] == ["2.1", "2.2", "2.3", "2.4"]
    assert any(p.text.startswith("5 ") for p in opened("C3").paragraphs if p.style.name == "Heading 1"), "a final report has a chapter more"


@pytest.mark.parametrize("language", ["en", "fr", "es", "pt"])
def test_the_navigation_shows_the_chapters_of_the_page_in_order(language: str) -> None:
    given = document("C3")
    entries = [h for h in ReportView(given, Wording(language)).contents.values() if re.match(r"s\d|annex-narratives", h.anchor)]
    shown = [(int(p.style.name[-1]), p.text) for p in opened("C3", language).paragraphs if p.style.name.startswith("Heading")]
    assert len(entries) == 10 and [heading for heading in shown if heading[0] == 1] == [(1, h.text) for h in entries if h.level == 1]
    assert [heading for heading in shown if heading in {(h.level, h.text) for h in entries}] == [(h.level, h.text) for h in entries]


def test_contents_checklist_and_abbreviations_are_for_the_pdf_only() -> None:
    given = document(summary=" ")
    page = html.document_fromstring(render_html(given, "en", given.agreement.cycle("C1").end))
    said = words_of(opened(summary=" "))
    for anchor in ("contents", "checklist", "acronyms", "annex-finance", "annex-method"):
        assert page.get_element_by_id(anchor).text_content().strip() not in said, anchor


@pytest.mark.parametrize("language", ["en", "fr", "es", "pt"])
def test_every_number_of_the_tables_of_chapter_2_is_in_it(language: str) -> None:
    given = document(language=language)
    page = html.document_fromstring(render_html(given, language, given.agreement.cycle("C1").end))
    first, last = (next(h for h in page.iter("h1", "h2") if h.get("id") == anchor) for anchor in ("s2", "s2-4"))
    order = list(page.iter())
    start, end = order.index(first), order.index(last)
    cells = [" ".join(cell.text_content().split()) for cell in page.iter("td") if start < order.index(cell) < end]
    numbers = [cell for cell in cells if re.search(r"\d", cell)]
    written = " ".join("".join(t.text or "" for t in p.iter(f"{WORD}t")) for p in docx.Document(io.BytesIO(narrative_document(given, language))).element.body.iter(f"{WORD}tc"))
    assert len(numbers) > 20
    squeezed = re.sub(r"\s+", "", written)
    assert [number for number in numbers if re.sub(r"\s+", "", number) not in squeezed] == []


def test_tables_repeat_their_header_and_numbers_stand_right() -> None:
    word = opened()
    assert all(table._tbl.find(f".//{WORD}tblHeader") is not None for table in word.tables if len(table.columns) > 2)
    assert any(p.alignment == 2 for table in word.tables for row in table.rows for cell in row.cells for p in cell.paragraphs)


def test_sums_are_strong_and_a_header_that_is_not_seen_is_not_there() -> None:
    word = opened()
    rows = [row for table in word.tables for row in table.rows]
    assert {p.style.name for row in rows if row.cells[0].text == "All results" for cell in row.cells for p in cell.paragraphs} == {"Table Strong"}
    signature = [row.cells[0].text for row in word.tables[-1].rows]
    assert "contact person" in signature[0] and signature[1:3] == ["Signature", "Location"]


def test_links_of_the_coordinator_lead_to_the_web_or_a_mailbox_and_nowhere_else() -> None:
    summary = "[law](https://example.org/a?b=1&c=2) [page](http://example.org) [us](mailto:us@example.org) [run](javascript:alert(1)) [here](file:///etc/passwd) [up](../x) [long](https://example.org/{})"
    content = narrative_document(document(summary=summary.format("x" * 2001)), "en")
    assert links_of(content) == ["https://example.org/a?b=1&c=2", "http://example.org", "mailto:us@example.org"]
    paragraph = next(p for p in docx.Document(io.BytesIO(content)).paragraphs if p.text.startswith("law"))
    assert [link.text for link in paragraph.hyperlinks] == ["law", "page", "us"]
    assert paragraph.text.endswith("long")


def test_lists_begin_with_one_and_what_belongs_to_an_item_stays_with_it() -> None:
    word = opened(summary="1. one\n2. two\n\nBetween\n\n1. uno\n\n   More of it\n\n   * deeper\n\n2. dos\n\n> quoted\n")
    listed = [p for p in word.paragraphs if p.text in ("one", "two", "uno", "More of it", "deeper", "dos", "quoted")]
    assert [p.style.name for p in listed] == ["List Number", "List Number", "List Number", "List Continue", "List Bullet 2", "List Number", "Quote"]
    numbers = {p.text: p._p.pPr.numPr.numId.val for p in listed if p.style.name == "List Number"}
    assert numbers["one"] == numbers["two"] != numbers["uno"] == numbers["dos"]
    numberings = word.part.numbering_part.element
    assert [numberings.num_having_numId(numbers[text]).find(f".//{WORD}startOverride").get(f"{WORD}val") for text in ("one", "uno")] == ["1", "1"]


def test_lines_of_a_member_stay_lines_in_a_long_answer_too() -> None:
    given = document()
    answer, comment = "First\nSecond\n" + "word " * 400 + "\nLast", "Premier\nDeuxième"
    rows = {"narrative": [accepted("narrative", "bb", "C1", 2, section="changed", text=answer)], "indicators": [replace(row, values={**row.values, "comment": comment}) for row in given.accepted["indicators"]]}
    paragraphs = [p.text for p in docx.Document(io.BytesIO(narrative_document(replace(given, accepted={**given.accepted, **rows}), "en"))).paragraphs]
    assert [line.strip() for line in next(text for text in paragraphs if text.startswith("First")).split("\n")] == [line.strip() for line in answer.split("\n")]
    assert any(text.startswith("Q1") and text.endswith(comment) for text in paragraphs)


@pytest.mark.parametrize("cycle", ["C1", "C3"])
def test_properties_stand_in_the_order_that_word_asks_for(cycle: str) -> None:
    parts = parts_of(narrative_document(document(cycle, summary="1. [law](https://example.org)\n\n| A |\n|--:|\n| 1 |\n"), "fr"))
    checked = 0
    for name, allowed in ((name, allowed.split()) for name, allowed in ORDER.items()):
        for properties in (e for part in ("word/document.xml", "word/styles.xml") for e in etree.fromstring(parts[part]).iter(f"{WORD}{name}")):
            if properties.getparent().tag in (f"{WORD}{tag}" for tag in ("p", "r", "tbl", "tr", "tc")) or properties.getparent().get(f"{WORD}customStyle"):
                places = [allowed.index(str(child.tag).removeprefix(WORD)) for child in properties]
                assert places == sorted(places), (name, places)
                checked += 1
    assert checked > 200 and b"tblBorders" not in parts["word/document.xml"]


def test_the_logframe_lies_across() -> None:
    sizes = [section.page_width > section.page_height for section in opened().sections]
    assert sizes == [False, True, False]


def test_a_missing_text_stands_out() -> None:
    todo = [p for p in opened(summary=" ").paragraphs if "Executive summary: to be completed by the coordinator" in p.text]
    assert todo and todo[0].runs[0].font.highlight_color is not None


def test_what_others_wrote_is_text_and_nothing_leads_out_of_the_file() -> None:
    given = document()
    hostile = [*HOSTILE, "=cmd|' /C calc'!A0", "a\u202eb", "c\x00\x0b\ufffed", "https://example.org/no-link", "x" * 3000]
    rows = [replace(row, values={**row.values, "text": hostile[i % len(hostile)]}) for i, row in enumerate([given.accepted["narrative"][0]] * len(hostile))]
    content = narrative_document(replace(given, accepted={**given.accepted, "narrative": rows}), "en")
    said = words_of(docx.Document(io.BytesIO(content)))
    for text in (*HOSTILE, "=cmd|' /C calc'!A0", "ab", "cd", "https://example.org/no-link", "x" * 3000):
        assert text in said
    parts = parts_of(content)
    assert links_of(content) == [] and not [name for name in parts if "vba" in name.lower() or "embed" in name.lower()]
    elements = [e for name, part in parts.items() if name.endswith(".xml") for e in etree.fromstring(part).iter(f"{WORD}fldSimple", f"{WORD}instrText")]
    assert [e.get(f"{WORD}instr") for e in elements] == ["PAGE"]


def test_it_says_whose_it_is_and_the_language_of_each_text() -> None:
    word = opened(language="fr")
    about = word.core_properties
    assert about.language == "fr" and CONTRACT in about.title and about.author == "Coordinator"
    assert about.created.date() == about.modified.date() == document().agreement.cycle("C1").end
    languages = {str(e.get(f"{WORD}val")) for e in word.element.body.iter(f"{WORD}lang")}
    assert "en" in {language.partition("-")[0] for language in languages}, "the agreement is in English"


def test_the_same_document_gives_the_same_bytes_on_any_clock_zone_and_locale() -> None:
    code = (
        "import hashlib; from tests.tasks.test_render import document; from tasks.narrative import narrative_document;"
        "print(hashlib.sha256(narrative_document(document(), 'fr')).hexdigest())"
    )
    hashes = set()
    for zone, locale, seed in (("Pacific/Kiritimati", "C", "1"), ("America/Lima", "fr_FR.UTF-8", "2")):
        environment = os.environ | {"TZ": zone, "LC_ALL": locale, "PYTHONHASHSEED": seed, "PYTHONPATH": "."}
        hashes.add(subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True).stdout)
    assert len(hashes) == 1
