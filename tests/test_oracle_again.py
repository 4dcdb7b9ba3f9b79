"""The second half of the worlds of tests/test_oracle.py, in a file of its own so that two workers share them."""

from __future__ import annotations

import pytest

from tests.oracle.comparing import compare
from tests.test_oracle import WORLDS


@pytest.mark.parametrize("number", range(WORLDS, 2 * WORLDS))
def test_every_figure_equals_the_independent_reckoning(number: int) -> None:
    assert compare(number) == []
