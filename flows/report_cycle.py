"""The report of a cycle: collect, validate, aggregate, render, deliver."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.states import State

from tasks.approval import wait_for_approval
from tasks.faults import OperatorFault
from tasks.outcome import Outcome, ended, failed
from tasks.steps import (
    add_up,
    deliver_report,
    describe_basis,
    find_delivered,
    judge_all,
    load,
    read_all,
    reconcile_figures,
    render_reports,
    summarise_report,
    write_annexes,
    write_data_files,
)


@flow(name="report-cycle", flow_run_name="report-{cycle}")
def report_cycle(cycle: str, languages: list[str] | None = None, further_editions: list[str] | None = None, include_late: bool = False, require_approval: bool = False) -> State[Any]:
    """Makes the report of a cycle from the submissions as they now stand and delivers it as a new version; unchanged inputs make none.

    Args:
        cycle: Code of the cycle as agreement.yaml lists it, e.g. 2019-H1.
        languages: Languages of the report, e.g. en; empty for the contract's own.
        further_editions: Beside the contractual edition: internal (with expenditure, findings and lineage attached), public (nothing that is not for everybody).
        include_late: Let submissions in that arrived after the grace days.
        require_approval: Wait for a person to approve the report in this UI before it is delivered.
    """
    try:
        desk = load(cycle)
        inbox = read_all(desk, include_late)
        basis = describe_basis(desk, inbox, languages, include_late, further_editions)
        judged = judge_all(desk, inbox)
        delivery = find_delivered(desk, basis)
        if delivery is None:
            figures = add_up(desk, inbox, judged, basis)
            data = write_data_files(desk, inbox, figures, judged)
            reconciled = reconcile_figures(desk, figures, data)
            annexes = write_annexes(desk, figures, judged)
            pdfs = render_reports(desk, figures, judged, data, annexes, reconciled, basis)
            approval = wait_for_approval(figures.figures, figures.states, figures.findings, figures.weighed, basis.identifier) if require_approval else None
            delivery = deliver_report(desk, basis, data, annexes, pdfs, reconciled, approval)
        outcome: Outcome = summarise_report(desk, inbox, judged, delivery)
    except OperatorFault as fault:
        return failed(fault)
    return ended(outcome)
