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
from tests.builders import CONTRACT
from tests.tasks.test_render import HOSTILE, document

WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def opened(cycle: str = "C1", language: str = "en", **texts: str) -> Any:
    return docx.Document(io.BytesIO(narrative_document(document(cycle, **texts), language)))


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


def test_the_logframe_lies_across() -> None:
    sizes = [section.page_width > section.page_height for section in opened().sections]
    assert sizes == [False, True, False]


def test_a_missing_text_stands_out() -> None:
    todo = [p for p in opened(summary=" ").paragraphs if "Executive summary: to be completed by the coordinator" in p.text]
    assert todo and todo[0].runs[0].font.highlight_color is not None


def test_what_others_wrote_is_text_and_nothing_leads_out_of_the_file() -> None:
    given = document()
    hostile = [*HOSTILE, "=cmd|' /C calc'!A0", "a\u202eb", "x" * 3000]
    rows = [replace(row, values={**row.values, "text": hostile[i % len(hostile)]}) for i, row in enumerate([given.accepted["narrative"][0]] * len(hostile))]
    content = narrative_document(replace(given, accepted={**given.accepted, "narrative": rows}), "en")
    said = words_of(docx.Document(io.BytesIO(content)))
    for text in (*HOSTILE, "=cmd|' /C calc'!A0", "ab", "x" * 3000):
        assert text in said
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        relations = b"".join(parts.read(name) for name in parts.namelist() if name.endswith(".rels"))
        assert b'TargetMode="External"' not in relations
        assert not [name for name in parts.namelist() if "vba" in name.lower() or "embed" in name.lower()]
        fields = [e.get(f"{WORD}instr") for name in parts.namelist() if name.endswith(".xml") for e in etree.fromstring(parts.read(name)).iter(f"{WORD}fldSimple")]
    assert fields == ["PAGE"]


def test_it_says_whose_it_is_and_the_language_of_each_text() -> None:
    word = opened(language="fr")
    assert word.core_properties.language == "fr" and CONTRACT in word.core_properties.title
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
