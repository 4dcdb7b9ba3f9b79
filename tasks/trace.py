"""Trace: back from a figure of a delivered report to its rule, its contributions, and the rows of members' files with what these say."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from domain.agreement import Agreement, Indicator
from domain.indicators import definitions_for
from domain.reading import cell_text, grid_named, plain
from domain.restatement import Known, known_figures
from domain.schema import sheet as schema_of
from domain.workbook import Unreadable, read_grids
from tasks.collect import check_agreement
from tasks.deliver import versions
from tasks.faults import OperatorFault
from tasks.store import Store

MAX_ROWS_SHOWN = 200


def trace_lines(store: Store, figure: str, cycle: str | None) -> list[str]:
    """The figure with the report it stands in, its rule, what each member contributed, and each row it was made of with its cells. Raises
    OperatorFault for a figure that no report has."""
    cycles = [cycle] if cycle else sorted({info.key.split("/")[1] for info in store.list("reports/") if info.key.endswith("/manifest.json")}, reverse=True)
    for code in cycles:
        delivered = versions(store, code)
        if not delivered:
            continue
        folder = f"reports/{code}/{delivered[-1]}"
        rows = _lineage_of(store, folder, figure)
        known = known_figures(*(store.read(f"{folder}/data/{name}.csv") for name in ("indicators", "sdg", "finance")))
        value = _value(known, figure)
        if rows or value:
            manifest = json.loads(store.read(f"{folder}/manifest.json"))
            return [
                f"{figure} = {value or 'a text'}, in {folder}: made of {len(rows)} row(s)",
                *(f"rule: {line}" for line in _rule(store, manifest, figure)),
                *_contributions(store, folder, known, figure, rows),
                *_cells(store, manifest, rows),
                *_corrected(store, folder, rows),
            ]
    raise OperatorFault(f"No delivered report has a figure {figure!r}; data/lineage.csv of a report lists them.")


def _table(store: Store, key: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(store.read(key).decode("utf-8"))))


def _lineage_of(store: Store, folder: str, figure: str) -> list[dict[str, str]]:
    """The rows behind one figure; the file may have ten million lines, so only those that begin like it are looked into."""
    head, *lines = store.read(f"{folder}/data/lineage.csv").splitlines(keepends=True)
    begins = tuple(f"{text},".encode() for text in (figure, '"' + figure.replace('"', '""') + '"'))
    return list(csv.DictReader(io.StringIO(b"".join([head, *(line for line in lines if line.startswith(begins))]).decode("utf-8"))))


def _value(known: Known, figure: str) -> str:
    """As the data file writes it; a share with what it was made of."""
    column = figure.rpartition("/")[2] if figure.startswith(("sdg/", "finance/")) else "value"
    value, denominator = known.get((figure, column), ""), known.get((figure, "denominator"), "")
    return f"{value or 'none'} ({known.get((figure, 'numerator'), '')} of {denominator})" if denominator else value


# --- the rule ---------------------------------------------------------------------------------------------------------


def _rule(store: Store, manifest: Mapping[str, Any], figure: str) -> list[str]:
    """How the figure is made, in words (contract section 5), by the agreement in force."""
    kind, *parts = figure.split("/")
    if kind == "finance":
        return [HEADING_RULES.get(parts[0], HEADING_RULES["1"]), COLUMN_RULES[parts[1]]]
    if kind == "sdg":
        return [SDG_RULES.get(parts[-1], SDG_RULES["women"])]
    agreement, _, files = check_agreement(store)
    definition = definitions_for(agreement, agreement.cycles_to(manifest["cycle"])).get(_indicator(agreement, figure)) if agreement else None
    if definition is None:
        return ["the logframe has no such indicator any more"]
    then = {entry["key"]: entry["sha256"] for entry in manifest["inputs"]}
    changed = then.get("agreement/logframe.csv") != hashlib.sha256(files.get("agreement/logframe.csv", b"")).hexdigest()
    return [indicator_rule(definition, parts[0]), *(["the logframe has changed since this report"] if changed else [])]


def _indicator(agreement: Agreement, figure: str) -> str:
    """The code in indicators/<scope>/<level>/<area>/<code>/<dim>=<category>…; areas and codes may hold a slash."""
    rest = figure.split("/", 3)[3]
    return max((row.indicator for row in agreement.logframe if f"/{row.indicator}/" in f"/{rest}/"), key=len, default="")


def indicator_rule(definition: Indicator, scope: str) -> str:
    """Rules 1 to 5 for one indicator, in words."""
    across = {"sum": "added up", "max": "the largest taken", "mean": "their plain mean taken", "none": "never combined", "latest": "the latest taken"}
    if definition.measure == "qualitative":
        return "texts; never combined"
    if definition.measure == "yes_no":
        return "the latest answer of each contribution; numerator: how many said yes, denominator: how many answered"
    if definition.value_kind == "period":
        first = f"what happened in each cycle, {across[definition.across_periods]} over the cycles of the {scope} scope"
    elif scope == "cumulative" or definition.measure == "percentage":
        first = "the state to date: the latest reported, never added up over cycles"
    else:
        first = "the increase: the latest reported, less the latest before (else the member's baseline, else 0)"
    if definition.measure == "percentage":
        return f"{first}; numerators and denominators are added up over members and countries, a percentage is never averaged"
    return f"{first}; over members and countries {across[definition.across_members]}"


HEADING_RULES = {
    "1": "the cost lines of this heading, each in EUR at the InforEuro rate of its payment month, rounded to the cent; third parties' and associates' lines are no costs",
    "7": "headings 1 to 6",
    "8": "the indirect rate of heading 7, rounded to the cent",
    "9": "headings 7 and 8",
    "10": "the contingency reserve of the budget",
    "11": "headings 9 and 10",
}
COLUMN_RULES = {
    "budget_eur": "the budget valid in the cycle (agreement/budget.csv); no row of a member",
    "period_eur": "cumulative less previous, so that corrections of earlier periods fall into it",
    "previous_eur": "as cumulative in the report delivered for the cycle before, else the costs of the cycles before as they now stand",
    "cumulative_eur": "from the contract's start to the end of the cycle",
    "variation_eur": "cumulative less budget",
    "variation_pct": "variation in percent of the budget",
}
SDG_RULES = {
    "activities_main": "activities that took place, each once, under its main SDG as last reported; joint ones once",
    "activities_significant": "activities that took place and name this code, or one of this goal, beside their main one",
    "women": "participations (a person at three events counts three times), under the main SDG of the activity in its cycle",
    "expenditure_eur": "costs in EUR, following the SDGs of the activity they were spent on; goals and what is not attributed add up to the total",
}


# --- what it was made of ----------------------------------------------------------------------------------------------


def _contributions(store: Store, folder: str, known: Known, figure: str, rows: list[dict[str, str]]) -> list[str]:
    """Per member the number of rows and, where each row belongs to the figure as a whole, what they come to."""
    amounts: dict[str, str] = {}
    kind, *parts = figure.split("/")
    if kind == "indicators" and parts[1] == "network":
        for (code, column), value in known.items():
            scope_level, _, rest = code.partition("/member/")
            if column == "value" and scope_level == f"indicators/{parts[0]}" and rest.partition("/")[2] == figure.split("/", 4)[4]:
                amounts[rest.partition("/")[0]] = value
    elif parts[-1] in ("cumulative_eur", "previous_eur") and kind == "finance":
        wanted = {(row["member"], row["submission"], row["row"]) for row in rows}
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for line in _table(store, f"{folder}/data/expenditure.csv"):
            if (line["member"], line["submission"], line["row"]) in wanted:
                sums[line["member"]] += Decimal(line["amount_eur"])
        amounts = {member: f"EUR {amount}" for member, amount in sums.items()}
    counts = Counter(row["member"] for row in rows)
    return [f"contribution: {member}  {count} row(s)" + (f"  {amounts[member]}" if member in amounts else "") for member, count in counts.items()]


def _corrected(store: Store, folder: str, rows: list[dict[str, str]]) -> list[str]:
    """Cells of these rows that were read otherwise than the member wrote them."""
    if store.head(f"{folder}/data/exceptions.csv") is None:  # a report of an earlier program
        return []
    places = {(row["member"], row["sheet"], row["row"]) for row in rows}
    return [
        f"  corrected: {entry['member']} {entry['sheet']} {entry['cell']}, “{entry['was']}” read as “{entry['now']}” ({entry['reason']}; {entry['by']})"
        for entry in _table(store, f"{folder}/data/exceptions.csv")
        if entry["effect"] == "corrected" and (entry["member"], entry["sheet"], entry["row"]) in places
    ]


def _cells(store: Store, manifest: dict[str, object], rows: list[dict[str, str]]) -> list[str]:
    """The rows as the member wrote them, by file."""
    inputs: list[dict[str, str]] = manifest["inputs"]  # type: ignore[assignment]
    keys = {entry["sha256"][:12]: entry["key"] for entry in inputs if entry["key"].startswith("inbox/")}
    by_file: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows[:MAX_ROWS_SHOWN]:
        by_file[row["submission"]].append(row)
    lines = []
    for submission, of_file in by_file.items():
        key = keys.get(submission, "")
        lines.append(f"{of_file[0]['member']}  {key or submission}")
        wanted = {(plain(row["sheet"]), int(row["row"])) for row in of_file}
        lines += [f"  {sheet} row {number}: {text}" for sheet, number, text in _written(store, key, submission, wanted)]
    if len(rows) > MAX_ROWS_SHOWN:
        lines.append(f"… and {len(rows) - MAX_ROWS_SHOWN} more in data/lineage.csv")
    return lines


def _written(store: Store, key: str, submission: str, wanted: set[tuple[str, int]]) -> list[tuple[str, int, str]]:
    data = store.read(key) if key and store.head(key) else b""
    if not hashlib.sha256(data).hexdigest().startswith(submission):
        return [(name, number, "the member's file is no longer what it was") for name, number in sorted(wanted)]
    try:
        grids = read_grids(data)
    except Unreadable:
        return []
    found = []
    for name, number in sorted(wanted):
        grid = grid_named(grids, name, schema_of(name).labels)
        cells = next((row for at, row in grid.rows if at == number), []) if grid else []
        found.append((name, number, " | ".join(text for cell in cells if (text := cell_text(cell)))))
    return found
