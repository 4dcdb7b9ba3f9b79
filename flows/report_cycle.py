"""The report of a cycle: collect, validate, aggregate, render, deliver."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.states import State

from tasks.approval import wait_for_approval
from tasks.faults import OperatorFault
from tasks.letters import tell_of_failure
from tasks.outcome import ended, failed, refused
from tasks.runs import already_running, run_name
from tasks.steps import (
    add_up,
    check_ready,
    compose_documents,
    deliver_report,
    describe_basis,
    find_delivered,
    find_draft,
    find_needs,
    finish_draft,
    judge_all,
    load,
    look_for_report,
    nothing_new,
    publish_board,
    read_all,
    reconcile_figures,
    render_reports,
    start_due_reports,
    submit_draft,
    summarise_report,
    write_annexes,
    write_data_files,
)


@flow(name="report-cycle", flow_run_name=run_name("report"), on_failure=[tell_of_failure], on_crashed=[tell_of_failure])
def report_cycle(
    cycle: str | None = None, languages: list[str] | None = None, further_editions: list[str] | None = None, include_late: bool = False, require_approval: bool = False
) -> State[Any]:
    """Makes the report of a cycle from the submissions as they now stand and delivers it as a new version; unchanged inputs make none.

    Args:
        cycle: Code of the cycle as agreement.yaml lists it, e.g. 2019-H1; empty to start a run, to be approved, for each cycle whose report is now to be made.
        languages: Languages of the report, e.g. en; empty for the contract's own.
        further_editions: Beside the contractual edition: internal (with expenditure, findings and lineage attached), public (nothing that is not for everybody).
        include_late: Let submissions in that arrived after the grace days.
        require_approval: Wait for a person to approve the report in this UI before it is delivered.
    """
    try:
        if not cycle:
            return ended(start_due_reports())
        desk = load(cycle)
        if other := already_running(desk.cycle):
            return refused(other)
        draft, approved = find_draft(desk), None
        seen = look_for_report(desk, languages, include_late, further_editions)
        if draft is None and seen.outcome:
            return ended(nothing_new(desk, seen.outcome))
        inbox = read_all(desk, include_late)
        judged = judge_all(desk, inbox)
        if draft is None:
            basis = describe_basis(desk, inbox, languages, include_late, further_editions)
            found = find_needs(desk, inbox, judged, basis)
            if unchanged := find_delivered(desk, basis):
                return ended(summarise_report(desk, unchanged, found, seen))
            totals = add_up(desk, inbox, judged, basis)
            data = write_data_files(desk, inbox, totals, judged)
            reconciled = reconcile_figures(desk, totals, data)
            annexes = write_annexes(desk, totals, judged)
            documents = compose_documents(desk, totals, judged, data, annexes, reconciled, basis)
            if require_approval:
                check_ready(desk, totals, basis)
            draft = finish_draft(basis, data, annexes, render_reports(documents, basis), reconciled, found)
            if require_approval:
                submit_draft(desk, draft, totals, documents)
        if require_approval:
            approved = wait_for_approval(desk.store, desk.cycle, draft)
        delivered = deliver_report(desk, draft, approved)
        publish_board(desk, inbox, judged)
        outcome = summarise_report(desk, delivered, draft.outcome, None if approved else seen)  # days may lie before an approval
    except OperatorFault as fault:
        return failed(fault)
    return ended(outcome)
