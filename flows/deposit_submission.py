"""A submission that came by mail goes into its member's inbox folder."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from prefect import flow
from prefect.states import State
from pydantic import Field

from tasks.desk import deposit
from tasks.faults import OperatorFault
from tasks.letters import tell_of_failure
from tasks.outcome import ended, failed
from tasks.steps import load


@flow(name="deposit-submission", flow_run_name="deposit-{cycle}-{member}", on_crashed=[tell_of_failure])
def deposit_submission(
    cycle: str, member: str, file: Annotated[str, Field(min_length=1)], received_on: datetime, reason: Annotated[str, Field(min_length=3)], by: Annotated[str, Field(min_length=2)]
) -> State[Any]:
    """Puts a file that came by mail into inbox/<cycle>/<member>/ with the time at which the mail came as its arrival. Nothing there is replaced: where
    another file has its name, it gets one more in its name. Who deposited it and why is kept in desk/<cycle>/deposits.csv.

    Args:
        cycle: Code of the cycle as agreement.yaml lists it, e.g. 2019-H1.
        member: The member's code, as its folder in the inbox is called.
        file: Name of the file, e.g. report.xlsx. Save it from the mail into the folder desk/<cycle>/mail/ of the store first; it may stay there.
        received_on: When the mail came, to the minute. It decides whether the submission is on time, and which of several is the newest.
        reason: Why it came by mail, in a sentence.
        by: Name of the person who deposits it.
    """
    try:
        outcome = deposit(load(cycle), member, file, received_on, reason, by)
    except OperatorFault as fault:
        return failed(fault)
    return ended(outcome)
