"""Open a cycle: a workbook for every member that owes a submission."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.states import State

from tasks.faults import OperatorFault
from tasks.outcome import ended, failed
from tasks.steps import load, publish_workbooks, read_earlier


@flow(name="open-cycle", flow_run_name="open-{cycle}")
def open_cycle(cycle: str) -> State[Any]:
    """Writes each member's workbook of a cycle, with its last figures, to workbooks/<cycle>/; again only where its content changed.

    Args:
        cycle: Code of the cycle as agreement.yaml lists it, e.g. 2019-H1.
    """
    try:
        desk = load(cycle)
        outcome = publish_workbooks(desk, read_earlier(desk))
    except OperatorFault as fault:
        return failed(fault)
    return ended(outcome)
