"""`make up` as an operator starts it, a worker of one's own, and what the server knows of runs."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import FlowRun

from tests.operators.waiting import wait_for

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(**more: str) -> dict[str, str]:
    """Ours without what a developer's shell or a test before may have set."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("FPA_", "PREFECT_"))} | more


class Up:
    """`make up` with records in a folder of its own, on a port of its own."""

    def __init__(self, home: Path, storage: Path | str, port: int | None = None, **more: str) -> None:
        self.home, self.port = home, port or free_port()
        self.environment = environment(PREFECT_HOME=str(home), FPA_PORT=str(self.port), FPA_STORAGE=str(storage), **more)
        home.mkdir(parents=True, exist_ok=True)
        self.output = home / "up.log"
        with self.output.open("wb") as output:
            self.process = subprocess.Popen([sys.executable, "-m", "deploy.up"], cwd=ROOT, env=self.environment, stdout=output, stderr=output, start_new_session=True)

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.port}/api"

    def ready(self) -> Up:
        wait_for(lambda: "Ctrl-C ends it all" in self.said() or self.process.poll() is not None, 240)
        assert self.process.poll() is None, self.said()
        return self

    def said(self) -> str:
        return self.output.read_text()

    def end(self) -> int:
        """What Ctrl-C in a terminal does; the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(90)


class Worker:
    """A worker that somebody starts in a folder of their own, where nothing of the project lies but what is installed. Takes the runs of one queue."""

    def __init__(self, folder: Path, up: Up, queue: str) -> None:
        self.log = folder / "worker.log"
        given = environment(PREFECT_API_URL=up.api, PREFECT_HOME=str(folder / "home"), FPA_STORAGE=up.environment["FPA_STORAGE"], PREFECT_WORKER_QUERY_SECONDS="2")
        given.pop("PYTHONPATH", None)
        command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", "fpa-process", "--work-queue", queue]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, cwd=folder, env=given, stdout=log, stderr=log, start_new_session=True)

    def kill(self) -> None:
        """The machine is gone: the worker and what it was running, at once."""
        for process in [self.process.pid, *descendants(self.process.pid)]:
            os.kill(process, signal.SIGKILL)
        self.process.wait()


def descendants(process: int) -> list[int]:
    children = [int(child) for task in Path(f"/proc/{process}/task").glob("*/children") for child in task.read_text().split()]
    return [*children, *(grandchild for child in children for grandchild in descendants(child))]


def processes_of(home: Path) -> list[str]:
    """Command lines of all processes that were started with these records."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"PREFECT_HOME={home}\0".encode() in (folder / "environ").read_bytes():
                found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found



def start(client: SyncPrefectClient, name: str, parameters: Mapping[str, Any] | None = None, **more: Any) -> UUID:
    """What Submit in a deployment's form does."""
    deployment = client.read_deployment_by_name(f"{name}/{name}")
    return client.create_flow_run_from_deployment(deployment.id, parameters=dict(parameters or {}), **more).id


def ended(client: SyncPrefectClient, run: UUID, seconds: float = 150) -> FlowRun:
    """The run, once it has ended."""
    wait_for(lambda: client.read_flow_run(run).state.is_final(), seconds)
    return client.read_flow_run(run)
