"""The store's files as the server gives them: which, to whom, and as what."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.files import Files

HTML = "quality/C1/index.html"
CONTENT = {
    HTML: b"<p>the board</p>", "reports/C1/v0001/report.en.pdf": b"%PDF-1.7", "reports/C1/v0001/data/sdg.csv": b"a,b\n", "feedback/C1/bb/ab/summary.html": b"<p>answer</p>",
    "inbox/C1/bb/Rapport été.html": b"<script>alert(1)</script>", "inbox/C1/bb/a b#c.xlsx": b"PK", "agreement/members.csv": b"secret", "mail/C1/bb/x.eml": b"secret",
}  # fmt: skip


async def elsewhere(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 418, "headers": []})
    await send({"type": "http.response.body", "body": b"Prefect"})


def client(password: str | None = None) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(Files(elsewhere, password)), base_url="http://here")


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for key, data in CONTENT.items():
        (tmp_path / key).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / key).write_bytes(data)
    monkeypatch.setenv("FPA_STORAGE", str(tmp_path))
    yield tmp_path


def get(path: str, password: str | None = None, method: str = "GET", **headers: str) -> httpx.Response:
    import asyncio

    async def ask() -> httpx.Response:
        async with client(password) as asking:
            return await asking.request(method, path, headers=headers)

    return asyncio.run(ask())


def test_pages_are_shown_without_script_and_in_an_origin_of_their_own() -> None:
    answer = get(f"/files/{HTML}")
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, CONTENT[HTML], "text/html; charset=utf-8")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("sandbox") and "default-src 'none'" in policy and "allow-scripts" not in policy and "allow-same-origin" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff" and "content-disposition" not in answer.headers
    assert get("/files/reports/C1/v0001/report.en.pdf").headers["content-type"] == "application/pdf"


@pytest.mark.parametrize(
    ("path", "name"),
    [("inbox/C1/bb/Rapport%20%C3%A9t%C3%A9.html", "Rapport%20%C3%A9t%C3%A9.html"), ("inbox/C1/bb/a%20b%23c.xlsx", "a%20b%23c.xlsx"), ("reports/C1/v0001/data/sdg.csv", "sdg.csv")],
)
def test_what_members_sent_and_what_no_browser_shows_is_saved(path: str, name: str) -> None:
    answer = get(f"/files/{path}")
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == f"attachment; filename*=UTF-8''{name}"


@pytest.mark.parametrize(
    "path", ["agreement/members.csv", "mail/C1/bb/x.eml", "quality", "quality/", "quality/../agreement/members.csv", "quality/%2e%2e/agreement/members.csv", "quality//C1", "quality/none.html", "inbox/C1/bb/%00"]
)
def test_nothing_else_is_there(path: str) -> None:
    answer = get(f"/files/{path}")
    assert answer.status_code in (404, 503) and b"secret" not in answer.content


def test_it_asks_for_the_server_s_password() -> None:
    right = "Basic " + base64.b64encode("officer:geheim é".encode()).decode()
    assert get(f"/files/{HTML}", "officer:geheim é").status_code == 401
    assert get(f"/files/{HTML}", "officer:geheim é", authorization="Basic " + base64.b64encode(b"officer:wrong").decode()).status_code == 401
    refused = get(f"/files/{HTML}", "officer:geheim é")
    assert refused.headers["www-authenticate"].startswith("Basic realm=") and b"board" not in refused.content
    assert get(f"/files/{HTML}", "officer:geheim é", authorization=right).content == CONTENT[HTML]


def test_it_only_reads_and_leaves_all_else_to_prefect() -> None:
    assert get(f"/files/{HTML}", method="DELETE").status_code == 405 and get(f"/files/{HTML}", method="POST").status_code == 405
    head = get(f"/files/{HTML}", method="HEAD")
    assert head.status_code == 200 and head.content == b"" and head.headers["content-length"] == str(len(CONTENT[HTML]))
    assert get("/api/health").status_code == 418 and get("/filesystem").status_code == 418
