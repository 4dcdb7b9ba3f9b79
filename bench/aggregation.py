"""How long aggregating accepted rows takes beside plain group-bys of the same shape in DuckDB and polars, lineage included:
python -m bench.aggregation [rows]

All start from the same rows in memory (objects for the program, frames for the others), in one process each by turns; all make the figures of indicators,
SDGs and money and write the lineage file, and must agree on the sums."""

from __future__ import annotations

import argparse
import gc
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from domain.agreement import Agreement
from domain.agreement_files import read_agreement
from domain.submission import AcceptedRow

ROWS = 1_000_000
MEMBERS, CYCLES, COUNTRIES = 200, ("C1", "C2", "C3"), ("KE", "SN", "PE", "BO")
INDICATORS, ROUNDS = 40, 3
SEX, AGE = ("female", "male", "other"), ("0-14", "15-29", "30+")
HEADINGS = ("1", "2", "3", "4", "5", "6")
SDGS = ("8.8", "8.5", "5.5", "16.7", "17.17", "4.4", "10.2", "1.3", "5", "8")

AGREEMENT = """\
contract:
  number: BENCH/1
  title: A large action
  framework: FPA/1
  kind: action
  profile: prag-2018
  granting_authority: European Commission
  coordinator: {name: C, contact: O, role: Officer, country: BE}
  start: 2019-01-01
  end: 2020-06-30
  eu_contribution: 75000000.00
  eu_share: 75.00
  indirect_rate: 7.00
  language: en
  report_languages: [en]
  funding: co-funded
  third_party_ceiling: 60000.00
  sdg_money: main
timezone: Europe/Brussels
cycles:
  - {code: C1, start: 2019-01-01, end: 2019-06-30, opens: 2019-06-15, due: "2019-07-31T18:00", grace_days: 10, report: interim}
  - {code: C2, start: 2019-07-01, end: 2019-12-31, opens: 2019-12-15, due: "2020-01-31T18:00", grace_days: 10, report: none}
  - {code: C3, start: 2020-01-01, end: 2020-06-30, opens: 2020-06-15, due: "2020-07-31T18:00", grace_days: 10, report: final}
"""


# --- made rows --------------------------------------------------------------------------------------------------------


def made_agreement() -> Agreement:
    """200 members; 40 indicators of numbers and people, by sex and age, that are added up; sums only, which plain group-bys can do too."""
    head = "indicator,level,result,statement,title,measure,unit,direction,value_kind,across_members,across_periods,disaggregation,sdg,baseline,baseline_year,target,target_year,milestones,source"
    groups = f"sex:{'|'.join(SEX)}; age:{'|'.join(AGE)}"
    logframe = [head, *(f"I{n:02},output,Op1,R,T,{'people' if n % 2 else 'number'},u,up,period,sum,sum,{groups},8.8,,,,,," for n in range(INDICATORS))]
    members = ["member,name,country,language,decimal,email,role", *(f"m{n:03},M{n},KE,en,.,,beneficiary" for n in range(MEMBERS))]
    rates = ["month,currency,rate", *(f"{year}-{month:02},KES,{110 + month}.25" for year in (2019, 2020) for month in range(1, 13))]
    files = {"agreement.yaml": AGREEMENT, "members.csv": "\n".join(members), "logframe.csv": "\n".join(logframe), "rates.csv": "\n".join(rates)}
    files["budget.csv"] = "heading,amount_eur\n" + "".join(f"{heading},9000000.00\n" for heading in HEADINGS)
    agreement, problems = read_agreement({f"agreement/{name}": text.encode() for name, text in files.items()})
    if agreement is None:
        raise SystemExit(f"The made agreement has faults: {problems}")
    return agreement


def made_rows(size: int) -> dict[str, list[AcceptedRow]]:
    """So many accepted rows, six tenths of them indicators (total, sex, age, and sex by age), a fifth each of activities and payments."""
    chance, per_file = random.Random(1), size // (MEMBERS * len(CYCLES))  # noqa: S311 (the same rows each time)
    slices = [(None, None), *((sex, None) for sex in SEX), *((None, age) for age in AGE), *((sex, age) for sex in SEX for age in AGE)]
    found: dict[str, list[AcceptedRow]] = {"activities": [], "indicators": [], "expenditure": []}
    for cycle in CYCLES:
        day = {"C1": date(2019, 3, 4), "C2": date(2019, 9, 4), "C3": date(2020, 3, 4)}[cycle]
        for member in (f"m{n:03}" for n in range(MEMBERS)):
            file = f"{cycle}{member}".encode().hex()[:12]

            def add(sheet: str, number: int, member: str = member, cycle: str = cycle, file: str = file, **values: Any) -> None:
                found[sheet].append(AcceptedRow(member, cycle, file, sheet, number + 2, values))

            for i in range(per_file * 6 // 10):
                place, (sex, age) = i // len(slices), slices[i % len(slices)]
                amount = Decimal(chance.randrange(1, 100_000)) if place % 2 else Decimal(chance.randrange(1, 1_000_000)) / 100
                add("indicators", i, indicator=f"I{place % INDICATORS:02}", country=COUNTRIES[place // INDICATORS % 4], sex=sex, age=age, value=amount, numerator=None, denominator=None, comment=None)
            for i in range(per_file // 5):
                codes = tuple((code, None) for code in chance.sample(SDGS, 2))
                people = {name: Decimal(chance.randrange(40)) for name in ("women", "men", "other", "unknown")}
                add("activities", i, activity=f"A{i}", sdg=codes, status="done", joint=None, lead=None, country="KE", **people)
            for i in range(per_file // 5):
                money = {"currency": "KES", "amount": Decimal(chance.randrange(-1000, 10_000_000)) / 100, "payment_date": day}
                add("expenditure", i, heading=chance.choice(HEADINGS), country="KE", activity=f"A{chance.randrange(per_file // 4 + 1)}", **money)
    return found


# --- the program ------------------------------------------------------------------------------------------------------


def ours(agreement: Agreement, rows: dict[str, list[AcceptedRow]], folder: Path) -> dict[str, Any]:
    """All figures with their lineage, as tasks.aggregate makes them."""
    from domain.datafiles import lineage_csv
    from tasks.aggregate import aggregate
    from tasks.profiles import load_profile

    judged: Any = type("Judged", (), {"accepted": rows, "findings": []})
    figures, _ = aggregate(agreement, load_profile("prag-2018"), judged, [], "C3", None)
    (folder / "lineage.csv").write_bytes(lineage_csv(figures))
    people = next(f for f in figures.indicators if f.indicator == "I01" and f.scope == "cumulative" and f.level == "network" and not f.slice)
    total = next(f for f in figures.sdg if f.scope == "cumulative" and f.kind == "total")
    return {"people": str(people.value), "women": total.women, "cents": total.expenditure, "figures": len(figures.indicators)}


# --- DuckDB -----------------------------------------------------------------------------------------------------------

SCOPED = """
create or replace temp table scopes as select * from (values ('period', 'C3'), ('reporting', 'C2'), ('reporting', 'C3'), ('cumulative', 'C1'), ('cumulative', 'C2'), ('cumulative', 'C3')) as s(scope, cycle);
create or replace temp table readings as
  select i.*, s.scope from indicators i join scopes s using (cycle);
create or replace temp table contributions as
  select scope, indicator, member, country, sex, age, sum(value) as value from readings group by all;
create or replace temp table figures as
  select scope, 'network' as level, '' as area, indicator, sex, age, sum(value) as value, count(*) as contributions from contributions group by all
  union all select scope, 'member', member, indicator, sex, age, sum(value), count(*) from contributions group by all
  union all select scope, 'country', country, indicator, sex, age, sum(value), count(*) from contributions group by all;
create or replace temp table acted as
  select a.*, s.scope from activities a join scopes s using (cycle);
create or replace temp table last_reported as
  select * from acted qualify row_number() over (partition by scope, member, activity order by cycle desc) = 1;
create or replace temp table costs as
  select e.*, s.scope, coalesce(a.main, '') as main from expenditure e join scopes s using (cycle) left join activities a on (a.member, a.cycle, a.activity) = (e.member, e.cycle, e.activity);
create or replace temp table goals as
  select scope, main, count(*) as activities from last_reported group by all;
create or replace temp table significant as
  select scope, other, count(*) as activities from last_reported group by all;
create or replace temp table participations as
  select scope, main, sum(women) as women, sum(men) as men, sum(other_people) as other_people, sum(unknown) as unknown from acted group by all;
create or replace temp table money as
  select scope, main, sum(cents) as cents from costs group by all;
create or replace temp table headings as
  select scope, heading, sum(cents) as cents from costs group by all;
"""
SLICE = "|| case when sex is null then '' else '/sex=' || sex end || case when age is null then '' else '/age=' || age end"
FROM = "member, submission, sheet, row"
PEOPLE = ("women", "men", "other_people", "unknown")
LINEAGE = " union all ".join(
    [
        f"select 'indicators/' || scope || '/network//' || indicator {SLICE} as figure, {FROM} from readings",
        f"select 'indicators/' || scope || '/member/' || member || '/' || indicator {SLICE}, {FROM} from readings",
        f"select 'indicators/' || scope || '/country/' || country || '/' || indicator {SLICE}, {FROM} from readings",
        *(f"select 'sdg/' || scope || '/' || {of}, {FROM} from {table}" for table, column in (("last_reported", "activities_main"), *(("acted", name) for name in PEOPLE), ("costs", "expenditure_eur"))
          for of in (f"'target/' || main || '/{column}'", f"'goal/' || split_part(main, '.', 1) || '/{column}'", f"'total//{column}'")),
        f"select 'sdg/' || scope || '/target/' || other || '/activities_significant', {FROM} from last_reported",
        *(f"select 'finance/' || {heading} || '/{column}', {FROM} from costs where scope = 'cumulative'" for heading in ("heading", "'7'", "'8'", "'9'", "'11'")
          for column in ("period_eur", "cumulative_eur", "variation_eur", "variation_pct")),
    ]
)  # fmt: skip


def frames(rows: dict[str, list[AcceptedRow]]) -> dict[str, Any]:
    """The same rows as columns: numbers in whole cents or hundredths, the main SDG looked up."""
    import pandas as pd

    from domain.money import in_cents

    def place(row: AcceptedRow) -> dict[str, Any]:
        return {"member": row.member, "cycle": row.cycle, "submission": row.submission, "sheet": row.sheet, "row": row.row}

    indicators = [{**place(r), **{name: r.values[name] for name in ("indicator", "country", "sex", "age")}, "value": int(r.values["value"] * 100)} for r in rows["indicators"]]
    activities = [
        {**place(r), "activity": r.values["activity"], "main": r.values["sdg"][0][0], "other": r.values["sdg"][1][0], "women": int(r.values["women"]), "men": int(r.values["men"]),
         "other_people": int(r.values["other"]), "unknown": int(r.values["unknown"])}
        for r in rows["activities"]
    ]  # fmt: skip
    rates = made_agreement().rates
    payments = [
        {**place(r), "activity": r.values["activity"], "heading": r.values["heading"], "cents": in_cents(r.values["amount"], rates[f"{r.values['payment_date']:%Y-%m}", "KES"])}
        for r in rows["expenditure"]
    ]
    return {"indicators": pd.DataFrame(indicators), "activities": pd.DataFrame(activities), "expenditure": pd.DataFrame(payments)}


def duckdb_tables(tables: dict[str, Any]) -> Any:
    import duckdb

    connection = duckdb.connect()
    for name, frame in tables.items():
        connection.register(f"{name}_frame", frame)
        connection.execute(f"create table {name} as select * from {name}_frame")
    return connection


def by_duckdb(connection: Any, folder: Path) -> dict[str, Any]:
    connection.execute(SCOPED)
    connection.execute(f"copy ({LINEAGE}) to '{folder / 'lineage.csv'}' (header)")
    one = lambda sql: connection.execute(sql).fetchone()[0]  # noqa: E731
    connection.execute("select * from figures").fetchall()
    return {
        "people": str(one("select value from figures where scope = 'cumulative' and level = 'network' and indicator = 'I01' and sex is null and age is null") // 100),
        "women": int(one("select sum(women) from participations where scope = 'cumulative'")),
        "cents": int(one("select sum(cents) from money where scope = 'cumulative'")),
        "figures": one("select count(*) from figures"),
    }


# --- polars -----------------------------------------------------------------------------------------------------------


def by_polars(tables: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The same tables and the same lineage, as lazy frames that polars plans by itself."""
    import polars as pl

    scopes = pl.LazyFrame({"scope": ["period", "reporting", "reporting", "cumulative", "cumulative", "cumulative"], "cycle": ["C3", "C2", "C3", "C1", "C2", "C3"]})
    place = ["member", "submission", "sheet", "row"]
    slice_ = pl.when(pl.col("sex").is_null()).then(pl.lit("")).otherwise("/sex=" + pl.col("sex")) + pl.when(pl.col("age").is_null()).then(pl.lit("")).otherwise("/age=" + pl.col("age"))
    readings = tables["indicators"].lazy().join(scopes, on="cycle").collect().lazy()
    acted = tables["activities"].lazy().join(scopes, on="cycle").collect().lazy()
    mapped = tables["activities"].lazy().select("member", "cycle", "activity", "main")
    costs = tables["expenditure"].lazy().join(scopes, on="cycle").join(mapped, on=["member", "cycle", "activity"], how="left").with_columns(pl.col("main").fill_null("")).collect().lazy()
    last = acted.sort("cycle").unique(["scope", "member", "activity"], keep="last").collect().lazy()
    contributions = readings.group_by("scope", "indicator", "member", "country", "sex", "age").agg(pl.col("value").sum()).collect().lazy()
    levels = [("network", pl.lit("")), ("member", pl.col("member")), ("country", pl.col("country"))]
    figures = [
        contributions.with_columns(area.alias("area"), pl.lit(level).alias("level")).group_by("scope", "level", "area", "indicator", "sex", "age").agg(pl.col("value").sum(), pl.len().alias("contributions"))
        for level, area in levels
    ]
    people = {name: pl.col(name).sum() for name in PEOPLE}
    table = pl.concat(figures).collect()
    participations = acted.group_by("scope", "main").agg(**people).collect()
    money = costs.group_by("scope", "main").agg(pl.col("cents").sum()).collect()
    for frame, key in ((last, "main"), (last, "other"), (costs, "heading")):
        frame.group_by("scope", key).agg(pl.len()).collect()

    def lines(frame: Any, figure: Any) -> Any:
        return frame.select(figure.alias("figure"), *place)

    goal = pl.col("main").str.split(".").list.first()
    parts = [lines(readings, "indicators/" + pl.col("scope") + f"/{level}/" + area + "/" + pl.col("indicator") + slice_) for level, area in levels]
    for frame, column in ((last, "activities_main"), *((acted, name) for name in PEOPLE), (costs, "expenditure_eur")):
        for key in ("target/" + pl.col("main"), "goal/" + goal, pl.lit("total/")):
            parts.append(lines(frame, "sdg/" + pl.col("scope") + "/" + key + f"/{column}"))
    parts.append(lines(last, "sdg/" + pl.col("scope") + "/target/" + pl.col("other") + "/activities_significant"))
    to_date = costs.filter(pl.col("scope") == "cumulative")
    for heading in (pl.col("heading"), *map(pl.lit, ("7", "8", "9", "11"))):
        parts += [lines(to_date, "finance/" + heading + f"/{column}") for column in ("period_eur", "cumulative_eur", "variation_eur", "variation_pct")]
    pl.concat(parts).collect().write_csv(folder / "lineage.csv")

    one = table.filter((pl.col("scope") == "cumulative") & (pl.col("level") == "network") & (pl.col("indicator") == "I01") & pl.col("sex").is_null() & pl.col("age").is_null())
    return {
        "people": str(one["value"][0] // 100),
        "women": int(participations.filter(pl.col("scope") == "cumulative")["women"].sum()),
        "cents": int(money.filter(pl.col("scope") == "cumulative")["cents"].sum()),
        "figures": len(table),
    }


# --- the measurement --------------------------------------------------------------------------------------------------


def measure(who: str, size: int) -> dict[str, Any]:
    """One contestant in this process: seconds of the quickest round, memory at its peak beyond what the rows themselves take, and what it found."""
    agreement, rows = made_agreement(), made_rows(size)
    contest: Callable[[Path], dict[str, Any]]
    if who == "program":
        import tasks.aggregate  # noqa: F401  (what a process imports once is no part of the work)

        contest = lambda folder: ours(agreement, rows, folder)  # noqa: E731
    else:
        tables = frames(rows)
        rows.clear()
        if who == "duckdb":
            connection = duckdb_tables(tables)
            contest = lambda folder: by_duckdb(connection, folder)  # noqa: E731
        else:
            import polars as pl

            made = {name: pl.from_dict({column: [None if value != value else value for value in frame[column].tolist()] for column in frame}) for name, frame in tables.items()}
            contest = lambda folder: by_polars(made, folder)  # noqa: E731
    gc.collect()
    before, seconds = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(ROUNDS):
            start = time.perf_counter()
            found = contest(Path(folder))
            seconds.append(time.perf_counter() - start)
        size_of = (Path(folder) / "lineage.csv").stat().st_size
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"seconds": min(seconds), "base": before // 1024, "peak": peak // 1024, "lineage": size_of // 10**6, "found": found}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="?", type=int, default=ROWS)
    parser.add_argument("--only", choices=("program", "duckdb", "polars"))
    arguments = parser.parse_args()
    if arguments.only:
        print(json.dumps(measure(arguments.only, arguments.rows)))
        return
    results = {}
    for who in ("duckdb", "polars", "program"):
        command = [sys.executable, "-m", "bench.aggregation", str(arguments.rows), "--only", who]
        results[who] = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1])  # noqa: S603
    first = results["duckdb"]["found"]
    if any(result["found"] != first for result in results.values()):
        raise SystemExit(f"They do not agree: { {who: result['found'] for who, result in results.items()} }")
    print(f"{arguments.rows:,} rows, {first['figures']:,} indicator figures, the quickest of {ROUNDS} rounds\n")
    print("| by | seconds | times DuckDB | MB, rows alone | MB, peak | lineage.csv, MB |\n|---|---:|---:|---:|---:|---:|")
    for who, result in results.items():
        print(f"| {who} | {result['seconds']:.1f} | {result['seconds'] / results['duckdb']['seconds']:.1f} | {result['base']:,} | {result['peak']:,} | {result['lineage']:,} |")


if __name__ == "__main__":
    main()
