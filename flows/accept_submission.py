"""A member's answer to a question is accepted."""

from __future__ import annotations

from typing import Annotated, Any

from prefect import flow
from prefect.states import State
from pydantic import Field

from tasks.desk import accept
from tasks.faults import OperatorFault
from tasks.letters import tell_of_failure
from tasks.outcome import ended, failed
from tasks.steps import load


@flow(name="accept-submission", flow_run_name="accept-{cycle}-{member}", on_crashed=[tell_of_failure])
def accept_submission(cycle: str, member: str, by: Annotated[str, Field(min_length=2)], submission: str = "", note: str = "") -> State[Any]:
    """Records that a submission answers what was asked, or needs no answer any more: a row in desk/<cycle>/reviews.csv. The question is on no list then.

    Args:
        cycle: Code of the cycle as agreement.yaml lists it, e.g. 2019-H1.
        member: The member's code, as its folder in the inbox is called.
        by: Name of the person who accepts it.
        submission: Its first 12 digits, as its folder in feedback/<cycle>/<member>/ is called; empty for the newest one collected.
        note: Why, for whoever asks later.
    """
    try:
        outcome = accept(load(cycle), member, by, submission, note)
    except OperatorFault as fault:
        return failed(fault)
    return ended(outcome)
