"""Waiting for what comes about by itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any


def wait_for(holds: Callable[[], Any], seconds: float = 60, why: Callable[[], str] = lambda: "did not come about") -> Any:
    """What `holds` comes to, once that is something. Raises AssertionError, with `why`, where it does not within these seconds."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := holds():
            return found
        time.sleep(0.2)
    raise AssertionError(f"within {seconds} seconds: {why()}")
