"""A report arrives whole or not at all, and stays what it was."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tasks.collect import input_file
from tasks.deliver import LEFT_BEHIND, Delivery, already_delivered, basis_of, deliver, history_of, verify, versions
from tasks.inspection import delivered_paths, verify_path
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


# --- several at once --------------------------------------------------------------------------------------------------


@pytest.fixture(params=["directory", "http"])
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """A store that several deliveries have in common."""
    return open_store(str(tmp_path) if request.param == "directory" else request.getfixturevalue("s3_url")(request.param))


def at_once(deliveries: Sequence[Callable[[], Delivery]]) -> list[Delivery]:
    """All begin at the same moment."""
    start = threading.Barrier(len(deliveries))

    def run(delivery: Callable[[], Delivery]) -> Delivery:
        start.wait()
        return delivery()

    with ThreadPoolExecutor(len(deliveries)) as pool:
        return list(pool.map(run, deliveries))


def latest(store: Any) -> Any:
    return json.loads(store.read("reports/C1/latest.json"))


def test_eight_different_deliveries_at_once_share_no_version_and_latest_is_the_newest(shared: Any) -> None:
    content = basis(shared)
    for _ in range(3):  # upon what is there already, too
        before = len(versions(shared, "C1"))
        contents = [OUTPUTS | {"data/sdg.csv": f"{before} {number}".encode()} for number in range(8)]
        made = at_once([lambda outputs=outputs: deliver(shared, content | {"made": outputs["data/sdg.csv"].decode()}, outputs) for outputs in contents])  # type: ignore[misc]
        assert len({delivery.version for delivery in made}) == 8 and all(delivery.new for delivery in made)
        for delivery, outputs in zip(made, contents, strict=True):
            assert {path: shared.read(f"{delivery.key}/{path}") for path in outputs} == outputs
        assert len(versions(shared, "C1")) == before + 8
        newest = versions(shared, "C1")[-1]
        assert latest(shared) == {"version": newest, "manifest_sha256": hashlib.sha256(shared.read(f"reports/C1/{newest}/manifest.json")).hexdigest()}
        assert [line for path in delivered_paths(shared) for line in verify_path(shared, path).lines] == []


def test_the_same_delivered_eight_times_at_once_is_one_version(shared: Any) -> None:
    content = basis(shared)
    deliver(shared, content | {"made": "before"}, OUTPUTS | {"data/sdg.csv": b"before"})
    assert {delivery.version for delivery in at_once([lambda: deliver(shared, content, OUTPUTS)] * 8)} == {"v0002"}
    assert versions(shared, "C1") == ["v0001", "v0002"]
    assert latest(shared)["version"] == "v0002"
    assert [line for path in delivered_paths(shared) for line in verify_path(shared, path).lines] == []


# --- what an interrupted run left -------------------------------------------------------------------------------------


def test_a_report_is_never_delivered_into_a_folder_with_another_ones_files(tmp_path: Path) -> None:
    """A run in French was killed; the next is in English."""
    store = open_store(str(tmp_path))
    for path, data in (OUTPUTS | {"report.fr.pdf": b"%PDF"}).items():
        store.write(f"reports/C1/v0001/{path}", data)
    assert deliver(store, basis(store), OUTPUTS).version == "v0002"
    assert verify_path(store, "reports/C1/v0002").lines == ()


@pytest.mark.parametrize(("path", "older", "left"), [("data/sdg.csv", True, False), ("data/sdg.csv", False, True), ("report.en.pdf", True, True)])
def test_what_is_left_behind_is_cleared_away_once_it_is_old_and_never_what_may_have_been_a_report(tmp_path: Path, path: str, older: bool, left: bool) -> None:
    store = open_store(str(tmp_path))
    store.write(f"reports/C1/v0001/{path}", b"of another run")
    file = tmp_path / "reports/C1/v0001" / path
    if older:
        then = file.stat().st_mtime - LEFT_BEHIND.total_seconds() - 60
        os.utime(file, (then, then))
    assert deliver(store, basis(store), OUTPUTS).version == "v0002"
    assert file.exists() == left


def test_what_is_left_of_a_delivered_report_is_never_cleared_away(tmp_path: Path) -> None:
    store = open_store(str(tmp_path))
    for made in "abc":
        deliver(store, basis(store) | {"made": made}, {"data/sdg.csv": made.encode()})
    (tmp_path / "reports/C1/v0002/manifest.json").unlink()
    os.utime(tmp_path / "reports/C1/v0002/data/sdg.csv", (0, 0))
    deliver(store, basis(store) | {"made": "d"}, {"data/sdg.csv": b"d"})
    assert store.read("reports/C1/v0002/data/sdg.csv") == b"b"


# --- the history ------------------------------------------------------------------------------------------------------


def delivered(store: Any, *made: str) -> None:
    for each in made:
        deliver(store, basis(store) | {"made": each}, OUTPUTS | {"data/sdg.csv": each.encode()})


def history(store: Any, version: str) -> dict[str, str]:
    return history_of(store.read(f"reports/C1/{version}/manifest.json"))


def test_a_manifest_names_every_version_before_it_and_a_first_one_says_nothing_of_it(tmp_path: Path) -> None:
    store = open_store(str(tmp_path))
    delivered(store, "a", "b", "c")
    assert list(json.loads(store.read("reports/C1/v0001/manifest.json"))) == ["format", "cycle", "parameters", "program", "profile", "inputs", "made", "version", "outputs"]
    hashes = {version: hashlib.sha256(store.read(f"reports/C1/{version}/manifest.json")).hexdigest() for version in ("v0001", "v0002")}
    assert (history(store, "v0002"), history(store, "v0003")) == ({"v0001": hashes["v0001"]}, hashes)


def test_a_version_that_was_removed_or_replaced_stays_in_the_history_and_its_number_is_not_given_again(tmp_path: Path) -> None:
    store = open_store(str(tmp_path))
    delivered(store, "a", "b", "c")
    kept = {version: hashlib.sha256(store.read(f"reports/C1/{version}/manifest.json")).hexdigest() for version in ("v0001", "v0002", "v0003")}
    store.write("reports/C1/v0001/manifest.json", store.read("reports/C1/v0001/manifest.json").replace(b'"made": "a"', b'"made": "x"'))
    store.delete("reports/C1/v0002/manifest.json")
    delivered(store, "d")
    assert versions(store, "C1") == ["v0001", "v0003", "v0004"]
    assert history(store, "v0004") == kept


def test_the_newest_version_removed_is_missed_too(tmp_path: Path) -> None:
    store = open_store(str(tmp_path))
    delivered(store, "a", "b")
    kept = hashlib.sha256(store.read("reports/C1/v0002/manifest.json")).hexdigest()
    store.delete("reports/C1/v0002/manifest.json")
    delivered(store, "c")
    assert versions(store, "C1") == ["v0001", "v0003"]
    assert history(store, "v0003")["v0002"] == kept
    assert verify_path(store, "reports/C1/v0003").history == ("reports/C1/v0002/manifest.json: is missing; v0003 was delivered after it",)


def test_a_run_that_changes_nothing_does_not_make_latest_json_fit_an_altered_manifest(tmp_path: Path) -> None:
    store = open_store(str(tmp_path))
    content = basis(store)
    deliver(store, content, OUTPUTS)
    before = store.read("reports/C1/latest.json")
    store.write("reports/C1/v0001/manifest.json", store.read("reports/C1/v0001/manifest.json") + b" ")
    found = already_delivered(store, content)
    assert found and found.version == "v0001" and store.read("reports/C1/latest.json") == before
    assert "reports/C1/v0001/manifest.json" in verify_path(store, "reports/C1/v0001").faults[0]
