"""The program's figures against an independent reckoning, on random agreements and submissions."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from domain.completeness import counting_keys
from domain.reading import read_submission
from tasks.aggregate import aggregate
from tasks.profiles import load_profile
from tasks.validate import judge
from tests import oracle
from tests.builders import LOGFRAME_COLUMNS, small_agreement, submission

SEEDS = 60
PROFILE = load_profile("prag-2018")
DIMS = {"sex": ["female", "male", "unknown"], "age": ["young", "old"]}
MEMBERS = {"aa": "coordinator", "bb": "beneficiary", "cc": "affiliated-entity", "dd": "third-party", "ee": "beneficiary", "ff": "associate"}
COUNTRIES = ["KE", "SN"]
SDGS = ["8.8", "8.5", "5", "5.5", "16.7", "17.17", "4"]
DAYS = {"C1": "2019-03-", "C2": "2019-09-", "C3": "2020-03-"}


def random_logframe(rng: random.Random) -> dict[str, dict[str, Any]]:
    logframe = {}
    for number in range(14):
        measure = rng.choice(["number", "number", "people", "people", "money", "percentage", "percentage", "yes_no", "qualitative"])
        dims = dict(rng.choice([[], list(DIMS.items())[:1], list(DIMS.items()), list(DIMS.items())[::-1]])) if measure != "qualitative" else {}
        kind = rng.choice(["period", "period", "cumulative"]) if measure not in ("yes_no", "qualitative") else "period"
        latest = kind == "cumulative" or measure in ("yes_no", "qualitative")
        periods = "latest" if latest else rng.choice(["sum", "latest"] if measure == "percentage" else ["sum", "max", "mean", "latest"])
        members = rng.choice(["sum", "sum", "sum", "max", "mean", "none"]) if measure in ("number", "people", "money") else rng.choice(["sum", "none"])
        logframe[f"I{number}"] = {"measure": measure, "dims": dims, "kind": kind, "across_periods": periods, "across_members": members}
    return logframe


def logframe_csv(logframe: dict[str, dict[str, Any]]) -> str:
    lines = [LOGFRAME_COLUMNS]
    for code, row in logframe.items():
        dims = "; ".join(f"{name}:{'|'.join(categories)}" for name, categories in row["dims"].items())
        lines.append(f"{code},output,Op1,R,T,{row['measure']},u,up,{row['kind']},{row['across_members']},{row['across_periods']},{dims},8.8,,,,,,")
    return "\n".join(lines) + "\n"


def random_rows(rng: random.Random, member: str, cycle: str, logframe: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []

    def number(row: dict[str, Any], low: int = 0, high: int = 60) -> Fraction:
        return Fraction(rng.randint(low, high)) if row["measure"] == "people" else Fraction(rng.randint(low * 10, high * 10), 10)

    def add(code: str, country: str, **values: Any) -> None:
        rows.append({"member": member, "cycle": cycle, "indicator": code, "country": country, "value": None, "numerator": None, "denominator": None, "comment": None} | values)

    for code, row in logframe.items():
        for country in rng.sample(COUNTRIES, rng.choice([0, 1, 1, 2])):
            slices: list[dict[str, str]] = [{}] if rng.random() < 0.8 else []
            for name, categories in row["dims"].items():
                if rng.random() < 0.5:
                    slices += [{name: category} for category in categories if rng.random() < 0.9]
            if len(row["dims"]) == 2 and rng.random() < 0.4:
                slices += [{"sex": s, "age": a} for s in DIMS["sex"] for a in DIMS["age"] if rng.random() < 0.95]
            for slice_ in slices:
                match row["measure"]:
                    case "yes_no":
                        add(code, country, value=rng.choice(["yes", "no", None]), **slice_)
                    case "qualitative":
                        add(code, country, comment=rng.choice(["Better", "Worse", None]))
                    case "percentage":
                        n, d = rng.choice([(3, 7), (0, 0), (5, 5), (1, 0), (6, 5), (None, 4), (10, 40), (2, 3)])
                        alone = rng.random() < 0.15
                        add(code, country, value=Fraction(50) if alone else None, numerator=None if alone else n, denominator=None if alone else d, **slice_)
                    case _:
                        add(code, country, value=None if rng.random() < 0.05 else number(row, *((80, 300) if not slice_ else (0, 60))), **slice_)
            if rows and rng.random() < 0.1:
                rows.append(dict(rows[-1]))
            if rows and rng.random() < 0.05 and isinstance(rows[-1]["value"], Fraction):
                rows.append(rows[-1] | {"value": rows[-1]["value"] + 1})
    rng.shuffle(rows)
    return rows


def random_activities(rng: random.Random, member: str, cycle: str) -> list[dict[str, Any]]:
    rows = []
    for number in range(rng.randint(0, 4)):
        codes = rng.sample(SDGS, rng.randint(1, 4))
        shares: list[int | None] = [None] * len(codes)
        if rng.random() < 0.5:
            cuts = sorted(rng.sample(range(1, 100), len(codes) - 1))
            shares = [b - a for a, b in zip([0, *cuts], [*cuts, 100], strict=True)]
        rows.append(
            {"member": member, "cycle": cycle, "activity": f"A{number}", "sdg": list(zip(codes, shares, strict=True)), "women": rng.choice([None, rng.randint(0, 40)]),
             "men": rng.randint(0, 40), "status": rng.choice(["done"] * 5 + ["ongoing", "cancelled", "postponed"]), "joint": rng.choice([None] * 4 + ["J1", "J2"]),
             "lead": rng.choice([None, None, "yes", "no"])}
        )  # fmt: skip
    joints = [row for row in rows if row["joint"]]
    for row in joints[1:]:
        row["joint"] = None  # one row of a member in a joint activity
    return rows


def random_payments(rng: random.Random, member: str, cycle: str) -> list[dict[str, Any]]:
    return [
        {"member": member, "cycle": cycle, "heading": rng.choice(["1", "2", "5.7", "6"]), "month": DAYS[cycle][:-1], "currency": rng.choice(["EUR", "KES"]),
         "amount": Fraction(rng.randint(-5000, 500000), 100), "activity": rng.choice([None, "A0", "A1", "A2", "A9"])}
        for _ in range(rng.randint(0, 6))
    ]  # fmt: skip


def text(value: Any) -> str:
    return "" if value is None else f"{Decimal(value.numerator) / Decimal(value.denominator):f}" if isinstance(value, Fraction) else str(value)


def member_file(member: str, cycle: str, activities: list[Any], indicators: list[Any], payments: list[Any]) -> bytes:
    def sdg(codes: list[tuple[str, int | None]]) -> str:
        return "; ".join(code if share is None else f"{code}={share}" for code, share in codes)

    columns = ("activity", "women", "men", "status", "joint", "lead")
    rows = [
        {name: text(row[name]) for name in columns}
        | {"title": "T", "type": "event", "start": f"{DAYS[cycle]}01", "end": f"{DAYS[cycle]}02", "country": "KE", "result": "Op1", "sdg": sdg(row["sdg"])}
        for row in activities
    ]
    figures = [{name: text(row.get(name)) for name in ("indicator", "country", "value", "numerator", "denominator", "comment", "sex", "age")} for row in indicators]
    money = [
        {name: text(row[name]) for name in ("heading", "currency", "amount", "activity")} | {"country": "KE", "payment_date": f"{DAYS[cycle]}15", "supplier": "S", "document": str(i)}
        for i, row in enumerate(payments)
    ]
    return submission(member, cycle, rows, figures, money, cover={"decimal": "."})


def program(world: dict[str, Any]) -> tuple[Any, Any]:
    """The program's figures, through its plain functions."""
    read = [
        read_submission(member_file(member, cycle, *rows), key=f"inbox/{cycle}/{member}/f.zip", member=member, cycle=cycle, received_at=datetime(2019, 1, 1, tzinfo=UTC), agreement=world["agreement"])
        for (cycle, member), rows in sorted(world["rows"].items())
    ]
    judged = judge(world["agreement"], read, counting_keys(read), PROFILE.questions, PROFILE.lines)
    return aggregate(world["agreement"], PROFILE, judged, read, "C3", None)


def random_world(seed: int) -> dict[str, Any]:
    rng = random.Random(seed)
    logframe = random_logframe(rng)
    sdg_money = rng.choice(["main", "weights"])
    baselines = {(member, code, "KE"): rng.randint(1, 30) for member in MEMBERS for code, row in logframe.items() if row["kind"] == "cumulative" and rng.random() < 0.2}
    members = "member,name,country,language,decimal,email,role\n" + "".join(f"{code},{code},KE,en,.,,{role}\n" for code, role in MEMBERS.items())
    assignments = "member,indicator,country,from,to,baseline,target\n" + "".join(f"{m},{i},{c},,,{b},\n" for (m, i, c), b in baselines.items())
    agreement = small_agreement(members=members, logframe=logframe_csv(logframe), assignments=assignments, sdg_money=sdg_money)
    rows = {
        (cycle, member): (random_activities(rng, member, cycle), random_rows(rng, member, cycle, logframe), random_payments(rng, member, cycle))
        for cycle in oracle.CYCLES for member in MEMBERS if rng.random() < 0.85
    }  # fmt: skip
    rates = {("KES", f"{year}-{month:02d}"): "110" if year == 2019 else "120" for year in (2019, 2020) for month in range(1, 13)}
    rates |= {("EUR", key[1]): "1" for key in list(rates)}
    return {"agreement": agreement, "rows": rows, "logframe": logframe, "baselines": baselines, "sdg_money": sdg_money, "roles": MEMBERS, "rates": rates}


def every(world: dict[str, Any], part: int) -> list[Any]:
    return [row for key in sorted(world["rows"]) for row in world["rows"][key][part]]


def near(ours: Any, theirs: Any) -> bool:
    return ours == theirs if ours is None or theirs is None else abs(Fraction(ours) - Fraction(theirs)) <= Fraction(1, 10**9)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_every_figure_equals_the_independent_reckoning(seed: int) -> None:
    world = random_world(seed)
    figures, _ = program(world)

    ours = {(f.indicator, f.scope, f.level, f.area, tuple(f.slice)): (f.numerator, f.denominator, f.value, f.contributions, f.derived) for f in figures.indicators}
    theirs = oracle.indicator_figures(world, every(world, 1))
    assert set(ours) == set(theirs)
    different = {key: (ours[key], theirs[key]) for key in ours if not all(map(near, ours[key][:3], theirs[key][:3])) or ours[key][3:] != theirs[key][3:]}
    assert different == {}

    columns = ("activities_main", "activities_significant", "women", "men", "expenditure_eur")
    get: Callable[[Any, str], int] = lambda figure, column: getattr(figure, column.removesuffix("_eur"))  # noqa: E731
    sdg = {(f.scope, f.kind, f.sdg): {column: get(f, column) for column in columns} for f in figures.sdg}
    expected = {key: {column: row.get(column, 0) for column in columns} for key, row in oracle.sdg_figures(world, every(world, 0), every(world, 2)).items()}
    assert sdg == expected

    lines = {line.heading: {"period": line.period, "previous": line.previous, "cumulative": line.cumulative} for line in figures.finance}
    assert lines == oracle.finance(world, every(world, 2))
