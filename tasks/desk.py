"""What the coordination's forms do: each is checked against the agreement and the store, then says it in one file of desk/<cycle>/ (contract section 1)."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import random
import time
import unicodedata
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from domain.agreement_files import EXCHANGE, EXTENSIONS, REVIEWS
from domain.agreement_tables import Column
from domain.completeness import due_dates, timeliness
from domain.desk import DEPOSITS, Unwritable, with_row
from domain.grid import MAX_BYTES
from domain.reading import file_kind
from tasks import deliver
from tasks.collect import receipt_key
from tasks.faults import OperatorFault
from tasks.outcome import Outcome
from tasks.steps import Desk, step
from tasks.store import Conflict, Info, NotFound, Store, StoreError

log = logging.getLogger("fpa")

WAIT_SECONDS = 60
"""How long a form waits for others that write the same file, each for a moment."""
LEFT_BEHIND = timedelta(minutes=30)
"""A note so old is of a run that was cut off: nothing the store does takes as long, and no clock that it accepts is as wrong."""


class Event(StrEnum):
    """What passes between the network and the EU about a report (contract section 2)."""

    sent = "sent"
    questions = "questions"
    answered = "answered"
    accepted = "accepted"
    disallowed = "disallowed"
    paid = "paid"


# --- the steps --------------------------------------------------------------------------------------------------------


@step
def deposit(desk: Desk, member: str, file: str, received_on: datetime, reason: str, by: str) -> Outcome:
    """Puts a file from desk/<cycle>/mail/ into the member's inbox folder, beside what is there, with a receipt for the time at which the mail came."""
    code = _member(desk, member)
    said = _said(reason=reason, by=by)
    received = _moment_of_mail(desk, received_on)
    source = _mailed(desk, file)
    data = desk.store.read(source.key)
    submission = hashlib.sha256(data).hexdigest()
    key = _receive(desk, code, source.key.rpartition("/")[2], submission, data, received)
    desk.store.write_once(key, data)
    here = f"{received.astimezone(ZoneInfo(desk.agreement.timezone)):%Y-%m-%d %H:%M}"
    name = key.rpartition("/")[2]
    new = add_row(desk.store, f"desk/{desk.cycle}/deposits.csv", DEPOSITS, {"member": code, "file": name, "received_on": here, "submission": submission[:12], **said})
    arrived = timeliness(desk.agreement, code, desk.cycle, received)
    done = f"{key} {'lies in the inbox' if new else 'was deposited before'}, received {here}: {arrived}; the next run of collect-submissions reads it"
    needs = [f"it arrived too late: extend the deadline of {code}, or let it in with include_late"] if arrived == "too late" else []
    return _outcome(Outcome(done=[done], needs_person=needs))


@step
def extend(desk: Desk, member: str, until: date, reason: str, by: str) -> Outcome:
    """A longer deadline for one member: a row of extensions.csv. The longest one given holds."""
    code = _member(desk, member)
    said = _said(reason=reason, by=by)
    due, last = due_dates(desk.agreement, code, desk.cycle)
    asked = datetime.combine(until, datetime.max.time())
    given = next((e for e in desk.agreement.extensions.get(desk.cycle, ()) if e.member == code and e.due == asked), None)
    if given:
        return _outcome(Outcome(done=[f"{code} has until {until} already: {given.reason} ({given.by})"]))
    if asked <= due:
        raise OperatorFault(f"{code} has until {due:%Y-%m-%d %H:%M} in {desk.cycle} already; choose a later day than {until}.")
    new = add_row(desk.store, f"desk/{desk.cycle}/extensions.csv", EXTENSIONS, {"member": code, "due": until.isoformat(), **said})
    grace = f"; files were taken as late until {last:%Y-%m-%d %H:%M} anyway" if asked <= last else ""
    return _outcome(Outcome(done=[f"{code} {'has' if new else 'had'} until the end of {until} in {desk.cycle} instead of {due:%Y-%m-%d %H:%M}{grace}"]))


@step
def return_to_member(desk: Desk, member: str, question: str, reply_by: date, by: str, submission: str = "") -> Outcome:
    """A question about a submission: a row `returned` of reviews.csv. The submission counts until a newer file of the member replaces it."""
    code = _member(desk, member)
    said = _said(question=question, by=by)
    asked, file = _meant(desk, code, submission)
    row = {"member": code, "submission": asked, "decision": "returned", "reply_by": reply_by.isoformat(), **said}
    before = any((r.member, r.submission.casefold(), r.question, r.reply_by) == (code, asked, said["question"], reply_by) for r in desk.agreement.reviews.get(desk.cycle, ()))
    if not before and reply_by < _today(desk):
        raise OperatorFault(f"{reply_by} is over; choose a day until which {code} can answer.")
    new = add_row(desk.store, f"desk/{desk.cycle}/reviews.csv", REVIEWS, row)
    return _outcome(Outcome(done=[f"{code} {'is' if new else 'was'} asked about {file} ({asked}), to be answered by {reply_by}; a newer file answers it"]))


@step
def accept(desk: Desk, member: str, by: str, submission: str = "", note: str = "") -> Outcome:
    """A submission answers what was asked: a row `accepted` of reviews.csv, for it and for each one before it that a question is open about."""
    code = _member(desk, member)
    said = _said(by=by)
    meant, file = _meant(desk, code, submission)
    asked = [review.submission.casefold()[:12] for review in desk.agreement.reviews.get(desk.cycle, ()) if review.member == code and review.decision.casefold() == "returned"]
    rows = [{"member": code, "submission": each, "decision": "accepted", "question": " ".join(note.split()), **said} for each in dict.fromkeys([meant, *asked])]
    new = [add_row(desk.store, f"desk/{desk.cycle}/reviews.csv", REVIEWS, row) for row in rows]
    return _outcome(Outcome(done=[f"{code}: {file} ({meant}) {'is' if any(new) else 'was'} accepted"]))


@step
def record(desk: Desk, day: date, event: Event, note: str = "", version: str = "") -> Outcome:
    """What passed between the network and the EU about a delivered report: a row of exchange.csv."""
    versions = deliver.versions(desk.store, desk.cycle)
    if not versions:
        raise OperatorFault(f"No report of {desk.cycle} is delivered yet, so nothing of it can be with the EU; run report-cycle first.")
    meant = (version or versions[-1]).strip().casefold()
    if meant not in versions:
        raise OperatorFault(f"There is no version {version!r} of the report of {desk.cycle}; delivered are {', '.join(versions)}.")
    if not desk.agreement.cycle(desk.cycle).start <= day <= _today(desk):
        raise OperatorFault(f"{day} cannot be: it lies {'ahead' if day > _today(desk) else 'before the cycle began'}; give the day on which it happened.")
    said = _said(note=note) if event in (Event.questions, Event.disallowed) else {"note": " ".join(note.split())}
    row = {"version": meant, "date": day.isoformat(), "event": event.value, **said}
    new = add_row(desk.store, f"desk/{desk.cycle}/exchange.csv", EXCHANGE, row)
    then = f"; to be answered by {day + timedelta(days=desk.profile.answer_days)}" if event == Event.questions else ""
    return _outcome(Outcome(done=[f"{meant} of the report of {desk.cycle}: {event.value} on {day}{'' if new else ', as was said before'}{then}"]))


def _outcome(outcome: Outcome) -> Outcome:
    for line in (*outcome.done, *outcome.needs_person):
        log.info("%s", line)
    return outcome


# --- what a form says -------------------------------------------------------------------------------------------------


def _member(desk: Desk, member: str) -> str:
    code = member.strip().casefold()
    if desk.agreement.member(code) is None:
        raise OperatorFault(f"There is no member {member!r} in agreement/members.csv; its codes are {', '.join(each.member for each in desk.agreement.members)}.")
    return code


def _said(**texts: str) -> dict[str, str]:
    """Texts that may not be empty, on one line."""
    for name, text in texts.items():
        if not text.strip():
            raise OperatorFault(f"The field {name} is empty: it is kept with the record, for whoever asks later.")
    return {name: " ".join(text.split()) for name, text in texts.items()}


def _today(desk: Desk) -> date:
    return datetime.now(ZoneInfo(desk.agreement.timezone)).date()


def _moment_of_mail(desk: Desk, received_on: datetime) -> datetime:
    """To the second, in UTC; without an offset it is local time."""
    zone = ZoneInfo(desk.agreement.timezone)
    received = (received_on if received_on.tzinfo else received_on.replace(tzinfo=zone)).astimezone(UTC).replace(microsecond=0)
    if received > datetime.now(UTC):
        raise OperatorFault(f"{received.astimezone(zone):%Y-%m-%d %H:%M} lies ahead; give the time at which the mail came.")
    if received.astimezone(zone).date() < desk.agreement.cycle(desk.cycle).start:
        raise OperatorFault(f"{received.astimezone(zone):%Y-%m-%d} lies before {desk.cycle} began; give the time at which the mail came, or choose its cycle.")
    return received


# --- a file that came by mail -----------------------------------------------------------------------------------------


def _mailed(desk: Desk, file: str) -> Info:
    """The file in desk/<cycle>/mail/, by its name, however its accents are encoded."""
    folder = f"desk/{desk.cycle}/mail/"
    lying = {info.key.removeprefix(folder): info for info in desk.store.list(folder)}
    wanted = unicodedata.normalize("NFC", file.strip().removeprefix(folder))
    found = next((info for name, info in lying.items() if unicodedata.normalize("NFC", name) == wanted), None)
    if found is None:
        there = f"there lie: {', '.join(lying)}" if lying else "save it from the mail into that folder first"
        raise OperatorFault(f"There is no file {file!r} in {desk.store.locate(folder.rstrip('/'))}; {there}.")
    if "/" in wanted or file_kind(wanted) != "submission":
        raise OperatorFault(f"{file!r} is no submission: it is a workbook (.xlsx, .ods) or a .zip of CSV files, right in {folder}.")
    if found.size > MAX_BYTES:
        raise OperatorFault(f"{file!r} is larger than {MAX_BYTES // 1024**2} MB; no such file is read.")
    return found


def _receive(desk: Desk, member: str, name: str, sha256: str, data: bytes, received: datetime) -> str:
    """The key in the inbox that the file gets, once its receipt says when it came; so it says so before any collection can see the file.

    Raises OperatorFault where this very file was received at another time: a receipt holds."""
    store, place = desk.store, receipt_key(desk.cycle, member, sha256[:12])
    at = f"{received:%Y-%m-%dT%H:%M:%SZ}"
    key = _free_key(store, f"inbox/{desk.cycle}/{member}/{name}", sha256)
    content = {"key": key, "received_at": at, "sha256": sha256, "size": len(data)}
    try:
        store.write_once(place, json.dumps(content, indent=1, ensure_ascii=False).encode() + b"\n")
    except Conflict:
        kept = json.loads(store.read(place))
        if kept["received_at"] != at:
            raise OperatorFault(
                f"This very file was received already, at {kept['received_at']} as {kept['key']}, and its receipt holds. Extend the deadline of {member} where it is to count as on time."
            ) from None
        return str(kept["key"])
    return key


def _free_key(store: Store, key: str, sha256: str) -> str:
    """The key itself, or where another file has it, one with the submission's digits: nothing in the inbox is ever replaced."""
    there = store.head(key)
    if there is None or there.sha256 == sha256:
        return key
    stem, _, ending = key.rpartition(".")
    return f"{stem}-{sha256[:12]}.{ending}"


def _received(desk: Desk, member: str) -> dict[str, dict[str, Any]]:
    """The receipts of a member's submissions, by submission. Raises OperatorFault where there are none."""
    folder = f"feedback/{desk.cycle}/{member}/"
    keys = [info.key for info in desk.store.list(folder) if info.key.endswith("/receipt.json")]
    if not keys:
        raise OperatorFault(f"{member} has no submission in {desk.cycle} that was collected; run collect-submissions first.")
    return {key.removeprefix(folder).partition("/")[0]: json.loads(data) for key, data in desk.store.read_many(keys).items()}


def _meant(desk: Desk, member: str, submission: str) -> tuple[str, str]:
    """The submission that is meant, by its 12 digits, and the name of its file; the newest one where none is named. Raises OperatorFault."""
    received = _received(desk, member)
    meant = submission.strip().casefold()[:12] or max(received, key=lambda each: (received[each]["received_at"], received[each]["key"]))
    if meant not in received:
        raise OperatorFault(f"{member} has no submission {submission!r} in {desk.cycle}; it has {', '.join(sorted(received))}, named as its folders in feedback/{desk.cycle}/{member}.")
    return meant, str(received[meant]["key"].rpartition("/")[2])


# --- a row more, whoever else writes ----------------------------------------------------------------------------------


def add_row(store: Store, key: str, columns: Sequence[Column], values: Mapping[str, str]) -> bool:
    """Adds a row to a CSV file of the desk, or makes the file; False where a row says the same already. Forms sent at once lose nothing.

    Raises OperatorFault where the file cannot take the row."""
    with _in_turn(store, key):
        try:
            data = store.read(key)
        except NotFound:
            data = b""
        try:
            longer = with_row(key, data, columns, values)
        except Unwritable as fault:
            raise OperatorFault(f"Nothing was written: {fault}.") from None
        if longer is None:
            return False
        store.write(key, longer)
        return True


@contextlib.contextmanager
def _in_turn(store: Store, key: str) -> Iterator[None]:
    """One form at a time: who creates the note beside the file may write it, and takes the note away.

    S3 servers agree on creating what is not there; on replacing what has not changed they do not."""
    note, mine = f"{key}.being-written", f"{uuid.uuid4()}\n".encode()
    until = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            store.write_once(note, mine)
            break
        except (Conflict, NotFound):  # not found: taken away while it was compared with ours
            if time.monotonic() > until:
                raise StoreError(f"{key} in {store.url} is being written by somebody else all the time; send the form again in half an hour.") from None
        if any(datetime.now(UTC) - info.modified > LEFT_BEHIND for info in store.list(note)):
            store.delete(note)
        time.sleep(random.uniform(0.05, 0.3))  # noqa: S311 (no secret)
    try:
        yield
    finally:
        store.delete(note)
