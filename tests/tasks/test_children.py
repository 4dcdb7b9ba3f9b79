"""Child processes that work on members' files."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from tasks.children import run_each


class SecondIsLate:
    """Whichever process is the second to be told of it is told slowly."""

    def __init__(self, told: Path) -> None:
        self.told = told

    def __reduce__(self) -> tuple[Any, ...]:
        return _tell, (self.told,)


def _tell(told: Path) -> None:
    try:
        told.touch(exist_ok=False)
    except FileExistsError:
        time.sleep(1)
        told.with_name("second").touch()


def _nothing(said: object) -> None:
    pass


def _same(number: int) -> int:
    return number


def test_a_process_still_starting_when_all_is_done_leaves_no_trace(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from pebble.pool.process import WorkerManager

    end = WorkerManager.force_stop_workers

    def end_late(manager: WorkerManager) -> None:
        deadline = time.monotonic() + 10
        while not (tmp_path / "second").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.5)
        end(manager)

    monkeypatch.setattr(WorkerManager, "force_stop_workers", end_late)
    assert list(run_each(_same, [(1,), (2,)], _nothing, (SecondIsLate(tmp_path / "told"),))) == [1, 2]
    assert (tmp_path / "second").exists()
    assert capfd.readouterr().err == ""
