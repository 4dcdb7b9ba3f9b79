"""The main job may be killed at any moment and run again: the same bytes as one that nobody disturbed, one version, and nothing left over that is seen.

It dies just before it touches the outside for the n-th time (a file opened to write, moved, linked, removed, a request sent), so that every moment at which a
store could be left half done has its turn. FPA_KILLS: how many of them are tried, spread evenly over all there are."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tasks.store import open_store
from tests.builders import agreement_files, clean
from tests.conftest import S3Url
from tests.faults.work import start

KILLS = int(os.environ.get("FPA_KILLS", "20"))
FILES = agreement_files(due="2099-12-31T18:00") | {f"inbox/C1/{member}/report.zip": clean(member, cover={"decimal": "."}) for member in ("aa", "bb", "cc")}
TEMPORARY = re.compile(r"\.fpa-writing-[0-9a-f]{32}")
ARRIVED = 1_560_000_000


def said(log: Path) -> dict[str, str]:
    return dict(line.partition(" ")[::2] for line in log.read_text().splitlines())


def run(environment: dict[str, str], log: Path, dies_at: int = 0) -> int:
    """The exit status of the main job's process; -9 where it was killed."""
    process = start(environment, "C1", log, dies_at)
    process.join(300)
    assert process.exitcode is not None, log.read_text()
    return process.exitcode


# --- a directory ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The inputs, as they arrived."""
    root = tmp_path_factory.mktemp("world") / "store"
    for key, content in FILES.items():
        path = root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (ARRIVED, ARRIVED))
    return root


def tree(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file() and not TEMPORARY.fullmatch(path.name)}


@pytest.fixture(scope="module")
def undisturbed(world: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, bytes], int]:
    """What the job leaves behind, and how often it touches the outside."""
    folder = tmp_path_factory.mktemp("undisturbed")
    shutil.copytree(world, folder / "store")
    assert run({"FPA_STORAGE": str(folder / "store")}, folder / "log") == 0, (folder / "log").read_text()
    found = tree(folder / "store")
    assert "reports/C1/v0001/manifest.json" in found and "quality/C1/index.html" in found, (folder / "log").read_text()
    return found, int(said(folder / "log")["touches"])


def moments(touches: int) -> Iterator[int]:
    """KILLS of them, evenly spread, the first and the last with them."""
    yield from sorted({1 + round(place * (touches - 1) / max(KILLS - 1, 1)) for place in range(KILLS)})


def test_killed_at_any_moment_and_run_again_a_directory_holds_the_same_bytes(world: Path, undisturbed: tuple[dict[str, bytes], int], tmp_path: Path) -> None:
    expected, touches = undisturbed
    assert touches > 100
    for moment in moments(touches):
        root, log = tmp_path / str(moment) / "store", tmp_path / f"{moment}.log"
        shutil.copytree(world, root)
        assert run({"FPA_STORAGE": str(root)}, log, moment) == -9, f"not killed at touch {moment}: {log.read_text()}"
        versions = list((root / "reports/C1").glob("v*/manifest.json"))
        for manifest in versions:
            assert tree(manifest.parent) == {key.removeprefix("reports/C1/v0001/"): content for key, content in expected.items() if key.startswith("reports/C1/v0001/")}
        assert run({"FPA_STORAGE": str(root)}, log) == 0, log.read_text()
        found = tree(root)
        assert {key for key in found | expected if found.get(key) != expected.get(key)} == set(), f"killed at touch {moment} of {touches}"
        shutil.rmtree(root.parent)


# --- S3 ---------------------------------------------------------------------------------------------------------------


def test_killed_at_any_moment_and_run_again_a_bucket_holds_the_same_objects(s3_url: S3Url, tmp_path: Path, storage_environment: Callable[[], dict[str, str]]) -> None:
    """The store itself says when a file arrived, so the job is told apart from an undisturbed one on the same objects: a report made of them again, elsewhere,
    has the same bytes."""
    few = max(KILLS // 4, 3)
    touches = 0
    for number in range(few + 1):
        url = s3_url("http")
        store, environment = open_store(url), storage_environment() | {"FPA_STORAGE": url}
        for key, content in FILES.items():
            store.write(key, content)
        log = tmp_path / f"{number}.log"
        if number == 0:
            assert run(environment, log) == 0, log.read_text()
            touches = int(said(log)["touches"])
            continue
        moment = 1 + round(number * (touches - 2) / (few + 1))
        assert run(environment, log, moment) == -9, f"not killed at touch {moment}: {log.read_text()}"
        assert run(environment, log) == 0, log.read_text()
        after = {info.key: store.read(info.key) for info in store.list("")}
        assert [key for key in after if key.endswith("manifest.json")] == ["reports/C1/v0001/manifest.json"]
        assert run(environment, log) == 0, log.read_text()
        assert {info.key: store.read(info.key) for info in store.list("")} == after, f"a further run changes something after a kill at touch {moment} of {touches}"
        for key in [key for key in after if key.startswith("reports/")]:
            store.delete(key)
        assert run(environment, log) == 0, log.read_text()
        again = {info.key: store.read(info.key) for info in store.list("")}
        assert {key for key in again | after if again.get(key) != after.get(key)} == set(), f"killed at touch {moment} of {touches}"
