"""A report arrives whole or not at all, and stays what it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tasks.collect import input_file
from tasks.deliver import already_delivered, basis_of, deliver, verify, versions
from tasks.profiles import load_profile
from tasks.store import DirectoryStore, StoreError, open_store

OUTPUTS = {"report.en.pdf": b"%PDF", "data/sdg.csv": b"a,b\n", "data/finance.csv": b"c\n"}


def basis(store: Any, content: bytes = b"input") -> dict[str, Any]:
    store.write("agreement/members.csv", content)
    return basis_of("C1", {"languages": ["en"]}, load_profile("prag-2018"), [input_file("agreement/members.csv", content)])


class Failing(DirectoryStore):
    """Fails at the n-th write, as a full disk or a lost connection would."""

    def __init__(self, root: Path, writes: int) -> None:
        super().__init__(root)
        self.writes = writes

    def _count(self, key: str) -> None:
        self.writes -= 1
        if self.writes < 0:
            raise StoreError(f"Could not write {key}.")

    def write(self, key: str, data: bytes) -> Any:
        self._count(key)
        return super().write(key, data)

    def write_once(self, key: str, data: bytes) -> Any:
        self._count(key)
        return super().write_once(key, data)


@pytest.mark.parametrize("writes", range(6))
def test_a_delivery_that_breaks_off_anywhere_is_invisible_and_finished_by_the_next_run(tmp_path: Path, writes: int) -> None:
    store = open_store(str(tmp_path))
    content = basis(store)
    broke = False
    try:
        deliver(Failing(tmp_path, writes), content, OUTPUTS)
    except StoreError:
        broke = True
    assert broke == (writes < 5)
    if store.head("reports/C1/latest.json"):
        assert json.loads(store.read("reports/C1/latest.json"))["version"] == "v0001"
        assert verify(store, "reports/C1/v0001") == []
    delivery = already_delivered(store, content) or deliver(store, content, OUTPUTS)
    assert delivery.version == "v0001"
    assert versions(store, "C1") == ["v0001"]
    assert verify(store, "reports/C1/v0001") == []
    assert json.loads(store.read("reports/C1/latest.json"))["version"] == "v0001"


def test_leftovers_of_another_content_are_passed_over(tmp_path: Path) -> None:
    store = open_store(str(tmp_path))
    store.write("reports/C1/v0001/data/sdg.csv", b"left by a run that was killed")
    assert deliver(store, basis(store), OUTPUTS).version == "v0002"
    assert versions(store, "C1") == ["v0002"]


def test_a_new_version_never_replaces_an_old_one_and_unchanged_inputs_make_none(tmp_path: Path) -> None:
    store = open_store(str(tmp_path))
    first = basis(store)
    deliver(store, first, OUTPUTS)
    assert already_delivered(store, first) is not None
    second = basis(store, b"other input")
    assert already_delivered(store, second) is None
    assert deliver(store, second, OUTPUTS | {"data/sdg.csv": b"new"}).version == "v0002"
    assert store.read("reports/C1/v0001/data/sdg.csv") == b"a,b\n"
    assert json.loads(store.read("reports/C1/latest.json"))["version"] == "v0002"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda s: s.write("reports/C1/v0001/data/sdg.csv", b"a,c\n"), "data/sdg.csv: the report, has changed"),
        (lambda s: s.delete("reports/C1/v0001/report.en.pdf"), "report.en.pdf: the report, is missing"),
        (lambda s: s.write("reports/C1/v0001/extra.csv", b"x"), "extra.csv: is no part of the report"),
        (lambda s: s.write("agreement/members.csv", b"inputs"), "agreement/members.csv: an input of the report, has changed"),
        (lambda s: s.delete("agreement/members.csv"), "agreement/members.csv: an input of the report, is missing"),
    ],
)
def test_verify_names_every_change(tmp_path: Path, change: Callable[[Any], None], named: str) -> None:
    store = open_store(str(tmp_path))
    deliver(store, basis(store), OUTPUTS)
    change(store)
    (fault,) = verify(store, "reports/C1/v0001")
    assert named in fault
