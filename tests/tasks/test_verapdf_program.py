"""`fpa verify` with veraPDF's own program: what it prints is understood, and where it does not come to a result the report is none the worse.

Its place is taken by a script that answers as veraPDF 1.28 does (its engine looks at our PDFs in tests/evidence)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tasks.standards import check_pdfs
from tasks.store import DirectoryStore

V1 = "reports/C1/v0001"
MANIFEST = {"outputs": [{"path": "report.en.pdf"}, {"path": "report.fr.pdf"}, {"path": "data/sdg.csv"}]}
ANSWER = """\
#!/bin/sh
test "$1 $2 $3" = "--format xml --flavour" || exit 2
echo '<?xml version="1.0" encoding="utf-8"?><report><buildInformation><releaseDetails id="core" version="1.28.2"/></buildInformation><jobs>'
profile=$4; shift 4
for file; do
  echo "<job><item size=\\"4\\"><name>$file</name></item>"
  if grep -q unreadable "$file"; then
    echo '<taskException type="PARSE" isExecuted="true" isSuccess="false"><exceptionMessage>Exception: Couldn&apos;t parse stream</exceptionMessage></taskException>'
  elif grep -q "$profile" "$file"; then
    echo '<validationReport jobEndStatus="normal" profileName="x" isCompliant="false"><details passedRules="1" failedRules="2">'
    echo '<rule specification="ISO 19005-3:2012" clause="6.2.11.7.3" testNumber="1" status="failed" failedChecks="3"><description>d</description></rule>'
    echo '<rule specification="ISO 19005-3:2012" clause="6.5.3" testNumber="2" status="failed" failedChecks="1"><description>d</description></rule></details></validationReport>'
  else
    echo '<validationReport jobEndStatus="normal" profileName="x" isCompliant="true"><details passedRules="3" failedRules="0"></details></validationReport>'
  fi
  echo "</job>"
done
echo "</jobs></report>"
"""


@pytest.fixture
def checked(tmp_path: Path) -> Callable[..., tuple[list[str], list[str]]]:
    def check(english: bytes = b"%PDF", script: str = ANSWER, altered: Any = ()) -> tuple[list[str], list[str]]:
        store = DirectoryStore(tmp_path / "store")
        for path, content in (("report.en.pdf", english), ("report.fr.pdf", b"%PDF")):
            store.write(f"{V1}/{path}", content)
        program = tmp_path / "verapdf"
        program.write_text(script)
        program.chmod(0o755)
        return check_pdfs(store, V1, MANIFEST, altered, str(program))

    return check


def test_what_conforms_is_said(checked: Callable[..., Any]) -> None:
    assert checked() == ([], ["2 PDFs keep to PDF/A-3a and PDF/UA-1"])


def test_a_broken_rule_is_a_fault_by_file_and_standard(checked: Callable[..., Any]) -> None:
    assert checked(b"%PDF 3a") == ([f"{V1}/report.en.pdf: breaks PDF/A-3a, rule 6.2.11.7.3-1 and 1 more"], [])
    assert checked(b"%PDF ua1")[0] == [f"{V1}/report.en.pdf: breaks PDF/UA-1, rule 6.2.11.7.3-1 and 1 more"]


def test_what_is_no_pdf_is_a_fault(checked: Callable[..., Any]) -> None:
    faults, _ = checked(b"unreadable")
    assert [fault.partition(": ")[0] for fault in faults] == [f"{V1}/report.en.pdf"] * 2 and "cannot be read as a PDF: Exception: Couldn't parse stream" in faults[0]


def test_of_a_file_known_to_be_altered_nothing_more_is_said(checked: Callable[..., Any]) -> None:
    assert checked(b"%PDF 3a", altered={f"{V1}/report.en.pdf"}) == ([], ["1 PDFs keep to PDF/A-3a and PDF/UA-1"])


@pytest.mark.parametrize(
    ("script", "why"),
    [("#!/bin/sh\necho no memory >&2; exit 1", "gave no result: no memory"), ("no program", "could not be started"), ("#!/bin/sh\necho '<report><jobs/></report>'", "did not speak of every file")],
)
def test_where_it_comes_to_no_result_that_is_a_note_and_no_fault(checked: Callable[..., Any], script: str, why: str) -> None:
    faults, notes = checked(script=script)
    assert faults == [] and notes[0].startswith("PDF standards not checked: ") and why in notes[0]


def test_where_there_is_none_that_is_a_note(tmp_path: Path) -> None:
    faults, notes = check_pdfs(DirectoryStore(tmp_path), V1, MANIFEST, (), str(tmp_path / "none"))
    assert faults == [] and notes == [f"PDF standards not checked: {tmp_path / 'none'} is not installed (FPA_VERAPDF says where it is)"]
