"""The jobs that failed for good, in words: found without RQ being imported by commands that do without."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rq.job import Job
    from rq.registry import FailedJobRegistry
    from rq.results import Result

    from app.core.background.jobs.queues import Queues

BATCH = 100  # as many are in memory at once, however many have failed


@dataclass(frozen=True)
class Failure:
    """A failed job, and where it is kept."""

    job: "Job"
    queue: str
    registry: "FailedJobRegistry"

    def retry(self) -> None:
        """Put it back into its queue, with as many tries as a new one."""
        self.job.retries_left = len(self.job.retry_intervals or []) or None
        self.registry.requeue(self.job)

    def line(self) -> str:
        """Return id, end, task, and the line of the error that names it."""
        return f"{self.job.id}  {when(self._ended)}  {self.job.description}  {_essence(self.error)}"

    def page(self) -> str:
        """Return all that is known of it, but not its arguments, which may be a user's."""
        job, tries = self.job, 1 + len(self.job.retry_intervals or [])
        known = {
            "id": job.id,
            "name": job.func_name,
            "queue": self.queue,
            "request_id": job.meta.get("request_id") or "none",
            "enqueued": when(job.created_at).rstrip(),
            "started": when(job.started_at).rstrip(),  # the last time
            "ended": when(self._ended).rstrip(),
            "tries": f"{tries - (job.retries_left or 0)} of {tries}",
        }
        return "\n".join([*(f"{name:<10}  {value}" for name, value in known.items()), "", self.error])

    @property
    def error(self) -> str:
        """Return its traceback, or what else ended it."""
        error = (self._result and self._result.exc_string) or "nothing is known"
        if error.startswith("Moved to FailedJobRegistry, due to AbandonedJobError"):
            return "its worker was killed, or was silent for too long"
        return error

    @cached_property
    def _result(self) -> "Result | None":
        return self.job.latest_result()

    @property
    def _ended(self) -> datetime | None:
        # The job's own time is that of the last try whose worker lived to note it.
        return self._result.created_at if self._result else self.job.ended_at


def one(queues: "Queues", job_id: str) -> Failure | None:
    """Return the failed job of that id, if there is one."""
    for name in queues.names():
        registry = queues[name].failed_job_registry
        if job_id in registry:
            return next(_fetch(queues, name, [job_id]), None)
    return None


def every(queues: "Queues") -> Iterator[Failure]:
    """Yield all of them: queue by queue, and the oldest of each first."""
    for name in queues.names():
        ids = queues[name].failed_job_registry.get_job_ids(cleanup=False)
        for start in range(0, len(ids), BATCH):
            yield from _fetch(queues, name, ids[start : start + BATCH])


def count(queues: "Queues") -> int:
    """Return how many there are."""
    return sum(queues[name].failed_job_registry.get_job_count(cleanup=False) for name in queues.names())


def _fetch(queues: "Queues", name: str, ids: list[str]) -> Iterator[Failure]:
    registry = queues[name].failed_job_registry
    return (Failure(job, name, registry) for job in queues.fetch(ids))


def _essence(error: str) -> str:
    """Return the line of a traceback that names the exception; what follows may be more lines of its message."""
    lines = error.strip().splitlines()
    named = [line for before, line in pairwise(lines) if before.startswith("    ") and not line.startswith(" ")]
    return named[-1] if named else lines[-1]


def when(moment: datetime | None) -> str:
    """Return a time as the commands show it, in a column's width."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else "never".ljust(20)
