"""Open a cycle: a workbook for every member that owes a submission."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.states import State

from tasks.faults import OperatorFault
from tasks.letters import tell_of_failure
from tasks.outcome import Outcome, ended, failed, of_all
from tasks.runs import run_name
from tasks.steps import cycles_in_hand, load, publish_workbooks, read_earlier


@flow(name="open-cycle", flow_run_name=run_name("open"), on_failure=[tell_of_failure], on_crashed=[tell_of_failure])
def open_cycle(cycle: str | None = None) -> State[Any]:
    """Writes each member's workbook of a cycle, with its last figures, to workbooks/<cycle>/; again only where its content changed.

    Args:
        cycle: Code of the cycle as agreement.yaml lists it, e.g. 2019-H1; empty for every cycle that is open today.
    """
    outcomes: list[Outcome] = []
    try:
        for code in cycles_in_hand(cycle):
            desk = load(code)
            outcomes.append(publish_workbooks(desk, read_earlier(desk)))
    except OperatorFault as fault:
        return failed(fault)
    return ended(of_all(outcomes))
