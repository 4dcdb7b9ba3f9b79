"""How long judging the rows of all members takes beside the same rules written by hand, in pandera, or asked of Great Expectations file by file:
python -m bench.validation [rows …]

All start from the same columns and must name the same rows, in one process and by turns; the shortest of several rounds counts."""

from __future__ import annotations

import argparse
import gc
import logging
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from hashlib import sha256
from itertools import groupby, islice
from typing import Any

import pandas as pd

from domain.agreement import Agreement, Cycle
from domain.agreement_files import read_agreement
from domain.codes import countries
from domain.completeness import counting_keys
from domain.rules.entries import Columns, Entry
from domain.sample.agreement import agreement_files
from domain.schema import sheet
from domain.submission import Row, Sheet, Submission
from tasks import validate
from tasks.validate import Rule, failing_rows, judge, new_context

ROWS = (10_000, 200_000)
ROWS_OF_FILE = 1_000
"""Rows of one submission, a third of them in each sheet."""
LARGEST = 200_000
"""Rows made one by one; a larger number is so many times the columns of these."""
ROUNDS = 3
SAMPLE = 10
"""Files judged by themselves, unless all are asked for; the time of all is that of these by their number."""
SUITES = ("activities", "indicators", "expenditure")
CYCLES = ("2019-H2", "2020-H1")
EVERY = 200
"""Of so many rows (or groups of rows that belong together) each fault spoils one: 0.5 %."""

Values = dict[str, Any]
Failing = dict[str, list[int]]
"""Rule id to the positions of the rows that break it, in order."""


# --- made rows --------------------------------------------------------------------------------------------------------


def made_agreement(members: int) -> Agreement:
    """The sample's agreement with so many members (all bear costs); its third cycle is the last, so that payments of the closing weeks occur."""
    files = agreement_files(due_ahead=True)
    head, first, *_ = files["agreement/members.csv"].decode().splitlines()
    code, _, rest = first.partition(",")
    files["agreement/members.csv"] = "\n".join([head, f"{code},{rest}", *(f"m{n:03},Member {n},KE,en,.,,beneficiary,,," for n in range(1, members))]).encode()
    targets = [f"{member},Op2.3-a,{country},,,2,80" for member in (code, *(f"m{n:03}" for n in range(1, members))) for country in COUNTRIES[:4]]
    files["agreement/assignments.csv"] = "\n".join(["member,indicator,country,from,to,baseline,target", *targets]).encode()
    files["agreement/plan.csv"] = files["agreement/plan.csv"].splitlines()[0]
    files["agreement/subgrants.csv"] = files["agreement/subgrants.csv"].splitlines()[0]
    files = {key: data for key, data in files.items() if not key.startswith("desk/")}
    before, _, last = files["agreement/agreement.yaml"].rpartition(b"interim")
    files["agreement/agreement.yaml"] = before + b"final" + last
    agreement, problems = read_agreement(files)
    if agreement is None:
        raise SystemExit(f"The made agreement has faults: {problems}")
    return agreement


COUNTRIES = sorted(country for country in countries() if country.isalpha())


def activity_rows(cycle: Cycle, member: int) -> Iterator[Values]:
    """Activities without end, some with one fault each."""
    faults: list[Values] = [
        {"activity": None}, {"title": None}, {"type": None}, {"start": None}, {"end": None}, {"country": None}, {"result": None}, {"sdg": None}, {"country": "ZZ"},
        {"type": "party"}, {"status": "maybe"}, {"result": "Op9.9"}, {"lead": "perhaps"}, {"sensitivity": "secret"}, {"end": date(2001, 1, 1)},
        {"start": date(2001, 1, 1), "end": date(2001, 1, 2)}, {"women": Decimal(-1)}, {"men": Decimal("2.5")}, {"other": Decimal(-1)}, {"unknown": Decimal("0.5")},
        {"sdg": "8.99"}, {"sdg": "8.8=50"}, {"sdg": "1;2;3;4;5;6;7;8;9;10;11"}, {"activity": "A1"}, {"joint": None, "type": "event", "country": "KE", "start": cycle.start},
        {"title": "Lorem ipsum dolor"}, {"deviation": "to be completed"}, {"outcome": "???"}, {"description": "asdf"},
    ]  # fmt: skip
    number = 0
    while True:
        number += 1
        day = cycle.start + timedelta(days=number % 170)
        row = {
            "activity": f"A{number}", "title": f"Training of delegates, group {number}", "type": "training", "start": day, "end": cycle.start + timedelta(days=175),
            "country": COUNTRIES[number % len(COUNTRIES)], "result": "Op1.2", "sdg": "8.8; 16.7", "women": Decimal(number % 40), "men": Decimal(number % 30), "other": Decimal(0),
            "unknown": Decimal(number % 3), "status": "done", "joint": f"J{number}", "lead": "yes", "deviation": f"Moved by {number % 9} days, the hall was taken",
            "outcome": f"{number % 7} committees were set up", "partners": "The union of the trade", "description": f"Day {number % 30}: how to bargain", "sensitivity": "public",
        }  # fmt: skip
        place = (number + 31 * member) % EVERY
        yield row | (faults[place] if place < len(faults) else {})


def indicator_rows(cycle: Cycle, member: int) -> Iterator[Values]:
    """Figures without end, an indicator once in each country; some groups of figures have one fault each."""
    sound: list[list[Values]] = [
        [{"indicator": "Oc1-a", "value": 20}],
        [{"indicator": "Op1.2-a", "value": 100}, {"indicator": "Op1.2-a", "sex": "female", "value": 60}, {"indicator": "Op1.2-a", "sex": "male", "value": 40}],
        [{"indicator": "Op1.2-b", "numerator": 40, "denominator": 80, "value": 50}], [{"indicator": "Op2.2-b", "value": "yes"}],
        [{"indicator": "Oc2-c", "comment": "They meet every month now"}], [{"indicator": "Oc1-b", "value": 30}], [{"indicator": "Op3.1-a", "value": 1000}],
        [{"indicator": "Oc2-a", "numerator": 3, "denominator": 7}],
    ]  # fmt: skip
    people = "Op2.1-b"
    faults: list[list[Values]] = [
        [{"indicator": None, "value": 1}], [{"indicator": "Oc1-a", "country": None, "value": 20}], [{"indicator": "Oc9-z", "value": 1}],
        [{"indicator": "Oc1-a", "country": "ZZ", "value": 20}], [{"indicator": people, "sex": "both", "value": 1}], [{"indicator": "Op1.2-a", "age": "old", "value": 1}],
        [{"indicator": "Op2.2-b", "value": "perhaps"}], [{"indicator": "Oc1-b"}], [{"indicator": people, "value": -1}], [{"indicator": "Oc1-b", "value": -1}],
        [{"indicator": people, "value": "2.5"}], [{"indicator": "Op1.2-b", "numerator": 4}], [{"indicator": "Op1.2-b", "numerator": 9, "denominator": 5}],
        [{"indicator": "Op1.2-b", "value": 50}], [{"indicator": "Oc1-b", "value": 30}] * 2, [{"indicator": "Oc1-b", "value": 30}, {"indicator": "Oc1-b", "value": 77}],
        [{"indicator": people, "value": 10}, {"indicator": people, "sex": "female", "value": 6}, {"indicator": people, "sex": "male", "value": 7}],
        [{"indicator": people, "value": 10}, {"indicator": people, "sex": "female", "value": 6}], [{"indicator": people, "sex": "female", "value": 6}],
        [{"indicator": people, "sex": sex, "value": 6} for sex in ("female", "male", "other")],
        [{"indicator": "Oc3-b", "value": 15 if cycle.code == CYCLES[0] else 14}], [{"indicator": "Oc1-b", "value": 100_000}], [{"indicator": "Op2.3-a", "value": 3, "comment": None}],
        [{"indicator": "Op1.2-b", "value": "0.45"}], [{"indicator": "Oc1-a", "value": 20, "comment": "to be confirmed"}],
    ]  # fmt: skip
    used: Counter[str | None] = Counter()
    number = 0
    while True:
        number += 1
        place = (number + 31 * member) % (EVERY * 4 // 5)
        group = faults[place] if place < len(faults) else sound[number % len(sound)]
        country = COUNTRIES[used[group[0]["indicator"]] % len(COUNTRIES)]
        used[group[0]["indicator"]] += 1
        for figure in group:
            row = {"country": country, "source": "Attendance lists", "comment": "As counted in the field"} | figure
            for name in ("value", "numerator", "denominator"):
                value = row.get(name)
                if value not in (None, "yes", "perhaps"):
                    row[name] = Decimal(value) + (number % 10 if value in (20, 30) else 0)
            yield row


def expenditure_rows(cycle: Cycle, member: int) -> Iterator[Values]:
    """Payments without end, some with one fault each."""
    number = 0
    while True:
        number += 1
        faults: list[Values] = [
            {"heading": None}, {"country": None}, {"payment_date": None}, {"currency": None}, {"amount": None}, {"heading": "99"}, {"country": "ZZ"}, {"currency": "QQQ"},
            {"payment_date": cycle.start - timedelta(days=9)}, {"payment_date": date(2001, 1, 1)}, {"payment_date": cycle.end + timedelta(days=9)}, {"currency": "JPY"},
            {"document": None}, {"supplier": None}, {"amount": Decimal(-5)}, {"supplier": "S", "document": "D", "amount": Decimal(9), "payment_date": cycle.start},
            {"activity": "none"}, {"heading": "6", "recipient": f"R{member}-{cycle.code}-{number}", "amount": Decimal(70_000), "currency": "EUR"},
        ]  # fmt: skip
        row = {
            "heading": ("1", "2", "5.7")[number % 3], "country": COUNTRIES[number % len(COUNTRIES)], "payment_date": cycle.start + timedelta(days=number % 170),
            "currency": "KES" if number % 4 else "EUR", "amount": Decimal(1_000 + number * 7) / 10, "activity": f"A{(100 + number % 90 - 31 * member) % EVERY or EVERY}", "supplier": f"Supplier {number % 50}",
            "document": f"D{number}", "description": "As invoiced",
        }  # fmt: skip
        place = (number + 31 * member) % EVERY
        yield row | (faults[place] if place < len(faults) else {})


MAKERS: dict[str, Callable[[Cycle, int], Iterator[Values]]] = {"activities": activity_rows, "indicators": indicator_rows, "expenditure": expenditure_rows}


def made_submission(agreement: Agreement, cycle: Cycle, member: int) -> Submission:
    """A file of 1,000 rows, as read."""
    code = agreement.members[member].member
    key = f"inbox/{cycle.code}/{code}/report.xlsx"
    digest = sha256(key.encode()).hexdigest()
    made = Submission(code, cycle.code, key, digest, 1, datetime(2020, 1, 1, tzinfo=UTC))
    made.cover = {"decimal": "."}
    made.cover_cells = {"decimal": (1, "B1")}
    for i, name in enumerate(SUITES):
        columns = [column.name for column in sheet(name).columns] + (list(agreement.dimensions) if name == "indicators" else [])
        letters = {column: chr(ord("A") + place) for place, column in enumerate(columns)}
        empty = dict.fromkeys(columns)
        values = islice(MAKERS[name](cycle, member), ROWS_OF_FILE // 3 + (i < ROWS_OF_FILE % 3))
        rows = [Row(n, empty | of_row, {c: str(v) for c, v in of_row.items() if v is not None}) for n, of_row in enumerate(values, 2)]
        made.sheets[name] = Sheet(name, letters, rows)
    return made


def made_submissions(agreement: Agreement) -> list[Submission]:
    """Every member's file in two cycles, in order of cycle and member."""
    return [made_submission(agreement, agreement.cycle(code), member) for code in CYCLES for member in range(len(agreement.members))]


# --- what is judged ---------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Pass:
    """Rules over one frame: the helper columns and members' own that they read, and where in it each submission's rows stand."""

    name: str
    rules: list[Rule]
    columns: Columns
    parts: dict[str, slice]

    @property
    def rows(self) -> int:
        return len(next(iter(self.columns.values())))

    def of(self, key: str) -> Columns:
        part = self.parts.get(key, slice(0))
        return {name: column[part] for name, column in self.columns.items()}

    def repeated(self, times: int) -> Pass:
        """The same rows so many times over, each time as files of their own."""
        parts = {f"{key} {n}": slice(p.start + n * self.rows, p.stop + n * self.rows) for n in range(times) for key, p in self.parts.items()}
        return Pass(self.name, self.rules, {name: column * times for name, column in self.columns.items()}, parts)


@dataclass(slots=True)
class Recorded:
    """The passes of a judgement over the three sheets, and the seconds that Great Expectations took in all its calls."""

    passes: list[Pass] = field(default_factory=list)
    seconds: float = 0.0


@contextmanager
def recording() -> Iterator[Recorded]:
    """Notes what tasks.validate.judge asks of Great Expectations, and how long it takes to answer."""
    recorded, entries_of_call = Recorded(), list[Sequence[Entry]]()
    judge_sheet = validate._Findings.judge

    def noting_entries(self: Any, name: str, rules: Sequence[Rule], entries: Sequence[Entry], columns: Columns) -> None:
        entries_of_call.append(entries)
        judge_sheet(self, name, rules, entries, columns)
        entries_of_call.pop()

    def noting_columns(context: Any, name: str, rules: Sequence[Rule], columns: Mapping[str, Sequence[Any]], validations: list[Any] | None = None) -> Failing:
        if entries_of_call and name in SUITES:
            parts, start = {}, 0
            for key, rows in groupby(entry.submission.key for entry in entries_of_call[-1]):
                parts[key] = slice(start, start := start + sum(1 for _ in rows))
            recorded.passes.append(Pass(name, list(rules), {rule.column: list(columns[rule.column]) for rule in rules}, parts))
        started = time.perf_counter()
        failing = failing_rows(context, name, rules, columns, validations)
        recorded.seconds += time.perf_counter() - started
        return failing

    validate._Findings.judge, validate.failing_rows = noting_entries, noting_columns  # type: ignore[assignment]
    try:
        yield recorded
    finally:
        validate._Findings.judge, validate.failing_rows = judge_sheet, failing_rows  # type: ignore[method-assign]


# --- the ways of judging ----------------------------------------------------------------------------------------------


def frame_of(columns: Columns) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(column, dtype=object) for name, column in columns.items()})


def masked(rules: Sequence[Rule], frame: pd.DataFrame) -> Failing:
    """By masks written by hand."""
    failing = {}
    for rule in rules:
        values, kwargs = frame[rule.column], rule.expectation["kwargs"]
        match rule.expectation["type"]:
            case "expect_column_values_to_not_be_null":
                fails = values.isna()
            case "expect_column_values_to_be_in_set":
                fails = values.notna() & ~values.isin(kwargs["value_set"])
            case "expect_column_values_to_not_match_regex":
                fails = values.str.contains(kwargs["regex"], na=False).astype(bool)
            case other:
                raise SystemExit(f"No mask for {other}")
        failing[rule.id] = fails.to_numpy().nonzero()[0].tolist()
    return failing


def by_pandera(rules: Sequence[Rule], frame: pd.DataFrame) -> Failing:
    """By a lazy pandera schema, from its failure cases."""
    import pandera.pandas as pa

    required = {rule.column: rule.id for rule in rules if rule.expectation["type"] == "expect_column_values_to_not_be_null"}
    checks: dict[str, list[Any]] = {rule.column: [] for rule in rules}
    for rule in rules:
        kwargs = rule.expectation["kwargs"]
        match rule.expectation["type"]:
            case "expect_column_values_to_be_in_set":
                checks[rule.column].append(pa.Check.isin(kwargs["value_set"], error=rule.id))
            case "expect_column_values_to_not_match_regex":
                checks[rule.column].append(pa.Check(partial(_without, kwargs["regex"]), error=rule.id))
    schema = pa.DataFrameSchema({column: pa.Column(None, of_column, nullable=column not in required) for column, of_column in checks.items()})
    failing: Failing = {rule.id: [] for rule in rules}
    try:
        schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        for (column, check), cases in errors.failure_cases.groupby(["column", "check"], sort=False):
            failing[required[column] if check == "not_nullable" else check] = sorted(cases["index"].tolist())
    return failing


def _without(regex: str, values: pd.Series) -> pd.Series:
    return ~values.str.contains(regex).astype(bool)


def pooled(passes: Sequence[Pass]) -> list[Failing]:
    """By Great Expectations over all members' rows, as tasks.validate does."""
    context = new_context()
    return [failing_rows(context, of.name, of.rules, of.columns) for of in passes]


def of_file(passes: Sequence[Pass], key: str) -> list[Failing]:
    """By Great Expectations over one file's rows; positions are those in the file."""
    context = new_context()
    return [failing_rows(context, of.name, of.rules, of.of(key)) for of in passes]


def same(expected: Sequence[Failing], found: Sequence[Failing], way: str, passes: Sequence[Pass]) -> None:
    for of, one, other in zip(passes, expected, found, strict=True):
        for rule in of.rules:
            if sorted(one.get(rule.id, [])) != sorted(other.get(rule.id, [])):
                raise SystemExit(f"{way}: other rows break {of.name}, {rule.rule} ({rule.column}) than by masks")


# --- measuring --------------------------------------------------------------------------------------------------------


def seconds_of(work: Callable[[], Any]) -> tuple[float, Any]:
    gc.collect()
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


def judged(agreement: Agreement, keep: bool) -> tuple[float, float, list[Pass]]:
    """Seconds of the whole judgement, of Great Expectations in it, and what it was asked."""
    submissions = made_submissions(agreement)
    with recording() as recorded:
        seconds, _ = seconds_of(lambda: judge(agreement, submissions, counting_keys(submissions), frozenset(), frozenset()))
    return seconds, recorded.seconds, recorded.passes if keep else []


def measured(rows: int, every_file: bool) -> None:
    """Prints a table for so many rows in all."""
    made = min(rows, LARGEST)
    agreement = made_agreement(made // ROWS_OF_FILE // len(CYCLES))
    whole, within, passes = judged(agreement, keep=True)
    if rows > made:
        passes = [of.repeated(rows // made) for of in passes]
    keys = list(dict.fromkeys(key for of in passes for key in of.parts))
    step = 1 if every_file else max(len(keys) // SAMPLE, 1)
    chosen = keys[::step]
    best: dict[str, float] = {}

    def time_of(way: str, work: Callable[[], Any]) -> Any:
        seconds, result = seconds_of(work)
        best[way] = min(best.get(way, seconds), seconds)
        return result

    expected: list[Failing] = []
    for number in range(ROUNDS):
        frames = time_of("frames", lambda: [frame_of(of.columns) for of in passes])
        expected = time_of("masks", lambda frames=frames: [masked(of.rules, frame) for of, frame in zip(passes, frames, strict=True)])
        same(expected, time_of("pandera", lambda frames=frames: [by_pandera(of.rules, frame) for of, frame in zip(passes, frames, strict=True)]), "pandera", passes)
        del frames
        same(expected, time_of("pooled", lambda: pooled(passes)), "Great Expectations", passes)
        if number == 0 or not every_file:
            for key in chosen:
                found = time_of(key, lambda key=key: of_file(passes, key))
                of_key = [{rule: [p - of.parts[key].start for p in places if of.parts[key].start <= p < of.parts[key].stop] for rule, places in one.items()}
                          for of, one in zip(passes, expected, strict=True)]  # fmt: skip
                same(of_key, found, f"Great Expectations, {key}", passes)
        if rows == made and number:
            again, again_within, _ = judged(agreement, keep=False)
            whole, within = min((whole, within), (again, again_within))
    by_file = sum(best[key] for key in chosen) / len(chosen) * len(keys)
    how = "every file, once" if every_file else f"{len(chosen)} of the files, extrapolated"
    ways = [
        ("columns to frames", best["frames"]),
        ("masks on ready frames", best["masks"]),
        ("pandera on ready frames", best["pandera"]),
        ("Great Expectations, pooled", best["pooled"]),
        (f"Great Expectations by file ({how})", by_file),
        *([("the whole of judge", whole), ("in it Great Expectations", within)] if rows == made else []),
    ]
    in_frames = ", ".join(f"{of.name} {of.rows:,} × {len(of.rules)}" for of in passes)
    failures = sum(len(places) for one in expected for places in one.values())
    print(f"\n{rows:,} rows in {len(keys)} files; rows × rules: {in_frames}; {failures:,} failures\n")
    print(f"{'way':<62} {'s':>9} {'of the masks':>13} {'by file is':>11}")
    for way, seconds in ways:
        print(f"{way:<62} {seconds:>9.3f} {seconds / best['masks']:>12.1f}x {by_file / seconds:>10.1f}x", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="How long judging all members' rows takes, beside masks, pandera and one file at a time.")
    parser.add_argument("rows", nargs="*", type=int, default=list(ROWS), help="rows of all submissions, in thousands of an even number")
    parser.add_argument("--every-file", action="store_true", help="judge every file by itself rather than a sample of them")
    asked = parser.parse_args()
    warnings.filterwarnings("ignore")
    logging.disable(logging.INFO)
    for rows in asked.rows:
        measured(rows, asked.every_file)


if __name__ == "__main__":
    main()
