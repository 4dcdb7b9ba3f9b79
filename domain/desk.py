"""The desk: rows that the coordination's forms add to its files (contract sections 1 and 2), and what is to be done today.

Reading the files is `domain.agreement_files`' (the agreement has `extensions`, `reviews` and `exchange` by cycle); here a row is added to one without
touching what was written by hand, and what all of them say together becomes a list: whose turn it is, until when.
"""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal, NamedTuple

from domain import agreement_cells as cells
from domain.agreement import Agreement, Cycle, Exchange, Review
from domain.agreement_tables import Column, Problems, Row, read_table
from domain.completeness import due_dates
from domain.datafiles import inert
from domain.figures import FinanceLine, MemberState
from domain.grid import Unreadable, text_cell
from domain.money import DIRECT_HEADINGS, euros
from domain.profile import Profile
from domain.submission import Submission
from domain.workbook import csv_records, decode_text

# --- a row more -------------------------------------------------------------------------------------------------------

DEPOSITS = tuple(
    Column(name, cells.TEXT, empty=name == "submission") for name in ("member", "file", "received_on", "reason", "by", "submission")
)
"""Of desk/<cycle>/deposits.csv: files that came by mail. `file` is its name in the member's inbox folder, `received_on` local time, `submission` the first
12 digits of its SHA-256."""
FREE_TEXTS = frozenset({"reason", "by", "question", "note", "file"})
"""Columns in which anything may stand, and which a spreadsheet must not take for a formula."""


class Unwritable(ValueError):
    """The file cannot take the row: the first problem of the file as it is, or of the row."""


def with_row(file: str, data: bytes, columns: Sequence[Column], values: Mapping[str, str]) -> bytes | None:
    """A CSV file with one row more, at its end; None where a row of it says the same already. `data` is b"" for a new file, which gets its header.

    What is there stays as it is, byte for byte: further columns, order, delimiter, line ends, encoding. Only where the new row holds what the file's
    encoding cannot write does the whole of it become UTF-8, marked so that Excel knows. Raises Unwritable."""
    if not decode_text(data).strip():
        data = ",".join(column.name for column in columns).encode() + b"\n"
    before = _rows(file, data, columns)
    longer = _appended(data, columns, {name: _plain(name, text) for name, text in values.items()})
    *_, new = _rows(file, longer, columns)
    return None if any(row.values == new.values for row in before) else longer


def _rows(file: str, data: bytes, columns: Sequence[Column]) -> list[Row]:
    problems = Problems()
    table = read_table(problems, {file: data}, file, columns)
    if problems.found:
        raise Unwritable(str(problems.in_order[0]))
    return table.rows


def _plain(name: str, text: str) -> str:
    """On one line, and no formula."""
    line = " ".join(text.split())
    return inert(line) if name in FREE_TEXTS else line


def _appended(data: bytes, columns: Sequence[Column], values: Mapping[str, str]) -> bytes:
    text = decode_text(data).replace("\x00", "")
    delimiter, names = _header(text, columns)
    end = "\r\n" if "\r\n" in text else "\n"
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator=end).writerow([values.get(name, "") for name in names])
    line = ("" if text.endswith(("\n", "\r")) else end) + out.getvalue()
    encoding = _encoding(data)
    try:
        added = line.encode(encoding)
    except UnicodeEncodeError:
        return (text + line).encode("utf-8-sig")
    if data.isascii() and not line.isascii():
        return b"\xef\xbb\xbf" + data + added
    return data + added


def _header(text: str, columns: Sequence[Column]) -> tuple[str, list[str]]:
    """The delimiter, and the names of all columns in their order: the first record that has ours. The reader has found them there."""
    for delimiter in ",;\t":
        with contextlib.suppress(Unreadable, csv.Error):
            for _, record in csv_records(text, delimiter):
                names = [str(text_cell(cell) or "").casefold() for cell in record]
                if {column.name for column in columns} <= set(names):
                    return delimiter, names
    raise Unwritable("its header row cannot be read; save the file from the spreadsheet as CSV again")


def _encoding(data: bytes) -> str:
    """As `decode_text` reads it."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16-le" if data.startswith(b"\xff\xfe") else "utf-16-be"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "windows-1252"
    return "utf-8"


# --- to do today ------------------------------------------------------------------------------------------------------

SOON_DAYS = 7
NEAR = Fraction(9, 10)
"""From this part of its limit on a heading is watched, even below its budget."""

Turn = Literal["coordination", "member", "EU"]
TURNS: tuple[Turn, ...] = ("coordination", "member", "EU")
Urgency = Literal["overdue", "soon", "open", "later"]
URGENCIES: tuple[Urgency, ...] = ("overdue", "soon", "open", "later")
"""Its day is over; it is within SOON_DAYS (or a limit is exceeded); it has none; it is further away, or somebody else's to do."""


@dataclass(frozen=True, slots=True)
class ToDo:
    """A line of the list. `kind` is a key of WORDS; `due` its day, None without one; `members` those it is about, in the order of members.csv."""

    turn: Turn
    urgency: Urgency
    kind: str
    due: date | None
    members: tuple[str, ...]
    sentence: str


class Words(NamedTuple):
    """Whose turn it is, and the sentence."""

    turn: Turn
    sentence: str


WORDS = {
    "questions": Words("coordination", "The EU asked about {version} of the report of {cycle}: answer by {due} ({days}). {text}"),
    "report-due": Words("coordination", "The {report} report of {cycle} {falls} due at the EU on {due} ({days}): {stage}."),
    "disallowed": Words("coordination", "The EU disallowed costs of the report of {cycle} on {date}: contest or correct them. {text}"),
    "owed-closed": Words("coordination", "Submission owed since {due} ({days}), and none is taken any more: {named}. Extend the deadline, or report without."),
    "rejected-closed": Words("coordination", "Nothing of the file could be used, and no new one is taken: {named}. Extend the deadline, or report without."),
    "too-late": Words("coordination", "Arrived after the days of grace: {named}. Extend the deadline, or let them in (include_late)."),
    "errors-closed": Words("coordination", "Rows are left out for errors, and a mended file would be too late: {named}. Extend the deadline, or report without them."),
    "answered": Words("coordination", "{named} sent a newer file after this question, see whether it is answered: {text}"),
    "duty": Words("coordination", "{text}"),
    "above-limit": Words("coordination", "Heading {heading}, {label}: EUR {over} above its limit, {pct} % above its budget; this takes an addendum."),
    "above-budget": Words("coordination", "Heading {heading}, {label}: EUR {above} above its budget; EUR {left} are left until its limit of {pct} % more."),
    "near-limit": Words("coordination", "Heading {heading}, {label}: EUR {left} are left until its limit, {pct} % above its budget."),
    "asked": Words("member", "{named} was asked, and is to answer by {due} ({days}): {text}"),
    "asked-undated": Words("member", "{named} was asked, and has not answered: {text}"),
    "owed-late": Words("member", "Submission owed since {due} ({days}), taken until {last}: {named}."),
    "rejected": Words("member", "Nothing of the file could be used, a new one is taken until {due} ({days}): {named}."),
    "owed": Words("member", "Submission due on {due} ({days}): {named}."),
    "extended": Words("member", "{named} has a longer deadline, until {due} ({days}): {text}"),
    "errors": Words("member", "Errors to mend, a mended file is taken until {due} ({days}): {named}."),
    "waiting": Words("EU", "The EU has {version} of the report of {cycle} since {date}."),
}  # fmt: skip
"""What is said, by kind; of equal urgency and day the first one first."""


def to_do(
    agreement: Agreement,
    profile: Profile,
    cycle: str,
    states: Iterable[MemberState],
    today: date,
    *,
    submissions: Iterable[Submission] = (),
    finance: Iterable[FinanceLine] = (),
    delivered: Mapping[str, Sequence[str]] | None = None,
    abroad: bool = True,
    more: Iterable[str] = (),
) -> list[ToDo]:
    """What is to be done on that day (local), the most urgent first: members of the cycle, the EU's dates and questions of its report and of all before
    it, headings of its budget.

    `states`: how each member stands in the cycle. `submissions`: all files, of which only the arrival is asked. `finance`: headings 1–11 to date. `delivered`: versions by cycle, oldest first. `abroad` as in
    `Profile.report_due`. `more`: what else is the coordination's to see to, in sentences. KeyError for a code of no cycle."""
    of_cycle = agreement.cycle(cycle)
    own = [state for state in states if state.cycle == of_cycle.code]
    found = [
        *_of_members(agreement, of_cycle, own, today),
        *_of_reviews(agreement, of_cycle, own, submissions, today),
        *(line for code in agreement.cycles_to(cycle) for line in _of_report(agreement, profile, agreement.cycle(code), delivered or {}, today, abroad)),
        *_of_headings(finance, profile.flexibility_pct, today),
        *(_line("duty", today, text=sentence) for sentence in more),
    ]
    kinds = list(WORDS)
    return sorted(found, key=lambda line: (URGENCIES.index(line.urgency), line.due or date.max, TURNS.index(line.turn), kinds.index(line.kind), line.sentence))


def _line(kind: str, today: date, due: date | None = None, members: Sequence[str] = (), urgency: Urgency | None = None, **said: Any) -> ToDo:
    """The sentence, filled in with its day, the days from today to it, the members, and what else is said."""
    words = WORDS[kind]
    fill = {"due": day_in_words(due), "days": _days(due, today), "named": ", ".join(members), **said}
    return ToDo(words.turn, urgency or _urgency(due, today), kind, due, tuple(members), " ".join(words.sentence.format(**fill).split()))


def _urgency(due: date | None, today: date) -> Urgency:
    if due is None:
        return "open"
    return "overdue" if due < today else "soon" if due <= today + timedelta(days=SOON_DAYS) else "later"


def day_in_words(day: date | None) -> str:
    """ "1 July 2019"; "" for none."""
    from babel.dates import format_date

    return str(format_date(day, "d MMMM y", locale="en")) if day else ""


def _days(due: date | None, today: date) -> str:
    number = (due - today).days if due else 0
    days = f"{abs(number):,} {'day' if abs(number) == 1 else 'days'}"
    return "today" if number == 0 else f"{days} left" if number > 0 else f"{days} ago"


# --- members ----------------------------------------------------------------------------------------------------------


def _of_members(agreement: Agreement, cycle: Cycle, states: Sequence[MemberState], today: date) -> Iterator[ToDo]:
    """Who owes a submission or a better one. Members with the same day share a line; who has a longer deadline has one apart, with its reason.
    Once a report with the cycle is at the EU it is decided without those whose time is over."""
    groups: dict[tuple[str, date | None, date], dict[str, str]] = {}
    for state in states:
        due, last = (moment.date() for moment in due_dates(agreement, state.member, cycle.code))
        kind = _standing(state, due, last, today)
        decided = kind == "too-late" or kind.endswith("-closed")
        if not kind or today < cycle.opens or (decided and _at_the_eu(agreement, cycle)):
            continue
        if kind == "owed" and due > cycle.due.date():
            given = max((e for e in agreement.extensions[cycle.code] if e.member == state.member), key=lambda e: e.due)
            yield _line("extended", today, due, [state.member], text=f"{given.reason} (given by {given.by}).")
            continue
        day = due if kind.startswith("owed") else last if kind in ("rejected", "errors") else None
        groups.setdefault((kind, day, last), {})[state.member] = _named(state)
    for (kind, day, last), members in groups.items():
        yield _line(kind, today, day, list(members), named=", ".join(members.values()), last=day_in_words(last))


def _standing(state: MemberState, due: date, last: date, today: date) -> str:
    """The kind of its line; "" for a member that has nothing to do."""
    closed = "-closed" if today > last else ""
    if state.state == "missing":
        return f"owed{closed or ('-late' if today > due else '')}"
    if state.state == "too late":
        return "too-late"
    if state.state == "rejected":
        return f"rejected{closed}"
    return f"errors{closed}" if state.errors else ""


def _named(state: MemberState) -> str:
    if state.state == "missing" and state.submission:
        return f"{state.member} (one of two parts)"
    return f"{state.member} ({state.errors:,})" if state.errors and state.state not in ("too late", "rejected", "missing") else state.member


def _of_reviews(agreement: Agreement, cycle: Cycle, states: Sequence[MemberState], submissions: Iterable[Submission], today: date) -> Iterator[ToDo]:
    """Questions to members. The last word on a submission holds. A newer file that counts answers, and is the coordination's to look at until it is
    reviewed itself, or a report with it is at the EU."""
    last_word: dict[tuple[str, str], Review] = {(review.member, review.submission.casefold()[:12]): review for review in agreement.reviews.get(cycle.code, ())}
    used = {state.member: state.submission.split("; ") for state in states if state.submission}
    arrived = {(s.member, s.submission): s.received_at for s in submissions if s.cycle == cycle.code}
    for (member, submission), review in last_word.items():
        if review.decision.casefold() != "returned":
            continue
        asked_of = arrived.get((member, submission), _EARLIEST)
        newer = [each for each in used.get(member, ()) if each != submission and arrived.get((member, each), _LATEST) > asked_of]
        if not newer or submission in used[member]:
            yield _line("asked" if review.reply_by else "asked-undated", today, review.reply_by, [member], text=review.question)
        elif not any((member, each) in last_word for each in newer) and not _at_the_eu(agreement, cycle):
            yield _line("answered", today, None, [member], text=review.question)


_EARLIEST, _LATEST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
"""Of a file whose arrival is not told: one asked about is older than one that counts."""


def _at_the_eu(agreement: Agreement, cycle: Cycle) -> bool:
    """Whether a report of this cycle or a later one, which covers it, was sent."""
    later = [each.code for each in agreement.cycles if each.end >= cycle.end]
    return any(entry.event == "sent" for code in later for entry in agreement.exchange.get(code, ()))


# --- the EU -----------------------------------------------------------------------------------------------------------


def _of_report(agreement: Agreement, profile: Profile, cycle: Cycle, delivered: Mapping[str, Sequence[str]], today: date, abroad: bool) -> Iterator[ToDo]:
    """Where the report of a cycle stands. By date, of equal ones as written: what came last says whose turn it is; questions are open until they are
    answered, or the EU has decided without."""
    events = sorted(agreement.exchange.get(cycle.code, ()), key=lambda entry: entry.date)
    if cycle.report == "none":
        return
    if not events:
        versions = delivered.get(cycle.code, ())
        due = profile.report_due(cycle.report, agreement.contract.end if cycle.report == "final" else cycle.end, abroad)
        stage = f"{versions[-1]} is made, and not recorded as sent" if versions else "no version is made yet"
        yield _line("report-due", today, due, report=cycle.report, cycle=cycle.code, stage=stage, falls="was" if due < today else "is")
        return
    open_questions = _unanswered(events)
    for entry in open_questions:
        yield _line("questions", today, entry.date + timedelta(days=profile.answer_days), version=entry.version, cycle=cycle.code, text=entry.note)
    last = events[-1]
    if last.event == "disallowed":
        yield _line("disallowed", today, cycle=cycle.code, date=day_in_words(last.date), text=last.note)
    elif last.event in ("sent", "answered") and not open_questions:
        yield _line("waiting", today, None, (), "later", version=last.version, cycle=cycle.code, date=day_in_words(last.date))


def _unanswered(events: Sequence[Exchange]) -> list[Exchange]:
    """Questions with nothing after them but further questions and further sendings."""
    closing = [place for place, entry in enumerate(events) if entry.event not in ("questions", "sent")]
    return [entry for place, entry in enumerate(events) if entry.event == "questions" and place > max(closing, default=-1)]


# --- headings ---------------------------------------------------------------------------------------------------------


def _of_headings(finance: Iterable[FinanceLine], flexibility_pct: Decimal, today: date) -> Iterator[ToDo]:
    """Headings 1–6 whose costs to date are above their budget, or near what they may reach without an addendum (exact, in cents)."""
    for line in finance:
        limit = line.budget * (1 + Fraction(flexibility_pct) / 100)
        if line.heading not in DIRECT_HEADINGS or line.cumulative <= min(Fraction(line.budget), NEAR * limit):
            continue
        kind = "above-limit" if line.over_flexibility else "above-budget" if line.cumulative > line.budget else "near-limit"
        gap = int(limit) - line.cumulative
        amounts = {"over": _amount(-gap), "left": _amount(gap), "above": _amount(line.cumulative - line.budget)}
        pct = f"{flexibility_pct.normalize():f}"
        yield _line(kind, today, None, (), "soon" if line.over_flexibility else None, heading=line.heading, label=line.label, pct=pct, **amounts)


def _amount(cents: int) -> str:
    whole, _, rest = euros(cents).partition(".")
    return f"{int(whole):,}.{rest}"
