"""What is waiting, running and failed, as Redis knows it, asked for when the metrics are read."""

from collections.abc import Iterator
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from redis import RedisError
from rq import Queue, registry, worker_registration
from rq.utils import now, utcparse

from app.core.background.jobs.queues import Queues

STATES = {
    "started": registry.StartedJobRegistry,
    "scheduled": registry.ScheduledJobRegistry,
    "deferred": registry.DeferredJobRegistry,
    "failed": registry.FailedJobRegistry,
}


class QueueFigures(Collector):
    """The queues in one round trip, which ends by the deadline of `queues`."""

    def __init__(self, queues: Queues) -> None:
        self._queues = queues

    def collect(self) -> Iterator[Metric]:
        """Yield the figures, or only that Redis did not answer; what it refuses is missing."""
        try:
            queues, finished = self._ask()
        except RedisError:
            yield GaugeMetricFamily("job_queue_up", "Whether Redis has answered", 0)
            return
        yield GaugeMetricFamily("job_queue_up", "Whether Redis has answered", 1)
        yield from _waiting(queues)
        if all("workers" in answer for answer in queues.values()):
            alive = sum(heartbeat is not None for answer in queues.values() for heartbeat in answer["workers"])
            yield GaugeMetricFamily("job_queue_workers", "Workers that are alive", alive)
        counter = CounterMetricFamily(
            "job_queue_finished", "Executions of jobs, each try by itself", labels=["queue", "outcome"]
        )
        for field, count in finished.items():
            counter.add_metric(field.decode().rsplit(":", 1), int(count))
        yield counter

    def _ask(self) -> tuple[dict[str, dict[str, Any]], dict[bytes, bytes]]:
        """Return what Redis answers for each queue, and how many jobs have ended; what it refuses is in neither."""
        questions: dict[tuple[str, str], tuple[Any, ...]] = {
            (name, what): command
            for name in self._queues.names()
            for what, command in _questions(self._queues[name]).items()
        }
        with self._queues.connection.pipeline(transaction=False) as pipeline:
            for command in [*questions.values(), ("HGETALL", self._queues.finished_key)]:
                pipeline.execute_command(*command)  # type: ignore[no-untyped-call]
            *answers, finished = pipeline.execute(raise_on_error=False)
        if all(isinstance(answer, RedisError) for answer in [*answers, finished]):
            raise finished
        queues: dict[str, dict[str, Any]] = {name: {} for name in self._queues.names()}
        for (name, what), answer in zip(questions, answers, strict=True):
            if not isinstance(answer, RedisError):
                queues[name][what] = answer
        return queues, {} if isinstance(finished, RedisError) else finished


def _waiting(queues: dict[str, dict[str, Any]]) -> Iterator[Metric]:
    jobs = GaugeMetricFamily("job_queue_jobs", "Jobs, by what they wait for", labels=["queue", "state"])
    oldest = GaugeMetricFamily("job_queue_oldest_seconds", "How long the next job has been waiting", labels=["queue"])
    for name, answer in queues.items():
        for state in ["queued", *STATES]:
            if state in answer:
                jobs.add_metric([name, state], answer[state])
        if "next" in answer:
            oldest.add_metric([name], _age(answer["next"]))
    yield from [jobs, oldest]


def _questions(queue: Queue) -> dict[str, tuple[Any, ...]]:
    """Return commands that only read, for a Redis whose memory is full refuses all others."""
    return {
        "queued": ("LLEN", queue.key),
        **{state: ("ZCARD", kind(queue=queue).key) for state, kind in STATES.items()},
        # The first of the list, and from its job one field: as cheap as LINDEX, and no second question.
        "next": ("SORT_RO", queue.key, "BY", "nosort", "LIMIT", 0, 1, "GET", "rq:job:*->enqueued_at"),
        # Names of killed workers stay until another one looks; their keys do not.
        "workers": (
            *("SORT_RO", worker_registration.WORKERS_BY_QUEUE_KEY % queue.name),
            *("BY", "nosort", "GET", "*->last_heartbeat"),
        ),
    }


def _age(enqueued_at: list[bytes | None]) -> float:
    if not enqueued_at or enqueued_at[0] is None:
        return 0.0
    return max(0.0, (now() - utcparse(enqueued_at[0].decode())).total_seconds())
