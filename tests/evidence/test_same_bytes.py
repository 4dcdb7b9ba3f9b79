"""Same inputs, same program: same bytes, on whatever machine. The whole main job runs twice, each time in a process of its own under other settings."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tasks.demo import write_sample
from tasks.unchanged import KEPT

ROOT = Path(__file__).parents[2]
CYCLE = "2019-H1"
JOB = """
import typer
from flows.__main__ import app
if __name__ == "__main__":
    for arguments in (["open", CYCLE], ["collect", CYCLE], ["report", CYCLE, "--language", "en", "--language", "pt", "--edition", "internal", "--edition", "public"]):
        try:
            app(arguments, standalone_mode=False)
        except typer.Exit as ended:
            assert ended.exit_code < 2, arguments
"""
"""The commands an operator gives, in one process, so that Prefect starts once."""
MACHINES = {
    "one": {"TZ": "Pacific/Kiritimati", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "1", "umask": "022"},
    "other": {"TZ": "America/St_Johns", "LANG": "fr_FR.ISO-8859-1", "LC_ALL": "C", "PYTHONHASHSEED": "987654", "umask": "077"},
}
REPORT_FILES = {"financial-report.xlsx", "logframe.xlsx", "iati.xml", "manifest.json", *(f"report{edition}.{language}.pdf" for edition in ("", "-internal", "-public") for language in ("en", "pt"))}


def run_job(folder: Path, sample: Path, machine: str) -> Path:
    """Copies the sample, arrival times included, runs the job in a home and a working folder of its own, and gives the store."""
    store, home, place = (folder / machine / name for name in ("store", "home", "somewhere else"))
    shutil.copytree(sample, store)
    home.mkdir(parents=True)
    place.mkdir()
    job = place / "job.py"
    job.write_text(JOB.replace("CYCLE", repr(CYCLE)), encoding="utf-8")
    settings = {name: value for name, value in MACHINES[machine].items() if name != "umask"}
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(home), "PYTHONPATH": str(ROOT), "FPA_STORAGE": str(store), **settings}
    done = subprocess.run([sys.executable, str(job)], env=environment, cwd=place, umask=int(MACHINES[machine]["umask"], 8), capture_output=True, timeout=900, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-3000:]
    return store


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two stores with the same inputs after the job."""
    folder = tmp_path_factory.mktemp("machines")
    sample = folder / "sample"
    write_sample(str(sample))
    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(lambda machine: run_job(folder, sample, machine), MACHINES)
    return one, other


def digests(store: Path, folder: str) -> dict[str, str]:
    files = (path for path in sorted((store / folder).rglob("*")) if path.is_file() and not path.as_posix().endswith(KEPT))
    return {str(path.relative_to(store)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.parametrize(("folder", "at_least"), [("reports", 25), ("workbooks", 40), ("feedback", 30), ("quality", 1)])
def test_two_machines_write_the_same_bytes(stores: tuple[Path, Path], folder: str, at_least: int) -> None:
    one, other = (digests(store, folder) for store in stores)
    assert {key for key in one | other if one.get(key) != other.get(key)} == set()
    assert len(one) >= at_least


def test_what_was_compared_is_the_whole_report_in_every_edition(stores: tuple[Path, Path]) -> None:
    folder = stores[0] / f"reports/{CYCLE}/v0001"
    assert {path.name for path in folder.iterdir() if path.is_file()} >= REPORT_FILES
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert {entry["path"] for entry in manifest["outputs"]} == {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} - {"manifest.json"}


def test_nothing_of_a_machine_stands_in_a_file(stores: tuple[Path, Path]) -> None:
    """Neither where the store lies nor whose home it is."""
    marks = [str(stores[0].parent).encode(), str(ROOT).encode()]
    for path in (stores[0] / "reports").rglob("*"):
        if path.is_file():
            assert not [mark for mark in marks if mark in path.read_bytes()], path.name
