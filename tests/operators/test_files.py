"""The files that runs link to, on the server as `make up` starts it."""

from __future__ import annotations

from pathlib import Path

import httpx
from prefect.client.orchestration import SyncPrefectClient

from tests.operators.running import Up, ended, start


def test_the_links_of_a_board_lead_to_the_files(up: Up, client: SyncPrefectClient, sample: Path) -> None:
    run = ended(client, start(client, "collect-submissions", {"cycle": "2019-H2"}))
    assert run.state.name == "Completed" or run.state.name == "NeedsPerson", run.state.message
    (board,) = [artifact for artifact in client.read_artifacts() if artifact.key == "board-2019-h2"]
    links = [part.partition(")")[0] for part in str(board.data).split("](")[1:]]
    assert any(link.startswith("/files/inbox/2019-H2/") for link in links) and "/files/quality/2019-H2/index.html" in links
    for link in links:
        answer = httpx.get(f"http://127.0.0.1:{up.port}{link}")
        assert answer.status_code == 200 and answer.content, link
        assert answer.headers["content-type"] != "text/html" or "sandbox" in answer.headers["content-security-policy"]
    page = httpx.get(f"http://127.0.0.1:{up.port}/files/quality/2019-H2/index.html")
    assert page.content == (sample / "quality/2019-H2/index.html").read_bytes()
    assert httpx.get(f"http://127.0.0.1:{up.port}/files/agreement/members.csv").status_code == 404
