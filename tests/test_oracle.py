"""Every figure of the data files against an independent reckoning (tests/oracle), on random agreements and members' files.

Below it, made small, what it has found in the program."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from domain.completeness import counting_keys
from domain.figures import Figures
from domain.indicators import indicator_figures
from domain.reading import read_submission
from tasks.aggregate import aggregate
from tasks.profiles import load_profile
from tasks.validate import judge
from tests.builders import ACTIVITY, NUMBER, PAYMENT, accepted, small_agreement, submission
from tests.oracle.comparing import compare

WORLDS = 105
"""In this file; tests/test_oracle_again.py has as many."""


@pytest.mark.parametrize("number", range(WORLDS))
def test_every_figure_equals_the_independent_reckoning(number: int) -> None:
    assert compare(number) == []


# --- what it has found ------------------------------------------------------------------------------------------------


def figures_of(*files: bytes) -> Figures:
    """Of files of one member in C1 that arrived one after the other."""
    agreement, profile = small_agreement(), load_profile("prag-2018")
    read = [
        read_submission(data, key=f"inbox/C1/bb/{hour}.zip", member="bb", cycle="C1", received_at=datetime(2019, 7, 1, hour, tzinfo=UTC), agreement=agreement)
        for hour, data in enumerate(files)
    ]
    judged = judge(agreement, read, counting_keys(read), profile.questions, profile.lines)
    return aggregate(agreement, profile, judged, read, "C1", None)[0]


WHOLE = submission("bb", "C1", [ACTIVITY | {"women": "10"}], [NUMBER | {"value": "5"}], [PAYMENT | {"amount": "1100"}])
PROGRAMME = submission("bb", "C1", [ACTIVITY | {"women": "30"}], [NUMBER | {"value": "7"}], without=["expenditure"], cover={"part": "programme"})
FINANCE = submission("bb", "C1", expenditure=[PAYMENT | {"amount": "2200"}], without=["activities", "indicators"], cover={"part": "finance"})


def test_a_newer_programme_part_replaces_the_programme_part_of_a_whole_file() -> None:
    figures = figures_of(WHOLE, PROGRAMME)
    values = {f.value for f in figures.indicators if (f.indicator, f.scope, f.level) == ("N1", "period", "network")}
    women = next(f.women for f in figures.sdg if (f.scope, f.kind) == ("period", "total"))
    assert (values, women, figures.finance[1].cumulative) == ({Fraction(7)}, 30, 1000)


def test_a_newer_finance_part_replaces_the_finance_part_of_a_whole_file() -> None:
    assert figures_of(WHOLE, FINANCE).finance[1].cumulative == 2000


def test_percentages_given_as_values_only_are_not_added_across_cycles() -> None:
    def row(cycle: str, value: str) -> Any:
        return accepted("indicators", "bb", cycle, 2, indicator="R1", country="KE", value=Decimal(value))

    found = indicator_figures(small_agreement(), [row("C2", "60"), row("C3", "70")], ("C1", "C2", "C3"), ("C2", "C3"))
    assert {(f.scope, f.level, f.area): f.value for f in found} == {(scope, "member", "bb"): 70 for scope in ("period", "reporting", "cumulative")}
