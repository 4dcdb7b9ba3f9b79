"""The narrative opens in a real LibreOffice, whole."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tasks.narrative import narrative_document
from tests.tasks.test_render import document


def test_it_opens_and_prints_with_its_text(tmp_path: Path) -> None:
    (tmp_path / "narrative.docx").write_bytes(narrative_document(document(summary="The network **grew**."), "en"))
    subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "txt:Text (encoded):UTF8", "--outdir", str(tmp_path), str(tmp_path / "narrative.docx")],
        check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    text = (tmp_path / "narrative.txt").read_text(encoding="utf-8")
    for said in ("The network grew.", "2.3 Updated logframe matrix", "Hidden", "1,234"):
        assert (said in text) is (said != "Hidden")
