"""Files that chance made or mutilated, the same ones each run: whatever comes in, every file is answered with rules that are known, and nothing breaks.

Some are mutilated as bytes, some in the XML or CSV that their archive holds, some are whole and hold odd values. Each lies in the folder of a member of its
own, so that all that can be read count, and rules over several members see them too."""

from __future__ import annotations

import csv
import io
import random
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from domain.completeness import counting_keys
from domain.findings import SEVERITIES
from domain.rules import RULES
from domain.sample import files as sample_files
from domain.submission import Judged, Submission
from tasks.collect import Arrival, read_files
from tasks.profiles import load_profile
from tasks.store import Info
from tasks.validate import judge, load_catalogue
from tests.builders import CONTRACT, small_agreement
from tests.domain.made_files import Table, xlsx

SEED = 20190701
FILES = 1_200
MEMBERS = [f"m{number:04d}" for number in range(FILES)]
CYCLES = ("C1", "C2", "C3")
RECEIVED = datetime(2019, 7, 1, tzinfo=UTC)
AGREEMENT = small_agreement(members="member,name,country,language,decimal,email,role\n" + "".join(
    f"{member},Member {member},KE,{('en', 'fr', 'es', 'pt')[number % 4]},{('.', chr(34) + ',' + chr(34))[number % 2]},,{('beneficiary', 'third-party')[number % 5 == 0]}\n"
    for number, member in enumerate(MEMBERS)
))  # fmt: skip
PROFILE = load_profile("prag-2018")
Chance = random.Random
Parts = dict[str, bytes]

# --- sound files ------------------------------------------------------------------------------------------------------

ANY_MEMBER, ANY_CYCLE = "m-any", "C-any"
"""Stand in the cover of a sound file until its place is known."""


def _tables() -> dict[str, Table]:
    activity_columns = ["activity", "title", "type", "start", "end", "country", "result", "sdg", "women", "men", "status", "joint", "lead", "description"]
    activities: Table = [
        ["A1", "Training", "training", date(2019, 2, 1), date(2019, 8, 2), "KE", "Op1", "8.8", 10, 5, "done", "", "no", "Rights at work"],
        ["A2", "Débat – droits", "event", date(2019, 3, 1), date(2020, 3, 1), "SN", "Oc1", "8.8=60; 5.5=40", 7, 8, "", "J1", "yes", "x" * 300],
        ["A3", "Marche", "campaign", None, None, "PE", "Op1", "16.10; 5", None, None, "postponed", "", "", ""],
    ]
    indicators: Table = [
        ["N1", "KE", 12.5, None, None, "", "", "register"], ["P1", "KE", 10, None, None, "", "", ""], ["P1", "KE", 6, None, None, "female", "", ""],
        ["P1", "KE", 4, None, None, "male", "", ""], ["R1", "SN", None, 3, 4, "", "", ""], ["K1", "SN", 7, None, None, "", "", ""],
        ["Y1", "SN", "oui", None, None, "", "", ""], ["Q1", "SN", "", None, None, "", "", "Much has changed, “really”."], ["M1", "KE", 3.5, None, None, "", "", ""],
    ]  # fmt: skip
    expenditure: Table = [
        ["1", "KE", date(2019, 2, 10), "KES", 1100, "A1", "S", "D1", date(2019, 2, 1), "", "Salaries"],
        ["5.7", "SN", "05/03/2019", "XOF", 655957, "A2", "Hôtel", "D2", None, "", ""],
        ["6", "KE", date(2019, 4, 1), "EUR", 999.99, "A9", "T", "D3", None, "T1", ""],
    ]
    return {
        "cover": [["contract", CONTRACT], ["cycle", ANY_CYCLE], ["member", ANY_MEMBER], ["decimal", "."], ["prepared_by", "Zoë"]],
        "activities": [["Activities"], [], activity_columns, *activities],
        "indicators": [["indicator", "country", "value", "numerator", "denominator", "sex", "age", "comment"], *indicators],
        "expenditure": [["heading", "country", "payment_date", "currency", "amount", "activity", "supplier", "document", "invoice_date", "recipient", "description"], *expenditure],
        "narrative": [["section", "text", "lang"], ["changed", "Much.\nVery much.", "en"]],
        "outcomes": [["date", "country", "what changed", "sdg"], [date(2019, 5, 1), "KE", "A law", "16.7"]],
    }  # fmt: skip


def _unpacked(archive: bytes) -> Parts:
    """All parts but those that say when the file was made."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {name: opened.read(name) for name in opened.namelist() if not name.startswith("docProps/")}


def _packed(parts: Parts, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (2019, 1, 1, 0, 0, 0)), content, compression)
    return out.getvalue()


@cache
def _sound() -> tuple[Parts, ...]:
    """The parts of an .xlsx with a table of texts, one with texts in its cells, an .ods and two .zip of CSV."""
    tables = _tables()
    exact = {name: [[Decimal(str(cell)) if isinstance(cell, float) else cell for cell in row] for row in table] for name, table in tables.items()}
    commas = {f"{name}.csv": _csv_text([["" if cell is None else str(cell) for cell in row] for row in table]).encode() for name, table in tables.items()}
    archives = (xlsx(tables), xlsx(tables, constant_memory=True), sample_files.ods(exact), sample_files.zipped_csv(exact))
    return (*(_unpacked(archive) for archive in archives), commas)


def _placed(parts: Parts, member: str, cycle: str) -> Parts:
    return {name: content.replace(ANY_MEMBER.encode(), member.encode()).replace(ANY_CYCLE.encode(), cycle.encode()) for name, content in parts.items()}


def _csv_text(rows: Sequence[Sequence[str]], delimiter: str = ",") -> str:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return out.getvalue()


# --- mutilated bytes --------------------------------------------------------------------------------------------------


def mutilated_bytes(chance: Chance, sound: bytes) -> bytes:
    data = bytearray(sound)
    for _ in range(chance.choice((1, 1, 2, 8))):
        start = chance.randrange(len(data) or 1)
        length = chance.choice((1, 4, 30, 400))
        match chance.randrange(6):
            case 0:
                del data[start:]
            case 1:
                data[start : start + 1] = chance.randbytes(1)
            case 2:
                data[start:start] = data[start : start + length]
            case 3:
                del data[start : start + length]
            case 4:
                data[start : start + length] = bytes(len(data[start : start + length]))
            case 5:
                end = data.rfind(b"PK\x01\x02")  # sizes, names and flags stand in the directory at the end
                at = chance.randrange(end, len(data)) if end >= 0 else start
                data[at : at + 2] = chance.randbytes(2)
    return bytes(data)


# --- mutilated XML and CSV --------------------------------------------------------------------------------------------

NUMBERS = (
    "0", "-1", "-0", "1", "5", "0.1", "2.5", "8.1", "1e308", "1E5", "1e-400", "1e999", "NaN", "inf", "43525", "43525.99999", "2958466", "-700000", "60", "999999999",
    "99999999999999999999", "9" * 400, "0.1000000000000000055", "16384", "1048576", "200001", "1000", "١٢", "0x10", "1_000", "",
)  # fmt: skip
ODD_TEXTS = (
    "\x00", "\x07", "\ufffe", "\u200b", "\u202e", "\U0001f600", "e" + "\u0301" * 500, "&#0;", "&#xD800;", "&amp;", "&nope;", "&", "<", ">", "]]>", "<![CDATA[", "<!--", "-->", '"', "'",
    '""', ";", ",", "\t", "\n", "\r", "\r\n", "\ufeff", "=1+1", "#REF!", "Err:502", "{value}", "%s", "\\", "../", "–", " – ", "ı", "ß", "Ⅷ", "½", "x" * 40_000, " " * 5_000,
)  # fmt: skip
REFERENCES = ("A0", "A1", "B2", "Z99", "XFD1", "XFD1048576", "ALM5", "a3", "1A", "A-1", "A", "7", "AAAA1", "A99999999999999999999", "$A$1", "Ä1", "C3:D4")
CELL_TYPES = ("s", "e", "b", "n", "str", "inlineStr", "d", "xyz", "")
ENCODINGS = ("utf-16", "utf-16-le", "utf-32", "cp1252", "utf-7", "utf-8-sig", "cp500", "shift_jis", "cp1256", "koi8-r")

TAG = re.compile(r"<[^<>]*>")
NUMBER = re.compile(r"(?<![A-Za-z])-?\d+(\.\d+)?")
REFERENCE = re.compile(r'(?<= r=")[A-Z]+\d+(?=")')
CELL_TYPE = re.compile(r'(?<= t=")\w+(?=")|(?<=value-type=")\w+(?=")')
ROW = re.compile(r"<row .*?</row>|<table:table-row>.*?</table:table-row>|(?m:^.+\n)", re.DOTALL)

Mutation = Callable[[Chance, str], str]


def _any_match(chance: Chance, pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    found = list(pattern.finditer(text))
    return chance.choice(found) if found else None


def _replaced(text: str, match: re.Match[str] | None, new: str) -> str:
    return text[: match.start()] + new + text[match.end() :] if match else text


def other_number(chance: Chance, text: str) -> str:
    return _replaced(text, _any_match(chance, NUMBER, text), chance.choice(NUMBERS))


def tag_gone(chance: Chance, text: str) -> str:
    return _replaced(text, _any_match(chance, TAG, text), "")


def tag_doubled(chance: Chance, text: str) -> str:
    match = _any_match(chance, TAG, text)
    return _replaced(text, match, match[0] * 2) if match else text


def tags_swapped(chance: Chance, text: str) -> str:
    first, second = sorted((_any_match(chance, TAG, text), _any_match(chance, TAG, text)), key=lambda match: match.start() if match else 0)
    return text[: first.start()] + second[0] + text[first.end() : second.start()] + first[0] + text[second.end() :] if first and second and first != second else text


def reference_swapped(chance: Chance, text: str) -> str:
    other = _any_match(chance, REFERENCE, text)
    return _replaced(text, _any_match(chance, REFERENCE, text), other[0] if other and chance.random() < 0.5 else chance.choice(REFERENCES))


def other_cell_type(chance: Chance, text: str) -> str:
    return _replaced(text, _any_match(chance, CELL_TYPE, text), chance.choice((*CELL_TYPES, "float", "date", "boolean", "percentage", "string", "void")))


def row_repeated(chance: Chance, text: str) -> str:
    match = _any_match(chance, ROW, text)
    return _replaced(text, match, match[0] * chance.choice((2, 3, 60, 2_000 if len(match[0]) < 200 else 10))) if match else text


def repeat_declared(chance: Chance, text: str) -> str:
    """Cells or rows of an .ods that say they stand for many."""
    name, what = chance.choice((("table:number-columns-repeated", "<table:table-cell"), ("table:number-rows-repeated", "<table:table-row")))
    return _replaced(text, _any_match(chance, re.compile(what), text), f'{what} {name}="{chance.choice(NUMBERS)}"')


def hidden_or_reckoned(chance: Chance, text: str) -> str:
    """Sheets and rows that are hidden, and values that a formula made."""
    before, after = chance.choice((
        ("<sheet ", '<sheet state="hidden" '), ("<row ", '<row hidden="1" '), ("<v>", "<f>1+1</f><v>"), ("<table:table-row>", '<table:table-row table:visibility="collapse">'),
        ("<table:table-cell office:value-type", '<table:table-cell table:formula="of:=1+1" office:value-type'),
    ))  # fmt: skip
    return _replaced(text, _any_match(chance, re.compile(before), text), after)


def odd_text(chance: Chance, text: str) -> str:
    at = chance.randrange(len(text) + 1)
    return text[:at] + chance.choice(ODD_TEXTS) + text[at:]


def odd_text_in_a_cell(chance: Chance, text: str) -> str:
    return _replaced(text, _any_match(chance, re.compile(r"(?<=>)[^<>]+(?=<)"), text), chance.choice((*ODD_TEXTS, *NUMBERS)))


def cells_swapped(chance: Chance, text: str) -> str:
    delimiter = ";" if text.count(";") > text.count(",") else ","
    cells = text.split(delimiter)
    one, other = chance.randrange(len(cells)), chance.randrange(len(cells))
    cells[one], cells[other] = cells[other], cells[one]
    return delimiter.join(cells)


def quotes_changed(chance: Chance, text: str) -> str:
    match = _any_match(chance, re.compile("[\"']"), text)
    return _replaced(text, match, chance.choice(("", '"', "'", '""', "“"))) if match else odd_text(chance, text)


def piece_gone(chance: Chance, text: str) -> str:
    at = chance.randrange(len(text) + 1)
    return text[:at] + text[at + chance.choice((1, 5, 50, 100_000)) :]


BREAKING: tuple[Mutation, ...] = (tag_gone, tag_doubled, tags_swapped, odd_text, cells_swapped, quotes_changed, piece_gone)
"""After most of these an XML part is none."""
BENDING: tuple[Mutation, ...] = (other_number, other_number, reference_swapped, other_cell_type, row_repeated, repeat_declared, hidden_or_reckoned, odd_text_in_a_cell, odd_text_in_a_cell)


def mutilated_parts(chance: Chance, parts: Parts) -> bytes:
    """Some mutations of the texts inside; at times a part goes, is emptied, is named otherwise or is there twice."""
    parts = dict(parts)
    mutations = (*BENDING, *BREAKING) if chance.random() < 0.4 else BENDING
    for _ in range(chance.choice((1, 1, 2, 4))):
        name = _any_part(chance, parts)
        text = parts[name].decode("utf-8", "surrogateescape")
        for _ in range(chance.choice((1, 1, 3))):
            text = chance.choice(mutations)(chance, text)
        content = text.encode("utf-8", "surrogateescape")
        if chance.random() < 0.05:
            content = text.encode(chance.choice(ENCODINGS), "replace")
        parts[name] = content
    if chance.random() < 0.1:
        name = chance.choice(list(parts))
        content = parts.pop(name)
        changed: list[Parts] = [{}, {name: b""}, {name.upper(): content}, {name: content, f"copy/{name}": content}, {name.replace("1", "2"): content, name: content}]
        parts |= chance.choice(changed)
    return _packed(parts, chance.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED)))


def _any_part(chance: Chance, parts: Parts) -> str:
    """Parts that hold cells are hit more often than the others."""
    with_cells = [name for name in parts if re.search(r"worksheets/sheet|sharedStrings|content\.xml|\.csv", name)]
    return chance.choice(with_cells if with_cells and chance.random() < 0.85 else list(parts))


# --- odd values in whole files ----------------------------------------------------------------------------------------

VALUES: dict[str, tuple[str, ...]] = {
    "any": (*NUMBERS[:24], "9" * 45, "50+", "approx. 50", "23,14", "1.234,5", "1,100.00", "1 100", "#REF!", "#N/A", "TBD", "-", "xxx", "n/a", "x", "TRUE", "é", "31/02/2019", "8.10", "=1+1"),
    "activity": ("A1", "a1 – Training", "A2", "A77"), "indicator": ("N1", "P1", "P1", "R1", "K1", "Y1", "Q1", "M1", "n1 – number", "Z9"),
    "country": ("KE", "ke", "SN", "298", "XK", "UK", "Kenya"), "type": ("training", "event", "Sub-grant", "party"), "result": ("Op1", "oc1", "Op9"),
    "sdg": ("8.8", "5.5", "SDG 8.8; ODS 5,5", "8.8=60; 5.5=40", "8.8=60; 5.5", "8.8=33.4;5.5=33.3;1=33.3", "17.19", "16.a", "18", "8.8=1e3", "1;2;3;4;5;6;7;8;9;10;11", ";", "="),
    "start": ("2019-02-01", "01/08/2019", "2020-02-01", "2562-02-01"), "end": ("2019-02-02", "02/09/2019", "2020-12-31", "1900-01-01"), "status": ("done", "cancelled", "", "maybe"),
    "payment_date": ("2019-03-01", "10/09/2019", "2020-05-05", "2020-07-07", "2018-12-31"), "currency": ("KES", "EUR", "XOF", "ZMW", "xyz"), "heading": ("1", "2", "5.7", "6", "6", "7", "10"),
    "sex": ("", "", "female", "male", "unknown", "women"), "age": ("", "", "young", "old"), "recipient": ("", "T1", "T2"), "joint": ("", "J1"), "lead": ("", "yes", "não", "perhaps"),
    "numerator": ("", "0", "3", "-3"), "denominator": ("", "0", "4", "-4"), "section": ("changed", "visibility", "weather"), "supplier": ("S", "", "s"), "document": ("D1", "", "d1"),
}  # fmt: skip
COLUMNS = {
    "activities": ("activity", "title", "type", "start", "end", "country", "result", "sdg", "women", "men", "other", "unknown", "status", "joint", "lead", "sensitivity"),
    "indicators": ("indicator", "country", "value", "numerator", "denominator", "sex", "age", "comment", "date"),
    "expenditure": ("heading", "country", "payment_date", "currency", "amount", "activity", "supplier", "document", "invoice_date", "recipient"),
    "narrative": ("section", "text", "about", "lang"),
}


def odd_values(chance: Chance, member: str, cycle: str) -> bytes:
    """A sound archive of CSV whose cells are mostly what their column wants."""

    def value(column: str) -> str:
        return chance.choice(VALUES[column if column in VALUES and chance.random() < 0.9 else "any"])

    cover = [["contract", CONTRACT], ["cycle", cycle], ["member", member], ["decimal", chance.choice((".", ",", "", ";"))], ["nil", chance.choice(("", "no", "perhaps"))]]
    texts = {"cover.csv": _csv_text(cover).encode()}
    for sheet, columns in COLUMNS.items():
        rows = [[value(column) for column in columns] for _ in range(chance.randrange(9))]
        texts[f"{sheet}.csv"] = _csv_text([columns, *rows], chance.choice(",;\t")).encode()
    return _packed(texts)


# --- all of them, read and judged once --------------------------------------------------------------------------------


def made_file(chance: Chance, number: int, member: str, cycle: str) -> bytes:
    parts = _placed(_sound()[number // 8 % len(_sound())], member, cycle)
    match number % 8:
        case 0 if chance.random() < 0.5:
            return chance.choice((b"", b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")) + chance.randbytes(chance.choice((0, 1, 30, 3_000)))
        case 0 | 1:
            return mutilated_bytes(chance, _packed(parts, chance.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED))))
        case 2 | 3:
            return odd_values(chance, member, cycle)
        case _:
            return mutilated_parts(chance, parts)


@cache
def answered() -> tuple[list[Arrival], list[Submission], Judged]:
    """What was sent, what was read and what was judged."""
    chance = Chance(SEED)
    jobs = []
    for number, member in enumerate(MEMBERS):
        cycle = CYCLES[number // 40 % len(CYCLES)]
        data = made_file(chance, number, member, cycle)
        received = RECEIVED + timedelta(minutes=number)
        jobs.append((Arrival(member, cycle, Info(f"inbox/{cycle}/{member}/report.xlsx", len(data), received, "")), data, received))
    submissions = read_files(AGREEMENT, jobs)
    in_order = sorted(submissions, key=lambda s: (s.cycle, s.member, s.received_at, s.key))
    judged = judge(AGREEMENT, in_order, counting_keys(in_order), PROFILE.questions, PROFILE.lines)
    return [arrival for arrival, _, _ in jobs], submissions, judged


def test_every_file_is_one_submission() -> None:
    arrivals, submissions, _ = answered()
    assert [submission.key for submission in submissions] == [arrival.info.key for arrival in arrivals]
    assert [(submission.member, submission.cycle) for submission in submissions] == [(arrival.member, arrival.cycle) for arrival in arrivals]


def test_every_finding_is_of_a_known_rule_in_words_that_can_be_written_down() -> None:
    _, submissions, judged = answered()
    ids = {(submission.member, submission.submission) for submission in submissions}
    for finding in judged.findings:
        assert finding.rule in RULES and finding.severity in SEVERITIES
        assert (finding.member, finding.submission) in ids
        assert finding.message
        "\n".join((finding.value, finding.message, finding.cell, finding.column)).encode()


def test_an_unreadable_file_says_why_and_nothing_else() -> None:
    _, submissions, _ = answered()
    reasons = load_catalogue().words["reason"]
    for submission in submissions:
        unreadable = [finding for finding in submission.findings if finding.rule == "submission.unreadable"]
        if unreadable:
            assert [finding.details["reason"] in reasons for finding in submission.findings] == [True]
            assert not submission.sheets and not submission.cover


def test_only_values_that_can_be_written_down_and_reckoned_with_are_accepted() -> None:
    _, submissions, judged = answered()
    rejected = {submission.submission for submission in submissions if submission.rejected}

    def check(value: Any) -> None:
        if isinstance(value, tuple):
            for part in value:
                check(part)
        elif isinstance(value, str):
            value.encode()
        elif value is not None and not isinstance(value, date):
            assert value.is_finite()

    for rows in judged.accepted.values():
        for row in rows:
            assert row.submission not in rejected
            for value in row.values.values():
                check(value)


def test_chance_reached_far_enough() -> None:
    """Not all files may be turned away at the door."""
    _, submissions, judged = answered()
    reasons = Counter(finding.details["reason"] for submission in submissions for finding in submission.findings if finding.rule == "submission.unreadable")
    assert len(submissions) == FILES and len(reasons) >= 6
    assert sum(not submission.rejected for submission in submissions) > FILES / 4
    assert len({finding.rule for finding in judged.findings}) >= 40
    assert all(judged.accepted[sheet] for sheet in COLUMNS)
