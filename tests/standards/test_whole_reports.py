"""Whole reports keep PDF/A-3a and PDF/UA-1: the sample's second one as interim and as final, in four languages, by every profile; and every report of a
store of real data, where FPA_REAL_DATA names one (a directory laid out as contract section 1 says; it is copied, never written to)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks import collect
from tasks.demo import write_sample
from tasks.profiles import profile_names
from tasks.render import LANGUAGES
from tasks.store import DirectoryStore
from tests import verapdf

if reason := verapdf.missing():
    pytest.skip(reason, allow_module_level=True)

REAL_DATA = os.environ.get("FPA_REAL_DATA", "")


def broken(root: Path, cycle: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Makes the report of a cycle in every language; gives each rule that one of them breaks, with its place."""
    from flows.report_cycle import report_cycle

    monkeypatch.setenv("FPA_STORAGE", str(root))
    state = report_cycle(cycle, list(LANGUAGES), return_state=True)
    assert state.is_completed(), state.message
    for language in LANGUAGES:
        for standard in verapdf.PROFILES:
            for failure in verapdf.failures(root / f"reports/{cycle}/v0001/report.{language}.pdf", standard):
                yield f"{cycle} {language} {standard} {failure}"


@pytest.mark.parametrize("profile", sorted(profile_names()))
@pytest.mark.parametrize("kind", ["interim", "final"])
def test_the_sample_keeps_both_standards(kind: str, profile: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_sample(str(tmp_path))
    path = tmp_path / "agreement/agreement.yaml"
    before, _, after = path.read_text(encoding="utf-8").replace("profile: prag-2018", f"profile: {profile}").rpartition("interim")
    path.write_text(f"{before}{kind}{after}", encoding="utf-8")
    assert list(broken(tmp_path, "2020-H1", monkeypatch)) == []


@pytest.mark.skipif(not REAL_DATA, reason="FPA_REAL_DATA names no store of real data")
def test_real_data_keep_both_standards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "storage"
    for folder in ("agreement", "inbox", "texts", "desk"):
        if Path(REAL_DATA, folder).is_dir():
            shutil.copytree(Path(REAL_DATA, folder), root / folder)
    agreement = collect.load_agreement(DirectoryStore(root)).agreement
    reported = [cycle.code for cycle in agreement.cycles if cycle.report != "none" and (root / "inbox" / cycle.code).is_dir()]
    assert reported
    assert [failure for cycle in reported for failure in broken(root, cycle, monkeypatch)] == []
