"""The main job as plain steps, in a process that may be killed: what the flows tell, step by step, without Prefect around it.

A fork server imports this module once (`start`), so that each process has everything at hand that a run needs and does nothing but the run."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

_FORKING = multiprocessing.get_context("forkserver")
_FORKING.set_forkserver_preload(["tests.faults.work"])

HEAVY = (
    "boto3", "duckdb", "great_expectations", "pandas", "pebble", "pikepdf", "weasyprint", "xlsxwriter", "docx", "babel.dates", "babel.numbers", "jinja2.ext", "nh3", "markdown_it",
    "flows.collect_submissions", "flows.report_cycle", "tasks.narrative", "tasks.iati", "tasks.financial_report", "tasks.logframe", "tasks.datadocs",
)  # fmt: skip
"""What the steps import when they need it."""

TOUCHES = frozenset(("os.rename", "os.link", "os.remove", "os.mkdir", "http.client.send"))
"""What the interpreter tells of before it happens: a change to a folder, a piece of a request sent."""


def story(flow: str) -> Callable[..., Any]:
    """A flow's own function in which every step is the plain function."""
    from prefect import Task

    module, _, name = flow.rpartition(".")
    told = importlib.import_module(module)
    for known, value in list(vars(told).items()):
        if isinstance(value, Task):
            setattr(told, known, value.fn)
    return getattr(told, name).fn  # type: ignore[no-any-return]


def without_artifacts() -> None:
    """What a run would show in Prefect's UI, where there is none."""
    import prefect.artifacts

    for name in ("create_markdown_artifact", "create_table_artifact", "create_progress_artifact", "create_link_artifact"):
        setattr(prefect.artifacts, name, lambda *_, **__: None)


def without_pauses() -> None:
    """boto3 and the store try again at once: what is looked at is what comes of it, not how long it takes."""
    from botocore.retries.standard import ExponentialBackoff

    import tasks.store

    ExponentialBackoff.delay_amount = lambda *_: 0.005  # type: ignore[method-assign]
    tasks.store.PAUSE_SECONDS = 0.005


MAIN_JOB = ("collect_submissions", "report_cycle", "collect_submissions")
"""Collect, report, and collect once more, so that the board knows of the report."""


def tell(flows: Sequence[str], cycle: str) -> list[str]:
    """Runs the flows in this order, until one fails; how each ended."""
    without_artifacts()
    told = [story(f"flows.{flow}.{flow}") for flow in flows]
    said = []
    for run in told:
        state = run(cycle)
        said.append(f"{state.type.value}: {state.message}")
        if state.is_failed():
            break
    return said


def _touched(event: str, arguments: tuple[Any, ...]) -> bool:
    return event in TOUCHES or (event == "open" and isinstance(arguments[1], str) and arguments[1][:1] in "xw")


def work(environment: Mapping[str, str], cycle: str, log: str, dies_at: int, pauses: bool, flows: Sequence[str]) -> None:
    """These flows as plain steps in this process, which leads a session of its own. `dies_at`: it kills itself just before it touches the outside for that
    time (0: never). Writes how it ended, how often it touched the outside, and how long it took, into the file `log`."""
    os.setsid()
    os.environ.update(environment)
    if not pauses:
        without_pauses()
    touches = 0

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal touches
        if _touched(event, arguments):
            touches += 1
            if touches == dies_at:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    with Path(log).open("w", buffering=1, encoding="utf-8") as out:
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
        out.write("began\n")
        began = time.monotonic()
        said = tell(flows, cycle)
        out.write("".join(f"said {line}\n" for line in said) + f"touches {touches}\nseconds {time.monotonic() - began:.3f}\nended\n")


def start(environment: Mapping[str, str], cycle: str, log: Path, dies_at: int = 0, pauses: bool = True, flows: Sequence[str] = MAIN_JOB) -> ForkServerProcess:
    """Starts the main job in a process of its own."""
    process = _FORKING.Process(target=work, args=(dict(environment), cycle, str(log), dies_at, pauses, flows))
    process.start()
    return process


if multiprocessing.current_process().name == "MainProcess" and "multiprocessing.forkserver" in " ".join(sys.argv + sys.orig_argv):
    for _name in HEAVY:
        importlib.import_module(_name)
