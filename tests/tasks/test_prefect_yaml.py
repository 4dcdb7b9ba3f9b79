"""Every deployment can be loaded, explains itself, and can be run with a cycle alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect.flows import Flow, load_flow_from_entrypoint

DEPLOYMENTS: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parents[2] / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]

FORMS: dict[str, dict[str, Any]] = {
    "deposit-submission": {"member": "bb", "file": "report.xlsx", "received_on": "2019-07-30T10:00", "reason": "by mail", "by": "A. Officer"},
    "extend-deadline": {"member": "bb", "until": "2019-08-31", "reason": "Flood", "by": "A. Officer"},
    "return-submission": {"member": "bb", "question": "Which?", "reply_by": "2019-08-31", "by": "A. Officer"},
    "accept-submission": {"member": "bb", "by": "A. Officer"},
    "record-exchange": {"event": "sent", "day": "2019-08-31"},
}
"""What the forms of the desk ask for beside the cycle."""


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda deployment: deployment["name"])
def test_a_deployment_loads_its_flow_and_explains_itself(deployment: dict[str, Any]) -> None:
    flow: Flow[Any, Any] = load_flow_from_entrypoint(deployment["entrypoint"])
    assert flow.name == deployment["name"]
    assert len(deployment["description"]) > 60
    assert deployment["entrypoint"].startswith("flows.")
    flow.validate_parameters({"cycle": "2019-H1"} | FORMS.get(deployment["name"], {}))
    properties = flow.parameters if hasattr(flow.parameters, "keys") else flow.parameters.properties
    assert all(entry.get("description") for entry in dict(properties).values())
    assert deployment["concurrency_limit"]["limit"] == (3 if deployment["name"] == "report-cycle" else 1)


@pytest.mark.parametrize("deployment", [deployment for deployment in DEPLOYMENTS if "schedules" in deployment], ids=lambda deployment: deployment["name"])
def test_a_schedule_runs_without_a_cycle(deployment: dict[str, Any]) -> None:
    for schedule in deployment["schedules"]:
        assert "cycle" not in schedule.get("parameters", {})
        load_flow_from_entrypoint(deployment["entrypoint"]).validate_parameters(schedule.get("parameters", {}))
    assert all(schedule["timezone"] == "Europe/Brussels" for schedule in deployment["schedules"])


def test_there_is_a_deployment_for_every_flow() -> None:
    assert {deployment["name"] for deployment in DEPLOYMENTS} == {"open-cycle", "collect-submissions", "remind-members", "report-cycle", "verify-reports", *FORMS}
