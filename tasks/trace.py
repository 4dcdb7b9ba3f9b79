"""Trace: back from a figure of a delivered report to the rows of members' files, and what these say."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections import defaultdict

from domain.reading import cell_text, grid_named, plain
from domain.schema import sheet as schema_of
from domain.workbook import Unreadable, read_grids
from tasks.deliver import versions
from tasks.faults import OperatorFault
from tasks.store import Store

MAX_ROWS_SHOWN = 200


def trace_lines(store: Store, figure: str, cycle: str | None) -> list[str]:
    """The figure, the report it stands in, and each row it was made of with its cells. Raises OperatorFault for a figure that no report has."""
    cycles = [cycle] if cycle else sorted({info.key.split("/")[1] for info in store.list("reports/") if info.key.endswith("/manifest.json")}, reverse=True)
    for code in cycles:
        delivered = versions(store, code)
        if not delivered:
            continue
        folder = f"reports/{code}/{delivered[-1]}"
        rows = [row for row in _table(store, f"{folder}/data/lineage.csv") if row["figure"] == figure]
        if rows:
            manifest = json.loads(store.read(f"{folder}/manifest.json"))
            return [f"{figure} in {folder}: made of {len(rows)} row(s)", *_cells(store, manifest, rows), *_corrected(store, folder, rows)]
    raise OperatorFault(f"No delivered report has a figure {figure!r}; data/lineage.csv of a report lists them.")


def _table(store: Store, key: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(store.read(key).decode("utf-8"))))


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
