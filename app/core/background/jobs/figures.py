"""What is waiting, running and failed, as Redis knows it, asked for when the metrics are read."""

from collections.abc import Iterator
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from redis import RedisError
from rq import registry, worker_registration
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
        """Yield the figures, or only that Redis did not answer."""
        try:
            answers = iter(self._ask())
        except RedisError:
            yield GaugeMetricFamily("job_queue_up", "Whether Redis has answered.", 0)
            return
        yield GaugeMetricFamily("job_queue_up", "Whether Redis has answered.", 1)
        jobs = GaugeMetricFamily("job_queue_jobs", "Jobs, by what they wait for.", labels=["queue", "state"])
        oldest = GaugeMetricFamily(
            "job_queue_oldest_seconds", "How long the next job has been waiting.", labels=["queue"]
        )
        workers = 0
        for name in self._queues.names():
            for state in ["queued", *STATES]:
                jobs.add_metric([name, state], next(answers))
            oldest.add_metric([name], _age(next(answers)))
            workers += sum(heartbeat is not None for heartbeat in next(answers))
        yield from [jobs, oldest, GaugeMetricFamily("job_queue_workers", "Workers that are alive.", workers)]
        finished = CounterMetricFamily(
            "job_queue_finished",
            "Executions of jobs, each try by itself.",
            labels=["queue", "outcome"],
        )
        for field, count in next(answers).items():
            finished.add_metric(field.decode().rsplit(":", 1), int(count))
        yield finished

    def _ask(self) -> list[Any]:
        """Ask in the order in which `collect` reads."""
        with self._queues.connection.pipeline(transaction=False) as pipeline:
            for name in self._queues.names():
                queue = self._queues[name]
                pipeline.llen(queue.key)
                for kind in STATES.values():
                    pipeline.zcard(kind(queue=queue).key)
                # The first of the list, and from its job one field: as cheap as LINDEX, and no second question.
                pipeline.sort(queue.key, start=0, num=1, by="nosort", get=["rq:job:*->enqueued_at"])
                # Names of killed workers stay until another one looks; their keys do not.
                names = worker_registration.WORKERS_BY_QUEUE_KEY % queue.name
                pipeline.sort(names, by="nosort", get=["*->last_heartbeat"])
            pipeline.hgetall(self._queues.finished_key)
            return pipeline.execute()


def _age(enqueued_at: list[bytes | None]) -> float:
    if not enqueued_at or enqueued_at[0] is None:
        return 0.0
    return max(0.0, (now() - utcparse(enqueued_at[0].decode())).total_seconds())
