"""The same main job against a real S3 server, over http and https."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tasks.store import open_store
from tests.builders import agreement_files, clean
from tests.conftest import S3Url

Fpa = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_collect_and_report_on_s3(scheme: str, s3_url: S3Url, fpa: Fpa, monkeypatch: pytest.MonkeyPatch) -> None:
    url = s3_url(scheme)
    store = open_store(url)
    files = {**agreement_files(), **{f"inbox/C1/{member}/report.zip": clean(member, cover={"decimal": "."}) for member in ("aa", "bb", "cc", "dd")}}
    for key, content in files.items():
        store.write(key, content)
    monkeypatch.setenv("FPA_STORAGE", url)
    status, out, err = fpa("collect", "C1")
    assert (status, "4 on time" in out) == (0, True), err
    assert fpa("report", "C1")[0] == 0
    assert store.read("reports/C1/v0001/report.en.pdf").startswith(b"%PDF-1.7")
    assert fpa("verify", "reports/C1/v0001")[0] == 0
    assert "nothing has changed since v0001" in fpa("report", "C1")[1]
    assert b'"version": "v0001"' in store.read("reports/C1/latest.json")
