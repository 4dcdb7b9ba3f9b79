"""Approval: a report waits for a person, in Prefect's UI, before it is delivered."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum

from prefect.flow_runs import pause_flow_run
from prefect.input import RunInput
from prefect.settings import PREFECT_API_URL
from pydantic import Field

from domain.coverage import Weighed
from domain.figures import Figures, MemberState
from domain.findings import Finding
from tasks.faults import OperatorFault
from tasks.quality import lacking

WAIT_SECONDS = 14 * 24 * 3600
"""How long a report waits for its approval."""
LOOK_EVERY_SECONDS = 5


class Decision(StrEnum):
    approve = "approve"
    send_back = "send back"


class Approval(RunInput):
    """The form that the approving person fills in."""

    decision: Decision
    name: str = Field(min_length=2, description="Who decides.")
    reason: str = Field(default="", description="Why it is sent back.")


def blocking(figures: Figures, findings: Sequence[Finding]) -> list[str]:
    """Why a report cannot be approved: a missing rate, or a third party above its ceiling."""
    rates = [f"no rate for {missing.currency} in {missing.month}" for missing in figures.missing_rates]
    above = {f.details["recipient"] for f in findings if f.rule == "expenditure.recipient.ceiling" and f.details.get("note") != "waived"}
    return [*rates, *(f"{recipient} is above the ceiling for third parties" for recipient in sorted(above))]


def description(figures: Figures, states: Sequence[MemberState], findings: Sequence[Finding], weighed: Weighed) -> str:
    """What the approving person sees above the form, as Markdown."""
    missing = "".join(f"- {sentence}\n" for sentence in lacking(weighed)) or "- Nothing.\n"
    rows = "\n".join(f"| {s.member} | {s.cycle} | {s.state} | {s.rows_accepted} | {s.errors} | {s.warnings} |" for s in states)
    return (
        f"Report of **{figures.cycle}**: {len(findings)} findings.\n\n"
        f"| member | cycle | state | rows | errors | warnings |\n|---|---|---|--:|--:|--:|\n{rows}\n\nMissing from its figures:\n\n{missing}\nApprove it, or send it back with a reason."
    )


def wait_for_approval(figures: Figures, states: Sequence[MemberState], findings: Sequence[Finding], weighed: Weighed, identifier: str) -> bytes:
    """Pauses the flow run until a person decides; gives approval.json (who, when, which draft).

    Raises OperatorFault where there is nobody to ask, where something blocks approval, or where the report was sent back."""
    if not PREFECT_API_URL.value():
        raise OperatorFault("Approval is given in Prefect's UI, so it needs a Prefect server: set PREFECT_API_URL, or run without --approve.")
    if reasons := blocking(figures, findings):
        raise OperatorFault("The report cannot be approved: " + "; ".join(reasons) + ".")
    form = Approval.with_initial_data(description=description(figures, states, findings, weighed), reason="")
    given = pause_flow_run(wait_for_input=form, timeout=WAIT_SECONDS, poll_interval=LOOK_EVERY_SECONDS)
    if given.decision != Decision.approve:
        raise OperatorFault(f"{given.name} sent the report back: {given.reason or 'no reason given'}.")
    record = {"decision": "approve", "name": given.name, "at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", "draft": identifier}
    return json.dumps(record, indent=1, ensure_ascii=False).encode() + b"\n"
