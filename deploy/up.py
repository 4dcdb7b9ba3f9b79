"""Everything on this machine in one command, until Ctrl-C: `make up`. Prefect's server, the pool, all deployments and a worker, reachable from here only.

FPA_STORAGE: where the members' files lie; without it the sample in ./demo/storage. FPA_PORT: another port than 4200. FPA_DATABASE: postgresql+asyncpg://…
instead of a file. FPA_PASSWORD: "name:password" that the UI then asks for. Logs and the database are in PREFECT_HOME, by default ./.prefect."""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

from deploy.deployments import POOL, ROOT, choices_of_forms
from tasks.faults import OperatorFault

HOST = "127.0.0.1"
SERVER_STARTS_WITHIN = 180
ENDS_WITHIN = 20
"""Seconds that a process is given to end by itself."""
RUNS_AT_ONCE = "4"


class Stopped(BaseException):
    """Ctrl-C, or whoever else asked for the end."""


def say(line: str) -> None:
    print(line, flush=True)


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """What our processes are started with. Raises OperatorFault for a port that is none."""
    port = given.get("FPA_PORT") or "4200"
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise OperatorFault(f"FPA_PORT={port} is no port; leave it out for 4200.")
    storage = given.get("FPA_STORAGE") or str(ROOT / "demo" / "storage")
    address = f"http://{HOST}:{port}"
    ours = {
        "FPA_STORAGE": storage if "://" in storage else str(Path(storage).resolve()),
        "PREFECT_HOME": str(Path(given.get("PREFECT_HOME") or ROOT / ".prefect").resolve()),
        "PREFECT_API_URL": f"{address}/api",
        "PREFECT_SERVER_API_HOST": HOST,
        "PREFECT_SERVER_API_PORT": port,
        "PREFECT_SERVER_UI_API_URL": f"{address}/api",
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": address,
        "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
        "PREFECT_WORKER_QUERY_SECONDS": "5",
        "DO_NOT_TRACK": "1",
        "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), given.get("PYTHONPATH")))),
        "PYTHONUNBUFFERED": "1",
    }
    if database := given.get("FPA_DATABASE"):
        ours["PREFECT_SERVER_DATABASE_CONNECTION_URL"] = database
    if password := given.get("FPA_PASSWORD"):
        ours |= {"PREFECT_SERVER_API_AUTH_STRING": password, "PREFECT_API_AUTH_STRING": password}
    return {**given, **ours}


def make_sure_of_storage(given: Mapping[str, str]) -> str:
    """Where the files lie, once they can be read and the agreement is in order. Raises OperatorFault. Where nobody named a place, the sample is put there."""
    storage = os.environ["FPA_STORAGE"]
    if not given.get("FPA_STORAGE") and not Path(storage, "agreement").exists():
        from tasks.demo import write_sample

        write_sample(storage)
    choices_of_forms()
    return storage


@contextmanager
def alone(home: Path, port: int) -> Iterator[None]:
    """Nobody else runs us on the same records or the same port. Raises OperatorFault."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise OperatorFault(f"make up is running already on {home}: end that one with Ctrl-C first, or name another folder: make up PREFECT_HOME=….") from None
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                what = "a Prefect server" if healthy(port) else "another program"
                raise OperatorFault(f"Port {port} is taken by {what}: end it first, or take another port, e.g. make up FPA_PORT={port + 1}.") from None
        yield


def healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}/api/health", timeout=5) as answer:
            return bool(answer.read() == b"true")
    except (OSError, ValueError):
        return False


class Process:
    """A process of ours with its log. It gets no Ctrl-C of its own (a terminal sends that to all at once): we end it in our order."""

    def __init__(self, name: str, *command: str) -> None:
        self.name = name
        self.log = Path(os.environ["PREFECT_HOME"]) / f"{name}.log"
        with self.log.open("wb") as log:
            self._running = subprocess.Popen(  # noqa: S603 (ours)
                [sys.executable, "-m", *command], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def make_sure(self) -> None:
        """Raises OperatorFault where it has ended by itself."""
        if self._running.poll() is not None:
            last = [line for line in self.log.read_text(errors="replace").splitlines() if line.strip()][-1:]
            raise OperatorFault(f"The {self.name} has ended by itself (status {self._running.returncode}). The end of {self.log}:", *last)

    def end(self) -> None:
        for sign in (signal.SIGTERM, signal.SIGKILL):
            if self._running.poll() is None:
                self._running.send_signal(sign)
                try:
                    self._running.wait(ENDS_WITHIN)
                except subprocess.TimeoutExpired:
                    continue


def adopt_orphans() -> None:
    """What our processes leave behind becomes ours to end (Linux only; elsewhere they end it themselves)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


def end_orphans() -> None:
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    until = time.monotonic() + ENDS_WITHIN
    while children.exists() and (left := children.read_text().split()) and time.monotonic() < until:
        for child in map(int, left):
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def wait_for(server: Process, port: int) -> None:
    until = time.monotonic() + SERVER_STARTS_WITHIN
    while not healthy(port):
        server.make_sure()
        if time.monotonic() > until:
            raise OperatorFault(f"The server did not start within {SERVER_STARTS_WITHIN} seconds; see {server.log}.")
        time.sleep(0.3)


def run(given: Mapping[str, str]) -> None:
    """Starts everything and waits for the end. Raises OperatorFault, Stopped."""
    os.environ.update(environment(given))
    home, port = Path(os.environ["PREFECT_HOME"]), int(os.environ["PREFECT_SERVER_API_PORT"])
    with ExitStack() as ending:
        ending.enter_context(alone(home, port))
        say(f"Members' files: {make_sure_of_storage(given)}")
        adopt_orphans()
        ending.callback(end_orphans)
        server = Process("server", "deploy.server")
        ending.callback(server.end)
        wait_for(server, port)
        # what was running when everything ended the last time is running no more
        for module in ("deploy.lost", "deploy.deployments"):
            if subprocess.run([sys.executable, "-m", module], cwd=ROOT).returncode:  # noqa: S603 (ours)
                raise OperatorFault("Nothing was started.")
        worker = Process("worker", "prefect", "worker", "start", "--pool", POOL, "--limit", RUNS_AT_ONCE)
        ending.callback(worker.end)
        say(f"Open http://{HOST}:{port} – Deployments → Run. Ctrl-C ends it all. Logs: {server.log}, {worker.log}")
        while True:
            server.make_sure()
            worker.make_sure()
            time.sleep(0.5)


def main() -> int:
    def stop(number: int, frame: FrameType | None) -> None:
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)
        say("\nEnding …")
        raise Stopped

    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, stop)
    try:
        run(dict(os.environ))
    except OperatorFault as fault:
        print(fault, file=sys.stderr)
        return 2
    except Stopped:
        say("Ended.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
