"""Ten cycles, 200 members and a year of scheduled runs on the server's database: what pages of the UI cost then, beside an empty server, whether runs still
start, what grows, and how long its removal takes. `python -m bench.server [--runs N]`: N hourly runs, 8,760 without it; some minutes."""

from __future__ import annotations

import argparse
import itertools
import json
import os
import sqlite3
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.settings import PREFECT_API_URL, temporary_settings

from tasks.demo import write_sample
from tests.operators.browser import CHROMIUM, Browser
from tests.operators.running import Up, ended, start, wait_until

CYCLE = "2020-H1"
MEMBERS, SAMPLE_MEMBERS = 200, 14
CHANGED = 8
"""Every so many hourly runs find something new, and show it (tasks/board.py)."""
WATCHED_DAYS = 7
"""Events older than that are not kept (deploy/server.py)."""
PAGES = {
    "dashboard": ("/v2/dashboard", "Flow Runs"), "runs": ("/v2/runs", "collect"), "deployments": ("/v2/deployments", "verify-reports"),
    "artifacts": ("/v2/artifacts", "board-2020-h1"), "history of a board": ("/v2/artifacts/key/board-2020-h1", "publish_board"),
}  # fmt: skip
"""Address and what is seen once the page is there."""


@contextmanager
def up(home: Path, sample: Path, **more: str) -> Iterator[tuple[Up, SyncPrefectClient]]:
    running = Up(home, sample, **more)
    try:
        running.ready()
        with temporary_settings({PREFECT_API_URL: running.api}), get_client(sync_client=True) as client:
            yield running, client
    finally:
        running.end()


# --- a year -----------------------------------------------------------------------------------------------------------

Row = dict[str, Any]


def rows_of(records: sqlite3.Connection, table: str, where: str, value: str) -> list[Row]:
    return [dict(row) for row in records.execute(f"SELECT * FROM {table} WHERE {where} = ?", (value,))]  # noqa: S608 (ours)


def put(records: sqlite3.Connection, table: str, rows: Sequence[Row]) -> None:
    for columns, group in itertools.groupby(rows, key=lambda row: tuple(row)):
        marks = ", ".join("?" for _ in columns)
        records.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", [tuple(row.values()) for row in group])  # noqa: S608 (ours)


def fill(database: Path, run: str, runs: int) -> None:
    """Copies of a real run with all that the server keeps of it, one an hour back from now; artifacts as large as those of a cycle of MEMBERS members."""
    with closing(sqlite3.connect(database)) as records, records:
        records.row_factory = sqlite3.Row
        records.execute("PRAGMA synchronous = OFF")
        tasks = rows_of(records, "task_run", "flow_run_id", run)
        real = {
            "flow_run": rows_of(records, "flow_run", "id", run), "flow_run_state": rows_of(records, "flow_run_state", "flow_run_id", run), "task_run": tasks,
            "task_run_state": [state for task in tasks for state in rows_of(records, "task_run_state", "task_run_id", task["id"])], "log": rows_of(records, "log", "flow_run_id", run),
            "artifact": [grown(row) for row in rows_of(records, "artifact", "flow_run_id", run)],
        }  # fmt: skip
        events = [dict(row) for row in records.execute("SELECT * FROM events WHERE resource_id = ? OR related_resource_ids LIKE ?", (f"prefect.flow-run.{run}", f"%{run}%"))]
        real |= {"events": events, "event_resources": [row for event in events for row in rows_of(records, "event_resources", "event_id", event["id"])]}
        for back in range(1, runs + 1):
            copies = copied(real, back, with_artifacts=back % CHANGED == 0, with_events=back <= WATCHED_DAYS * 24)
            for table, rows in copies.items():
                put(records, table, rows)


def grown(artifact: Row) -> Row:
    """An artifact of the sample's members, as long as it would be with MEMBERS."""
    data = json.loads(artifact["data"]) if isinstance(artifact["data"], str) else None
    factor = MEMBERS // SAMPLE_MEMBERS
    return artifact | {"data": json.dumps(data * factor)} if isinstance(data, str) else artifact


def copied(real: dict[str, list[Row]], back: int, with_artifacts: bool, with_events: bool) -> dict[str, list[Row]]:
    """The rows with identifiers of their own, so many hours earlier."""
    left_out = {*(() if with_artifacts else ("artifact",)), *(() if with_events else ("events", "event_resources"))}
    tables = {table: rows for table, rows in real.items() if table not in left_out}
    new = {row["id"]: str(uuid.uuid4()) for rows in tables.values() for row in rows}
    hours = timedelta(hours=back)

    def of(column: str, value: Any) -> Any:
        if value is None:
            return None
        if column == "idempotency_key":
            return str(uuid.uuid4())
        if isinstance(value, str) and value in new:
            return new[value]
        if column in ("created", "updated", "timestamp", "start_time", "end_time", "expected_start_time", "state_timestamp", "occurred", "received", "recorded"):
            return str(datetime.fromisoformat(value) - hours)
        if isinstance(value, str) and value.startswith("prefect.flow-run."):
            return "prefect.flow-run." + new.get(value.removeprefix("prefect.flow-run."), value)
        return value

    return {table: [{column: of(column, value) for column, value in row.items()} for row in rows] for table, rows in tables.items()}


def sizes(database: Path) -> list[tuple[str, int, float]]:
    """(table with its indexes, rows, MB), the largest first."""
    with closing(sqlite3.connect(database)) as records:
        tables = [name for (name,) in records.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")]
        found = []
        for table in tables:
            names = [table, *(name for (name,) in records.execute("SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = ?", (table,)))]
            marks = ", ".join("?" for _ in names)
            (used,) = records.execute(f"SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE name IN ({marks})", names).fetchone()  # noqa: S608
            (rows,) = records.execute(f'SELECT count(*) FROM "{table}"').fetchone()  # noqa: S608
            found.append((table, rows, used / 1e6))
    return sorted(found, key=lambda entry: -entry[2])


# --- what it costs ----------------------------------------------------------------------------------------------------


def seconds(work: Callable[[], Any], rounds: int = 5) -> float:
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def asked(client: SyncPrefectClient) -> dict[str, float]:
    """Seconds of what the pages ask the server, medians."""
    def ask(path: str, **given: Any) -> Callable[[], Any]:
        return lambda: client.request("POST", path, json=given).raise_for_status()

    newest = {"sort": "START_TIME_DESC", "limit": 10}
    return {
        "runs, the newest ten": seconds(ask("/flow_runs/filter", **newest)), "runs, how many": seconds(ask("/flow_runs/count")),
        "runs that failed": seconds(ask("/flow_runs/filter", flow_runs={"state": {"type": {"any_": ["FAILED", "CRASHED"]}}}, **newest)),
        "artifacts, the newest of each": seconds(ask("/artifacts/latest/filter", limit=100)), "a board's history": seconds(ask("/artifacts/filter", artifacts={"key": {"any_": ["board-2020-h1"]}}, limit=100)),
        "events": seconds(ask("/events/filter", limit=50)),
    }  # fmt: skip


def opened(running: Up, folder: Path) -> dict[str, float]:
    """Seconds until a page shows what it is for, in a real browser; nothing where there is none."""
    if CHROMIUM is None:
        return {}
    browser = Browser(folder)
    try:
        browser.open(f"http://127.0.0.1:{running.port}/v2/settings")  # the UI itself is loaded once
        found = {}
        for page, (path, text) in PAGES.items():
            began = time.perf_counter()
            browser.tell("Page.navigate", url=f"http://127.0.0.1:{running.port}{path}")
            wait_until_seen(browser, path, text)
            found[f"page: {page}"] = time.perf_counter() - began
    finally:
        browser.end()
    return found


def wait_until_seen(browser: Browser, path: str, text: str) -> None:
    until = time.monotonic() + 120
    while not (path in browser.address and text in browser.text):
        if time.monotonic() > until:
            raise AssertionError(f"{text} was not seen on {path}")
        time.sleep(0.02)


def from_form_to_running(client: SyncPrefectClient) -> float:
    """Seconds from a form's Submit until the run runs; the worker asks every five seconds."""
    run, began = start(client, "verify-reports"), time.perf_counter()
    wait_until(lambda: client.read_flow_run(run).state.type.value in ("RUNNING", "COMPLETED"), 120)
    took = time.perf_counter() - began
    ended(client, run)
    return took


def measure(running: Up, client: SyncPrefectClient, folder: Path) -> dict[str, float]:
    return opened(running, folder) | asked(client) | {"from Submit to Running": from_form_to_running(client)}


def prune(home: Path, sample: Path, keep_days: int) -> tuple[float, int, float]:
    """How long the server takes from its start until runs older than that are removed, how many, and the slowest answer meanwhile."""
    vacuum = {"PREFECT_SERVER_SERVICES_DB_VACUUM_LOOP_SECONDS": "5", "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": str(keep_days * 86400)}
    old = f"{datetime.now() - timedelta(days=keep_days)}"

    def left() -> int:
        with closing(sqlite3.connect(home / "prefect.db", timeout=60)) as records:
            return int(records.execute("SELECT count(*) FROM flow_run WHERE end_time < ?", (old,)).fetchone()[0])

    before = left()
    began, slowest = time.perf_counter(), 0.0
    with up(home, sample, **vacuum) as (_, client):
        while left() and time.perf_counter() - began < 900:
            slowest = max(slowest, seconds(lambda: client.request("POST", "/flow_runs/filter", json={"limit": 10}).raise_for_status(), 1))
            time.sleep(0.5)
        return time.perf_counter() - began, before - left(), slowest


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=365 * 24)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sample, home = folder / "store", folder / "home"
        write_sample(str(sample))
        with up(home, sample) as (running, client):
            run = start(client, "collect-submissions", {"cycle": CYCLE})
            if not (state := ended(client, run).state).is_completed():
                raise SystemExit(f"the run that is to be copied ended as {state.name}: {state.message}")
            time.sleep(10)  # its last records are written after it
            empty = measure(running, client, folder / "profile-empty")
        began = time.perf_counter()
        fill(home / "prefect.db", str(run), runs)
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {runs:,} runs put in within {time.perf_counter() - began:.0f} s\n")
        print("| table, with its indexes | rows | MB |\n|---|---:|---:|")
        for table, rows, size in sizes(home / "prefect.db")[:9]:
            print(f"| {table} | {rows:,} | {size:,.1f} |")
        print(f"\nAll of it {(home / 'prefect.db').stat().st_size / 1e6:,.0f} MB\n")
        began = time.perf_counter()
        with up(home, sample) as (running, client):
            print(f"make up is there after {time.perf_counter() - began:.0f} s\n", flush=True)
            full = measure(running, client, folder / "profile-full")
        print("| seconds | empty | full |\n|---|---:|---:|")
        for what, took in full.items():
            print(f"| {what} | {empty[what]:.2f} | {took:.2f} |")
        took, removed, slowest = prune(home, sample, max(1, runs // 48))
        print(f"\nThe older half, {removed:,} runs, was removed {took:.0f} s after the start; the slowest answer meanwhile took {slowest:.2f} s", flush=True)


if __name__ == "__main__":
    main()
