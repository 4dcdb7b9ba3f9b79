"""Approval: a report waits for a person, in Prefect's UI, before it is delivered. The wait outlasts worker and server: where a worker runs the flow, the
run is suspended, and goes on from its draft when somebody has decided."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from enum import StrEnum

from prefect import runtime
from prefect.events import emit_event
from prefect.exceptions import PrefectSignal
from prefect.flow_runs import pause_flow_run, suspend_flow_run
from prefect.input import RunInput
from prefect.settings import PREFECT_API_URL
from pydantic import Field

from domain.coverage import Weighed
from domain.figures import Figures, MemberState
from domain.findings import SEVERITIES, Finding
from tasks.drafts import Draft
from tasks.faults import OperatorFault
from tasks.quality import lacking
from tasks.store import Store

WAIT_SECONDS = 60 * 24 * 3600
"""How long a report waits for its approval: as long as the EU gives for an interim report."""
LOOK_EVERY_SECONDS = 5


class Decision(StrEnum):
    approve = "approve"
    send_back = "send back"


class Approval(RunInput):
    """The form that the approving person fills in."""

    decision: Decision
    name: str = Field(min_length=2, description="Who decides.")
    reason: str = Field(default="", description="Why it is sent back.")


def blocking(figures: Figures, findings: Sequence[Finding], missing_texts: Sequence[str]) -> list[str]:
    """Why a report cannot be approved: a missing rate, a third party above its ceiling, a text that the form asks for and that is not there."""
    rates = [f"no rate for {missing.currency} in {missing.month}" for missing in figures.missing_rates]
    above = {f.details["recipient"] for f in findings if f.rule == "expenditure.recipient.ceiling" and f.details.get("note") != "waived"}
    return [*rates, *(f"{recipient} is above the ceiling for third parties" for recipient in sorted(above)), *(f"{key} is not written" for key in missing_texts)]


def description(
    cycle: str, draft: str, links: Sequence[str], states: Sequence[MemberState], findings: Sequence[Finding], weighed: Weighed, checklist: Sequence[str]
) -> str:
    """What the approving person sees above the form, as Markdown. `draft`: where it lies; `links` to its files."""
    rows = "\n".join(f"| {s.member} | {s.cycle} | {s.state} | {s.rows_accepted} | {s.errors} | {s.warnings} |" for s in states)
    counts = Counter((finding.severity, finding.rule) for finding in findings)
    found = "\n".join(f"| {rule} | {severity} | {counts[severity, rule]} |" for severity, rule in sorted(counts, key=lambda key: (SEVERITIES.index(key[0]), key[1])))
    return (
        f"Report of **{cycle}**. The draft: {', '.join(links)}; it lies in `{draft}`.\n\n"
        "Approve it, or send it back with a reason. What is delivered is this draft, byte for byte.\n\n"
        f"Before it is sent:\n\n{_listed(checklist)}\nMissing from its figures:\n\n{_listed(lacking(weighed))}\n"
        f"Findings:\n\n| rule | severity | number |\n|---|---|--:|\n{found}\n\n"
        f"Who has sent what:\n\n| member | cycle | state | rows | errors | warnings |\n|---|---|---|--:|--:|--:|\n{rows}\n"
    )


def _listed(lines: Sequence[str]) -> str:
    return "".join(f"- {line}\n" for line in lines) or "- Nothing.\n"


def must_be_asked_for() -> None:
    """Raises OperatorFault where there is nobody to ask."""
    if not PREFECT_API_URL.value():
        raise OperatorFault("Approval is given in Prefect's UI, so it needs a Prefect server: set PREFECT_API_URL, or run without --approve.")


def draft_folder(cycle: str) -> str:
    """Where the draft of this flow run lies in the store."""
    return f"drafts/{cycle}/{runtime.flow_run.id}"


def wait_for_approval(store: Store, cycle: str, draft: Draft) -> bytes:
    """Waits until a person decides on the draft, which lies in the store; gives approval.json (who, when, which draft).

    A run that a worker started is suspended and ends here; when somebody has decided it starts again and finds its draft. Any other run
    waits in its process. Raises OperatorFault where the report was sent back."""
    summary = store.read(f"{draft_folder(cycle)}/summary.md").decode()
    form = Approval.with_initial_data(description=summary, reason="")
    if runtime.deployment.id:
        with _no_sign_of_life_last():
            given = suspend_flow_run(wait_for_input=form, timeout=WAIT_SECONDS)
    else:
        given = pause_flow_run(wait_for_input=form, timeout=WAIT_SECONDS, poll_interval=LOOK_EVERY_SECONDS)
    record = {"decision": given.decision.value, "name": given.name, "reason": given.reason, "at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", "draft": draft.hash}
    approval = json.dumps(record, indent=1, ensure_ascii=False).encode() + b"\n"
    store.write(f"{draft_folder(cycle)}/approval.json", approval)
    if given.decision != Decision.approve:
        raise OperatorFault(f"{given.name} sent the report back: {given.reason or 'no reason given'}.")
    return approval


@contextlib.contextmanager
def _no_sign_of_life_last() -> Iterator[None]:
    """A sign of life that this process gives between the run's suspension and its own end would be followed by nothing, and the automation that watches for
    that would end the waiting run (deploy/automations.py); so something follows it."""
    try:
        yield
    except PrefectSignal:
        emit_event("prefect.flow-run.waits-for-approval", resource={"prefect.resource.id": f"prefect.flow-run.{runtime.flow_run.id}"})
        raise
