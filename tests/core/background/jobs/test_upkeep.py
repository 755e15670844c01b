"""The upkeep that no worker has to be killed for; tests/stack/test_jobs.py has the rest."""

import json

import pytest

from app.core.background.jobs.execution import DeclaredJob
from app.core.background.jobs.queues import Queues
from app.core.background.jobs.tasks import Task
from app.core.background.jobs.upkeep import Upkeep
from app.core.data import redis_client
from app.core.observability.tracking import request_id


@pytest.fixture
def queues(redis, create):
    queues = Queues(redis_client.connect(create().config), "service", DeclaredJob)
    token = request_id.set("a-request-of-mine")
    with queues.connection.pipeline() as pipeline:
        queues.put(Task(print, "module.function", "default", 60, (), None), pipeline)
        pipeline.execute()
    request_id.reset(token)
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


def test_a_lost_job_is_reported_under_its_ids(queues, capsys):
    queue = queues["default"]
    [job_id] = queue.job_ids
    queue.remove(job_id)
    queues.connection.zadd(queue.started_job_registry.key, {f"{job_id}:execution": 1})  # its worker is long gone
    Upkeep(queues, "default", 30).run()
    [line] = [record for record in map(json.loads, capsys.readouterr().out.splitlines()) if record["logger"] == "jobs"]
    assert line["message"] == "module.function: failure: its worker is gone; kept among the failed jobs"
    assert (line["job.id"], line["request_id"]) == (job_id, "a-request-of-mine")
    assert queue.failed_job_registry.get_job_ids() == [job_id]
