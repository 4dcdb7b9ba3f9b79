"""`fpa demo` with the sample in a real S3 server."""

from __future__ import annotations

import pytest

from tasks.store import open_store
from tests.conftest import S3Url
from tests.flows.test_main_job import Fpa


def test_the_whole_sample_on_s3(s3_url: S3Url, fpa: Fpa, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its due dates are set ahead there, since the store itself says when a file arrived."""
    url = s3_url("https")
    monkeypatch.setenv("FPA_STORAGE", url)
    status, out, err = fpa("demo")
    assert status == 0, err
    store = open_store(url)
    for cycle in ("2019-H1", "2020-H1"):
        assert f"{url}/reports/{cycle}/v0001/report.en.pdf" in out
        assert store.head(f"reports/{cycle}/v0001/manifest.json")
