"""What a worker is made of; tests/stack/test_jobs.py lets real ones run, and kills them."""

import threading

import pytest

from app.core.background.jobs.execution import DeclaredJob
from app.core.background.jobs.queues import Queues
from app.core.background.jobs.worker import JobWorker, answer_seconds
from app.core.data import redis_client
from app.core.observability.redaction import Redactor


@pytest.fixture
def make(redis, create):
    def make(lost_seconds):
        connection = redis_client.connect(create().config, answer_seconds(lost_seconds))
        return JobWorker(Queues(connection, "service", DeclaredJob), "default", lost_seconds, Redactor())

    return make


@pytest.mark.parametrize("lost_seconds", [3, 30, 3_600])
def test_signs_of_life_come_three_times_as_often_as_they_are_needed(make, lost_seconds):
    worker = make(lost_seconds)
    assert worker.get_heartbeat_ttl(None) == lost_seconds
    assert worker.job_monitoring_interval == worker.maintenance_interval == lost_seconds // 3
    assert worker.dequeue_timeout == lost_seconds // 3
    assert worker.connection.connection_pool.connection_kwargs["socket_timeout"] > worker.dequeue_timeout


def test_a_worker_has_no_threads_when_it_forks(make):
    before = threading.active_count()
    worker = make(30)
    worker.bootstrap(None)
    try:
        assert threading.active_count() == before
    finally:
        worker.teardown()


def test_executions_are_counted_for_the_metrics(make):
    worker = make(30)
    worker.increment_successful_job_count()
    with worker.connection.pipeline() as pipeline:
        worker.increment_failed_job_count(pipeline)
        pipeline.execute()
    assert worker.connection.hgetall("jobs:service:finished") == {b"default:success": b"1", b"default:failure": b"1"}
