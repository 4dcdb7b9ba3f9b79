"""Automations that end runs whose worker or process is gone: without them such a run is Running for ever and keeps its deployment's turn."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture

from tasks.faults import OperatorFault

SILENT = timedelta(minutes=3)
"""A process gives a sign of life every PREFECT_FLOWS_HEARTBEAT_FREQUENCY seconds (30 with our workers); of a run that gave none for so long it is gone."""
NOT_STARTED = timedelta(minutes=10)
"""From when a worker takes a run to when its process reports; starting takes seconds, on a busy machine a minute."""
LEAST = 60
"""Seconds; with less, a sign of life that comes late would end a run that is well."""

_RUN = "prefect.flow-run."
_ENDS = ("Running", "Completed", "Failed", "Cancelled", "Crashed")


def automations() -> list[AutomationCore]:
    """What we have Prefect watch. Each waits for what must follow an event of a run, and ends the run where it does not. FPA_LOST_AFTER, in seconds, sets
    another time for all. Raises OperatorFault where it is none."""
    silent, not_started = SILENT, NOT_STARTED
    if given := os.environ.get("FPA_LOST_AFTER"):
        if not given.isdecimal() or int(given) < LEAST:
            raise OperatorFault(f"FPA_LOST_AFTER={given} is no number of seconds from {LEAST} up; leave it out for {SILENT.seconds}.")
        silent = not_started = timedelta(seconds=int(given))
    return [
        _when_missing(
            "end runs that give no sign of life", after=("heartbeat",), expected=("*",), within=silent, state=StateType.CRASHED,
            message="The process of this run gave no sign of life: its worker was stopped, or its machine. Nothing half done was delivered; start it again.",
        ),
        _when_missing(
            "end runs that never started", after=("Pending", "Submitting"), expected=(*_ENDS, "Scheduled", "AwaitingConcurrencySlot"), within=not_started,
            state=StateType.CRASHED, message="A worker took this run and was stopped before it started it. Start it again.",
        ),
        _when_missing(
            "end runs whose cancellation nobody carried out", after=("Cancelling",), expected=_ENDS[1:], within=not_started, state=StateType.CANCELLED,
            message="Cancelled. The worker that was to end its process did not answer.",
        ),
    ]  # fmt: skip


def _when_missing(name: str, after: tuple[str, ...], expected: tuple[str, ...], within: timedelta, state: StateType, message: str) -> AutomationCore:
    trigger = EventTrigger(
        match={"prefect.resource.id": f"{_RUN}*"}, for_each={"prefect.resource.id"}, posture=Posture.Proactive, threshold=1, within=within,
        after={_RUN + event for event in after}, expect={_RUN + event for event in expected},
    )  # fmt: skip
    action = ChangeFlowRunState(name=None, state=state, message=message, force=False)
    return AutomationCore(name=f"fpa: {name}", description=message, trigger=trigger, actions=[action])


def make_automations() -> list[str]:
    """Makes them, or replaces those of the same name that are other now; gives their names. One that is as it should be stays, and with it what it is
    waiting for; one that an operator switched off stays off."""
    wanted = automations()
    with get_client(sync_client=True) as client:
        for automation in wanted:
            there = client.read_automations_by_name(automation.name)
            if not there:
                client.create_automation(automation)
            elif _said(there[0]) != _said(automation):
                client.update_automation(there[0].id, automation.model_copy(update={"enabled": there[0].enabled}))
            for double in there[1:]:
                client.delete_automation(double.id)
    return [automation.name for automation in wanted]


def _said(automation: AutomationCore) -> tuple[Any, ...]:
    """What an automation is, without the identifiers that Prefect gives it."""
    trigger = automation.trigger.model_dump(mode="json", exclude={"id"})
    lists = {name: sorted(value) if isinstance(value, list) else value for name, value in trigger.items()}
    return automation.description, lists, [action.model_dump(mode="json") for action in automation.actions]
