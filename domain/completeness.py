"""Which file of a member counts, and the one state each member has in each cycle (contract sections 3 and 5)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from domain.agreement import Agreement, Cycle, Member
from domain.figures import MemberState, State
from domain.findings import Finding
from domain.profile import Profile
from domain.submission import Judged, Submission

Timeliness = Literal["on time", "late", "too late"]


def due_dates(agreement: Agreement, member: str, cycle_code: str) -> tuple[datetime, datetime]:
    """Until when a member's file is on time and until when it is taken as late, in local time of the agreement's time zone.

    The grace days are calendar days at the same hour; an extension never shortens what everybody has."""
    cycle = agreement.cycle(cycle_code)
    extended = [extension.due for extension in agreement.extensions.get(cycle.code, ()) if extension.member == member]
    due = max([cycle.due, *extended])
    return due, max(cycle.due + timedelta(days=cycle.grace_days), due)


def timeliness(agreement: Agreement, member: str, cycle_code: str, received_at: datetime) -> Timeliness:
    """How an arrival (aware time) stands to the cycle's due date: on time, late within the grace days, or too late."""
    zone = ZoneInfo(agreement.timezone)
    due, last = due_dates(agreement, member, cycle_code)
    if received_at <= due.replace(tzinfo=zone).astimezone(UTC):
        return "on time"
    return "late" if received_at <= last.replace(tzinfo=zone).astimezone(UTC) else "too late"


def open_cycles(agreement: Agreement, now: datetime) -> list[str]:
    """Codes of the cycles that members can submit for at that moment (aware time): from the day a cycle opens to a day after the last moment anybody's
    file is taken, so that what came at that moment is still collected."""
    here = now.astimezone(ZoneInfo(agreement.timezone)).replace(tzinfo=None)
    found = []
    for cycle in agreement.cycles:
        if cycle.opens <= here.date() and here <= closing(agreement, cycle) + timedelta(days=1):
            found.append(cycle.code)
    return found


def closing(agreement: Agreement, cycle: Cycle) -> datetime:
    """The last moment, in local time, at which anybody's file of the cycle is taken."""
    return max([due_dates(agreement, member.member, cycle.code)[1] for member in agreement.members], default=cycle.due)


WATCHED = timedelta(days=365)
"""How long after its end a cycle is still looked after, where nobody recorded how the EU decided."""


def unsettled_cycles(agreement: Agreement, now: datetime) -> list[str]:
    """Codes of the cycles that have opened and on whose report the EU has not decided (exchange.csv: accepted, paid), not older than WATCHED or still open."""
    today, watched = now.astimezone(ZoneInfo(agreement.timezone)).date(), open_cycles(agreement, now)
    for cycle in agreement.cycles:
        decided = {entry.event for entry in agreement.exchange.get(_reported_in(agreement, cycle), ())} & {"accepted", "paid"}
        if cycle.code not in watched and cycle.opens <= today <= cycle.end + WATCHED and not decided:
            watched.append(cycle.code)
    return [cycle.code for cycle in agreement.cycles if cycle.code in watched]


def _reported_in(agreement: Agreement, cycle: Cycle) -> str:
    """The code of the cycle whose report covers this one; "" for none yet."""
    return next((later.code for later in agreement.cycles if later.end >= cycle.end and later.report != "none"), "")


def cycles_to_report(agreement: Agreement, profile: Profile, now: datetime, reported: Collection[str]) -> list[str]:
    """Codes of the cycles whose report is to be made: nobody's file is taken any more, the EU's due date (the later one, of an action abroad) is not over, no
    version is delivered (`reported`: codes of those that have one) and none was recorded as sent."""
    here = now.astimezone(ZoneInfo(agreement.timezone)).replace(tzinfo=None)
    found = []
    for cycle in agreement.cycles:
        if cycle.report == "none" or cycle.code in reported or agreement.exchange.get(cycle.code):
            continue
        due = profile.report_due(cycle.report, agreement.contract.end if cycle.report == "final" else cycle.end, abroad=True)
        if closing(agreement, cycle) < here and here.date() <= due:
            found.append(cycle.code)
    return found


def is_due(agreement: Agreement, member: Member, cycle_code: str) -> bool:
    """Whether a member owes a submission: some day of the cycle lies within its `from`–`to`."""
    cycle = agreement.cycle(cycle_code)
    return not ((member.from_ and member.from_ > cycle.end) or (member.to and member.to < cycle.start))


def counting_by_part(submissions: Iterable[Submission]) -> dict[str, Submission]:
    """Of one member's files in one cycle the one that counts for each part (programme, finance): the newest that is not rejected, of equal times the
    last by key. A file without `part` is one of both."""
    newest: dict[str, Submission] = {}
    for submission in sorted((s for s in submissions if not s.rejected), key=lambda s: (s.received_at, s.key)):
        for part in (submission.part,) if submission.part else ("programme", "finance"):
            newest[part] = submission
    return newest


def counting(submissions: Iterable[Submission]) -> list[Submission]:
    """Of one member's files in one cycle those that count, two at most."""
    return list({submission.key: submission for submission in counting_by_part(submissions).values()}.values())


def by_member_and_cycle(submissions: Iterable[Submission]) -> dict[tuple[str, str], list[Submission]]:
    groups: dict[tuple[str, str], list[Submission]] = {}
    for submission in submissions:
        groups.setdefault((submission.member, submission.cycle), []).append(submission)
    return groups


Counting = Mapping[str, frozenset[str]]
"""Key of a file that counts to the parts (programme, finance) it counts for."""


def counting_keys(submissions: Iterable[Submission]) -> Counting:
    """All files that count, over all members and cycles, with the parts they count for: a later `part: programme` leaves a whole file its finance."""
    parts: dict[str, frozenset[str]] = {}
    for group in by_member_and_cycle(submissions).values():
        for part, submission in counting_by_part(group).items():
            parts[submission.key] = parts.get(submission.key, frozenset()) | {part}
    return parts


def open_rejections(submissions: Iterable[Submission]) -> list[Submission]:
    """Rejected files that no later good one of their member has settled."""
    found = []
    for files in by_member_and_cycle(submissions).values():
        settled = min(((s.received_at, s.key) for s in counting(files)), default=None)
        found += [s for s in files if s.rejected and (settled is None or (s.received_at, s.key) > settled)]
    return found


def _state(agreement: Agreement, member: Member, cycle: str, files: Sequence[Submission], used: Sequence[Submission]) -> State:
    if used:
        if all(submission.nil for submission in used):
            return "nil"
        whole = any(submission.part is None for submission in used) or len(used) == 2
        if not whole:
            return "missing"  # one of two parts is still owed
        return timeliness(agreement, member.member, cycle, max(submission.received_at for submission in used))
    if files:
        newest = max(files, key=lambda s: (s.received_at, s.key))
        return timeliness(agreement, member.member, cycle, newest.received_at) if _only_too_late(newest) else "rejected"
    return "missing" if is_due(agreement, member, cycle) else "not due"


def _only_too_late(submission: Submission) -> bool:
    return all(f.rule == "submission.too-late" for f in submission.findings if f.severity == "reject")


def member_states(agreement: Agreement, cycles: Sequence[str], submissions: Sequence[Submission], judged: Judged) -> list[MemberState]:
    """One row of data/members.csv per cycle and member, in that order.

    `rows_accepted` counts rows of the member's own files (none that were derived); `errors` and `warnings` are findings on the files that
    count or, where none does, on the newest one."""
    by_key = by_member_and_cycle(submissions)
    accepted: dict[tuple[str, str], int] = {}
    for rows in judged.accepted.values():
        for row in rows:
            accepted[row.member, row.cycle] = accepted.get((row.member, row.cycle), 0) + (not row.derived_from)
    findings: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in judged.findings:
        findings.setdefault((finding.member, finding.cycle, finding.submission), []).append(finding)

    states = []
    for cycle in cycles:
        for member in agreement.members:
            files = by_key.get((member.member, cycle), [])
            used = counting(files)
            shown = sorted(used, key=lambda s: (s.received_at, s.key)) or sorted(files, key=lambda s: (s.received_at, s.key))[-1:]
            of_shown = [f for submission in shown for f in findings.get((member.member, cycle, submission.submission), [])]
            states.append(
                MemberState(
                    member=member.member,
                    cycle=cycle,
                    state=_state(agreement, member, cycle, files, used),
                    submission="; ".join(submission.submission for submission in shown),
                    received_at=f"{max(s.received_at for s in shown):%Y-%m-%dT%H:%M:%SZ}" if shown else "",
                    rows_accepted=accepted.get((member.member, cycle), 0),
                    errors=sum(f.severity == "error" for f in of_shown),
                    warnings=sum(f.severity == "warning" for f in of_shown),
                )
            )
    return states
