"""The report keeps PDF/A-3a and PDF/UA-1, as the reference validator sees it: both kinds of report, every language, every profile.

Here small reports with something of everything; `make test-standards` looks at whole ones (tests/standards)."""

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


PAIRS = [
    (language, cycle, profile)
    for i, language in enumerate(LANGUAGES)
    for j, cycle in enumerate(("C1", "C3"))
    for k, profile in enumerate(sorted(profile_names()))
    if (i + j + k) % len(profile_names()) == 0
]
"""Every language with every kind and every profile, and every kind with every profile; not each three together, which tests/standards has."""


@pytest.mark.parametrize(("language", "cycle", "profile"), PAIRS)
def test_a_report_keeps_both_standards(language: str, cycle: str, profile: str, tmp_path: Path) -> None:
    assert kept(reported(cycle, profile), language, tmp_path) == {"3a": [], "ua1": []}


def nothing() -> ReportDocument:
    given = document()
    figures = replace(given.figures, indicators=[], sdg=[], finance=[], support=[], missing_rates=[])
    return replace(given, figures=figures, members=[], accepted={}, findings=[], texts={}, attachments={})


def test_a_report_of_nothing_keeps_them_too(tmp_path: Path) -> None:
    assert kept(nothing(), "en", tmp_path) == {"3a": [], "ua1": []}


def test_the_validator_finds_what_breaks_them(tmp_path: Path) -> None:
    """The report of nothing without its tags, and without the language it is written in."""
    import pikepdf

    path = tmp_path / "report.pdf"
    path.write_bytes(render_report(nothing(), "en", IDENTIFIER))
    with pikepdf.open(path, allow_overwriting_input=True) as file:
        del file.Root.StructTreeRoot, file.Root.MarkInfo, file.Root.Lang
        file.save(path)
    assert "7.1-11" in {rule.partition(":")[0] for rule in verapdf.failures(path, "ua1")}
    assert "6.7.3.3-1" in {rule.partition(":")[0] for rule in verapdf.failures(path, "3a")}
