"""Every figure of the data files against an independent reckoning (tests/oracle), on random agreements and members' files."""

from __future__ import annotations

import pytest

from tests.oracle.comparing import compare

WORLDS = 105
"""In this file; tests/test_oracle_again.py has as many."""


@pytest.mark.parametrize("number", range(WORLDS))
def test_every_figure_equals_the_independent_reckoning(number: int) -> None:
    assert compare(number) == []
