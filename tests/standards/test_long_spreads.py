"""A goal with more indicators, countries and members than a spread has room for keeps both standards."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import verapdf
from tests.tasks.test_goals_view import crowd, rendered

if reason := verapdf.missing():
    pytest.skip(reason, allow_module_level=True)


@pytest.mark.parametrize("standard", list(verapdf.PROFILES))
def test_a_crowded_spread_keeps_the_standards(standard: str, tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    path.write_bytes(rendered(crowd, "es"))
    assert verapdf.failures(path, standard) == []
