"""Runs that nobody is running: with the server just started and no worker yet, every run that says it is running was lost when everything ended."""

from __future__ import annotations

import sys

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import StateType
from prefect.states import Crashed

MESSAGE = "Everything was ended while this run was running. Nothing half done was delivered; start it again."


def end_lost_runs() -> list[str]:
    """Ends them as Crashed; gives their names. Runs that wait (scheduled, suspended for approval) go on waiting."""
    states = [StateType.RUNNING.value, StateType.PENDING.value, StateType.CANCELLING.value]
    lost = FlowRunFilter.model_validate({"state": {"type": {"any_": states}}, "deployment_id": {"is_null_": False}})
    with get_client(sync_client=True) as client:
        runs = client.read_flow_runs(flow_run_filter=lost)
        for run in runs:
            client.set_flow_run_state(run.id, Crashed(message=MESSAGE))
    return [run.name for run in runs]


if __name__ == "__main__":
    if ended := end_lost_runs():
        print(f"ended, because they were running when everything was ended: {', '.join(ended)}")
    sys.exit(0)
