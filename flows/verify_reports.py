"""Every delivered report against its manifest, its inputs and its history. Reads only."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.states import State

from tasks.faults import OperatorFault
from tasks.outcome import ended, failed
from tasks.runs import run_name
from tasks.verification import find_reports, summarise, verify_each


@flow(name="verify-reports", flow_run_name=run_name("verify"))
def verify_reports(cycle: str | None = None) -> State[Any]:
    """Compares every file of every delivered report, and every input it was made of, with its manifest, and its manifest with those delivered after it; of each
    cycle's newest report also makes the figures once more from the inputs, and holds the PDFs against the standards where veraPDF is installed. Nothing is changed.

    Args:
        cycle: Code of the cycle whose reports are compared, e.g. 2019-H1; empty for all.
    """
    try:
        verified = verify_each(find_reports(cycle))
    except OperatorFault as fault:
        return failed(fault)
    return ended(summarise(verified))
