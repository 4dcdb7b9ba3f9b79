"""Other runs of a flow, as the Prefect server knows them."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from prefect import runtime
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import FlowFilter, FlowFilterId, FlowRunFilter, FlowRunFilterState, FlowRunFilterStateType
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.settings import PREFECT_API_URL


def run_name(doing: str) -> Callable[[], str]:
    """Names a run after its cycle ("collect-2019-H1"), or after what it does where it takes the cycles whose dates say so."""
    return lambda: "-".join(filter(None, (doing, runtime.flow_run.parameters.get("cycle"))))


def already_running(cycle: str) -> str:
    """Of an earlier run of this flow on the same cycle that is running or waits for approval: what to tell who started this one; "" where there is none.

    Without a server there is nobody else to ask."""
    if not PREFECT_API_URL.value():
        return ""
    with get_client(sync_client=True) as client:
        own = client.read_flow_run(runtime.flow_run.id)
        others = [run for run in _others(client, own, cycle, [StateType.RUNNING, StateType.PAUSED]) if _began(run) < _began(own)]
    if not others:
        return ""
    first = min(others, key=_began)
    doing = "waits for approval" if first.state_type == StateType.PAUSED else "is running"
    return f"The report of {cycle} is being made already: the run {first.name}, started {first.start_time:%d %b %Y, %H:%M} UTC, {doing}. Open that run, or cancel it and start again."


def start_report(cycle: str) -> str:
    """Starts a run of report-cycle that waits for approval, unless one is under way; what was done, in words."""
    from prefect.deployments import run_deployment

    with get_client(sync_client=True) as client:
        under_way = _others(client, client.read_flow_run(runtime.flow_run.id), cycle, [StateType.SCHEDULED, StateType.PENDING, StateType.RUNNING, StateType.PAUSED])
    if under_way:
        return f"its report is being made already, by the run {under_way[0].name}"
    parameters = {"cycle": cycle, "require_approval": True}
    run = cast(FlowRun, run_deployment("report-cycle/report-cycle", parameters=parameters, timeout=0, as_subflow=False))
    return f"its report was started, to be approved by a person: the run {run.name}"


def _others(client: SyncPrefectClient, own: FlowRun, cycle: str, states: list[StateType]) -> list[FlowRun]:
    """Other runs of the same flow on that cycle."""
    asked = FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=states)))
    of_flow = FlowFilter(id=FlowFilterId(any_=[own.flow_id]))
    found = client.read_flow_runs(flow_filter=of_flow, flow_run_filter=asked)
    return [run for run in found if run.id != own.id and str(run.parameters.get("cycle") or "").strip().casefold() == cycle.casefold()]


def _began(run: FlowRun) -> tuple[str, str]:
    """Runs in the order in which they began."""
    return (run.start_time.isoformat() if run.start_time else "", str(run.id))
