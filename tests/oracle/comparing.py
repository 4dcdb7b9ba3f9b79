"""The program on a world, and every cell of its data files that is not as reckoned."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from itertools import islice
from typing import Any

from tests.oracle.plain import World
from tests.oracle.reckoning import Reckoner, Tables
from tests.oracle.worlds import CODES, DIMENSIONS, agreement_files, make_worlds

FILES = ("indicators.csv", "sdg.csv", "finance.csv", "lineage.csv")
Key = tuple[Any, ...]


# --- the program ------------------------------------------------------------------------------------------------------


def program(worlds: Sequence[World], cycles: Iterable[str]) -> list[dict[str, dict[str, bytes]]]:
    """For each world (they share their agreement) the program's data files by cycle, through its plain functions. All files are judged in one go."""
    from domain import datafiles
    from domain.agreement_files import read_agreement
    from domain.completeness import counting_keys
    from domain.reading import read_submission
    from tasks.aggregate import aggregate
    from tasks.collect import judge_arrival
    from tasks.profiles import load_profile
    from tasks.validate import judge

    agreement, problems = read_agreement(agreement_files(worlds[0]))
    assert agreement is not None, problems
    order = {code: i for i, code in enumerate(CODES)}
    files = sorted((f for world in worlds for f in world.files), key=lambda f: (order[f.cycle], f.member, f.received, f.key))
    read = [read_submission(f.data, key=f.key, member=f.member, cycle=f.cycle, received_at=f.received, agreement=agreement) for f in files]
    for submission in read:
        judge_arrival(agreement, submission, include_late=False)
    profile = load_profile("prag-2018")
    judged = judge(agreement, read, counting_keys(read), profile.questions, profile.lines)
    found = []
    for world in worlds:
        senders, by_cycle = {f.member for f in world.files}, {}
        accepted = {sheet: [row for row in rows if row.member in senders] for sheet, rows in judged.accepted.items()}
        for cycle in cycles:
            figures, _ = aggregate(agreement, profile, replace(judged, accepted=accepted), read, cycle, None)
            by_cycle[cycle] = {
                "indicators.csv": datafiles.indicators_csv(agreement, figures), "sdg.csv": datafiles.sdg_csv(figures),
                "finance.csv": datafiles.finance_csv(figures), "lineage.csv": datafiles.lineage_csv(figures),
            }  # fmt: skip
        found.append(by_cycle)
    return found


def table(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8"), newline="")))


# --- cell by cell -----------------------------------------------------------------------------------------------------


def differences(data: Mapping[str, bytes], expected: Tables, with_lineage: bool = True) -> list[str]:
    """Each row that is missing or too many, each cell that differs and, with lineage, each figure made of other rows, in words."""
    found = [*_indicators(data["indicators.csv"], expected), *_sdg(data["sdg.csv"], expected), *_finance(data["finance.csv"], expected)]
    return found + (_lineage(data["lineage.csv"], expected) if with_lineage else [])


def _keys(name: str, ours: Mapping[Any, Any], theirs: Mapping[Any, Any]) -> list[str]:
    return [f"{name}: {key} is in the program only" for key in sorted(set(ours) - set(theirs), key=str)] + [
        f"{name}: {key} is missing" for key in sorted(set(theirs) - set(ours), key=str)
    ]


def _unique(name: str, keys: list[Any]) -> list[str]:
    return [f"{name}: {key} is there twice" for key in set(keys) if keys.count(key) > 1] if len(set(keys)) < len(keys) else []


def _indicators(data: bytes, expected: Tables) -> list[str]:
    rows = table(data)
    dims = [name for name in DIMENSIONS if rows and name in rows[0]]
    keys = [(r["indicator"], r["scope"], r["level"], r["area"], frozenset((name, r[name]) for name in dims if r[name])) for r in rows]
    ours, theirs = dict(zip(keys, rows, strict=True)), expected.indicators
    found = [*_unique("indicators", keys), *_keys("indicators", ours, theirs)]
    for key in ours.keys() & theirs.keys():
        row, figure = ours[key], theirs[key]
        for column in ("numerator", "denominator", "value", "baseline", "target", "progress"):
            money = column == "value" and figure["money"] and figure["value"] is not None
            if not (row[column] == _euros(_cents(figure["value"])) if money else _same(row[column], figure[column])):
                found.append(f"indicators: {key} {column} is {row[column]!r}, not {figure[column]}")
        for column in ("unit", "contributions", "derived"):
            if row[column] != str(figure[column]):
                found.append(f"indicators: {key} {column} is {row[column]!r}, not {figure[column]}")
    return found


def _same(text: str, value: Fraction | None) -> bool:
    """Exact where a decimal can be, else to 12 significant digits."""
    if value is None or not text:
        return value is None and not text
    denominator = value.denominator
    for factor in (2, 5):
        while denominator % factor == 0:
            denominator //= factor
    return Fraction(text) == value if denominator == 1 else abs(Fraction(text) - value) <= abs(value) / 10**12


def _cents(value: Fraction) -> int:
    size = abs(value) * 100 + Fraction(1, 2)
    return (size.numerator // size.denominator) * (-1 if value < 0 else 1)


def _euros(cents: int) -> str:
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def _sdg(data: bytes, expected: Tables) -> list[str]:
    rows = table(data)
    keys = [(r["scope"], r["kind"], r["sdg"]) for r in rows]
    ours, theirs = dict(zip(keys, rows, strict=True)), expected.sdg
    found = [*_unique("sdg", keys), *_keys("sdg", ours, theirs)]
    for key in ours.keys() & theirs.keys():
        figure = theirs[key]
        for column in (c for c in figure if c != "lineage"):
            text = _euros(figure[column]) if column == "expenditure_eur" else str(figure[column])
            if ours[key][column] != text:
                found.append(f"sdg: {key} {column} is {ours[key][column]}, not {text}")
    return found


def _finance(data: bytes, expected: Tables) -> list[str]:
    rows = table(data)
    ours, theirs = {r["heading"]: r for r in rows}, expected.finance
    found = [*_unique("finance", [r["heading"] for r in rows]), *_keys("finance", ours, theirs)]
    for heading in ours.keys() & theirs.keys():
        for column, value in theirs[heading].items():
            if column == "lineage":
                continue
            text = ours[heading][column]
            if not (_same(text, value) if column == "variation_pct" else text == _euros(value)):
                found.append(f"finance: {heading} {column} is {text}, not {value}")
    return found


def _lineage(data: bytes, expected: Tables) -> list[str]:
    ours: dict[Key, set[Key]] = defaultdict(set)
    for figure, member, submission, sheet, row in islice(csv.reader(io.StringIO(data.decode("utf-8"), newline="")), 1, None):
        ours[_figure_key(figure)].add((member, submission, sheet, int(row)))
    theirs = {("indicators", key[1], key[2], *key[3].split("/"), key[0], key[4]): figure["lineage"] for key, figure in expected.indicators.items()}
    theirs |= {("sdg", *key, column): rows for key, figure in expected.sdg.items() for column, rows in figure["lineage"].items()}
    theirs |= {("finance", heading, column): rows for heading, figure in expected.finance.items() for column, rows in figure["lineage"].items()}
    theirs = {key: rows for key, rows in theirs.items() if rows}
    found = _keys("lineage", ours, theirs)
    for key in ours.keys() & theirs.keys():
        if ours[key] != theirs[key]:
            found.append(f"lineage: {key} has {sorted(ours[key] - theirs[key])} too many, lacks {sorted(theirs[key] - ours[key])}")
    return found


def _figure_key(figure: str) -> Key:
    """The parts of a figure's name; the dimensions of a slice in any order, behind them."""
    parts = figure.split("/")
    if parts[0] != "indicators":
        return tuple(parts)
    slice_ = frozenset((name, category) for name, _, category in (part.partition("=") for part in parts if "=" in part))
    return (*(part for part in parts if "=" not in part), slice_)


@lru_cache(maxsize=1)
def _delivered(seed: int) -> list[tuple[World, dict[str, dict[str, bytes]]]]:
    worlds = make_worlds(seed)
    return list(zip(worlds, program(worlds, CODES[1:]), strict=True))


def compare(number: int) -> list[str]:
    """The differences in the reports of the second and the third cycle of a world: inbox `number % 3` of seed `number // 3`, lineage in every fourth."""
    world, delivered = _delivered(number // 3)[number % 3]
    reckoner = Reckoner(world)
    return [f"{cycle} {words}" for cycle, data in delivered.items() for words in differences(data, reckoner.tables(cycle), with_lineage=number % 4 == 0)]
