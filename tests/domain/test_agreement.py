"""Contract section 2: which cycles a report covers, and which rows of logframe and budget hold in a cycle."""

from __future__ import annotations

import pickle
from decimal import Decimal

import pytest

from domain.agreement import Agreement
from tests.domain.test_agreement_files import sample, sound


@pytest.fixture
def agreement() -> Agreement:
    """Cycles 2019-H1 (no report), 2019-H2 (interim), 2020-H1 (final); Op1.1-a changes with 2019-H2."""
    return sound(sample())


def with_reports(agreement: Agreement, *reports: str) -> Agreement:
    cycles = tuple(cycle.model_copy(update={"report": report}) for cycle, report in zip(agreement.cycles, reports, strict=True))
    return agreement.model_copy(update={"cycles": cycles})


def test_cycles_are_found_without_case(agreement: Agreement) -> None:
    assert agreement.cycle("2019-h2") is agreement.cycles[1]
    assert agreement.cycles_to("2019-h2") == ("2019-H1", "2019-H2")


@pytest.mark.parametrize("look_up", ["cycle", "cycles_to", "reporting_period", "indicators_in", "budget_in"])
def test_a_cycle_that_is_not_there_is_a_key_error(agreement: Agreement, look_up: str) -> None:
    with pytest.raises(KeyError):
        getattr(agreement, look_up)("2021-H1")


@pytest.mark.parametrize(
    ("reports", "covered"),
    [
        (("none", "interim", "final"), ("2020-H1",)),
        (("interim", "none", "final"), ("2019-H2", "2020-H1")),
        (("none", "none", "final"), ("2019-H1", "2019-H2", "2020-H1")),
        (("interim", "interim", "none"), ("2020-H1",)),
    ],
)
def test_a_report_goes_back_to_the_last_cycle_with_one(agreement: Agreement, reports: tuple[str, ...], covered: tuple[str, ...]) -> None:
    assert with_reports(agreement, *reports).reporting_period("2020-h1") == covered


def test_each_cycle_has_the_rows_valid_in_it(agreement: Agreement) -> None:
    targets = [agreement.indicators_in(code)["Op1.1-a"].target for code in ("2019-H1", "2019-H2", "2020-h1")]
    assert targets == [Decimal("100.5"), Decimal(120), Decimal(120)]
    assert list(agreement.indicators_in("2019-H1")) == ["Op1.1-a", "Oc1-a", "Oc1-b"]


@pytest.mark.parametrize(
    ("from_", "to", "valid"), [(None, None, 3), ("2019-H2", None, 2), (None, "2019-h1", 1), ("2019-H2", "2019-H2", 1)]
)
def test_validity_includes_both_ends(agreement: Agreement, from_: str | None, to: str | None, valid: int) -> None:
    assert sum(agreement.valid_in(from_, to, cycle.code) for cycle in agreement.cycles) == valid


def test_members_are_found_as_their_folder_is_called(agreement: Agreement) -> None:
    assert agreement.member("haki-ke") is agreement.members[0]
    assert agreement.member("HAKI-KE") is None


def test_dimensions_come_in_order_of_appearance(agreement: Agreement) -> None:
    assert agreement.dimensions == ("sex", "age")


def test_looking_up_changes_neither_pickle_nor_copies(agreement: Agreement) -> None:
    before = pickle.dumps(agreement)
    assert agreement.indicators_in("2019-H1") and agreement.member("haki-ke") and agreement.dimensions
    assert pickle.dumps(agreement) == before
    assert pickle.loads(before) == agreement  # noqa: S301 (its own)
    assert agreement.model_copy(update={"logframe": ()}).indicators_in("2019-H1") == {}


def test_an_agreement_is_frozen(agreement: Agreement) -> None:
    with pytest.raises(ValueError, match="frozen"):
        agreement.timezone = "UTC"  # type: ignore[misc]
