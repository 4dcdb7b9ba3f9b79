"""The real flows on a temporary Prefect server, started once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tasks.store import open_store


@pytest.fixture(scope="session", autouse=True)
def prefect_server() -> Iterator[None]:
    os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] = "false"
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
    from prefect.testing.utilities import prefect_test_harness

    # without the heartbeat thread a flow call is a second shorter
    with prefect_test_harness(server_startup_timeout=120), temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        yield


@pytest.fixture
def storage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Mapping[str, bytes]], Path]:
    """Makes a storage root of files by key; FPA_STORAGE points to it."""

    def make(files: Mapping[str, bytes]) -> Path:
        root = tmp_path / "storage"
        store = open_store(str(root))
        for key, content in files.items():
            store.write(key, content)
        monkeypatch.setenv("FPA_STORAGE", str(root))
        return root

    return make


@pytest.fixture
def fpa(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str, str]]:
    """Runs the command line; (exit status, standard output, standard error)."""
    from flows.__main__ import main

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["fpa", *arguments])
        capsys.readouterr()
        try:
            main()
        except SystemExit as ended:
            out, err = capsys.readouterr()
            return int(ended.code or 0), out, err
        raise AssertionError("the command line did not end")

    return run
