"""What is written to members and operators, and to whom."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from prefect import runtime
from prefect.settings import PREFECT_API_URL, PREFECT_UI_URL

from domain.agreement import Agreement, Member
from domain.completeness import counting, due_dates, is_due
from domain.reminders import reminder_of
from domain.submission import Submission
from tasks.collect import Inbox, load_agreement
from tasks.faults import OperatorFault
from tasks.feedback import MARKED, SUMMARY, folder
from tasks.mail import Mail, MailServerFault, addresses, is_address, post
from tasks.phrases import phrases
from tasks.settings import read_settings
from tasks.store import Store, open_store
from tasks.summary import Answer, next_steps, state_in_words
from tasks.wording import Wording
from tasks.workbooks import workbook_key

log = logging.getLogger("fpa")

LARGEST_FILE = 5_000_000
"""Bytes of a file that is still sent by mail: lines are slow."""


def operators(agreement: Agreement) -> list[str]:
    """Addresses of the coordination (members.csv)."""
    return addresses([member.email for member in agreement.members if member.role == "coordinator"])


def reminders(store: Store, agreement: Agreement, cycle: str, inbox: Inbox, today: date) -> dict[str, Mail]:
    """A mail for each member that owes something in the cycle and is reminded on that day, in its language, by the key of its copy."""
    of_cycle: dict[str, list[Submission]] = {member.member: [] for member in agreement.members}
    for submission in inbox.submissions:
        if submission.cycle == cycle and submission.member in of_cycle:
            of_cycle[submission.member].append(submission)
    mails, sent = {}, _sent(store, cycle)
    for member in agreement.members:
        files = of_cycle[member.member]
        day = reminder_of(agreement, member, cycle, today)
        key = f"mail/{cycle}/{member.member}/reminder{day:+d}.eml" if day is not None else ""
        if key and key not in sent and is_address(member.email) and is_due(agreement, member, cycle) and not _complete(files):
            mails[key] = _reminder(store, agreement, member, cycle, files, today)
    return mails


def _complete(files: Sequence[Submission]) -> bool:
    """Whether a member has sent in both parts, or one whole."""
    parts = {part for file in counting(files) for part in ((file.part,) if file.part else ("programme", "finance"))}
    return parts == {"programme", "finance"}


def _reminder(store: Store, agreement: Agreement, member: Member, cycle: str, files: Sequence[Submission], today: date) -> Mail:
    words, wording = phrases("mail", member.language), Wording(member.language)
    due, last = due_dates(agreement, member.member, cycle)
    of_cycle = agreement.cycle(cycle)
    said = words["reminder"]["after" if today > due.date() else "before"]
    fill = {
        "contract": agreement.contract.number, "cycle": cycle, "name": member.name, "day": wording.day(due.date(), "long"), "start": wording.day(of_cycle.start, "long"),
        "end": wording.day(of_cycle.end, "long"), "due": _moment(wording, due), "last": _moment(wording, last), "timezone": agreement.timezone,
        "workbook": store.locate(workbook_key(cycle, member.member, None)), "inbox": store.locate(f"inbox/{cycle}/{member.member}"),
    }  # fmt: skip
    lines = [said["text"], words["reminder"]["rejected" if files and not counting(files) else "missing"]]
    if today > due.date():
        lines.append(words["reminder"]["late" if today <= last.date() else "closed"])
    lines += [words["reminder"]["where"], words["reminder"]["nil"], _thanks(agreement, words)]
    return Mail(member.email, said["subject"].format(**fill), "\n\n".join(lines).format(**fill) + "\n", {})


def _moment(wording: Wording, moment: datetime) -> str:
    return f"{wording.day(moment.date(), 'long')}, {moment:%H:%M}"


def _thanks(agreement: Agreement, words: Mapping[str, Any]) -> str:
    return str(words["thanks"]).replace("{coordinator}", agreement.contract.coordinator.name.replace("{", "(").replace("}", ")"))


def _sent(store: Store, cycle: str) -> set[str]:
    """Copies of the mails of a cycle that were sent."""
    return {info.key for info in store.list(f"mail/{cycle}/")}


def answers(store: Store, agreement: Agreement, cycle: str, said: Sequence[Answer]) -> dict[str, Mail]:
    """A mail with our answer for each file of a member, in its language, by the key of its copy; one a file, whatever is found later."""
    mails, sent = {}, _sent(store, cycle)
    for answer in said:
        member = agreement.member(answer.submission.member)
        key = f"mail/{cycle}/{answer.submission.member}/feedback-{answer.submission.submission}.eml"
        if member is not None and key not in sent and is_address(member.email):
            mails[key] = _answer(store, agreement, member, answer)
    return mails


def _answer(store: Store, agreement: Agreement, member: Member, answer: Answer) -> Mail:
    words, wording, submission = phrases("mail", member.language), Wording(member.language), answer.submission
    fill = {
        "contract": agreement.contract.number, "cycle": submission.cycle, "name": member.name, "file": submission.key.rpartition("/")[2],
        "received": _moment(wording, submission.received_at.astimezone(UTC)), "state": state_in_words(answer),
    }  # fmt: skip
    place = folder(submission)
    files = {name: content for name in (SUMMARY, MARKED) if (content := _small(store, f"{place}/{name}"))}
    lines = [words["feedback"]["text"].format(**fill), *next_steps(answer)]
    if files:
        lines.append(words["feedback"]["attached"])
    return Mail(member.email, words["feedback"]["subject"].format(**fill), "\n\n".join([*lines, _thanks(agreement, words)]) + "\n", files)


def question(store: Store, agreement: Agreement, member_code: str, cycle: str, asked: str, reply_by: date) -> dict[str, Mail]:
    """The question to a member about its submission, in its language around the words of who asks, by the key of its copy; nothing for a member without an
    address. The same question is sent once."""
    member = agreement.member(member_code)
    said = hashlib.sha256(f"{reply_by}\n{asked}".encode()).hexdigest()[:12]
    key = f"mail/{cycle}/{member_code}/question-{said}.eml"
    if member is None or not is_address(member.email) or key in _sent(store, cycle):
        return {}
    words, wording = phrases("mail", member.language), Wording(member.language)
    fill = {
        "contract": agreement.contract.number, "cycle": cycle, "name": member.name, "day": wording.day(reply_by, "long"), "question": asked,
        "inbox": store.locate(f"inbox/{cycle}/{member.member}"),
    }  # fmt: skip
    text = "\n\n".join([words["question"]["text"].format(**fill), _thanks(agreement, words)]) + "\n"
    return {key: Mail(member.email, words["question"]["subject"].format(**fill), text, {})}


def _small(store: Store, key: str) -> bytes:
    """A file of the store that may be sent, else nothing."""
    found = store.head(key)
    return store.read(key) if found and found.size <= LARGEST_FILE else b""


def send(store: Store, agreement: Agreement, mails: Mapping[str, Mail]) -> list[str]:
    """Sends the mails that were not sent before; the keys of those sent now. Raises what tasks.mail.post raises."""
    settings = read_settings()
    sender = settings.mail_from or next(iter(operators(agreement)), "")
    if mails and not sender:
        log.warning("%d mails were not written: set FPA_MAIL_FROM, or give the coordinator an address in members.csv", len(mails))
    return post(store, mails, settings.smtp, sender, datetime.now(UTC)) if mails and sender else []


# --- to operators -----------------------------------------------------------------------------------------------------


def tell_of_draft(store: Store, agreement: Agreement, cycle: str, where: str) -> None:
    """A report waits for approval. A mail server that does not answer does not hold it up."""
    text = f"The report of {cycle} is ready for approval.\n\nThe draft: {where}\nTo approve it or send it back, open its run and press Resume: {_run_link()}\n"
    _to_operators(store, agreement, "ready", f"ready for approval: the report of {cycle}", text)


def tell_of_failure(flow: Any, flow_run: Any, state: Any) -> None:
    """A hook for flows that failed or crashed: what happened in one sentence, and what to do."""
    crashed = state.type.value == "CRASHED"
    todo = "It was cut off. Nothing half-done is left: run it again." if crashed else "Mend what it says and run it again; nothing was delivered or lost."
    ended = f"{flow_run.name} {'crashed' if crashed else 'failed'}"
    text = f"The run {ended}.\n\n{state.message or ''}\n\n{todo}\n{_run_link(str(flow_run.id))}\n"
    try:
        store = open_store(read_settings().storage)
        _to_operators(store, load_agreement(store).agreement, "failed", ended, text, str(flow_run.id))
    except OperatorFault as fault:
        log.warning("nobody was told by mail: %s", fault)


def _to_operators(store: Store, agreement: Agreement, about: str, subject: str, text: str, run: str = "") -> None:
    to = operators(agreement)
    mails = {f"mail/operators/{about}-{run or runtime.flow_run.id}-{number}.eml": Mail(address, f"{agreement.contract.number}: {subject}", text, {}) for number, address in enumerate(to, 1)}
    try:
        send(store, agreement, mails)
    except MailServerFault as fault:
        log.warning("%s", fault)


def _run_link(run: str = "") -> str:
    """Where the run is seen in Prefect's UI; "" without a server."""
    ui = PREFECT_UI_URL.value() or (PREFECT_API_URL.value() or "").removesuffix("/api")
    return f"{ui}/runs/flow-run/{run or runtime.flow_run.id}" if ui else ""
