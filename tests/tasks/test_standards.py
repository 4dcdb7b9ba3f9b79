"""The report keeps PDF/A-3a and PDF/UA-1, as the reference validator sees it: every kind of report, in every language, by every set of rules.

Here small reports with something of everything; `make test-standards` does the same with whole ones (tests/standards)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from domain.report import ReportDocument
from tasks.profiles import load_profile, profile_names
from tasks.render import LANGUAGES, render_report
from tests import verapdf
from tests.tasks.test_render import IDENTIFIER, document

if reason := verapdf.missing():
    pytest.skip(reason, allow_module_level=True)

MARKDOWN = """\
# A heading

See [the site](https://example.org/a) and <https://example.org>.

| a | b |
|---|---|
| 1 | 2 |

1. one
   - two

     and more

> * quoted

    code
"""


@cache
def reported(cycle: str, profile_name: str) -> ReportDocument:
    """C1 ends with an interim report, C3 with the final one; every text that the profile knows is written."""
    profile = load_profile(profile_name)
    given = document(cycle)
    contract = given.agreement.contract.model_copy(update={"profile": profile_name})
    return replace(given, profile=profile, agreement=given.agreement.model_copy(update={"contract": contract}), texts=dict.fromkeys(profile.texts, MARKDOWN))


def kept(report: ReportDocument, language: str, folder: Path) -> Mapping[str, list[str]]:
    """By standard the rules that the report breaks."""
    path = folder / "report.pdf"
    path.write_bytes(render_report(report, language, IDENTIFIER))
    return {standard: verapdf.failures(path, standard) for standard in verapdf.PROFILES}


@pytest.mark.parametrize("profile", sorted(profile_names()))
@pytest.mark.parametrize("cycle", ["C1", "C3"], ids=["interim", "final"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_report_keeps_both_standards(language: str, cycle: str, profile: str, tmp_path: Path) -> None:
    assert kept(reported(cycle, profile), language, tmp_path) == {"3a": [], "ua1": []}


def test_a_report_of_nothing_keeps_them_too(tmp_path: Path) -> None:
    given = document()
    nothing = replace(given.figures, indicators=[], sdg=[], finance=[], support=[], missing_rates=[])
    bare = replace(given, figures=nothing, members=[], accepted={}, findings=[], texts={}, attachments={})
    assert kept(bare, "en", tmp_path) == {"3a": [], "ua1": []}


def test_the_validator_finds_what_breaks_them(tmp_path: Path) -> None:
    """The same report as WeasyPrint alone would make it: not declared accessible, and its language unsaid."""
    import pikepdf

    path = tmp_path / "report.pdf"
    path.write_bytes(render_report(reported("C1", "prag-2018"), "en", IDENTIFIER))
    with pikepdf.open(path, allow_overwriting_input=True) as file:
        del file.Root.Lang, file.Root.MarkInfo
        file.save(path)
    assert [rule.partition(":")[0] for rule in verapdf.failures(path, "ua1")]
    assert [rule.partition(":")[0] for rule in verapdf.failures(path, "3a")]
