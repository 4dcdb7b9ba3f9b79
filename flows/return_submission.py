"""A submission goes back to its member with a question."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from prefect import flow
from prefect.states import State
from pydantic import Field

from tasks.desk import return_to_member
from tasks.faults import OperatorFault
from tasks.letters import tell_of_failure
from tasks.outcome import ended, failed
from tasks.steps import load, mail_question


@flow(name="return-submission", flow_run_name="return-{cycle}-{member}", on_crashed=[tell_of_failure])
def return_submission(
    cycle: str, member: str, question: Annotated[str, Field(min_length=3)], reply_by: date, by: Annotated[str, Field(min_length=2)], submission: str = ""
) -> State[Any]:
    """Records a question to a member about its submission, a row in desk/<cycle>/reviews.csv, and mails it. The submission counts until a newer file replaces it, and
    that file answers the question; until then it is the member's turn.

    Args:
        cycle: Code of the cycle as agreement.yaml lists it, e.g. 2019-H1.
        member: The member's code, as its folder in the inbox is called.
        question: What is to be answered or mended, in the member's language.
        reply_by: The day until which the member answers.
        by: Name of the person who asks.
        submission: Its first 12 digits, as its folder in feedback/<cycle>/<member>/ is called; empty for the newest one collected.
    """
    try:
        desk = load(cycle)
        outcome = return_to_member(desk, member, question, reply_by, by, submission)
        outcome = mail_question(desk, member, question, reply_by, outcome)
    except OperatorFault as fault:
        return failed(fault)
    return ended(outcome)
