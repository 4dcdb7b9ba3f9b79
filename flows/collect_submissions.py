"""Collect the members' submissions of a cycle: read, validate, give feedback. Again at any time."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.states import State

from tasks.faults import OperatorFault
from tasks.letters import tell_of_failure
from tasks.outcome import Outcome, ended, failed, of_all
from tasks.runs import run_name
from tasks.steps import (
    cycles_in_hand,
    give_feedback,
    judge_all,
    load,
    look_for_changes,
    mail_feedback,
    nothing_new,
    publish_board,
    read_all,
    summarise_collection,
)


@flow(name="collect-submissions", flow_run_name=run_name("collect"), on_failure=[tell_of_failure], on_crashed=[tell_of_failure])
def collect_submissions(cycle: str | None = None, include_late: bool = False, unsettled: bool = False) -> State[Any]:
    """Reads every file in the inbox of a cycle, validates it, answers its member with findings and brings the cycle's board up to date.

    Args:
        cycle: Code of the cycle as agreement.yaml lists it, e.g. 2019-H1; empty for every cycle that is open today.
        include_late: Let submissions in that arrived after the grace days.
        unsettled: Without a cycle: also those that are closed and on whose report the EU has not decided.
    """
    outcomes: list[Outcome] = []
    try:
        for code in cycles_in_hand(cycle, unsettled):
            desk = load(code)
            seen = look_for_changes(desk, include_late)
            if seen.outcome:
                outcomes.append(nothing_new(desk, seen.outcome))
                continue
            inbox = read_all(desk, include_late)
            judged = judge_all(desk, inbox)
            give_feedback(desk, inbox, judged)
            publish_board(desk, inbox, judged)
            mail_feedback(desk, inbox, judged)
            outcomes.append(summarise_collection(desk, inbox, judged, seen))
    except OperatorFault as fault:
        return failed(fault)
    return ended(of_all(outcomes))
