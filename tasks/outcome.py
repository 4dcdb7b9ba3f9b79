"""How a run ended, for Prefect's UI and for the command line alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from prefect.states import Cancelled, Completed, Failed, State
from pydantic import BaseModel

from tasks.faults import OperatorFault


class Outcome(BaseModel):
    """What a run did (`done`, a line each) and what now needs a person (`needs_person`); exit status 1 where anything does."""

    done: list[str]
    needs_person: list[str] = []


def of_all(outcomes: Sequence[Outcome]) -> Outcome:
    """Several cycles' in one; of none says so."""
    if not outcomes:
        return Outcome(done=["no cycle is open today"])
    return Outcome(done=[line for each in outcomes for line in each.done], needs_person=[line for each in outcomes for line in each.needs_person])


def ended(outcome: Outcome) -> State[Any]:
    """Completed; its message says what needs a person."""
    if outcome.needs_person:
        return Completed(name="NeedsPerson", message="; ".join(outcome.needs_person)[:1000], data=outcome)
    return Completed(message="; ".join(outcome.done)[:1000], data=outcome)


def failed(fault: OperatorFault) -> State[Any]:
    """Failed, with the fault's own words and no trace."""
    return Failed(message=str(fault))


def refused(reason: str) -> State[Any]:
    """Cancelled, because another run does the same."""
    return Cancelled(message=reason)
