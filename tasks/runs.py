"""Other runs of a flow, as the Prefect server knows them."""

from __future__ import annotations

from collections.abc import Callable

from prefect import runtime
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterState, FlowRunFilterStateType
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
    states = FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.RUNNING, StateType.PAUSED]))
    with get_client(sync_client=True) as client:
        own = client.read_flow_run(runtime.flow_run.id)
        others = [
            run for run in client.read_flow_runs(flow_run_filter=FlowRunFilter(state=states))
            if run.flow_id == own.flow_id and run.id != own.id and str(run.parameters.get("cycle", "")).strip().casefold() == cycle.casefold() and _began(run) < _began(own)
        ]  # fmt: skip
    if not others:
        return ""
    first = min(others, key=_began)
    doing = "waits for approval" if first.state_type == StateType.PAUSED else "is running"
    return f"The report of {cycle} is being made already: the run {first.name}, started {first.start_time:%d %b %Y, %H:%M} UTC, {doing}. Open that run, or cancel it and start again."


def _began(run: FlowRun) -> tuple[str, str]:
    """Runs in the order in which they began."""
    return (run.start_time.isoformat() if run.start_time else "", str(run.id))
