"""The queues of this service in Redis, and what is stored with a job."""

import logging
from collections.abc import Iterator
from typing import Any

from redis import Redis
from redis.client import Pipeline
from rq import Queue, Retry
from rq.job import Job
from rq.serializers import JSONSerializer

from app.core.background.jobs.tasks import QUEUE, TASKS, Task
from app.core.data.outages import Outage
from app.core.observability.tracking import request_id

KEEP_FAILED_SECONDS = 14 * 86_400

_log = logging.getLogger("jobs")


class Queues:
    """A service's queues: services that share a Redis do not meet, because their names are in the keys.

    Arguments are JSON, never pickled: a pickle executes whatever somebody who can write to Redis has put into it.
    """

    def __init__(self, connection: Redis, service: str, job_class: type[Job] = Job) -> None:
        self.connection = connection
        self.outage = Outage(_log, "jobs cannot be enqueued, and are lost", "jobs can be enqueued again")
        self.finished_key = f"jobs:{service}:finished"
        self.schedule_key = f"jobs:{service}:schedule"
        self._service = service
        self._job_class = job_class

    def __getitem__(self, name: str) -> Queue:
        """Return RQ's queue of that name."""
        return Queue(
            f"{self._service}:{name}",
            connection=self.connection,
            job_class=self._job_class,
            serializer=JSONSerializer,
        )

    def names(self) -> list[str]:
        """Return the queues that tasks are declared for, and the default one."""
        return sorted({QUEUE, *(task.queue for task in TASKS.values())})

    def fetch(self, ids: list[str]) -> Iterator[Job]:
        """Yield the jobs of these ids that are still there."""
        jobs = self._job_class.fetch_many(ids, connection=self.connection, serializer=JSONSerializer)
        return (job for job in jobs if job is not None)

    def put(self, task: Task[Any], pipeline: Pipeline, args: Any = (), kwargs: Any = None) -> Job:
        """Write a job into `pipeline`, with the id of the request that asks for it, and return it."""
        retries = task.retry_seconds
        return self[task.queue].enqueue_call(
            task.name,
            args=args,
            kwargs=kwargs,
            timeout=task.timeout,
            retry=Retry(max=len(retries), interval=list(retries)) if retries else None,
            result_ttl=0,  # what succeeded leaves its log line and its count, and nothing else
            failure_ttl=KEEP_FAILED_SECONDS,
            description=task.name,  # by default it would quote the arguments
            meta={"request_id": request_id.get()},
            pipeline=pipeline,
        )
