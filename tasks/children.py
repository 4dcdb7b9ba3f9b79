"""Work on members' files in child processes with limits of time and memory: whatever a file does to its process, the run goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from multiprocessing.context import SpawnContext
from typing import Any, Literal

from tasks.faults import OperatorFault

SECONDS = 60
"""A file that takes longer is given up."""
START_SECONDS = 60
"""The processes have so long to start."""
MEMORY = 3 * 1024**3
"""Bytes of address space a process may use."""
PROCESSES = 2
"""Files worked on at a time."""


@dataclass(frozen=True, slots=True)
class GivenUp:
    """What stands for the result of a file that its process did not survive."""

    reason: Literal["took-too-long", "too-large"]


def _start(prepare: Callable[..., None] | None, arguments: tuple[Any, ...]) -> None:
    import resource

    if prepare is not None:
        prepare(*arguments)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class _Spawning(SpawnContext):
    """Locks made in it last as long as it does. A process that is still starting when all work is done asks for them; the pool lets go of them before it
    ends that process, which would then leave a trace of it on the terminal."""

    def __init__(self) -> None:
        self._made: list[Any] = []

    def RLock(self) -> Any:  # noqa: N802
        self._made.append(super().RLock())
        return self._made[-1]


def run_each(
    function: Callable[..., Any], jobs: Sequence[tuple[Any, ...]], prepare: Callable[..., None] | None = None, arguments: tuple[Any, ...] = ()
) -> Iterator[Any]:
    """function(*job) for each job, in order, each in a process that `prepare(*arguments)` was run in once; GivenUp where it did not end.

    Raises OperatorFault where no process can be started."""
    from pebble import ProcessExpired, ProcessPool

    if not jobs:
        return
    context = _Spawning()
    with ProcessPool(max_workers=min(PROCESSES, len(jobs)), context=context, initializer=_start, initargs=(prepare, arguments)) as pool:
        futures = [pool.schedule(function, args=job, timeout=SECONDS) for job in jobs]
        for i, future in enumerate(futures, start=1):
            try:
                yield future.result(timeout=(i // PROCESSES + 1) * SECONDS + START_SECONDS)
            except FutureTimeout:
                if not future.done():
                    pool.stop()
                    raise OperatorFault("The processes that work on members' files did not start; look at this machine's memory and process limits.") from None
                yield GivenUp("took-too-long")
            except (ProcessExpired, MemoryError):
                yield GivenUp("too-large")
