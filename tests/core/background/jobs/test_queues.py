import subprocess
import sys

import pytest

from app.core.background.jobs.queues import KEEP_FAILED_SECONDS, Queues
from app.core.background.jobs.tasks import Task
from app.core.data import redis_client


@pytest.fixture
def connection(redis, create):
    return redis_client.connect(create().config)


def put(queues, **changes):
    options = {"queue": "default", "timeout": 7, "retry_seconds": (10, 60), "every": None} | changes
    with queues.connection.pipeline() as pipeline:
        job = queues.put(Task(print, "module.function", **options), pipeline, ["a"], {"b": 1})
        pipeline.execute()
    return job


def test_services_that_share_a_redis_do_not_meet(connection):
    one, other = Queues(connection, "one"), Queues(connection, "other")
    put(one)
    assert (len(one["default"]), len(other["default"])) == (1, 0)


def test_a_job_is_stored_with_its_limits_and_as_json(connection):
    job = put(Queues(connection, "one"))
    assert (job.timeout, job.retry_intervals, job.retries_left) == (7, [10, 60], 2)
    assert (job.result_ttl, job.failure_ttl) == (0, KEEP_FAILED_SECONDS)
    assert job.data == b'["module.function", null, ["a"], {"b": 1}]'


def test_a_job_may_be_one_that_is_never_tried_again(connection):
    assert put(Queues(connection, "one"), retry_seconds=()).retries_left is None


def test_a_service_without_redis_does_not_even_import_rq(environment):
    script = (
        "import os, sys; from app import create_app; from app.config import load_config;"
        "create_app(load_config(os.environ)); sys.exit('rq' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], env=environment, check=True)
