"""A report waits for a person while server and worker are killed; started again, it goes on, and what was approved is what is delivered."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.settings import PREFECT_API_URL, temporary_settings

from tasks.demo import write_sample
from tests.operators.running import Up, descendants, ended, start
from tests.operators.waiting import wait_for

CYCLE = "2019-H1"


def kill(up: Up) -> None:
    """The power is cut: server, worker and what they run, at once."""
    for process in [up.process.pid, *descendants(up.process.pid)]:
        os.kill(process, signal.SIGKILL)
    up.process.wait()


def events_of(client: SyncPrefectClient, run: object) -> list[str]:
    found = client.request("POST", "/events/filter", json={"filter": {"resource": {"id": [f"prefect.flow-run.{run}"]}, "order": "ASC"}, "limit": 50}).json()
    return [event["event"] for event in found["events"]]


def test_a_report_waits_over_the_end_of_server_and_worker(tmp_path: Path) -> None:
    root = tmp_path / "store"
    write_sample(str(root))
    for language, section in ((path.parts[-2], path.name) for path in (root / "texts").glob("*/*/*.md")):
        (root / f"texts/{CYCLE}/{language}").mkdir(parents=True, exist_ok=True)
        text = root / f"texts/{CYCLE}/{language}/{section}"
        if not text.exists():
            text.write_text("Written for the test.\n", encoding="utf-8")
    first = Up(tmp_path / "home", root).ready()
    try:
        with temporary_settings({PREFECT_API_URL: first.api}), get_client(sync_client=True) as client:
            run = start(client, "report-cycle", {"cycle": CYCLE, "languages": ["en"], "require_approval": True})
            wait_for(lambda: client.read_flow_run(run).state.is_paused() or client.read_flow_run(run).state.is_final(), 150)
            assert client.read_flow_run(run).state.name == "Suspended", client.read_flow_run(run).state.message
            wait_for(lambda: "prefect.flow-run.waits-for-approval" in events_of(client, run), 30)
            assert "prefect.flow-run.heartbeat" not in events_of(client, run)[events_of(client, run).index("prefect.flow-run.waits-for-approval") :]
    finally:
        kill(first)
    assert not (root / f"reports/{CYCLE}").exists()
    second = Up(tmp_path / "home", root, port=first.port).ready()
    try:
        with temporary_settings({PREFECT_API_URL: second.api}), get_client(sync_client=True) as client:
            assert client.read_flow_run(run).state.name == "Suspended"
            again = ended(client, start(client, "report-cycle", {"cycle": CYCLE}))
            assert again.state.is_cancelled() and "waits for approval. Open that run" in again.state.message
            client.resume_flow_run(run, run_input={"decision": "approve", "name": "Ann Officer"})
            done = ended(client, run)
            assert done.state.is_completed(), done.state.message
    finally:
        second.end()
    folder = root / f"reports/{CYCLE}/v0001"
    approval = json.loads((folder / "approval.json").read_bytes())
    assert (approval["decision"], approval["name"]) == ("approve", "Ann Officer")
    draft = root / f"drafts/{CYCLE}/{run}"
    for entry in json.loads((draft / "draft.json").read_bytes())["files"]:
        assert (folder / entry["path"]).read_bytes() == (draft / entry["path"]).read_bytes(), entry["path"]
    assert "report.en.pdf" in (root / f"quality/{CYCLE}/index.html").read_text(encoding="utf-8")


