"""What a feature writes: a function that is a task, and the request to have it run.

A job runs at least once: one whose worker was killed is run again, so it must do no harm a second time.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, ParamSpec

from flask import current_app
from prometheus_client import Counter

from app.core.data import redis_client

if TYPE_CHECKING:
    from app.core.background.jobs.queues import Queues

QUEUE = "default"

P = ParamSpec("P")

_FAILURES = Counter("job_enqueue_failures_total", "Jobs that Redis did not take")


@dataclass(frozen=True)
class Task(Generic[P]):
    """A function that can be called here as ever, or enqueued to be run by a worker."""

    function: Callable[P, None]
    name: str
    queue: str
    timeout: int
    retry_seconds: tuple[int, ...]
    every: int | str | None

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> None:
        """Run the function here and now."""
        self.function(*args, **kwargs)

    def enqueue(self, *args: P.args, **kwargs: P.kwargs) -> bool:
        """Have a worker run it with these arguments, which JSON must be able to hold; return whether Redis took it.

        To be called after the commit: a worker can be faster, and would not find what is not committed yet.
        Where jobs are off the answer is False; a Redis that fails or is silent costs part of a second and never raises.
        """
        json.dumps([args, kwargs])  # raises `TypeError` where jobs are off too
        queues: Queues | None = current_app.extensions.get("jobs")
        if queues is None:
            return False
        try:
            with queues.connection.pipeline() as pipeline:
                queues.put(self, pipeline, args, kwargs)
                pipeline.execute()
        except redis_client.failures() as error:
            _FAILURES.inc()
            queues.outage.begin(error)
            return False
        queues.outage.end()
        return True


TASKS: dict[str, Task[Any]] = {}  # by name: all that a worker may run


def task(
    *,
    queue: str = QUEUE,
    timeout: int = 60,
    retry_seconds: tuple[int, ...] = (10, 60, 300),
    every: int | str | None = None,
) -> Callable[[Callable[P, None]], Task[P]]:
    """Declare a function as a task.

    A worker ends it after `timeout` seconds. When it fails, it is tried again after each of `retry_seconds`; then
    it is kept among the failed jobs for two weeks. With `every`, a number of seconds or a cron expression (UTC),
    it is also enqueued by itself, without arguments.
    """
    _check_seconds("timeout", timeout, 1)
    for seconds in retry_seconds:
        _check_seconds("retry_seconds", seconds, 0)
    if not isinstance(every, str | None):
        _check_seconds("every", every, 1)
    elif every is not None and not _is_cron(every):
        raise ValueError(f"not a cron expression: {every}")

    def declare(function: Callable[P, None]) -> Task[P]:
        name = f"{function.__module__}.{function.__qualname__}"
        TASKS[name] = declared = Task(function, name, queue, timeout, retry_seconds, every)
        return declared

    return declare


def _check_seconds(option: str, value: object, least: int) -> None:
    """Refuse at the declaration what would stop a worker again and again."""
    if type(value) is not int or value < least:  # `True` is an int too
        raise ValueError(f"{option}: whole seconds, at least {least}, and not {value!r}")


def _is_cron(expression: str) -> bool:
    from croniter import croniter  # noqa: PLC0415  most services have no such task

    return bool(croniter.is_valid(expression))
