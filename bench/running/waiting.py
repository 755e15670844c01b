"""Waiting for what has just been started."""

import time
from collections.abc import Callable

from bench import BenchmarkError

PATIENCE_SECONDS = 60


def until(condition: Callable[[], bool], what: str) -> None:
    """Return when `condition` holds; raises `BenchmarkError` that says `what` when it never does."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise BenchmarkError(what)
        time.sleep(0.02)
