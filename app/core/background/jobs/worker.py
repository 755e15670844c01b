"""The worker: each job runs in a process of its own, and none is lost, whoever of the two is killed."""

import atexit
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from redis import ConnectionError as RedisConnectionError
from redis import RedisError
from redis import TimeoutError as RedisTimeoutError
from redis.client import Pipeline
from rq import Queue, Worker
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.utils import now

from app.core.background.jobs.execution import DeclaredJob, live_and_die_with, named_in_every_line, write_line
from app.core.background.jobs.queues import Queues
from app.core.background.jobs.upkeep import Upkeep
from app.core.observability.redaction import Redactor

_log = logging.getLogger("jobs")


def answer_seconds(lost_seconds: int) -> int:
    """Return for how long a worker waits for an answer of Redis: a little longer than for a job."""
    return lost_seconds // 3 + 3


@contextmanager
def _without_redis_work_ends() -> Iterator[None]:
    """Have `work` return when the connection is lost; by itself RQ would go on trying, and log each time."""
    try:
        yield
    except RedisConnectionError as error:
        raise RedisTimeoutError(*error.args) from error


class EndingQueue(Queue):
    """A queue that a worker stops waiting for when Redis is gone."""

    @classmethod
    def dequeue_any(cls, *args: Any, **kwargs: Any) -> tuple[Job, Queue] | None:
        """Wait for a job."""
        with _without_redis_work_ends():
            return super().dequeue_any(*args, **kwargs)


class JobWorker(Worker):
    """RQ's forking worker, with a bound on the time until a lost job is noticed, and without threads of its own."""

    queue_class = EndingQueue

    def __init__(self, queues: Queues, name: str, lost_seconds: int, redactor: Redactor) -> None:
        self._queues = queues
        self._queue_name = name
        self._lost_seconds = lost_seconds
        self._redactor = redactor
        self._upkeep = Upkeep(queues, name, lost_seconds)
        pace = lost_seconds // 3
        super().__init__(
            [queues[name].name],  # one only: from several at once, RQ takes jobs in a way that can lose them
            connection=queues.connection,
            job_class=DeclaredJob,
            serializer=JSONSerializer,
            job_monitoring_interval=pace,
            maintenance_interval=pace,
            worker_ttl=pace + 15,  # RQ waits for a job 15 seconds less than that
        )

    @property
    def connection_timeout(self) -> int:
        """Return what the connection has anyway: RQ would have its next ones wait longer than its first."""
        return answer_seconds(self._lost_seconds)

    @property
    def stop_was_asked_for(self) -> bool:
        """Whether a signal has ended the work."""
        return self._shutdown_requested_date is not None

    def subscribe(self) -> None:
        """Take no commands from Redis: listening is done by a thread, and forking with threads is not safe."""

    def run_maintenance_tasks(self) -> None:
        """Look after the queue."""
        self._upkeep.run()
        self.last_cleaned_at = now()  # type: ignore[assignment]  # RQ declares nothing

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        """Tell Redis that this worker lives."""
        with _without_redis_work_ends():
            super().heartbeat(timeout, pipeline)

    def get_heartbeat_ttl(self, job: Job) -> int:  # noqa: ARG002  RQ's signature
        """Return after how many seconds of silence a job counts as lost."""
        return self._lost_seconds

    def maintain_heartbeats(self, job: Job) -> None:
        """Tell Redis that the job lives, and look after the queue meanwhile; an outage does not end the job."""
        with suppress(RedisError):
            super().maintain_heartbeats(job)
            if self.should_run_maintenance_tasks:
                self.run_maintenance_tasks()

    def set_current_job_working_time(self, current_job_working_time: float, pipeline: Pipeline | None = None) -> None:
        """Note for how long the job has been running; likewise."""
        with suppress(RedisError):
            super().set_current_job_working_time(current_job_working_time, pipeline)

    def setup_work_horse_signals(self) -> None:
        """Prepare the process that was made for a job."""
        live_and_die_with(self.pid)

    def perform_job(self, job: Job, queue: Queue) -> bool:
        """Run the job in that process, and let what reports in the background finish: RQ ends it without asking."""
        try:
            return super().perform_job(job, queue)
        finally:
            atexit._run_exitfuncs()  # noqa: SLF001  as multiprocessing does with its children

    def handle_exception(self, job: Job, *exc_info: Any) -> None:
        """Log what failed before the task or after it; the task's own failure is logged already, without arguments."""
        if not getattr(job, "reported", False):
            _log.error("job %s cannot be begun or concluded", job.id, exc_info=exc_info)

    def handle_work_horse_killed(self, job: Job, retpid: int, ret_val: int, rusage: Any) -> None:  # noqa: ARG002
        """Report a job whose process was killed, for its memory perhaps."""
        with named_in_every_line(job):
            write_line(job, "failure", None, f": its process was killed (status {ret_val})")

    def handle_job_failure(
        self, job: Job, queue: Queue, started_job_registry: Any = None, exc_string: str = ""
    ) -> None:
        """Try it again, or keep it with its traceback, in which there are no secrets."""
        super().handle_job_failure(job, queue, started_job_registry, self._redactor.text(exc_string))

    def increment_successful_job_count(self, pipeline: Pipeline | None = None) -> None:
        """Count for the metrics too."""
        super().increment_successful_job_count(pipeline)
        self._count("success", pipeline)

    def increment_failed_job_count(self, pipeline: Pipeline | None = None) -> None:
        """Count for the metrics too."""
        super().increment_failed_job_count(pipeline)
        self._count("failure", pipeline)

    def _count(self, outcome: str, pipeline: Pipeline | None) -> None:
        connection = self.connection if pipeline is None else pipeline  # an empty pipeline is false
        connection.hincrby(self._queues.finished_key, f"{self._queue_name}:{outcome}")
