"""How long reading a member's file takes beside the library that does no more than unpack its cells: python -m bench.read

Both read the same bytes in turn, in one process; the shortest of several rounds counts, since all else is the machine's."""

from __future__ import annotations

import csv
import gc
import io
import time
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

from python_calamine import CalamineWorkbook

from domain.agreement import Agreement
from domain.agreement_files import read_agreement
from domain.reading import read_submission
from domain.sample.agreement import agreement_files
from domain.sample.files import Table, xlsx, zipped_csv
from domain.schema import sheet
from domain.workbook import read_grids

ROUNDS = 7
ROWS = (1_000, 10_000)
COLUMNS = 20
RECEIVED = datetime(2019, 7, 1, tzinfo=UTC)


def tables(agreement: Agreement, rows: int) -> dict[str, Table]:
    """Sheets as a member fills them: so many activities in 20 columns, each of them filled, and two rows in the others."""
    columns = [column.name for column in sheet("activities").columns[:COLUMNS]]
    results = sorted({indicator.result for indicator in agreement.indicators_in(agreement.cycles[0].code).values()})

    def activity(number: int) -> list[Any]:
        day = date(2019, 1, 1) + timedelta(days=number % 170)
        values: dict[str, Any] = {
            "activity": f"A{number}", "title": f"Training of delegates, group {number}", "type": "training", "start": day, "end": day + timedelta(days=2), "country": "KE",
            "result": results[number % len(results)], "sdg": "8.8; 16.7", "women": number % 40, "men": number % 30, "other": 0, "unknown": number % 3, "status": "done",
            "plan": "P1", "joint": f"J{number}", "lead": "yes", "deviation": f"Moved by {number % 9} days, the hall was taken", "outcome": f"{number % 7} committees were set up",
            "partners": "The union of the trade", "description": f"Day {number % 30 + 1}: rights at work, safety, and how to bargain",
        }  # fmt: skip
        return [values[name] for name in columns]

    few: dict[str, Table] = {
        "indicators": [["indicator", "country", "value"], ["X", "KE", 1], ["Y", "KE", 2]],
        "expenditure": [["heading", "country", "payment_date", "currency", "amount"], *[["1", "KE", date(2019, 2, 1), "EUR", 10]] * 2],
    }
    cover: Table = [["contract", agreement.contract.number], ["cycle", agreement.cycles[0].code], ["member", agreement.members[0].member], ["decimal", "."]]
    return {"cover": cover, "activities": [columns, *(activity(number) for number in range(1, rows + 1))], **few}


def packed(archive: bytes) -> bytes:
    """The same archive compressed, as programs write it."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as stored, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as written:
        for name in stored.namelist():
            written.writestr(name, stored.read(name))
    return out.getvalue()


def bare_calamine(data: bytes) -> None:
    workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
    for name in workbook.sheet_names:
        workbook.get_sheet_by_name(name).to_python()


def bare_csv(data: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            list(csv.reader(io.StringIO(archive.read(name).decode("cp1252"), newline=""), delimiter=";"))


def shortest_times(*works: Callable[[], object]) -> list[float]:
    """Seconds of each, the shortest of several rounds in which they take turns."""
    times = [float("inf")] * len(works)
    for _ in range(ROUNDS):
        for i, work in enumerate(works):
            gc.collect()
            started = time.perf_counter()
            work()
            times[i] = min(times[i], time.perf_counter() - started)
    return times


def main() -> None:
    agreement, problems = read_agreement(agreement_files(due_ahead=True))
    if agreement is None:
        raise SystemExit(f"The sample's agreement has faults: {problems}")
    member, cycle = agreement.members[0].member, agreement.cycles[0].code

    def read(data: bytes) -> int:
        submission = read_submission(data, key="bench", member=member, cycle=cycle, received_at=RECEIVED, agreement=agreement)
        if submission.rejected:
            raise SystemExit(f"The file was rejected: {submission.findings}")
        return len(submission.sheets["activities"].rows)

    bare: dict[str, Callable[[bytes], None]] = {"python-calamine": bare_calamine, "csv.reader": bare_csv}
    print(f"{'file':<12} {'rows':>6} {'bare library':<16} {'ms':>7} {'cells, checked':>15} {'read':>7} {'ms/10,000 rows':>15} {'ratio':>6}")
    for kind, write, library in ((".xlsx", xlsx, "python-calamine"), (".zip of CSV", zipped_csv, "csv.reader")):
        for rows in ROWS:
            data = packed(write(tables(agreement, rows)))
            if read(data) != rows:
                raise SystemExit("Not every row was read.")
            by_library, as_cells, as_rows = shortest_times(partial(bare[library], data), partial(read_grids, data), partial(read, data))
            milliseconds = [f"{seconds * 1000:.1f}" for seconds in (by_library, as_cells, as_rows, as_rows / rows * 10_000)]
            print(f"{kind:<12} {rows:>6,} {library:<16} {milliseconds[0]:>7} {milliseconds[1]:>15} {milliseconds[2]:>7} {milliseconds[3]:>15} {as_rows / by_library:>6.1f}")


if __name__ == "__main__":
    main()
