"""A run has nothing to do only where all that it depends on, and all that it made, still lies there as it did."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tasks.outcome import Outcome
from tasks.store import Store, open_store
from tasks.unchanged import Seen, keep, look

PLACE = "quality/C1/collected.json"
OUTCOME = Outcome(done=["3 files read"], needs_person=["1 missing"])


@pytest.fixture(params=["directory", "http"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    store = open_store(str(tmp_path) if request.param == "directory" else request.getfixturevalue("s3_url")("http"))
    for key in ("inbox/C1/aa/report.xlsx", "feedback/C1/aa/1/receipt.json", "feedback/C1/aa/1/summary.html"):
        store.write(key, b"x")
    return store


def seen(store: Store, *about: str) -> Seen:
    return look(store, PLACE, ("agreement/", "inbox/"), ("feedback/", "quality/"), about)


def test_what_a_run_came_to_is_known_while_nothing_changes(store: Store) -> None:
    first = seen(store, "today")
    assert first.outcome is None
    keep(first, OUTCOME)
    assert seen(store, "today").outcome == OUTCOME


CHANGES: list[Callable[[Store], None]] = [
    lambda store: store.write("inbox/C1/aa/report.xlsx", b"other"),
    lambda store: store.write("inbox/C1/bb/report.xlsx", b"x"),
    lambda store: store.delete("inbox/C1/aa/report.xlsx"),
    lambda store: store.write("agreement/rates.csv", b"x"),
    lambda store: store.delete("feedback/C1/aa/1/summary.html"),
    lambda store: store.write("feedback/C1/aa/1/summary.html", b"altered"),
    lambda store: store.delete(PLACE),
    lambda store: store.write(PLACE, b"{}"),
    lambda store: store.write(PLACE, b"no JSON"),
    lambda store: store.write(PLACE, store.read(PLACE).replace(b'"done"', b'"undone"')),
]


@pytest.mark.parametrize("change", CHANGES)
def test_after_any_change_the_work_is_done(store: Store, change: Callable[[Store], None]) -> None:
    keep(seen(store), OUTCOME)
    change(store)
    assert seen(store).outcome is None


def test_another_day_or_another_program_is_a_change(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(seen(store, "today"), OUTCOME)
    assert seen(store, "tomorrow").outcome is None
    monkeypatch.setattr("tasks.unchanged.program", lambda: {"version": "another"})
    assert seen(store, "today").outcome is None


def test_a_file_that_arrives_while_a_run_works_is_seen_by_the_next(store: Store) -> None:
    began = seen(store)
    store.write("inbox/C1/bb/late.xlsx", b"x")
    keep(began, OUTCOME)
    assert seen(store).outcome is None


def test_what_does_not_matter_changes_nothing(store: Store) -> None:
    def receipts() -> Any:
        return look(store, PLACE, ("inbox/",), ("feedback/",), (), lambda key: not key.startswith("feedback/") or key.endswith("/receipt.json"))

    keep(receipts(), OUTCOME)
    store.write("feedback/C1/aa/1/summary.html", b"other")
    assert receipts().outcome == OUTCOME
    store.write("feedback/C1/aa/1/receipt.json", b"other")
    assert receipts().outcome is None
