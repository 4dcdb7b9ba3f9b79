"""A longer deadline for one member."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from prefect import flow
from prefect.states import State
from pydantic import Field

from tasks.desk import extend
from tasks.faults import OperatorFault
from tasks.letters import tell_of_failure
from tasks.outcome import ended, failed
from tasks.steps import load


@flow(name="extend-deadline", flow_run_name="extend-{cycle}-{member}", on_crashed=[tell_of_failure])
def extend_deadline(
    cycle: str, member: str, until: date, reason: Annotated[str, Field(min_length=3)], by: Annotated[str, Field(min_length=2)]
) -> State[Any]:
    """Gives one member more time: a row in desk/<cycle>/extensions.csv. Files are on time until the end of that day; workbooks, mails and states follow it.

    Args:
        cycle: Code of the cycle as agreement.yaml lists it, e.g. 2019-H1.
        member: The member's code, as its folder in the inbox is called.
        until: The last day, the whole of it included. Of several extensions the longest holds; none ever shortens what everybody has.
        reason: Why, in a sentence. It is kept with the extension.
        by: Name of the person who grants it.
    """
    try:
        outcome = extend(load(cycle), member, until, reason, by)
    except OperatorFault as fault:
        return failed(fault)
    return ended(outcome)
