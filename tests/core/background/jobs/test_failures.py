import re

import pytest

from app.core.background.jobs import failures
from app.core.background.jobs.queues import Queues
from app.core.background.jobs.tasks import Task
from app.core.data import redis_client
from app.core.observability.tracking import request_id

TIME = "20..-..-..T..:..:..Z"


@pytest.fixture
def queues(redis, create):
    return Queues(redis_client.connect(create().config), "service")


def put(queues, retry_seconds=()):
    with queues.connection.pipeline() as pipeline:
        job = queues.put(Task(print, "module.function", "default", 60, retry_seconds, None), pipeline, ["secret"])
        pipeline.execute()
    queues["default"].remove(job.id)
    return job


def fail(queues, job, error="ValueError: no"):
    with queues.connection.pipeline() as pipeline:
        job._handle_failure(error, pipeline)
        pipeline.execute()


def test_all_that_is_known_of_one_is_told_but_not_its_arguments(queues):
    token = request_id.set("a-request-of-mine")
    job = put(queues, (10, 60))
    request_id.reset(token)
    job.retries_left = 1
    job.save()
    fail(queues, job)
    page = failures.one(queues, job.id).page()
    assert re.fullmatch(
        rf"id          {job.id}\n"
        r"name        module.function\n"
        r"queue       default\n"
        r"request_id  a-request-of-mine\n"
        rf"enqueued    {TIME}\n"
        r"started     never\n"
        rf"ended       {TIME}\n"
        r"tries       2 of 3\n"
        r"\n"
        r"ValueError: no",
        page,
    )


def test_one_that_no_request_asked_for_and_that_has_one_try_says_so(queues):
    job = put(queues)
    fail(queues, job)
    page = failures.one(queues, job.id).page()
    assert "\nrequest_id  none\n" in page
    assert "\ntries       1 of 1\n" in page


def test_one_whose_worker_was_killed_has_a_time_and_words(queues):
    job = put(queues)
    started = queues["default"].started_job_registry
    queues.connection.zadd(started.key, {f"{job.id}:execution": 1})
    started.cleanup()
    line = failures.one(queues, job.id).line()
    assert re.fullmatch(rf"{job.id}  {TIME}  module.function  its worker was killed, or was silent for too long", line)


def test_to_find_one_the_others_are_not_read(queues):
    jobs = [put(queues) for _ in range(5)]
    for job in jobs:
        fail(queues, job)
    before = queues.connection.info("commandstats")["cmdstat_hgetall"]["calls"]
    assert failures.one(queues, jobs[3].id).job.id == jobs[3].id
    assert queues.connection.info("commandstats")["cmdstat_hgetall"]["calls"] - before <= 3
    assert failures.one(queues, "another") is None


def test_all_are_found_the_oldest_first_however_many_there_are(queues, monkeypatch):
    monkeypatch.setattr(failures, "BATCH", 2)
    jobs = [put(queues) for _ in range(5)]
    for age, job in enumerate(jobs):
        fail(queues, job)
        queues.connection.zadd(queues["default"].failed_job_registry.key, {job.id: 2_000_000_000 + age})
    assert [failure.job.id for failure in failures.every(queues)] == [job.id for job in jobs]
    assert failures.count(queues) == 5
