"""report-cycle can wait for a person: what is approved is delivered with who approved it, what is sent back is not."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.builders import ACTIVITY, NUMBER, PAYMENT, agreement_files, clean, submission

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


@pytest.fixture(autouse=True)
def look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.approval.LOOK_EVERY_SECONDS", 1)


def test_an_approved_report_is_delivered_with_who_approved_it(storage: Storage, fpa: Fpa) -> None:
    root = storage({**agreement_files(), "inbox/C1/bb/report.zip": clean()})
    person = answer({"decision": "approve", "name": "A. Officer"})
    status, _, err = fpa("report", "C1", "--approve")
    person.join()
    assert status == 1, err  # the other members are missing
    approval = json.loads((root / "reports/C1/v0001/approval.json").read_text())
    assert (approval["decision"], approval["name"]) == ("approve", "A. Officer")
    assert "approval.json" in (root / "reports/C1/v0001/manifest.json").read_text()


def test_a_report_that_is_sent_back_is_not_delivered(storage: Storage, fpa: Fpa) -> None:
    root = storage({**agreement_files(), "inbox/C1/bb/report.zip": clean()})
    person = answer({"decision": "send back", "name": "A. Officer", "reason": "Wait for Alpha"})
    status, _, err = fpa("report", "C1", "--approve")
    person.join()
    assert (status, "A. Officer sent the report back: Wait for Alpha." in err) == (2, True)
    assert not (root / "reports").exists()


def test_a_missing_rate_and_a_broken_ceiling_block_approval(storage: Storage, fpa: Fpa) -> None:
    rows = [PAYMENT | {"currency": "ZMW"}, PAYMENT | {"heading": "6", "recipient": "T1", "currency": "EUR", "amount": "1000.01", "document": "D2"}]
    storage({**agreement_files(), "inbox/C1/bb/report.zip": submission(activities=[ACTIVITY], indicators=[NUMBER], expenditure=rows)})
    status, _, err = fpa("report", "C1", "--approve")
    assert status == 2
    assert "cannot be approved: no rate for ZMW in 2019-03; T1 is above the ceiling" in err
