"""The upkeep that no worker has to be killed for; tests/stack/test_jobs.py has the rest."""

import pytest

from app.core.background.jobs.execution import DeclaredJob
from app.core.background.jobs.queues import Queues
from app.core.background.jobs.tasks import Task
from app.core.background.jobs.upkeep import Upkeep
from app.core.data import redis_client


@pytest.fixture
def queues(redis, create):
    queues = Queues(redis_client.connect(create().config), "service", DeclaredJob)
    with queues.connection.pipeline() as pipeline:
        queues.put(Task(print, "module.function", "default", 60, (), None), pipeline)
        pipeline.execute()
    return queues


def test_a_job_that_was_taken_but_never_started_is_put_back_after_a_minute(queues):
    queue = queues["default"]
    taken = queue.intermediate_queue
    [job_id] = queue.job_ids
    queues.connection.lmove(queue.key, taken.key)  # a worker takes it, and is killed
    upkeep = Upkeep(queues, "default", 30)
    upkeep.run()
    upkeep.run()
    assert (queue.job_ids, taken.get_job_ids()) == ([], [job_id])
    seen = float(queues.connection.get(taken.get_first_seen_key(job_id)))
    queues.connection.set(taken.get_first_seen_key(job_id), seen - 61)
    upkeep.run()
    assert (queue.job_ids, taken.get_job_ids()) == ([job_id], [])
    assert not queues.connection.exists(taken.get_first_seen_key(job_id))
    assert queue.failed_job_registry.get_job_ids() == []


def test_the_lock_of_a_worker_that_was_killed_at_it_does_not_last(queues):
    queue = queues["default"]
    upkeep = Upkeep(queues, "default", 30)
    assert upkeep._lock.acquire()
    assert 0 < queues.connection.ttl(upkeep._lock.name) <= 30
    held = queues.connection.get(upkeep._lock.name)
    Upkeep(queues, "default", 30).run()
    assert queues.connection.get(upkeep._lock.name) == held
    assert queue.job_ids
