"""What the main job costs from the inbox to the delivered report, by steps: the program's own functions, beside the bare libraries doing only the same work
and beside a sequential script (bench/peers/sequential.py): python -m bench.whole [members …] [--rounds N] [--server] [--peer MEMBERS] [--floor MEMBERS]

A round is, on a fresh copy of a made store (bench/worlds.py): collect, again unchanged, report in English, again unchanged, then one member sends its file anew
and both are done once more; each in a process of its own that calls the functions the flows call, without Prefect. Medians of the rounds; processors' seconds
(of all processes) hardly depend on what else the machine does, those of the clock do. Memory is that of all processes together (PSS) at its peak, looked at
every half second. With --server collect and report are run once more as flows against a server that runs beside them."""

from __future__ import annotations

import argparse
import itertools
import json
import math
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.render import cpu_seconds, family, share_of
from bench.worlds import CYCLES, ROWS, made_file, made_members, make_world

CYCLE = CYCLES[0][0]
MEMBERS = (15, 200, 2_000)
ROUNDS = 3
COMPARED_UP_TO = 200
"""Members up to which the floors and the sequential script are measured too, unless told otherwise."""
STAGES = {
    "read": ("read_all",), "validate": ("judge_all",), "aggregate": ("add_up",), "render": ("compose_documents", "render_reports"),
    "deliver": ("finish_draft", "deliver_report"), "answer members": ("give_feedback", "mail_feedback"), "board": ("publish_board",),
    "data files, annexes, second reckoning": ("write_data_files", "write_annexes", "reconcile_figures"),
}  # fmt: skip
"""What the steps are for; those in no stage take next to nothing and count in the whole."""
RUNS = ("collect", "collect, unchanged", "report", "report, unchanged", "collect, one file changed", "report, one file changed")


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds on the clock and of processors; MB at the peak of all processes together."""

    seconds: float
    cpu: float
    peak: int = 0


@dataclass(slots=True)
class Run:
    """One process: all of it, start included, and its steps; what else it said."""

    whole: Took
    steps: dict[str, Took]
    said: dict[str, Any] = field(default_factory=dict)

    @property
    def work(self) -> Took:
        """Without the start of the process."""
        return Took(sum(step.seconds for step in self.steps.values()), sum(step.cpu for step in self.steps.values()), self.whole.peak)


# --- in a process of its own ------------------------------------------------------------------------------------------


class Clock:
    """Calls functions and notes what each took."""

    def __init__(self) -> None:
        self.steps: dict[str, tuple[float, float]] = {}

    def __call__(self, name: str, function: Callable[..., Any], *arguments: Any) -> Any:
        began, cpu = time.perf_counter(), cpu_seconds()
        result = function(*arguments)
        before = self.steps.get(name, (0.0, 0.0))
        self.steps[name] = (before[0] + time.perf_counter() - began, before[1] + cpu_seconds() - cpu)
        return result


class Steps:
    """The steps of the flows as plain functions, each timed."""

    def __init__(self, clock: Clock) -> None:
        from tasks import steps

        self._steps, self._clock = steps, clock

    def __getattr__(self, name: str) -> Callable[..., Any]:
        function = getattr(self._steps, name).fn
        return lambda *arguments: self._clock(name, function, *arguments)


def collect(do: Steps) -> None:
    """As flows/collect_submissions.py tells it."""
    desk = do.load(CYCLE)
    seen = do.look_for_changes(desk, False)
    if seen.outcome:
        do.nothing_new(seen)
        return
    inbox = do.read_all(desk, False)
    judged = do.judge_all(desk, inbox)
    do.give_feedback(desk, inbox, judged)
    do.publish_board(desk, inbox, judged)
    do.mail_feedback(desk, inbox, judged)
    do.remember(seen, do.summarise_collection(desk, inbox, judged))


def composed(do: Steps) -> dict[str, Any]:
    """Everything of a report before it is set, by name; {} where nothing has changed. As flows/report_cycle.py tells it."""
    desk = do.load(CYCLE)
    do.find_draft(desk)
    seen = do.look_for_report(desk, ["en"], False, None)
    if seen.outcome:
        return {}
    inbox = do.read_all(desk, False)
    judged = do.judge_all(desk, inbox)
    basis = do.describe_basis(desk, inbox, ["en"], False, None)
    found = do.find_needs(desk, inbox, judged, basis)
    if do.find_delivered(desk, basis):
        return {}
    totals = do.add_up(desk, inbox, judged, basis)
    data = do.write_data_files(desk, inbox, totals, judged)
    reconciled = do.reconcile_figures(desk, totals, data)
    annexes = do.write_annexes(desk, totals, judged)
    documents = do.compose_documents(desk, totals, judged, data, annexes, reconciled, basis)
    return {"desk": desk, "seen": seen, "inbox": inbox, "judged": judged, "basis": basis, "found": found, "data": data, "reconciled": reconciled, "annexes": annexes, "documents": documents}


def report(do: Steps) -> None:
    made = composed(do)
    if not made:
        return
    draft = do.finish_draft(made["basis"], made["data"], made["annexes"], do.render_reports(made["documents"], made["basis"]), made["reconciled"], made["found"])
    delivered = do.deliver_report(made["desk"], draft, None)
    do.publish_board(made["desk"], made["inbox"], made["judged"])
    do.summarise_report(made["desk"], delivered, made["found"], made["seen"])


def flow(clock: Clock, name: str) -> None:
    """The same as a run of its flow on the server that PREFECT_API_URL names."""
    if name == "collect":
        from flows.collect_submissions import collect_submissions

        state = clock("flow", lambda: collect_submissions(CYCLE, return_state=True))
    else:
        from flows.report_cycle import report_cycle

        state = clock("flow", lambda: report_cycle(CYCLE, ["en"], return_state=True))
    if not state.is_completed():
        raise SystemExit(f"{name}: {state.name}: {state.message}")


def floors(clock: Clock, store: Path, folder: Path) -> None:
    """Each stage by the bare library that does the work, from the same start: no checks, no findings, no lineage, no tags."""
    from bench.read import bare_calamine, bare_csv
    from bench.validation import frame_of, masked, recording

    untimed = Steps(Clock())
    contents = [(path.suffix, path.read_bytes()) for path in sorted((store / "inbox" / CYCLE).glob("*/*.*"))]
    clock("read", lambda: [(bare_csv if ending == ".zip" else bare_calamine)(data) for ending, data in contents])
    with recording() as recorded:
        made = composed(untimed)
    for judged_pass in recorded.passes:
        clock("validate", lambda of: masked(of.rules, frame_of(of.columns)), judged_pass)
    clock("aggregate", summed_by_duckdb, made["data"], folder)
    (document, language) = next(iter(made["documents"].values()))
    clock("render", bare_weasyprint, html_of(document, language))
    files = {**made["annexes"], **made["data"], "report.en.pdf": b"0" * 3_000_000}
    clock("deliver", lambda: [(folder / name).write_bytes(content) for name, content in files.items()])


def summed_by_duckdb(data: Mapping[str, bytes], folder: Path) -> None:
    """The accepted rows, as delivered, grouped as the figures are: each indicator's slices by network, country and member; activities and money by SDG; money by
    heading. Sums only."""
    import duckdb

    for name in ("indicator_rows.csv", "activities.csv", "expenditure.csv"):
        (folder / name).write_bytes(data[name])
    with duckdb.connect() as connection:
        for level in ("1", "country", "member"):
            connection.execute(f"SELECT {level}, indicator, sex, age, sum(try_cast(value AS DECIMAL(18, 4))), sum(numerator), sum(denominator), count(*) FROM '{folder}/indicator_rows.csv' GROUP BY ALL").fetchall()  # noqa: S608
        connection.execute(f"CREATE TABLE acted AS SELECT member, activity, regexp_extract(sdg, '^[^;=]+') AS sdg, women, men, other, unknown FROM '{folder}/activities.csv'")  # noqa: S608
        connection.execute("SELECT sdg, count(*), sum(women), sum(men), sum(unknown) FROM acted GROUP BY ALL").fetchall()
        connection.execute(f"SELECT sdg, sum(amount_eur) FROM '{folder}/expenditure.csv' LEFT JOIN acted USING (member, activity) GROUP BY ALL").fetchall()  # noqa: S608
        connection.execute(f"SELECT heading, sum(amount_eur) FROM '{folder}/expenditure.csv' GROUP BY ALL").fetchall()  # noqa: S608


def html_of(document: Any, language: str) -> str:
    from datetime import date

    from tasks.render import render_html

    return render_html(document, language, date(2019, 6, 30))


def bare_weasyprint(html: str) -> bytes:
    """A PDF without tags, standards or attachments."""
    import weasyprint

    pdf: bytes = weasyprint.HTML(string=html, base_url=Path("templates/report").resolve().as_uri() + "/").write_pdf()
    return pdf


def alone(what: str, store: Path, folder: Path | None) -> None:
    """What this process was started for; says on its last line what it took."""
    os.environ["FPA_STORAGE"] = str(store)
    clock, said = Clock(), {}
    if what == "sequential":
        from bench.peers.sequential import run

        said = run(store, CYCLE, folder or store / "out")
        clock.steps = said.pop("steps")
    elif what == "floor":
        floors(clock, store, folder or store)
    elif what.startswith("flow-"):
        flow(clock, what.removeprefix("flow-"))
    else:
        {"collect": collect, "report": report}[what](Steps(clock))
    print(json.dumps({"steps": clock.steps, "said": said}))


# --- from outside -----------------------------------------------------------------------------------------------------


def measured(what: str, store: Path, folder: Path | None = None, environment: Mapping[str, str] | None = None) -> Run:
    """A process that does it, watched. Raises SystemExit with what it said where it fails."""
    command = [sys.executable, "-m", "bench.whole", "--only", what, "--store", str(store), *(("--folder", str(folder)) if folder else ())]
    began, cpu, peak = time.perf_counter(), cpu_seconds(), 0
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(command, stdout=output, stderr=errors, env={**os.environ, **(environment or {})})  # noqa: S603
        while process.poll() is None:
            peak = max(peak, sum(map(share_of, family(process.pid))))
            time.sleep(0.5 if time.perf_counter() - began > 10 else 0.1)
        output.seek(0)
        errors.seek(0)
        if process.returncode:
            raise SystemExit(f"{what}: {errors.read()[-3000:]}")
        said = json.loads(output.read().splitlines()[-1])
    whole = Took(time.perf_counter() - began, cpu_seconds() - cpu, peak // 1024)
    return Run(whole, {name: Took(*took) for name, took in said["steps"].items()}, said["said"])


def one_round(world: Path, store: Path, members: int) -> dict[str, Run]:
    """The runs of a round, by name."""
    shutil.rmtree(store, ignore_errors=True)
    shutil.copytree(world, store)
    runs = {name: measured(name.partition(",")[0], store) for name in RUNS[:4]}
    key, content = made_file(made_members(members)[1], 0, ROWS - 1)
    (store / key).write_bytes(content)
    return runs | {name: measured(name.partition(",")[0], store) for name in RUNS[4:]}


def median(runs: Sequence[Took]) -> Took:
    return Took(statistics.median(r.seconds for r in runs), statistics.median(r.cpu for r in runs), round(statistics.median(r.peak for r in runs)))


def staged(runs: Mapping[str, Run]) -> dict[str, Took]:
    """The stages of collect and report together, and the whole. What the report reads and judges again counts in it."""
    found = {}
    for stage, names in STAGES.items():
        parts = [runs[run].steps[name] for run in ("collect", "report") for name in names if name in runs[run].steps]
        found[stage] = Took(sum(part.seconds for part in parts), sum(part.cpu for part in parts))
    both = [runs[run].work for run in ("collect", "report")]
    return found | {"whole": Took(sum(run.seconds for run in both), sum(run.cpu for run in both), max(run.peak for run in both))}


@dataclass(slots=True)
class Result:
    """Of one size: medians by stage, by run, of the floors and of the script; how much was delivered."""

    members: int
    stages: dict[str, Took]
    runs: dict[str, Took]
    floor: dict[str, Took] = field(default_factory=dict)
    script: dict[str, Took] = field(default_factory=dict)
    delivered: dict[str, int] = field(default_factory=dict)
    steps: dict[str, Took] = field(default_factory=dict)


def measure(members: int, folder: Path, rounds: int, floors_up_to: int, peer_up_to: int) -> Result:
    world, store = folder / f"{members}", folder / f"{members}-run"
    size = make_world(world, members)
    told(f"{members} members: {size / 1e6:.1f} MB of files; load {os.getloadavg()[0]:.1f}")
    done = []
    for number in range(rounds):
        done.append(one_round(world, store, members))
        told(f"  round {number + 1}: " + "; ".join(f"{name} {run.work.seconds:.1f} s, {run.work.cpu:.1f} of CPU, {run.whole.peak:,} MB" for name, run in done[-1].items()) + f"; load {os.getloadavg()[0]:.1f}")
    stages = [staged(runs) for runs in done]
    result = Result(members, {stage: median([of[stage] for of in stages]) for stage in stages[0]}, {name: median([runs[name].whole for runs in done]) for name in RUNS})
    result.steps = {f"{name}: {step}": median([runs[name].steps[step] for runs in done]) for name in ("collect", "report") for step in done[0][name].steps}
    result.delivered = sizes_of(store / "reports" / CYCLE / "v0001")
    with tempfile.TemporaryDirectory() as name:
        out = Path(name)
        if members <= floors_up_to:
            shutil.rmtree(store / "reports")
            kept = [measured("floor", store, out) for _ in range(rounds)]
            result.floor = {stage: median([run.steps[stage] for run in kept]) for stage in kept[0].steps}
            result.floor["whole"] = Took(sum(t.seconds for t in result.floor.values()), sum(t.cpu for t in result.floor.values()))
            told(f"  floors measured; load {os.getloadavg()[0]:.1f}")
        if members <= peer_up_to:
            of_script = [measured("sequential", world, out) for _ in range(rounds)]
            result.script = {stage: median([run.steps[stage] for run in of_script]) for stage in of_script[0].steps}
            result.script["whole"] = median([run.work for run in of_script])
            result.delivered["pages of the script's PDF"] = pages_of(out / "report.pdf")
            told(f"  sequential script: {result.script['whole'].seconds:.1f} s, {of_script[0].said}; load {os.getloadavg()[0]:.1f}")
    return result


def sizes_of(version: Path) -> dict[str, int]:
    names = ("report.en.pdf", "data/lineage.csv", "data/expenditure.csv", "financial-report.xlsx")
    found = {name: (version / name).stat().st_size for name in names if (version / name).exists()}
    return {"pages": pages_of(version / "report.en.pdf"), **found}


def pages_of(pdf: Path) -> int:
    from pypdf import PdfReader

    return len(PdfReader(pdf).pages)


def told(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


# --- Prefect's price --------------------------------------------------------------------------------------------------


@contextmanager
def a_server(folder: Path, storage: Path) -> Iterator[Any]:
    """Prefect's server and a worker, as `make up` starts them."""
    from tests.operators.running import Up

    running = Up(folder, storage)
    try:
        yield running.ready()
    finally:
        running.end()


def cpu_of(pid: int) -> float:
    """Seconds of processors that a process and those it started took so far."""
    total = 0
    for each in family(pid):
        try:
            said = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += int(said[11]) + int(said[12])
    return total / os.sysconf("SC_CLK_TCK")


def rows_kept(database: Path) -> dict[str, int]:
    from bench.server import sizes

    return {table: rows for table, rows, _ in sizes(database)}


def on_a_server(sizes: Sequence[int], folder: Path, rounds: int) -> list[str]:
    """Lines of a table: the flows against a server that runs, beside the same functions; and the rows the server keeps of a run."""
    lines = ["| members | run | plain, s | as flow, s | more, s | plain, CPU s | as flow, CPU s | server's CPU, s | times (CPU, server's included) |", "|---:|---|" + "---:|" * 7]
    kept: list[str] = []
    home = folder / "home"
    shutil.rmtree(home, ignore_errors=True)
    with a_server(home, folder / str(sizes[0])) as running:
        given = {"PREFECT_API_URL": running.api, "PREFECT_HOME": str(home)}
        for members in sizes:
            world, store = folder / f"{members}", folder / f"{members}-run"
            taken: dict[str, list[Took]] = {}
            for _ in range(rounds):
                for how in ("", "flow-"):
                    shutil.rmtree(store, ignore_errors=True)
                    shutil.copytree(world, store)
                    for name in ("collect", "report"):
                        time.sleep(5)  # what the server still writes of the run before
                        before, rows = cpu_of(running.process.pid), rows_kept(home / "prefect.db")
                        run = measured(f"{how}{name}", store, environment=given if how else None)
                        time.sleep(5 if how else 0)
                        taken.setdefault(f"{how}{name}", []).append(run.work)
                        if how:
                            taken.setdefault(f"server {name}", []).append(Took(0.0, cpu_of(running.process.pid) - before))
                            more = {table: n - rows[table] for table, n in rows_kept(home / "prefect.db").items() if n > rows[table]}
                            kept.append(f"{members} members, {name}: " + ", ".join(f"{n} {table}" for table, n in more.items()))
                told(f"  {members} members on the server: load {os.getloadavg()[0]:.1f}")
            for name in ("collect", "report"):
                plain, as_flow, server = median(taken[name]), median(taken[f"flow-{name}"]), median(taken[f"server {name}"])
                lines.append(
                    f"| {members} | {name} | {plain.seconds:.1f} | {as_flow.seconds:.1f} | {as_flow.seconds - plain.seconds:.1f} | {plain.cpu:.1f} | {as_flow.cpu:.1f} | {server.cpu:.1f} | {(as_flow.cpu + server.cpu) / plain.cpu:.2f} |"
                )
        peak = sum(map(share_of, family(running.process.pid))) // 1024
    return [*lines, "", f"The server and its worker hold {peak:,} MB. Rows they keep of a run:", "", *(f"* {line}" for line in dict.fromkeys(kept))]


# --- tables -----------------------------------------------------------------------------------------------------------


def seconds(took: Took | None, by: str = "cpu") -> str:
    return f"{getattr(took, by):,.1f}" if took else "–"


def ratio(one: Took | None, other: Took | None, by: str = "cpu") -> str:
    return f"{getattr(one, by) / getattr(other, by):.1f}" if one and other and getattr(other, by) >= 0.01 else "–"


def stage_table(result: Result) -> list[str]:
    lines = ["| step | bare libraries, s (CPU) | program, s (CPU) | sequential script, s (CPU) | program / bare | script / program |", "|---|" + "---:|" * 5]
    for stage, ours in result.stages.items():
        floor, script = result.floor.get(stage), result.script.get(stage)
        cells = [f"{seconds(took, 'seconds')} ({seconds(took)})" if took else "–" for took in (floor, ours, script)]
        lines.append(f"| {stage} | {' | '.join(cells)} | {ratio(ours, floor)} | {ratio(script, ours, 'seconds')} |")
    return lines


def run_table(results: Sequence[Result]) -> list[str]:
    heads = " | ".join(f"{result.members:,}: s | CPU, s | MB" for result in results)
    lines = [f"| members | {heads} |", "|---|" + "---:|" * (3 * len(results))]
    for name in RUNS:
        lines.append(f"| {name} | " + " | ".join(f"{took.seconds:,.1f} | {took.cpu:,.1f} | {took.peak:,}" for result in results for took in (result.runs[name],)) + " |")
    return lines


def growth_table(results: Sequence[Result]) -> list[str]:
    """The exponent of growth between two sizes: 1 is linear, 2 is with the square."""
    pairs = list(itertools.pairwise(results))
    heads = " | ".join(f"{a.members:,} to {b.members:,}" for a, b in pairs)
    lines = [f"| CPU's growth, exponent | {heads} |", "|---|" + "---:|" * len(pairs)]

    def exponent(a: float, b: float, small: Result, large: Result) -> str:
        return f"{math.log(b / a) / math.log(large.members / small.members):.2f}" if a > 0.02 and b > 0 else "–"

    for stage in (*STAGES, "whole"):
        lines.append(f"| {stage} | " + " | ".join(exponent(a.stages[stage].cpu, b.stages[stage].cpu, a, b) for a, b in pairs) + " |")
    return [*lines, "| memory of a collection | " + " | ".join(exponent(a.runs["collect"].peak, b.runs["collect"].peak, a, b) for a, b in pairs) + " |",
            "| memory of a report | " + " | ".join(exponent(a.runs["report"].peak, b.runs["report"].peak, a, b) for a, b in pairs) + " |"]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("members", nargs="*", type=int, default=MEMBERS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--server", action="store_true", help="only Prefect's price: the flows against a server, beside the same functions")
    parser.add_argument("--peer", type=int, default=COMPARED_UP_TO, help="members up to which the sequential script is measured")
    parser.add_argument("--floor", type=int, default=COMPARED_UP_TO, help="members up to which the bare libraries are measured")
    parser.add_argument("--folder", type=Path, help="where the made stores lie and stay (else in a temporary folder)")
    parser.add_argument("--only", help=argparse.SUPPRESS)
    parser.add_argument("--store", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only:
        alone(arguments.only, arguments.store, arguments.folder)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = arguments.folder or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        said = f"{os.cpu_count()} cores, medians of {arguments.rounds} round{'s' if arguments.rounds > 1 else ''}; load {os.getloadavg()[0]:.1f} before"
        if arguments.server:
            for members in arguments.members:
                make_world(folder / str(members), members)
            print(f"{said}\n\n" + "\n".join(on_a_server(arguments.members, folder, arguments.rounds)))
            return
        results = []
        for members in arguments.members:
            result = measure(members, folder, arguments.rounds, arguments.floor, arguments.peer)
            results.append(result)
            print(f"## {members:,} members\n\n" + "\n".join(stage_table(result)) + f"\n\nDelivered: {result.delivered}\n", flush=True)
            told(re.sub(r"Took\(seconds=([\d.]+), cpu=([\d.]+), peak=0\)", lambda m: f"{float(m[1]):.2f}/{float(m[2]):.2f}", f"  steps {result.steps}"))
        print("\n".join(run_table(results)))
        if len(results) > 1:
            print("\n" + "\n".join(growth_table(results)))
        print(f"\n{said}, {os.getloadavg()[0]:.1f} after")


if __name__ == "__main__":
    main()
