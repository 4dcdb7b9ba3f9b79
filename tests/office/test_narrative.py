"""The narrative opens in a real LibreOffice, whole."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pypdf
import pytest

from tasks.narrative import narrative_document
from tests.tasks.test_render import document

pytestmark = pytest.mark.skipif(shutil.which("lowriter") is None, reason="LibreOffice Writer is not installed")
SUMMARY = "The network **grew**.\n\n1. one thing\n2. another\n\nThen\n\n1. first again\n\n[the law](https://example.org/law)\n"


def test_it_opens_and_prints_with_its_text(tmp_path: Path) -> None:
    (tmp_path / "narrative.docx").write_bytes(narrative_document(document(summary=SUMMARY), "en"))
    subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), str(tmp_path / "narrative.docx")],
        check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    pages = pypdf.PdfReader(tmp_path / "narrative.pdf").pages
    texts = [" ".join(page.extract_text().split()) for page in pages]
    text = " ".join(texts)
    for said in ("The network grew.", "2. another", "1. first again", "2.3 Updated logframe matrix", "1,234", "Signature"):
        assert said in text, said
    assert "Hidden" not in text
    across = [page.mediabox.width > page.mediabox.height for page in pages]
    assert [number for number, said in enumerate(texts) if "2.3 Updated logframe matrix" in said] == [across.index(True)]
    assert not across[0] and not across[-1]
    assert [said.rsplit(" ", 1)[-1] for said in texts] == [str(number) for number in range(1, len(texts) + 1)], "each page bears its number"
    links = [a.get_object()["/A"]["/URI"] for page in pages for a in page.get("/Annots", []) if "/URI" in a.get_object().get("/A", {})]
    assert links == ["https://example.org/law"]
