"""Restatement: what of an earlier delivered report is no longer so (contract section 5, rule 7)."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from domain.figures import INDICATOR_COLUMNS, INDICATOR_KEYS

Known = dict[tuple[str, str], str]
"""(figure as in lineage.csv, column) to the figure as a data file writes it."""
Submissions = dict[str, set[tuple[str, str]]]
"""Figure to the (member, submission) it was made of."""
_INDICATOR_COLUMNS = ("numerator", "denominator", "value")
_NOT_DIMENSIONS = frozenset((*INDICATOR_KEYS, *INDICATOR_COLUMNS))
TOLERANCE = Decimal("1e-12")
"""Relative; far below a cent, above the last digit of a figure that no decimal writes exactly."""


@dataclass(frozen=True, slots=True)
class Restatement:
    """A row of data/restatements.csv: a figure of the delivered report of `cycle` that is another now; "" where there was or is none.

    `cause`: other submissions than then, another agreement, or another program; `detail` names the submissions (member: then -> now) or the files."""

    cycle: str
    version: str
    figure: str
    column: str
    old: str
    new: str
    cause: Literal["submission", "agreement", "program"]
    detail: str


def known_figures(indicators: bytes, sdg: bytes, finance: bytes) -> Known:
    """What data/indicators.csv, sdg.csv and finance.csv say, by figure and column."""
    known: Known = {}
    for row in _rows(indicators):
        slices = "".join(f"/{name}={category}" for name, category in row.items() if name not in _NOT_DIMENSIONS and category)
        for column in _INDICATOR_COLUMNS:
            known[f"indicators/{row['scope']}/{row['level']}/{row['area']}/{row['indicator']}{slices}", column] = row[column]
    for row in _rows(sdg):
        for column, value in row.items():
            if column not in ("scope", "sdg", "kind"):
                known[f"sdg/{row['scope']}/{row['kind']}/{row['sdg']}/{column}", column] = value
    for row in _rows(finance):
        for column in ("budget_eur", "period_eur", "previous_eur", "cumulative_eur"):
            known[f"finance/{row['heading']}/{column}", column] = row[column]
    return {key: value for key, value in known.items() if value}


def _rows(data: bytes) -> Iterator[dict[str, str]]:
    yield from csv.DictReader(io.StringIO(data.decode("utf-8")))


def restated_since(known: Known, restatements: bytes) -> Known:
    """What a later delivered report has restated is what the reader knows."""
    found = dict(known)
    for row in _rows(restatements):
        found[row["figure"], row["column"]] = row["new"]
    return {key: value for key, value in found.items() if value}


def changed(old: Known, new: Known) -> list[tuple[str, str]]:
    """Figures and columns that differ, in order. A figure that was 0 and has no row any more, or the other way round, says the same."""
    keys = [key for key in {**old, **new} if not _same(old.get(key, ""), new.get(key, ""), key[0])]
    return sorted(keys)


def _same(old: str, new: str, figure: str) -> bool:
    if old == new:
        return True
    if not old or not new:
        return figure.startswith("sdg/") and Decimal(old or new) == 0
    before, now = Decimal(old), Decimal(new)
    return abs(before - now) <= TOLERANCE * max(abs(before), abs(now))


def submissions_of(lineage: Iterable[Mapping[str, str]], figures: set[str]) -> Submissions:
    """From rows of lineage.csv, for these figures the submissions behind them."""
    found: Submissions = defaultdict(set)
    for row in lineage:
        if row["figure"] in figures:
            found[row["figure"]].add((row["member"], row["submission"]))
    return found


def restatement(cycle: str, version: str, figure: str, column: str, old: str, new: str, then: Submissions, now: Submissions, changed_files: Sequence[str]) -> Restatement:
    """A changed figure with its cause: other submissions, else files of the agreement that changed, else the program."""
    detail = _exchanged(then.get(figure, set()), now.get(figure, set()))
    if detail:
        return Restatement(cycle, version, figure, column, old, new, "submission", detail)
    return Restatement(cycle, version, figure, column, old, new, "agreement" if changed_files else "program", "; ".join(changed_files))


def _exchanged(then: set[tuple[str, str]], now: set[tuple[str, str]]) -> str:
    """ "bb: 0123456789ab -> ba9876543210; cc: -> 0a1b2c3d4e5f", by member."""
    gone, come = then - now, now - then
    members = sorted({member for member, _ in gone | come})

    def of(side: set[tuple[str, str]], member: str) -> str:
        return " ".join(sorted(submission for code, submission in side if code == member))

    return "; ".join(f"{member}: {of(gone, member)} -> {of(come, member)}".replace(":  ->", ": ->").rstrip() for member in members)
