"""Open a cycle: a workbook for every member that owes a submission."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.states import State

from tasks.faults import OperatorFault
from tasks.outcome import ended, failed
from tasks.steps import load, publish_workbooks


@flow(name="open-cycle", flow_run_name="open-{cycle}")
def open_cycle(cycle: str) -> State[Any]:
    """Writes each member's workbook of a cycle to workbooks/<cycle>/; again only where its content changed.

    Args:
        cycle: Code of the cycle as agreement.yaml lists it, e.g. 2019-H1.
    """
    try:
        outcome = publish_workbooks(load(cycle))
    except OperatorFault as fault:
        return failed(fault)
    return ended(outcome)
