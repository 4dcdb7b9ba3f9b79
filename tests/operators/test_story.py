"""A day of the reporting officer: in Prefect's UI, with a real server, worker, S3 server and browser, she starts a report, watches it, reads what it found,
approves it and finds it delivered. FPA_SCREENSHOTS names a folder for what she sees; else it is in the tests' own folder."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.demo import write_sample
from tasks.store import Store, open_store
from tests.conftest import S3Url
from tests.operators.browser import CHROMIUM, Browser
from tests.operators.running import Up
from tests.operators.waiting import wait_for

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")

CYCLE = "2020-H1"
BEFORE = {"board-2020-h1", "finance-2020-h1", "findings-2020-h1"}
"""What a collection shows."""
WAITING = {"targets-2020-h1", "draft-2020-h1", "progress-report-2020-h1"}
"""What a report shows that waits for approval."""


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    return Path(os.environ.get("FPA_SCREENSHOTS") or tmp_path / "pictures")


@pytest.fixture
def storage(s3_url: S3Url, monkeypatch: pytest.MonkeyPatch) -> str:
    """The sample in a bucket."""
    url = s3_url("http")
    monkeypatch.setenv("FPA_STORAGE", url)
    write_sample(url)
    return url


@pytest.fixture
def server(storage: str, tmp_path: Path) -> Iterator[str]:
    running = Up(tmp_path / "home", storage)
    try:
        yield f"http://127.0.0.1:{running.ready().port}"
    finally:
        running.end()


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    opened = Browser(tmp_path / "profile")
    try:
        yield opened
    finally:
        opened.end()


def fill_in(browser: Browser, server: str, deployment: str) -> None:
    """From the list of deployments to the form of one, with the cycle chosen."""
    browser.open(server)
    browser.click("Deployments", "a")
    browser.see("verify-reports")
    browser.rest()
    browser.click(deployment, "a[href*='/deployments/deployment/']")
    browser.click("Run", "button")
    browser.click("Custom run", part=True)
    browser.click("Select cycle", "button")
    browser.click(CYCLE, "[role=option]")


def submit(browser: Browser, run: str) -> None:
    """Sends the form and opens the run that it started, from the note that the UI shows for a moment; it slides in, so that a first click may miss it."""
    browser.click("Submit", "button")

    def opened() -> bool:
        if "View run" in browser.text:
            browser.click("View run", "button, a, [role=button]")
        return "/runs/flow-run/" in browser.address

    wait_for(opened, 20)
    browser.see(run, 90)


def shown(browser: Browser, wanted: set[str]) -> None:
    """Waits until the run shows these artifacts; the page is loaded anew each time, as its list does not follow by itself."""
    run = browser.address

    def are_there() -> bool:
        browser.open(run)
        browser.click("Artifacts", "[role=tab]")
        browser.rest()
        return set(browser.text.split()) >= wanted

    wait_for(are_there, 90, lambda: browser.text)


def look_at(browser: Browser, artifact: str) -> None:
    """From the run to the newest version of what it shows under that name."""
    browser.click(f"\n{artifact}\n", "a", part=True)
    browser.click_on("a[href*='/artifacts/artifact/']")


def test_a_report_is_started_watched_approved_and_found(browser: Browser, server: str, storage: str, pictures: Path) -> None:
    store = open_store(storage)
    fill_in(browser, server, "collect-submissions")
    submit(browser, f"collect-{CYCLE}")
    browser.see("NeedsPerson", 150)
    shown(browser, BEFORE)
    look_at(browser, "board-2020-h1")
    browser.see("To do today")
    browser.see("haki-ke")
    browser.picture(pictures / "board.png")
    the_links_lead_to_the_files(browser, server, store)

    fill_in(browser, server, "report-cycle")
    browser.click_on("[role=switch]", 1)  # require_approval
    wait_for(lambda: browser.ask("document.querySelectorAll('[role=switch]')[1].getAttribute('aria-checked')") == "true")
    browser.picture(pictures / "form.png")
    submit(browser, f"report-{CYCLE}")
    browser.see("Running", 90)
    shown(browser, {"progress-report-2020-h1"})
    browser.picture(pictures / "running.png")
    browser.see("Suspended", 150)
    shown(browser, WAITING)
    assert not list(store.list(f"reports/{CYCLE}/")), "nothing is delivered before it is approved"

    run = browser.address
    browser.click_on("button[aria-haspopup=menu][id^=radix]")
    browser.click("Resume", "[role=menuitem]", part=True)
    browser.see("report.en.pdf")
    browser.picture(pictures / "approval.png")
    browser.click("Resume", "[role=dialog] button")
    browser.rest()
    assert "Who decides." in browser.text, "nothing was filled in, so the form stays"
    browser.click("Select Decision", "button")
    browser.click("approve", "[role=option]")
    browser.click_on("[role=dialog] textarea", 0)
    browser.type("Ann Officer")
    browser.click("Resume", "[role=dialog] button")
    wait_for(lambda: store.head(f"reports/{CYCLE}/v0001/manifest.json"), 150)
    browser.open(run)
    browser.see("NeedsPerson", 90)
    shown(browser, {"report-2020-h1"})
    browser.picture(pictures / "done.png")
    look_at(browser, "report-2020-h1")
    browser.see("report.en.pdf")
    assert browser.ask("[...document.querySelectorAll('a')].some(a => a.getAttribute('href') === '/files/reports/2020-H1/v0001/report.en.pdf')")
    what_is_delivered_is_what_was_approved(store, run.partition("flow-run/")[2][:36])


def the_links_lead_to_the_files(browser: Browser, server: str, store: Store) -> None:
    """She opens the board as a page."""
    assert browser.ask("[...document.querySelectorAll('a')].filter(a => (a.getAttribute('href') || '').startsWith('/files/')).length") >= 29
    browser.open(f"{server}/files/quality/{CYCLE}/index.html")
    browser.see("Costs to date against the budget")
    assert browser.text.count("answer") >= 14 and store.head(f"quality/{CYCLE}/index.html")


def what_is_delivered_is_what_was_approved(store: Store, run: str) -> None:
    folder, draft = f"reports/{CYCLE}/v0001", f"drafts/{CYCLE}/{run}"
    manifest = json.loads(store.read(f"{folder}/manifest.json"))
    listed = {entry["path"]: entry["sha256"] for entry in manifest["outputs"]}
    approval = json.loads(store.read(f"{folder}/approval.json"))
    assert (approval["decision"], approval["name"]) == ("approve", "Ann Officer")
    assert approval["draft"] == hashlib.sha256(store.read(f"{draft}/draft.json")).hexdigest()
    for path, digest in listed.items():
        content = store.read(f"{folder}/{path}")
        assert hashlib.sha256(content).hexdigest() == digest, path
        assert path == "approval.json" or content == store.read(f"{draft}/{path}"), path


def test_a_run_that_failed_says_what_happened_and_what_to_do(browser: Browser, server: str, storage: str, pictures: Path) -> None:
    store = open_store(storage)
    rates = store.read("agreement/rates.csv")
    store.write("agreement/rates.csv", rates.replace(b"rate", b"cours", 1))
    fill_in(browser, server, "collect-submissions")
    submit(browser, f"collect-{CYCLE}")
    browser.see("Failed", 120)
    browser.click("Details", "[role=tab]")
    browser.see("agreement/rates.csv")
    assert "Traceback" not in browser.text
    browser.picture(pictures / "failed.png")
