"""Whether anything has changed since a run last did the same: told by listings of the store, before any file is read.

What a run is a function of (`given`) is looked at before it begins, what it makes (`made`) after its end. Both are kept, as one hash, with what the run came
to; where both are still the same, the next run has nothing to do. What is kept may be deleted at any time: then the next run does its work.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from tasks.outcome import Outcome
from tasks.program import program
from tasks.store import NotFound, Store

KEPT = ("/collected.json", "/reported.json")
"""How the keys end at which outcomes are kept. They tell of this store alone: its place, its times of arrival."""
Chosen = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Seen:
    """The store as a run found it. `outcome` is what the run before came to, where nothing has changed since; else None."""

    store: Store
    place: str
    made: tuple[str, ...]
    chosen: Chosen
    given: str
    outcome: Outcome | None


def look(store: Store, place: str, given: Sequence[str], made: Sequence[str], about: Sequence[Any], chosen: Chosen = lambda key: True) -> Seen:
    """`place`: key at which a run's outcome is kept. `given`, `made`: beginnings of keys; `chosen`: which of them matter. `about`: what else a run depends on, as JSON can say it."""
    asked = json.dumps([program(), *about], sort_keys=True)
    before = hashlib.sha256("\n".join([asked, *_listed(store, given, chosen)]).encode()).hexdigest()
    try:
        kept = json.loads(store.read(place))
        same = kept["given"] == before and kept["made"] == _hash(store, made, chosen)
        outcome = Outcome.model_validate(kept["outcome"]) if same else None
    except (NotFound, ValueError, KeyError, TypeError, ValidationError):
        outcome = None
    return Seen(store, place, tuple(made), chosen, before, outcome)


def keep(seen: Seen, outcome: Outcome) -> None:
    """What a run came to that began when the store was as seen."""
    content = {"given": seen.given, "made": _hash(seen.store, seen.made, seen.chosen), "outcome": outcome.model_dump()}
    seen.store.write(seen.place, json.dumps(content, indent=1, ensure_ascii=False).encode() + b"\n")


def _hash(store: Store, prefixes: Sequence[str], chosen: Chosen) -> str:
    return hashlib.sha256("\n".join(_listed(store, prefixes, chosen)).encode()).hexdigest()


def _listed(store: Store, prefixes: Sequence[str], chosen: Chosen) -> Iterator[str]:
    for prefix in prefixes:
        for info in store.list(prefix):
            if chosen(info.key) and not info.key.endswith(KEPT):
                yield f"{info.key}\0{info.token}\0{info.size}"
