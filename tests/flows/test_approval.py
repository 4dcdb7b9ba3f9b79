"""report-cycle can wait for a person: what is approved is delivered with who approved it, what is sent back is not."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tasks import drafts
from tasks.drafts import Draft
from tasks.faults import OperatorFault
from tasks.outcome import Outcome
from tasks.store import open_store
from tests.builders import ACTIVITY, NUMBER, PAYMENT, agreement_files, clean, submission

TEXTS = {f"texts/C1/en/{section}.md": b"Said." for section in ("summary", "action-plan", "cooperation", "visibility")}
Fpa = Callable[..., tuple[int, str, str]]
Storage = Callable[[Mapping[str, bytes]], Path]


def answer(run_input: dict[str, str]) -> threading.Thread:
    """Somebody who resumes the paused run through the server's interface, as its UI does."""

    def decide() -> None:
        from prefect.client.orchestration import get_client
        from prefect.client.schemas.filters import FlowRunFilter

        paused = FlowRunFilter.model_validate({"state": {"type": {"any_": ["PAUSED"]}}})
        with get_client(sync_client=True) as client:
            until = time.monotonic() + 60
            while time.monotonic() < until:
                for run in client.read_flow_runs(flow_run_filter=paused):
                    client.resume_flow_run(run.id, run_input)
                    return
                time.sleep(0.3)

    thread = threading.Thread(target=decide)
    thread.start()
    return thread


def wait_until_paused() -> None:
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import FlowRunFilter

    paused = FlowRunFilter.model_validate({"state": {"type": {"any_": ["PAUSED"]}}})
    with get_client(sync_client=True) as client:
        until = time.monotonic() + 60
        while not client.read_flow_runs(flow_run_filter=paused):
            assert time.monotonic() < until
            time.sleep(0.3)


def run_flow_here() -> bool:
    from flows.report_cycle import report_cycle

    return report_cycle("C1", require_approval=True, return_state=True).is_completed()


@pytest.fixture(autouse=True)
def look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.approval.LOOK_EVERY_SECONDS", 1)


def test_an_approved_report_is_delivered_with_who_approved_it(storage: Storage, fpa: Fpa) -> None:
    root = storage({**agreement_files(), **TEXTS, "inbox/C1/bb/report.zip": clean()})
    person = answer({"decision": "approve", "name": "A. Officer"})
    status, _, err = fpa("report", "C1", "--approve")
    person.join()
    assert status == 1, err  # the other members are missing
    approval = json.loads((root / "reports/C1/v0001/approval.json").read_text())
    assert (approval["decision"], approval["name"]) == ("approve", "A. Officer")
    assert "approval.json" in (root / "reports/C1/v0001/manifest.json").read_text()
    (draft,) = (root / "drafts/C1").iterdir()
    assert approval["draft"] == hashlib.sha256((draft / "draft.json").read_bytes()).hexdigest()
    for entry in json.loads((draft / "draft.json").read_text())["files"]:
        assert (root / "reports/C1/v0001" / entry["path"]).read_bytes() == (draft / entry["path"]).read_bytes()


def test_who_approves_sees_where_the_draft_lies_who_is_missing_and_what_is_open(storage: Storage, fpa: Fpa) -> None:
    root = storage({**agreement_files(), **TEXTS, "inbox/C1/bb/report.zip": clean()})
    person = answer({"decision": "approve", "name": "A. Officer"})
    fpa("report", "C1", "--approve")
    person.join()
    (draft,) = (root / "drafts/C1").iterdir()
    said = (draft / "summary.md").read_text()
    assert str(draft) in said and "| aa | C1 | missing |" in said and "Before it is sent:" in said and "Submissions that are not in this report: Alpha" in said


def test_a_draft_that_is_no_longer_whole_is_not_delivered(tmp_path: Path) -> None:
    store = open_store(str(tmp_path))
    drafts.keep(store, "drafts/C1/run", Draft({"cycle": "C1"}, {"report.en.pdf": b"%PDF", "data/sdg.csv": b"x"}, {}, Outcome(done=["made"])), "Look.")
    found = drafts.find(store, "drafts/C1/run")
    assert found is not None and found.files["report.en.pdf"] == b"%PDF" and found.outcome.done == ["made"]
    store.write("drafts/C1/run/data/sdg.csv", b"y")
    with pytest.raises(OperatorFault, match=r"no longer whole: drafts/C1/run/data/sdg\.csv"):
        drafts.find(store, "drafts/C1/run")
    assert drafts.find(store, "drafts/C1/other") is None


def test_a_second_run_on_the_same_report_is_told_so(storage: Storage, fpa: Fpa) -> None:
    storage({**agreement_files(), **TEXTS, "inbox/C1/bb/report.zip": clean()})
    first: list[bool] = []
    thread = threading.Thread(target=lambda: first.append(run_flow_here()))
    thread.start()
    wait_until_paused()
    status, _, err = fpa("report", "c1")
    person = answer({"decision": "approve", "name": "A. Officer"})
    person.join()
    thread.join()
    assert status == 2 and "The report of C1 is being made already: the run report-C1" in err and "waits for approval" in err
    assert first == [True], "the first one goes on"


def test_a_report_that_is_sent_back_is_not_delivered(storage: Storage, fpa: Fpa) -> None:
    root = storage({**agreement_files(), **TEXTS, "inbox/C1/bb/report.zip": clean()})
    person = answer({"decision": "send back", "name": "A. Officer", "reason": "Wait for Alpha"})
    status, _, err = fpa("report", "C1", "--approve")
    person.join()
    assert (status, "A. Officer sent the report back: Wait for Alpha." in err) == (2, True)
    assert not (root / "reports").exists()
    (draft,) = (root / "drafts/C1").iterdir()
    said = json.loads((draft / "approval.json").read_text())
    assert (said["decision"], said["reason"]) == ("send back", "Wait for Alpha")


def test_a_missing_rate_a_broken_ceiling_and_a_missing_text_block_approval(storage: Storage, fpa: Fpa) -> None:
    rows = [PAYMENT | {"currency": "ZMW"}, PAYMENT | {"heading": "6", "recipient": "T1", "currency": "EUR", "amount": "1000.01", "document": "D2"}]
    storage({**agreement_files(), "inbox/C1/bb/report.zip": submission(activities=[ACTIVITY], indicators=[NUMBER], expenditure=rows)})
    status, _, err = fpa("report", "C1", "--approve")
    assert status == 2
    assert "cannot be approved: no rate for ZMW in 2019-03; T1 is above the ceiling for third parties; texts/C1/en/summary.md is not written" in err


def test_texts_that_are_to_be_written_are_in_the_summary_of_the_run(storage: Storage, fpa: Fpa) -> None:
    storage({**agreement_files(), **{key: text for key, text in TEXTS.items() if "visibility" not in key}, "inbox/C1/bb/report.zip": clean()})
    _, out, _ = fpa("report", "C1")
    assert "to be completed by the coordinator: texts/C1/en/visibility.md" in out
