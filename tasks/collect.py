"""Collect: the agreement and the members' files come in from the store and are read, each in a child process with limits."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from domain.agreement import Agreement
from domain.agreement_files import Problem, read_agreement
from domain.completeness import due_dates, timeliness
from domain.findings import Finding
from domain.grid import MAX_BYTES
from domain.reading import file_kind, read_submission
from domain.submission import Submission
from tasks.children import GivenUp, run_each
from tasks.evidence import EvidenceFile, list_evidence
from tasks.faults import OperatorFault
from tasks.profiles import profile_names
from tasks.readings import forget_readings, keep_readings, known_readings, state_of
from tasks.store import Info, NotFound, Store

log = logging.getLogger("fpa")

# --- the agreement ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file a run depends on, as the manifest lists it."""

    key: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class LoadedAgreement:
    agreement: Agreement
    notices: tuple[Problem, ...]
    inputs: tuple[InputFile, ...]


def input_file(key: str, data: bytes) -> InputFile:
    return InputFile(key, hashlib.sha256(data).hexdigest(), len(data))


def check_agreement(store: Store) -> tuple[Agreement | None, list[Problem], dict[str, bytes]]:
    """Reads everything the operator writes; (agreement or None, every problem found, the files)."""
    keys = [info.key for prefix in ("agreement/", "desk/") for info in store.list(prefix) if info.key.endswith((".csv", ".yaml"))]
    files = store.read_many(keys)
    agreement, problems = read_agreement(files, profiles=profile_names())
    return agreement, problems, files


def stray_folders(store: Store, agreement: Agreement) -> list[str]:
    """Folders of the inbox that belong to no cycle or no member of the agreement: files there count nowhere."""
    cycles, members = {cycle.code for cycle in agreement.cycles}, {member.member for member in agreement.members}
    strays = set()
    for info in store.list("inbox/"):
        cycle, _, rest = info.key.removeprefix("inbox/").partition("/")
        member = rest.partition("/")[0]
        if cycle not in cycles:
            strays.add(f"inbox/{cycle}: no cycle of the agreement has this code")
        elif member not in members:
            strays.add(f"inbox/{cycle}/{member}: no member of the agreement has this code")
    return sorted(strays)


def load_agreement(store: Store) -> LoadedAgreement:
    """The agreement in force. Raises OperatorFault with every fault of it: nothing runs on half an agreement."""
    agreement, problems, files = check_agreement(store)
    faults = [str(problem) for problem in problems if problem.severity == "error"]
    if agreement is None or faults:
        raise OperatorFault(f"The agreement at {store.url} has {len(faults)} fault(s); nothing was done.", *faults)
    notices = tuple(problem for problem in problems if problem.severity == "notice")
    return LoadedAgreement(agreement, notices, tuple(input_file(key, data) for key, data in sorted(files.items()) if not _tells_nothing_of_figures(key)))


def _tells_nothing_of_figures(key: str) -> bool:
    """Of the desk's files only extensions enter a report (states): recording that one was sent makes no new version."""
    return key.startswith("desk/") and not key.endswith("/extensions.csv")


def known_cycle(agreement: Agreement, code: str) -> str:
    """The cycle's code as the agreement spells it. Raises OperatorFault for one it does not list."""
    try:
        return agreement.cycle(code).code
    except KeyError:
        listed = ", ".join(cycle.code for cycle in agreement.cycles)
        raise OperatorFault(f"There is no cycle {code!r} in agreement/agreement.yaml; its cycles are {listed}.") from None


# --- the inbox --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file in a member's inbox folder."""

    member: str
    cycle: str
    info: Info


def list_inbox(store: Store, cycles: Sequence[str]) -> list[Arrival]:
    """The submissions lying in the inbox for these cycles, in order of cycle, folder and key."""
    arrivals = []
    for cycle in cycles:
        prefix = f"inbox/{cycle}/"
        for info in store.list(prefix):
            folder, _, name = info.key.removeprefix(prefix).partition("/")
            if name and file_kind(name) == "submission":
                arrivals.append(Arrival(folder, cycle, info))
    return arrivals


def receipt_key(cycle: str, member: str, submission: str) -> str:
    return f"feedback/{cycle}/{member}/{submission}/receipt.json"


def _receipt(arrival: Arrival, file: InputFile) -> bytes:
    received = arrival.info.modified.astimezone(UTC).replace(microsecond=0)
    content = {"key": file.key, "received_at": f"{received:%Y-%m-%dT%H:%M:%SZ}", "sha256": file.sha256, "size": file.size}
    return json.dumps(content, indent=1, ensure_ascii=False).encode() + b"\n"


def _kept_receipts(store: Store, cycles: Iterable[str]) -> dict[str, bytes]:
    keys = [info.key for cycle in cycles for info in store.list(f"feedback/{cycle}/") if info.key.endswith("/receipt.json")]
    return store.read_many(keys)


def _received_at(receipt: bytes) -> datetime:
    return datetime.strptime(json.loads(receipt)["received_at"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Inbox:
    """All files of some cycles as read, in order of cycle, member, arrival and key, and what reading them depended on."""

    submissions: list[Submission]
    inputs: tuple[InputFile, ...]
    evidence: tuple[EvidenceFile, ...] = ()


def read_inbox(store: Store, agreement: Agreement, cycles: Sequence[str], include_late: bool = False) -> Inbox:
    """Reads every submission of these cycles; a receipt with the store's arrival time is written at first sight and holds from then on."""
    arrivals = list_inbox(store, cycles)
    readings = known_readings(store, agreement, cycles)
    states = {state_of(arrival.info) for arrival in arrivals}
    forget_readings(store, [reading for state, reading in readings.items() if state not in states])
    known = {arrival.info.key: reading for arrival in arrivals if (reading := readings.get(state_of(arrival.info)))}
    contents = store.read_many([arrival.info.key for arrival in arrivals if arrival.info.size <= MAX_BYTES and arrival.info.key not in known])
    receipts = _kept_receipts(store, cycles)
    inputs: dict[str, InputFile] = {}
    jobs: dict[str, tuple[Arrival, InputFile, datetime]] = {}
    for arrival in arrivals:
        kept = known.get(arrival.info.key)
        file = InputFile(kept.key, kept.sha256, kept.size) if kept else _file_of(store, arrival, contents)
        receipt_at = receipt_key(arrival.cycle, arrival.member, file.sha256[:12])
        if receipt_at not in receipts:
            receipts[receipt_at] = _receipt(arrival, file)
            store.write_once(receipt_at, receipts[receipt_at])
        inputs[file.key], inputs[receipt_at] = file, input_file(receipt_at, receipts[receipt_at])
        jobs[receipt_at] = (arrival, file, _received_at(receipts[receipt_at]))  # one file sent twice is one submission: the last by key
    submissions = [replace(known[file.key], received_at=received) for _, file, received in jobs.values() if file.key in known]
    unread = [(arrival, file, received) for arrival, file, received in jobs.values() if file.key not in known]
    submissions += [_too_large(agreement, arrival, file, received) for arrival, file, received in unread if file.key not in contents]
    read = read_files(agreement, [(arrival, contents[file.key], received) for arrival, file, received in unread if file.key in contents])
    infos = {arrival.info.key: arrival.info for arrival in arrivals}
    keep_readings(store, agreement, [(submission, infos[submission.key]) for submission in read if may_be_kept(submission)])
    submissions += read
    log.info("%d files read, %d known from before", len(read), len(known))
    for submission in submissions:
        judge_arrival(agreement, submission, include_late)
    order = {cycle: i for i, cycle in enumerate(cycles)}
    submissions.sort(key=lambda s: (order[s.cycle], s.member, s.received_at, s.key))
    evidence = list_evidence(store, agreement, cycles)
    inputs |= {file.key: InputFile(file.key, file.sha256, file.size) for file in evidence}
    return Inbox(submissions, tuple(inputs[key] for key in sorted(inputs)), tuple(evidence))


def may_be_kept(submission: Submission) -> bool:
    """A file that took too long or too much may do better the next time; a folder of no member is no place to write for."""
    return not any(f.rule == "submission.unknown-member" or "given_up" in f.details for f in submission.findings)


def _file_of(store: Store, arrival: Arrival, contents: Mapping[str, bytes]) -> InputFile:
    """One that is beyond the limit is known by its hash, and never held in memory."""
    key = arrival.info.key
    if key in contents:
        return input_file(key, contents[key])
    info = store.head(key)
    if info is None:
        raise NotFound(f"{key} in {store.url} was taken away while the inbox was read; run again.")
    return InputFile(key, info.sha256, info.size)


def judge_arrival(agreement: Agreement, submission: Submission, include_late: bool) -> None:
    """Adds submission.late or submission.too-late; a too late one that the operator lets in is a warning like any late one."""
    if agreement.member(submission.member) is None:
        return
    arrived = timeliness(agreement, submission.member, submission.cycle, submission.received_at)
    if arrived == "on time":
        return
    rejected = arrived == "too late" and not include_late
    rule = "submission.too-late" if arrived == "too late" else "submission.late"
    due, _ = due_dates(agreement, submission.member, submission.cycle)
    received = submission.received_at.astimezone(ZoneInfo(agreement.timezone)).replace(tzinfo=None)
    details = {"due": due.isoformat(timespec="minutes"), "received": received.isoformat(timespec="minutes")}
    submission.findings.append(
        Finding(submission.member, submission.cycle, submission.submission, rule, "reject" if rejected else "warning", details=details)
    )


# --- reading, in child processes --------------------------------------------------------------------------------------

_agreement: Agreement


def _know(agreement: Agreement) -> None:
    """Runs once in each reading process."""
    global _agreement
    _agreement = agreement


def _read(data: bytes, about: Mapping[str, str], received_at: datetime) -> Submission:
    return read_submission(data, received_at=received_at, agreement=_agreement, **about)


def read_files(agreement: Agreement, jobs: Sequence[tuple[Arrival, bytes, datetime]]) -> list[Submission]:
    """Reads each file (arrival, content, received at) in a child process with a limit of time and memory; whatever a file does to its
    process, it is one finding for its member and nothing for the others. A folder of no member is not read."""
    known = [job for job in jobs if agreement.member(job[0].member) is not None]
    submissions = [
        _unread(arrival, input_file(arrival.info.key, data), received_at, "submission.unknown-member", arrival.member)
        for arrival, data, received_at in jobs
        if agreement.member(arrival.member) is None
    ]
    work = [(data, {"key": a.info.key, "member": a.member, "cycle": a.cycle}, received_at) for a, data, received_at in known]
    for i, ((arrival, data, received_at), read) in enumerate(zip(known, run_each(_read, work, _know, (agreement,)), strict=True), start=1):
        if isinstance(read, GivenUp):
            read = _unread(arrival, input_file(arrival.info.key, data), received_at, "submission.unreadable", reason=read.reason, given_up="yes")
        submissions.append(read)
        if i % 25 == 0:
            log.info("read %d of %d files", i, len(known))
    return submissions


def _too_large(agreement: Agreement, arrival: Arrival, file: InputFile, received_at: datetime) -> Submission:
    if agreement.member(arrival.member) is None:
        return _unread(arrival, file, received_at, "submission.unknown-member", arrival.member)
    return _unread(arrival, file, received_at, "submission.unreadable", reason="too-large")


def _unread(arrival: Arrival, file: InputFile, received_at: datetime, rule: str, value: str = "", **details: str) -> Submission:
    """A file of which only this one finding is known."""
    finding = Finding(arrival.member, arrival.cycle, file.sha256[:12], rule, "reject", value=value, details=details)
    return Submission(arrival.member, arrival.cycle, file.key, file.sha256, file.size, received_at, findings=[finding])
