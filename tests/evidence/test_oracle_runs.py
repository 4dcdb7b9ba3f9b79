"""Whole runs of the command on random agreements and members' files: what is delivered is as an independent reckoning (tests/oracle) says.

The first cycle is reported before its replaced submissions have come in, so that the later report has a correction in its period."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.oracle.comparing import FILES, differences
from tests.oracle.plain import File, World
from tests.oracle.reckoning import Reckoner
from tests.oracle.worlds import CODES, agreement_files, make_worlds

Fpa = Callable[..., tuple[int, str, str]]
FIRST, LAST = CODES[0], CODES[2]


def put(root: Path, files: Sequence[File]) -> None:
    """Files as they arrive in the inbox, by the store's own time."""
    for file in files:
        path = root / file.key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.data)
        os.utime(path, (file.received.timestamp(), file.received.timestamp()))


def delivered(root: Path, cycle: str) -> dict[str, bytes]:
    return {name: (root / f"reports/{cycle}/v0001/data/{name}").read_bytes() for name in FILES}


def first_files(world: World) -> list[File]:
    """Of each member the file of the first cycle that came first."""
    oldest: dict[str, File] = {}
    for file in sorted((f for f in world.files if f.cycle == FIRST), key=lambda f: (f.received, f.key)):
        oldest.setdefault(file.member, file)
    return list(oldest.values())


@pytest.mark.parametrize("seed", [98, 84, 117])
def test_a_run_delivers_the_figures_that_are_reckoned(seed: int, storage: Callable[[Mapping[str, bytes]], Path], fpa: Fpa) -> None:
    world = make_worlds(seed)[0]
    assert [cycle["report"] for cycle in world.cycles][:2] == ["interim", "none"]
    early = replace(world, files=first_files(world))
    assert len(early.files) < sum(file.cycle == FIRST for file in world.files)
    root = storage(agreement_files(world))
    put(root, [*early.files, replace(world.files[0], member="of-no-member", cycle=FIRST)])
    assert fpa("report", FIRST)[0] in (0, 1)
    then = Reckoner(early).tables(FIRST)
    assert differences(delivered(root, FIRST), then) == []

    put(root, [file for file in world.files if file not in early.files])
    assert fpa("report", LAST)[0] in (0, 1)
    before = {heading: line["cumulative_eur"] for heading, line in then.finance.items()}
    now = Reckoner(world).tables(LAST, before)
    assert differences(delivered(root, LAST), now) == []
    assert now.finance["11"]["previous_eur"] != Reckoner(world).tables(LAST).finance["11"]["previous_eur"]
