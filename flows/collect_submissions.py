"""Collect the members' submissions of a cycle: read, validate, give feedback. Again at any time."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.states import State

from tasks.faults import OperatorFault
from tasks.outcome import Outcome, ended, failed
from tasks.steps import give_feedback, judge_all, load, publish_quality, read_all, summarise_collection


@flow(name="collect-submissions", flow_run_name="collect-{cycle}")
def collect_submissions(cycle: str, include_late: bool = False) -> State[Any]:
    """Reads every file in the inbox of a cycle, validates it and answers its member with findings.

    Args:
        cycle: Code of the cycle as agreement.yaml lists it, e.g. 2019-H1.
        include_late: Let submissions in that arrived after the grace days.
    """
    try:
        desk = load(cycle)
        inbox = read_all(desk, include_late)
        judged = judge_all(desk, inbox)
        written = give_feedback(desk, inbox, judged)
        publish_quality(desk, inbox, judged)
        outcome: Outcome = summarise_collection(desk, inbox, judged, written)
    except OperatorFault as fault:
        return failed(fault)
    return ended(outcome)
