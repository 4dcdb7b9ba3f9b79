"""Delivered reports are compared with their manifests: what was altered needs a person, inputs that go on do not."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tasks.deliver import deliver
from tasks.faults import OperatorFault
from tasks.inspection import LookedAtOnce, delivered_paths, verify_path
from tasks.outcome import Outcome
from tasks.store import DirectoryStore
from tasks.verification import summarise

RATES = b"month,currency,rate\n"


def deliver_report(store: DirectoryStore, cycle: str, pdf: bytes) -> None:
    inputs = [{"key": "agreement/rates.csv", "sha256": hashlib.sha256(RATES).hexdigest(), "size": len(RATES)}]
    deliver(store, {"format": 1, "cycle": cycle, "inputs": inputs, "made": pdf.decode()}, {"report.en.pdf": pdf, "data/sdg.csv": b"goal\n"})


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    """Two versions of C1, one of C2, of the same input."""
    store = DirectoryStore(tmp_path)
    store.write("agreement/rates.csv", RATES)
    for cycle, pdf in (("C1", b"one"), ("C1", b"two"), ("C2", b"one")):
        deliver_report(store, cycle, pdf)
    return store


def judged(store: Any, paths: Iterable[str] | None = None) -> Outcome:
    return summarise([verify_path(store, path) for path in paths or delivered_paths(store)])


def test_what_is_as_it_was_delivered_is_said_in_a_line(store: DirectoryStore) -> None:
    assert delivered_paths(store) == ["reports/C1/v0001", "reports/C1/v0002", "reports/C2/v0001"]
    assert judged(store) == Outcome(done=["3 of 3 delivered reports are as their manifests say"])


@pytest.mark.parametrize(
    ("key", "content", "said"),
    [
        ("reports/C1/v0001/report.en.pdf", b"other", "reports/C1/v0001/report.en.pdf: the report, has changed"),
        ("reports/C1/v0001/data/more.csv", b"x", "reports/C1/v0001/data/more.csv: is no part of the report"),
        ("reports/C1/v0001/manifest.json", b"{", "reports/C1/v0001/manifest.json: is damaged"),
        ("reports/C1/v0001/manifest.json", b"[]", "reports/C1/v0001/manifest.json: is damaged"),
        ("reports/C1/latest.json", b"{}", "reports/C1/latest.json: is damaged"),
        ("reports/C1/latest.json", b'{"version": "v0001"}', "reports/C1/latest.json: names v0001, the newest is v0002"),
    ],
)
def test_what_was_altered_needs_a_person(store: DirectoryStore, key: str, content: bytes, said: str) -> None:
    store.write(key, content)
    (fault,) = judged(store).needs_person
    assert fault.startswith(said)


def test_a_file_that_is_gone_needs_a_person(store: DirectoryStore) -> None:
    store.delete("reports/C2/v0001/report.en.pdf")
    store.delete("reports/C1/latest.json")
    outcome = judged(store)
    assert outcome.needs_person == ["reports/C1/latest.json: is missing", "reports/C2/v0001/report.en.pdf: the report, is missing"]
    assert outcome.done == ["1 of 3 delivered reports are as their manifests say"]


def test_a_manifest_rewritten_to_fit_an_altered_report_is_found_by_latest_json(store: DirectoryStore) -> None:
    old, new = (hashlib.sha256(pdf).hexdigest().encode() for pdf in (b"two", b"own"))
    store.write("reports/C1/v0002/report.en.pdf", b"own")
    store.write("reports/C1/v0002/manifest.json", store.read("reports/C1/v0002/manifest.json").replace(old, new))
    assert judged(store).needs_person == ["reports/C1/v0002/manifest.json: is not the one that reports/C1/latest.json names; one of the two has changed"]


def test_inputs_that_go_on_are_said_of_the_newest_reports_and_need_nobody(store: DirectoryStore) -> None:
    store.write("agreement/rates.csv", RATES + b"2021-01,XOF,655.957\n")
    outcome = judged(store)
    assert outcome.needs_person == []
    assert outcome.done[1:] == [
        f"{path}: 1 of its inputs have changed since; first agreement/rates.csv" for path in ("reports/C1/v0002", "reports/C2/v0001")
    ]


def test_what_reports_share_is_read_once(store: DirectoryStore) -> None:
    looked_at: Counter[str] = Counter()

    class Counting(DirectoryStore):
        def head(self, key: str) -> Any:
            looked_at[key] += 1
            return super().head(key)

    judged(LookedAtOnce(Counting(Path(store.url))), delivered_paths(store))
    assert set(looked_at.values()) == {1} and "agreement/rates.csv" in looked_at


def test_a_cycle_is_found_however_it_is_written_and_one_without_a_report_is_refused(store: DirectoryStore) -> None:
    assert delivered_paths(store, " c2 ") == ["reports/C2/v0001"]
    with pytest.raises(OperatorFault, match="No report of 'C3' is delivered; delivered are those of: C1, C2"):
        delivered_paths(store, "C3")


def test_with_nothing_delivered_there_is_nothing_to_do(tmp_path: Path) -> None:
    assert judged(DirectoryStore(tmp_path)) == Outcome(done=["no report is delivered yet"])
