"""A row more in a file that was written by hand, and what is to be done today."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.agreement import Agreement
from domain.agreement_files import EXCHANGE, EXTENSIONS, REVIEWS, read_agreement
from domain.agreement_tables import Problems, read_table
from domain.desk import DEPOSITS, ToDo, Unwritable, to_do, with_row
from domain.figures import FinanceLine, MemberState, State
from domain.submission import Submission
from tasks.profiles import load_profile
from tests.builders import agreement_files

FILE = "desk/C1/extensions.csv"
ROW = {"member": "bb", "due": "2019-08-20", "reason": "Floods", "by": "Ann"}


def rows(data: bytes, file: str = FILE, columns: Sequence[object] = EXTENSIONS) -> list[Mapping[str, object]]:
    problems = Problems()
    table = read_table(problems, {file: data}, file, columns)  # type: ignore[arg-type]
    assert not problems.found
    return [row.values for row in table.rows]


# --- a row more -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [EXTENSIONS, REVIEWS, EXCHANGE, DEPOSITS], ids=["extensions", "reviews", "exchange", "deposits"])
def test_a_new_file_has_its_header_and_the_row(columns: Sequence[object]) -> None:
    given = {"due": "2019-08-20", "reply_by": "2019-08-20", "date": "2019-08-20", "event": "sent"}
    values = {column.name: given.get(column.name, "words") for column in columns}  # type: ignore[attr-defined]
    made = with_row(FILE, b"", columns, values)  # type: ignore[arg-type]
    assert made is not None
    assert list(csv.DictReader(io.StringIO(made.decode()))) == [values]


BY_HAND = [
    ("semicolons, own columns, another order", "reason;Seen by;due;by;member\r\nIllness; Bo;12/08/2019;Ann;cc\r\n", "utf-8"),
    ("no line end", "member,due,reason,by\ncc,2019-08-12,Illness,Ann", "utf-8"),
    ("Excel's Windows-1252", "member;due;reason;by\r\ncc;12/08/2019;Décès à Málaga;Añn\r\n", "windows-1252"),
    ("Excel's UTF-8", "member;due;reason;by\r\ncc;12/08/2019;Décès à Málaga;Añn\r\n", "utf-8-sig"),
    ("Excel's Unicode text", "member\tdue\treason\tby\r\ncc\t12/08/2019\tDécès\tAñn\r\n", "utf-16"),
    ("its sep line", 'sep=;\r\nmember;due;reason;by\r\ncc;12/08/2019;"A; ""B"", C";Ann\r\n', "utf-8"),
    ("blank lines", "\n\nmember,due,reason,by\n\ncc,2019-08-12,\"two\nlines\",Ann\n\n\n", "utf-8"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "encoding"), [case[1:] for case in BY_HAND], ids=[case[0] for case in BY_HAND])
def test_what_was_written_by_hand_stays_byte_for_byte(text: str, encoding: str) -> None:
    data = text.encode(encoding)
    made = with_row(FILE, data, EXTENSIONS, ROW | {"reason": "Inondations à Tété; ponts, coupés"})
    assert made is not None
    assert made.removeprefix(b"\xef\xbb\xbf").startswith(data.removeprefix(b"\xef\xbb\xbf"))
    *before, new = rows(made)
    assert before == rows(data)
    assert (new["member"], new["reason"], new["by"]) == ("bb", "Inondations à Tété; ponts, coupés", "Ann")
    assert with_row(FILE, made, EXTENSIONS, ROW | {"reason": "Inondations à  Tété;\nponts, coupés"}) is None, "said once"


def test_what_windows_1252_cannot_write_makes_the_file_utf_8_with_its_mark() -> None:
    data = "member;due;reason;by\r\ncc;12/08/2019;Décès;Añn\r\n".encode("windows-1252")
    made = with_row(FILE, data, EXTENSIONS, ROW | {"by": "Nguyễn Thị"})
    assert made is not None and made.startswith(b"\xef\xbb\xbf")
    assert [row["by"] for row in rows(made)] == ["Añn", "Nguyễn Thị"] and rows(made)[0]["reason"] == "Décès"


def test_excel_is_told_of_the_first_accent() -> None:
    made = with_row(FILE, b"member,due,reason,by\n", EXTENSIONS, ROW | {"by": "Añn"})
    assert made is not None and made.startswith(b"\xef\xbb\xbf")
    plain = with_row(FILE, b"member,due,reason,by\n", EXTENSIONS, ROW)
    assert plain == b"member,due,reason,by\nbb,2019-08-20,Floods,Ann\n"


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "+1+2", "@SUM(A1)", "-2+3"])
def test_a_text_is_no_formula(text: str) -> None:
    made = with_row(FILE, b"", EXTENSIONS, ROW | {"reason": text})
    assert made is not None
    assert next(csv.DictReader(io.StringIO(made.decode())))["reason"] == f"'{text}"


@pytest.mark.parametrize(
    ("data", "row", "said"),
    [
        (b"", {"due": "soon"}, "row 2, column due: 'soon' is not a date and time"),
        (b"", {"reason": " \n "}, "row 2, column reason: is empty"),
        (b"member,until\nbb,2019-08-01\n", {}, "the column is missing"),
        (b"member,due,reason,by\nbb,soon,Floods,Ann\n", {}, "row 2, column due: 'soon' is not"),
        (b"PK\x03\x04", {}, "is a workbook"),
    ],
)
def test_a_file_or_a_row_that_cannot_be_read_is_one_problem(data: bytes, row: dict[str, str], said: str) -> None:
    with pytest.raises(Unwritable, match=said):
        with_row(FILE, data, EXTENSIONS, ROW | row)


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Co", "Cn"]), min_size=1, max_size=12).filter(lambda text: text.strip())
CELLS = st.text("aé;,\t\"'=- \n2", max_size=8)


@given(
    delimiter=st.sampled_from(",;\t"), end=st.sampled_from(["\n", "\r\n"]), encoding=st.sampled_from(["utf-8", "utf-8-sig", "windows-1252", "utf-16"]),
    hand=st.lists(CELLS, max_size=4), reason=WORDS, by=WORDS, last_end=st.booleans(),
)  # fmt: skip
def test_whatever_stands_there_is_read_as_before_and_the_new_row_after_it(
    delimiter: str, end: str, encoding: str, hand: list[str], reason: str, by: str, last_end: bool
) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end)
    writer.writerows([["note", "member", "due", "reason", "by"], *([cell, "cc", "2019-08-12", f"r{cell}", "Ann"] for cell in hand)])
    data = (out.getvalue() if last_end else out.getvalue().removesuffix(end)).encode(encoding)
    try:
        made = with_row(FILE, data, EXTENSIONS, ROW | {"reason": reason, "by": by})
    except Unwritable as fault:
        assert "is empty" in str(fault) or "error of the spreadsheet" in str(fault)
        return
    assert made is not None
    assert rows(made)[:-1] == rows(data)
    assert rows(made)[-1]["member"] == "bb"
    assert with_row(FILE, made, EXTENSIONS, ROW | {"reason": reason, "by": by}) is None


# --- to do today ------------------------------------------------------------------------------------------------------

DUE = date(2019, 7, 31)
"""18:00 in Brussels, and ten days of grace."""
PROFILE = load_profile("prag-2018")


def agreement(**desk: str) -> Agreement:
    files = agreement_files(due="2019-07-31T18:00") | {f"desk/C1/{name}.csv": text.encode() for name, text in desk.items()}
    found, problems = read_agreement(files)
    assert found is not None, problems
    return found


def state(member: str, state: State = "on time", errors: int = 0, submission: str = "0" * 12) -> MemberState:
    return MemberState(member, "C1", state, "" if state == "missing" and submission == "0" * 12 else submission, "", 1, errors, 0)


def said(lines: Sequence[ToDo], *, without: Sequence[str] = ("report-due",)) -> list[str]:
    return [line.sentence for line in lines if line.kind not in without]


def listed(today: date, *states: MemberState, of: Agreement | None = None, cycle: str = "C1") -> list[str]:
    return said(to_do(of or agreement(), PROFILE, cycle, states, today))


def test_a_submission_is_owed_until_it_is_taken_no_more() -> None:
    owing = state("bb", "missing"), state("cc", "missing", submission="a" * 12), state("dd"), state("aa", "not due")
    assert listed(date(2019, 6, 14), *owing) == [], "the cycle opens on 15 June"
    assert listed(date(2019, 7, 20), *owing) == ["Submission due on 31 July 2019 (11 days left): bb, cc (one of two parts)."]
    assert listed(DUE, *owing) == ["Submission due on 31 July 2019 (today): bb, cc (one of two parts)."]
    assert listed(date(2019, 8, 1), *owing) == ["Submission owed since 31 July 2019 (1 day ago), taken until 10 August 2019: bb, cc (one of two parts)."]
    closed = to_do(agreement(), PROFILE, "C1", owing, date(2019, 8, 11))
    assert said(closed)[0].startswith("Submission owed since 31 July 2019 (11 days ago), and none is taken any more: bb, cc (one of two parts).")
    assert [(line.turn, line.urgency, line.members) for line in closed if line.kind == "owed-closed"] == [("coordination", "overdue", ("bb", "cc"))]


def test_once_the_report_is_at_the_eu_it_is_decided_without_those_whose_time_is_over() -> None:
    sent = agreement(exchange="version,date,event,note\nv0001,2019-08-09,sent,\n")
    states = state("aa", errors=3), state("bb", "missing"), state("cc", "rejected"), state("dd", "too late")
    assert [line.members for line in to_do(sent, PROFILE, "C1", states, date(2019, 8, 11))] == [()]
    taken = to_do(sent, PROFILE, "C1", states, date(2019, 8, 10))
    assert sorted(member for line in taken for member in line.members) == ["aa", "bb", "cc"], "until the last day a file is still taken"


def test_a_longer_deadline_is_named_with_its_reason_while_it_runs() -> None:
    longer = agreement(extensions="member,due,reason,by\nbb,2019-08-15,Illness,Ann\nbb,2019-08-20,Floods,Bo\nbb,2019-08-05,Travel,Ann\n")
    owing = state("bb", "missing"), state("cc", "missing")
    assert listed(date(2019, 8, 19), *owing, of=longer)[1:] == ["bb has a longer deadline, until 20 August 2019 (1 day left): Floods (given by Bo)."]
    assert "taken any more: bb." in " ".join(listed(date(2019, 8, 21), *owing, of=longer))
    assert listed(date(2019, 8, 19), state("bb"), of=longer) == []


def test_errors_and_rejected_files_are_the_members_turn_while_a_new_file_is_taken() -> None:
    states = state("aa", errors=3), state("bb", "nil"), state("cc", "rejected", errors=2), state("dd", "too late", errors=1)
    lines = to_do(agreement(), PROFILE, "C1", states, date(2019, 8, 9))
    assert [(line.turn, line.urgency, line.sentence) for line in lines if line.kind != "report-due"] == [
        ("member", "soon", "Nothing of the file could be used, a new one is taken until 10 August 2019 (1 day left): cc."),
        ("member", "soon", "Errors to mend, a mended file is taken until 10 August 2019 (1 day left): aa (3)."),
        ("coordination", "open", "Arrived after the days of grace: dd. Extend the deadline, or let them in (include_late)."),
    ]
    assert {line.turn for line in to_do(agreement(), PROFILE, "C1", states, date(2019, 8, 11)) if line.members} == {"coordination"}


REVIEW = "member,submission,decision,question,reply_by,by\n"


def test_a_question_is_the_members_turn_until_a_newer_file_is_there() -> None:
    asked = agreement(reviews=f"{REVIEW}bb,{'A' * 12},Returned,Which school?,2019-08-05,Ann\ncc,{'b' * 12},returned,How many? {{n}},,Ann\n")
    before = state("bb", submission="a" * 12), state("cc", submission="b" * 12)
    assert listed(date(2019, 8, 7), *before, of=asked) == [
        "bb was asked, and is to answer by 5 August 2019 (2 days ago): Which school?", "cc was asked, and has not answered: How many? {n}",
    ]  # fmt: skip
    after = state("bb", submission="c" * 12), state("cc", submission=f"{'d' * 12}; {'b' * 12}")
    lines = to_do(asked, PROFILE, "C1", after, date(2019, 8, 7))
    assert [(line.turn, line.kind, line.members) for line in lines if line.members] == [("coordination", "answered", ("bb",)), ("member", "asked-undated", ("cc",))]


def test_an_older_file_that_counts_is_no_answer_to_a_question_about_a_newer_one() -> None:
    asked = agreement(reviews=f"{REVIEW}bb,{'c' * 12},returned,Which school?,2019-08-05,Ann\n")
    counts = state("bb", submission="a" * 12)
    at = datetime(2019, 7, 20, 12, tzinfo=UTC)
    older, newer = (Submission("bb", "C1", "", sign * 64, 1, at + timedelta(hours=hours)) for sign, hours in (("a", 0), ("c", 1)))
    lines = to_do(asked, PROFILE, "C1", [counts], date(2019, 8, 1), submissions=[older, newer])
    assert [line.kind for line in lines if line.members] == ["asked"]
    later = Submission("bb", "C1", "", "a" * 64, 1, at + timedelta(hours=2))
    assert [line.kind for line in to_do(asked, PROFILE, "C1", [counts], date(2019, 8, 1), submissions=[later, newer]) if line.members] == ["answered"]


def test_an_answer_is_seen_to_by_a_review_of_the_newer_file_or_by_sending_the_report() -> None:
    returned = f"{REVIEW}bb,{'a' * 12},returned,Which school?,2019-08-05,Ann\n"
    newer = state("bb", submission="c" * 12)
    assert listed(date(2019, 8, 7), newer, of=agreement(reviews=f"{returned}bb,{'c' * 12},accepted,,,Ann\n")) == []
    assert listed(date(2019, 8, 7), newer, of=agreement(reviews=returned, exchange="version,date,event,note\nv0001,2019-08-06,accepted,\nv0001,2019-08-05,sent,\n")) == []
    assert listed(date(2019, 8, 7), state("bb", submission="a" * 12), of=agreement(reviews=f"{returned}bb,{'a' * 12},accepted,,,Ann\n")) == []
    again = agreement(reviews=f"{returned}bb,{'c' * 12},returned,And where?,2019-08-20,Ann\n")
    assert listed(date(2019, 8, 7), newer, of=again) == ["bb was asked, and is to answer by 20 August 2019 (13 days left): And where?"]


def test_a_report_is_due_at_the_eu_until_it_is_sent() -> None:
    """60 days after the end of the period; a final one 3 months after the contract's, 6 where the coordinator is abroad (PRAG, General Conditions)."""
    of = agreement()
    line, = to_do(of, PROFILE, "C1", [], date(2019, 8, 24))
    assert (line.sentence, line.urgency) == ("The interim report of C1 is due at the EU on 29 August 2019 (5 days left): no version is made yet.", "soon")
    line, = to_do(of, PROFILE, "C1", [], date(2019, 8, 30), delivered={"C1": ["v0001", "v0002"]})
    assert (line.sentence, line.urgency) == ("The interim report of C1 was due at the EU on 29 August 2019 (1 day ago): v0002 is made, and not recorded as sent.", "overdue")
    sent = agreement(exchange="version,date,event,note\nv0002,2019-08-29,sent,\n")
    line, = to_do(sent, PROFILE, "C2", [], date(2019, 8, 30))
    assert (line.turn, line.urgency, line.sentence) == ("EU", "later", "The EU has v0002 of the report of C1 since 29 August 2019.")
    assert [line.due for line in to_do(sent, PROFILE, "C3", [], date(2020, 7, 1)) if line.kind == "report-due"] == [date(2020, 12, 30)]
    assert [line.due for line in to_do(sent, PROFILE, "C3", [], date(2020, 7, 1), abroad=False) if line.kind == "report-due"] == [date(2020, 9, 30)]


EVENTS = {
    "sent": "waiting", "sent questions": "questions", "sent questions sent": "questions", "sent questions answered": "waiting", "sent questions accepted": "",
    "sent questions answered questions": "questions", "sent questions questions": "questions questions", "sent accepted": "", "sent disallowed": "disallowed",
    "sent disallowed answered": "waiting", "sent accepted paid": "", "sent questions disallowed": "disallowed",
}  # fmt: skip


@pytest.mark.parametrize(("events", "kinds"), EVENTS.items(), ids=EVENTS)
def test_the_last_event_says_whose_turn_it_is_and_questions_stay_open(events: str, kinds: str) -> None:
    entries = list(enumerate(events.split(), start=1))
    for order in (entries, entries[::-1]):
        text = "version,date,event,note\n" + "".join(f"v0001,2019-09-{day:02d},{event},Words {day}\n" for day, event in order)
        found = to_do(agreement(exchange=text), PROFILE, "C1", [], date(2019, 9, 20))
        assert " ".join(line.kind for line in found) == kinds


def test_a_question_of_the_eu_is_to_be_answered_in_30_days() -> None:
    of = agreement(exchange="version,date,event,note\nv0001,2019-08-29,sent,\nv0001,2019-09-02,questions,Why so few women?\n")
    line, = to_do(of, PROFILE, "C3", [], date(2019, 10, 3), delivered={"C1": ["v0001"]})[:1]
    assert line.sentence == "The EU asked about v0001 of the report of C1: answer by 2 October 2019 (1 day ago). Why so few women?"
    assert (line.turn, line.urgency, line.due) == ("coordination", "overdue", date(2019, 10, 2))


def heading(number: str, budget: int, cumulative: int) -> FinanceLine:
    over = number in "123456" and Fraction(cumulative) > budget * Fraction(125, 100)
    return FinanceLine(number, f"H{number}", budget, 0, 0, cumulative, cumulative - budget, None, over)


def test_headings_near_and_above_their_limits_are_named_to_the_cent() -> None:
    table = [
        heading("1", 1_000_00, 1_000_00), heading("2", 1_000_00, 1_000_01), heading("3", 1_000_00, 1_250_00), heading("4", 1_000_00, 2_250_01),
        heading("5", 0, 0), heading("6", 0, 1), heading("7", 1, 100), heading("11", 1, 100),
    ]  # fmt: skip
    lines = to_do(agreement(exchange="version,date,event,note\nv0001,2019-08-29,accepted,\n"), PROFILE, "C1", [], date(2019, 9, 1), finance=table)
    assert [(line.urgency, line.sentence) for line in lines] == [
        ("soon", "Heading 4, H4: EUR 1,000.01 above its limit, 25 % above its budget; this takes an addendum."),
        ("soon", "Heading 6, H6: EUR 0.01 above its limit, 25 % above its budget; this takes an addendum."),
        ("open", "Heading 2, H2: EUR 0.01 above its budget; EUR 249.99 are left until its limit of 25 % more."),
        ("open", "Heading 3, H3: EUR 250.00 above its budget; EUR 0.00 are left until its limit of 25 % more."),
    ]
    strict = PROFILE.model_copy(update={"flexibility_pct": Decimal(0)})
    near = to_do(agreement(), strict, "C1", [], date(2019, 9, 1), finance=[heading("1", 1_000_00, 900_01), heading("2", 1_000_00, 900_00)])
    assert said(near) == ["Heading 1, H1: EUR 99.99 are left until its limit, 0 % above its budget."]


def test_the_most_urgent_comes_first() -> None:
    of = agreement(
        extensions="member,due,reason,by\naa,2019-09-30,Illness,Ann\n",
        reviews=f"{REVIEW}cc,{'b' * 12},returned,How many?,2019-08-12,Ann\n",
    )
    states = state("aa", "missing"), state("bb", "missing"), state("cc", submission="b" * 12, errors=1), state("dd", "too late")
    lines = to_do(of, PROFILE, "C1", states, date(2019, 8, 11), finance=[heading("4", 100, 1000)])
    assert [(line.urgency, line.kind) for line in lines] == [
        ("overdue", "owed-closed"), ("soon", "asked"), ("soon", "above-limit"), ("open", "too-late"), ("open", "errors-closed"),
        ("later", "report-due"), ("later", "extended"),
    ]  # fmt: skip


@given(shift=st.integers(-60, 60), members=st.permutations(["aa", "bb", "cc", "dd"]))
def test_every_member_that_owes_is_named_once_whatever_the_day_and_the_order(shift: int, members: list[str]) -> None:
    lines = to_do(agreement(), PROFILE, "C1", [state(member, "missing") for member in members], DUE + timedelta(days=shift))
    named = sorted(member for line in lines for member in line.members)
    assert named == (["aa", "bb", "cc", "dd"] if shift > -47 else [])
    assert lines == sorted(lines, key=lambda line: ["overdue", "soon", "open", "later"].index(line.urgency))
