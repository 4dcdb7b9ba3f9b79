"""Remind members of what they owe: 21, 14, 7 and 1 days before and after their due date."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.states import State

from tasks.faults import OperatorFault
from tasks.letters import tell_of_failure
from tasks.outcome import Outcome, ended, failed, of_all
from tasks.runs import run_name
from tasks.steps import cycles_to_remind, load, mail_reminders, read_all


@flow(name="remind-members", flow_run_name=run_name("remind"), on_failure=[tell_of_failure], on_crashed=[tell_of_failure])
def remind_members(cycle: str | None = None) -> State[Any]:
    """Writes to each member that owes a submission and whose day it is, in its language, once a day of the calendar of reminders.

    Args:
        cycle: Code of the cycle as agreement.yaml lists it, e.g. 2019-H1; empty for every cycle in which somebody may have to be reminded.
    """
    outcomes: list[Outcome] = []
    try:
        for code in cycles_to_remind(cycle):
            desk = load(code)
            outcomes.append(mail_reminders(desk, read_all(desk, include_late=False)))
    except OperatorFault as fault:
        return failed(fault)
    return ended(of_all(outcomes))
