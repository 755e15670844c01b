"""What workers look after between them: jobs whose worker is gone, retries that are due, schedules.

One at a time does it, under a lock that a killed one cannot keep for long. RQ's own lock could be kept for a quarter
of an hour, and its scheduler is another process per worker, which outlives a worker that is killed.
"""

from contextlib import suppress
from typing import Any

from redis.exceptions import LockError
from rq import Queue, worker_registration
from rq.job import Job
from rq.registry import clean_registries
from rq.scheduler import RQScheduler
from rq.serializers import JSONSerializer

from app.core.background.jobs import schedule
from app.core.background.jobs.execution import named_in_every_line, write_line
from app.core.background.jobs.queues import Queues


class Upkeep:
    """The upkeep of one queue."""

    def __init__(self, queues: Queues, name: str, lost_seconds: int) -> None:
        self._queues = queues
        self._name = name
        self._queue = queues[name]
        self._lock = queues.connection.lock(f"{self._queue.key}:upkeep", timeout=lost_seconds, blocking=False)
        self._retries = RQScheduler(
            [self._queue], connection=queues.connection, serializer=JSONSerializer, logging_level="ERROR"
        )

    def run(self) -> None:
        """Do all of it, unless another worker is at it."""
        if not self._lock.acquire():
            return
        try:
            clean_registries(self._queue, [self._lost])
            worker_registration.clean_worker_registry(self._queue)
            self._put_back_what_was_never_started()
            self._retries.prepare_registries([self._queue.name])
            self._retries.enqueue_scheduled_jobs()  # type: ignore[no-untyped-call]
            schedule.enqueue_due(self._queues, self._name)
        finally:
            with suppress(LockError):  # it took longer than the lock lasts
                self._lock.release()

    def _lost(self, job: Job, *_why: Any) -> None:
        """Report a job whose worker shows no sign of life; RQ then tries it again, or puts it among the failed."""
        with named_in_every_line(job):
            write_line(job, "failure", None, ": its worker is gone")
        self._queues.connection.hincrby(self._queues.finished_key, f"{self._name}:failure")
        # RQ keeps the names of executions longer than the executions, and stumbles over them when the job has ended.
        self._queues.connection.delete(job.execution_registry.key)

    def _put_back_what_was_never_started(self) -> None:
        """Return jobs to the queue whose worker was gone when it had hardly taken them (RQ would count a failure)."""
        taken = self._queue.intermediate_queue
        started = set(self._queue.started_job_registry.get_job_ids(cleanup=False))
        for job_id in taken.get_job_ids():
            # Nobody can tell from outside whether its worker is about to start it, so it is given a minute.
            if job_id in started or taken.set_first_seen(job_id) or not taken.should_be_cleaned_up(job_id):
                continue
            self._return(job_id, self._queue)

    def _return(self, job_id: str, queue: Queue) -> None:
        with self._queues.connection.pipeline() as pipeline:
            pipeline.lrem(queue.intermediate_queue_key, 0, job_id)
            pipeline.lpush(queue.key, job_id)
            pipeline.delete(queue.intermediate_queue.get_first_seen_key(job_id))
            pipeline.execute()
