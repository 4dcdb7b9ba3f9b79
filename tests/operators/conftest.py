"""One `make up` for all tests that only use it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.settings import PREFECT_API_URL, temporary_settings

from tasks.demo import write_sample
from tests.operators.running import Up

LOST_AFTER = 75
"""Seconds; a run gives a sign of life every 30."""


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    storage = tmp_path_factory.mktemp("sample")
    write_sample(str(storage))
    return storage


@pytest.fixture(scope="session")
def up(tmp_path_factory: pytest.TempPathFactory, sample: Path) -> Iterator[Up]:
    vacuum = {"PREFECT_SERVER_SERVICES_DB_VACUUM_LOOP_SECONDS": "5"}
    running = Up(tmp_path_factory.mktemp("up"), sample, FPA_LOST_AFTER=str(LOST_AFTER), **vacuum)
    try:
        yield running.ready()
    finally:
        running.end()


@pytest.fixture
def client(up: Up) -> Iterator[SyncPrefectClient]:
    with temporary_settings({PREFECT_API_URL: up.api}), get_client(sync_client=True) as client:
        yield client
