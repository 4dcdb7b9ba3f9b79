"""What passed between the network and the EU about a report."""

from __future__ import annotations

from datetime import date
from typing import Any

from prefect import flow
from prefect.states import State

from tasks.desk import Event, record
from tasks.faults import OperatorFault
from tasks.letters import tell_of_failure
from tasks.outcome import ended, failed
from tasks.steps import load


@flow(name="record-exchange", flow_run_name="record-{cycle}-{event}", on_crashed=[tell_of_failure])
def record_exchange(cycle: str, event: Event, day: date, note: str = "", version: str = "") -> State[Any]:
    """Records what passed between the network and the EU about a delivered report: a row in desk/<cycle>/exchange.csv.

    Args:
        cycle: Code of the cycle of the report, e.g. 2019-H1.
        event: sent to the EU; questions of the EU; answered by us; accepted, disallowed (in part) or paid by the EU.
        day: The day on which it happened.
        note: What was asked, answered, disallowed or paid; needed for questions and disallowed.
        version: The version of the report it is about, e.g. v0001; empty for the latest.
    """
    try:
        outcome = record(load(cycle), day, event, note, version)
    except OperatorFault as fault:
        return failed(fault)
    return ended(outcome)
