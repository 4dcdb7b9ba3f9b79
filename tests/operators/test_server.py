"""What operators find on the server that `make up` starts, and what becomes of their runs."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import PrefectHTTPStatusError
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Cancelling, Completed, Pending, Scheduled

from tests.operators.running import ROOT, Up, Worker, ended, environment, start
from tests.operators.waiting import wait_for

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
BY_ITSELF = {"open-cycle", "collect-submissions", "verify-reports", "remind-members", "report-cycle"}


@dataclass(frozen=True)
class Elsewhere:
    """What a worker in somebody's own folder was given before it was lost: `done` ended, the others could not."""

    done: FlowRun
    running: UUID
    taken: UUID
    cancelled: UUID


@pytest.fixture(scope="module", autouse=True)
def elsewhere(up: Up, tmp_path_factory: pytest.TempPathFactory) -> Elsewhere:
    """Made before the other tests, because it takes its time until somebody sees that the worker is gone."""
    with temporary_settings({PREFECT_API_URL: up.api}), get_client(sync_client=True) as client:
        far = Scheduled(scheduled_time=datetime.now(UTC) + timedelta(days=2))
        taken, cancelled = start(client, "open-cycle", state=far), start(client, "verify-reports", state=far)
        client.set_flow_run_state(taken, Pending(), force=True)
        client.set_flow_run_state(cancelled, Cancelling(), force=True)
        worker = Worker(tmp_path_factory.mktemp("elsewhere"), up, "elsewhere")
        done = ended(client, start(client, "collect-submissions", {"cycle": "2019-H1"}, work_queue_name="elsewhere"))
        running = start(client, "report-cycle", {"cycle": "2020-H1"}, work_queue_name="elsewhere")
        wait_for(lambda: client.read_flow_run(running).state.is_running(), 60)
        time.sleep(4)  # its first sign of life is under way
        worker.kill()
        assert client.read_flow_run(running).state.is_running()
    return Elsewhere(done, running, taken, cancelled)


def test_a_worker_elsewhere_with_the_project_installed_runs_the_flows(elsewhere: Elsewhere) -> None:
    assert elsewhere.done.state.name == "NeedsPerson" and elsewhere.done.name == "collect-2019-H1"


def test_forms_offer_the_cycles_of_the_agreement_and_take_no_other(client: SyncPrefectClient) -> None:
    form = client.read_deployment_by_name("report-cycle/report-cycle").parameter_openapi_schema["properties"]
    assert form["cycle"]["enum"] == ["2020-H1", "2019-H2", "2019-H1"]
    assert form["languages"]["items"]["enum"] == ["en", "fr", "es", "pt"]
    assert form["further_editions"]["items"]["enum"] == ["internal", "public"]
    assert {form[name]["type"] for name in ("include_late", "require_approval")} == {"boolean"}
    assert all(field["description"] for field in form.values())
    for parameters in ({"cycle": "2031-H1"}, {"cycle": "2019-H1", "languages": ["de"]}):
        with pytest.raises(PrefectHTTPStatusError) as refused:
            start(client, "report-cycle", parameters)
        assert refused.value.response.status_code in (409, 422)


def test_schedules_make_runs_and_carry_no_cycle(client: SyncPrefectClient) -> None:
    def names() -> set[str]:
        runs = client.read_flow_runs(flow_run_filter=FlowRunFilter.model_validate({"state": {"type": {"any_": ["SCHEDULED"]}}}))
        assert not any("cycle" in run.parameters for run in runs if run.auto_scheduled)
        return {client.read_flow(run.flow_id).name for run in runs if run.auto_scheduled}

    wait_for(lambda: names() >= BY_ITSELF, 90)
    zones = {schedule.schedule.timezone for name in BY_ITSELF for schedule in client.read_deployment_by_name(f"{name}/{name}").schedules}
    assert zones == {"Europe/Brussels"}


def test_with_nothing_to_do_a_run_is_green_and_says_so(client: SyncPrefectClient, sample: Path) -> None:
    delivered = list((sample / "reports").glob("*/v*/manifest.json"))
    runs = {name: start(client, name) for name in BY_ITSELF}
    states = {name: ended(client, run).state for name, run in runs.items()}
    assert {state.name for state in states.values()} == {"Completed"}
    assert states["collect-submissions"].message == states["open-cycle"].message == "no cycle is open today"
    said = f"{len(delivered)} of {len(delivered)} delivered reports are as their manifests say" if delivered else "no report is delivered yet"
    assert states["verify-reports"].message == said and states["report-cycle"].message == "no report is to be made today"


def test_of_two_operators_who_start_the_same_report_one_is_told_of_the_other(client: SyncPrefectClient, sample: Path) -> None:
    first, second = (ended(client, run) for run in [start(client, "report-cycle", {"cycle": "2019-H1"}) for _ in range(2)])
    done, told = sorted((first, second), key=lambda run: run.state.is_cancelled())
    assert done.state.is_completed() and (sample / "reports/2019-H1/v0001/manifest.json").exists()
    assert told.state.is_cancelled() and "The report of 2019-H1 is being made already: the run report-2019-H1" in told.state.message
    assert not (sample / "reports/2019-H1/v0002").exists()


def test_automations_are_there_once_however_often_one_deploys(client: SyncPrefectClient, up: Up) -> None:
    before = {automation.name: automation for automation in client.read_automations()}
    deploy_again(up)
    after = {automation.name: automation for automation in client.read_automations()}
    assert len(client.read_automations()) == 3 and before == after
    assert all(automation.enabled and name.startswith("fpa: ") for name, automation in after.items())


def deploy_again(up: Up) -> None:
    given = up.environment | {"PREFECT_API_URL": up.api}
    done = subprocess.run([sys.executable, "-m", "deploy.deployments"], cwd=ROOT, env=given, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_plain_prefect_deploy_works_from_a_clean_clone_and_flows_check_what_no_form_does(client: SyncPrefectClient, up: Up, tmp_path: Path) -> None:
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in listed.splitlines():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_file():
            shutil.copy(ROOT / name, tmp_path / name)
    plain = environment(PREFECT_API_URL=up.api, PREFECT_HOME=str(tmp_path / "home"))
    done = subprocess.run([sys.executable, "-m", "prefect", "deploy", "--all", "--no-prompt"], cwd=tmp_path, env=plain, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    try:
        run = ended(client, start(client, "report-cycle", {"cycle": "2031-H1"}))
    finally:
        deploy_again(up)
    assert run.state.name == "Failed"
    assert run.state.message == "There is no cycle '2031-H1' in agreement/agreement.yaml; its cycles are 2019-H1, 2019-H2, 2020-H1."


def test_runs_without_a_process_are_ended(client: SyncPrefectClient, elsewhere: Elsewhere) -> None:
    """A worker that is gone with what it ran; one that was gone before it started what it took; a cancellation that nobody carries out."""
    lost = [ended(client, run).state for run in (elsewhere.running, elsewhere.taken, elsewhere.cancelled)]
    assert [state.name for state in lost] == ["Crashed", "Crashed", "Cancelled"]
    assert "gave no sign of life" in lost[0].message and "stopped before it started it" in lost[1].message


def test_runs_that_ended_long_ago_are_removed(client: SyncPrefectClient, up: Up) -> None:
    old, recent = (start(client, "verify-reports", state=Scheduled(scheduled_time=datetime.now(UTC) + timedelta(days=2))) for _ in range(2))
    for run in (old, recent):
        client.set_flow_run_state(run, Completed(), force=True)
    with closing(sqlite3.connect(up.home / "prefect.db", timeout=30)) as records, records:
        changed = records.execute("UPDATE flow_run SET end_time = ? WHERE id = ?", (f"{datetime.now() - timedelta(days=400)}", str(old)))
        assert changed.rowcount == 1

    def remaining() -> set[object]:
        return {run.id for run in client.read_flow_runs(flow_run_filter=FlowRunFilter.model_validate({"id": {"any_": [str(old), str(recent)]}}))}

    wait_for(lambda: remaining() == {recent}, 40)


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_the_ui_asks_nobody_but_this_server(up: Up, tmp_path: Path) -> None:
    log = tmp_path / "net.json"
    command = [
        str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        f"--user-data-dir={tmp_path}/profile", f"--log-net-log={log}", "--virtual-time-budget=15000", "--dump-dom", f"http://127.0.0.1:{up.port}/v2/deployments/",
    ]  # fmt: skip
    seen = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert "report-cycle" in seen.stdout, "the page shows the deployments"
    events = json.loads(log.read_text())["events"]
    asked = {event["params"]["url"] for event in events if isinstance(event.get("params", {}).get("url"), str) and event["params"]["url"].startswith(("http", "ws"))}
    own = f"http://127.0.0.1:{up.port}/"
    assert any(url.startswith(f"{own}api/deployments") for url in asked)
    assert not [url for url in asked if "amplitude" in url or "prefect" in url.split("/")[2]], asked


def test_the_server_reports_nothing_and_other_sites_may_not_use_it(up: Up, client: SyncPrefectClient) -> None:
    settings = client.request("GET", "/admin/settings").json()["server"]
    assert settings["analytics_enabled"] is False and settings["ui"]["show_promotional_content"] is False
    assert settings["api"]["csrf_protection_enabled"] is True and settings["api"]["cors_allowed_origins"] == f"http://127.0.0.1:{up.port}"
    assert httpx.post(f"{up.api}/flow_runs/count", json={}).status_code == 403
