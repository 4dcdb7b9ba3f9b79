"""Without a cycle report-cycle starts a run, to be approved, for each cycle whose report is now to be made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter

from flows.report_cycle import report_cycle
from tests.builders import agreement_files
from tests.domain.test_open_cycles import YAML

Storage = Callable[[Mapping[str, bytes]], Path]


def on(day: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.fromisoformat(day).replace(tzinfo=ZoneInfo("Europe/Brussels")).astimezone(tz)

    monkeypatch.setattr("tasks.steps.datetime", Clock)


def said() -> str:
    state = report_cycle(return_state=True)
    assert state.name == "Completed", state.message
    return str(state.message)


def test_a_report_is_started_once_when_its_time_has_come(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    """C1 is taken until 10 August 2019 and due at the EU on 29 August."""
    storage(agreement_files(yaml=YAML))
    report_cycle.to_deployment(name="report-cycle").apply()
    on("2019-08-09", monkeypatch)
    assert said() == "no report is to be made today"
    on("2019-08-12", monkeypatch)
    assert said().startswith("C1: its report was started, to be approved by a person: the run ")
    with get_client(sync_client=True) as client:
        scheduled = [run for run in client.read_flow_runs(flow_run_filter=FlowRunFilter.model_validate({"state": {"type": {"any_": ["SCHEDULED"]}}})) if run.parameters.get("require_approval")]
        assert [run.parameters for run in scheduled] == [{"cycle": "C1", "require_approval": True}]
        assert said() == f"C1: its report is being made already, by the run {scheduled[0].name}"
        client.delete_flow_run(scheduled[0].id)
    on("2019-08-30", monkeypatch)
    assert said() == "no report is to be made today"
