"""`make up` starts all or nothing, and ends all."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings

from tests.operators.running import ROOT, Up, ended, environment, free_port, processes_of, start
from tests.operators.waiting import wait_for

POSTGRES = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), reverse=True)), None)


def refusal(**given: str) -> list[str]:
    """What `make up` says that starts nothing."""
    done = subprocess.run([sys.executable, "-m", "deploy.up"], cwd=ROOT, env=environment(**given), capture_output=True, text=True, timeout=120)
    assert done.returncode == 2, done.stdout
    return done.stderr.splitlines()


def test_a_second_one_is_refused_in_a_line(up: Up, sample: Path, tmp_path: Path) -> None:
    (said,) = refusal(PREFECT_HOME=str(up.home), FPA_PORT=str(free_port()), FPA_STORAGE=str(sample))
    assert said.startswith("make up is running already on")
    (said,) = refusal(PREFECT_HOME=str(tmp_path), FPA_PORT=str(up.port), FPA_STORAGE=str(sample))
    assert said.startswith(f"Port {up.port} is taken by a Prefect server")


def test_a_port_that_another_program_has_is_named(sample: Path, tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        (said,) = refusal(PREFECT_HOME=str(tmp_path), FPA_PORT=str(port), FPA_STORAGE=str(sample))
    assert said.startswith(f"Port {port} is taken by another program")


def test_nothing_is_started_without_a_store_that_can_be_read(tmp_path: Path) -> None:
    away = "s3://no-such-bucket/network"
    keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_DEFAULT_REGION": "us-east-1", "AWS_MAX_ATTEMPTS": "1"}
    (said,) = refusal(PREFECT_HOME=str(tmp_path / "home"), FPA_PORT=str(free_port()), FPA_STORAGE=away, **keys)
    assert away in said and "cannot be reached" in said
    said, *faults = refusal(PREFECT_HOME=str(tmp_path / "home"), FPA_PORT=str(free_port()), FPA_STORAGE=str(tmp_path / "empty"))
    assert "nothing was done" in said and any("agreement.yaml: the file is missing" in fault for fault in faults)
    assert not (tmp_path / "home" / "server.log").exists()


def test_ctrl_c_ends_all_and_what_ran_is_known_as_crashed_at_the_next_start(sample: Path, tmp_path: Path) -> None:
    password = "desk:correct-horse"  # noqa: S105
    home = tmp_path / "home"
    first = Up(home, sample, FPA_PASSWORD=password).ready()
    try:
        assert httpx.get(f"{first.api}/version").status_code == 401
        with temporary_settings({PREFECT_API_URL: first.api, PREFECT_API_AUTH_STRING: password}), get_client(sync_client=True) as client:
            run = start(client, "report-cycle", {"cycle": "2020-H1", "languages": ["en", "fr", "es", "pt"]})
            wait_for(lambda: client.read_flow_run(run).state.is_running(), 60)
    finally:
        status = first.end()
    assert status == 0 and first.said().endswith("Ended.\n")
    assert processes_of(home) == []
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{first.api}/health")
    second = Up(home, sample, port=first.port, FPA_PASSWORD=password).ready()
    try:
        with temporary_settings({PREFECT_API_URL: second.api, PREFECT_API_AUTH_STRING: password}), get_client(sync_client=True) as client:
            state = client.read_flow_run(run).state
            assert state.name == "Crashed" and state.message.startswith("Everything was ended while this run was running."), state
            assert ended(client, start(client, "report-cycle", {"cycle": "2020-H1"})).state.is_completed()
    finally:
        second.end()
    assert password not in second.said() + (home / "server.log").read_text() + (home / "worker.log").read_text()


@pytest.fixture
def postgres() -> Iterator[str]:
    """The address of an empty PostgreSQL database."""
    if POSTGRES is None:
        pytest.skip("PostgreSQL is not installed")
    folder, port = Path(tempfile.mkdtemp(prefix="fpa-pg-")), free_port()
    folder.chmod(0o755)
    user = "postgres" if Path(folder).owner() == "root" else None
    data = folder / "data"
    data.mkdir()
    if user:
        shutil.chown(data, user)
    subprocess.run([POSTGRES.with_name("initdb"), "-D", data, "-U", "fpa", "--auth=trust", "--no-sync"], user=user, cwd="/", check=True, capture_output=True)
    command = [POSTGRES, "-D", data, "-p", str(port), "-k", data, "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
    server = subprocess.Popen(command, user=user, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        ready = [str(POSTGRES.with_name("pg_isready")), "-h", "127.0.0.1", "-p", str(port)]
        wait_for(lambda: subprocess.run(ready, capture_output=True).returncode == 0, 30)
        yield f"postgresql+asyncpg://fpa@127.0.0.1:{port}/postgres"
    finally:
        server.terminate()
        server.wait(30)
        shutil.rmtree(folder)


def test_postgresql_by_one_setting(postgres: str, sample: Path, tmp_path: Path) -> None:
    running = Up(tmp_path / "home", sample, FPA_DATABASE=postgres).ready()
    try:
        with temporary_settings({PREFECT_API_URL: running.api}), get_client(sync_client=True) as client:
            assert ended(client, start(client, "collect-submissions", {"cycle": "2019-H1"})).state.is_completed()
    finally:
        assert running.end() == 0
    assert not (tmp_path / "home" / "prefect.db").exists()
