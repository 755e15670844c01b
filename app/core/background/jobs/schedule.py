"""Tasks that are enqueued by themselves: once for each time they are due, however many workers look after it."""

import time
from datetime import UTC, datetime
from typing import Any

from croniter import croniter
from redis import WatchError

from app.core.background.jobs.queues import Queues
from app.core.background.jobs.tasks import TASKS, Task


def latest(every: int | str, now: float) -> int:
    """Return when it was last due at `now`, both in Unix time: a multiple of seconds, or a time of cron (UTC)."""
    if isinstance(every, int):
        return int(now // every * every)
    return int(croniter(every, datetime.fromtimestamp(now, UTC)).get_prev(float))


def enqueue_due(queues: Queues, queue: str, now: float | None = None) -> None:
    """Enqueue the tasks of `queue` that are due.

    What is seen for the first time waits for its next time. What was missed because no worker ran is made up for,
    once. Two workers at the same moment do not both enqueue: Redis refuses the slower one's transaction.
    """
    for task in TASKS.values():
        if task.queue == queue and task.every is not None:
            _enqueue_once(queues, task, latest(task.every, time.time() if now is None else now))


def _enqueue_once(queues: Queues, task: Task[Any], due: int) -> None:
    with queues.connection.pipeline() as pipeline:
        pipeline.watch(queues.schedule_key)  # type: ignore[no-untyped-call]
        before: Any = pipeline.hget(queues.schedule_key, task.name)
        if before is not None and int(before) >= due:
            return
        pipeline.multi()
        pipeline.hset(queues.schedule_key, task.name, str(due))
        if before is not None:
            queues.put(task, pipeline)
        try:
            pipeline.execute()
        except WatchError:
            return  # another worker was faster; should it have been about another task, this one's turn is next time
