import json

import pytest
from rq.exceptions import NoSuchJobError
from rq.job import Job
from rq.webhook import Webhook

from app.core.background.jobs.execution import DeclaredJob, UndeclaredError
from app.core.background.jobs.queues import Queues
from app.core.background.jobs.tasks import Task
from app.core.data import redis_client


@pytest.fixture
def queues(redis, create):
    return Queues(redis_client.connect(create().config), "service", DeclaredJob)


def stored(queues, name):
    with queues.connection.pipeline() as pipeline:
        job_id = queues.put(Task(print, name, "default", 60, (), None), pipeline, ["/etc/passwd"]).id
        pipeline.execute()
    return job_id


@pytest.mark.parametrize("name", ["os.remove", "builtins.print", "app.create_app", "nothing"])
def test_a_function_that_is_no_task_is_not_called_whoever_wrote_it_into_redis(queues, name):
    job = DeclaredJob.fetch(stored(queues, name), queues.connection, queues["default"].serializer)
    with pytest.raises(UndeclaredError, match=f"{name} is no task"):
        _ = job.func


def test_callbacks_and_addresses_in_redis_are_not_followed(queues):
    job_id = stored(queues, "nothing")
    planted = {
        **{f"{kind}_callback_name": "os.abort" for kind in ("success", "failure", "stopped")},
        "webhooks": json.dumps([Webhook("http://127.0.0.1:1/", "failed").to_dict()]),
    }
    queues.connection.hset(f"rq:job:{job_id}", mapping=planted)
    assert Job.fetch(job_id, queues.connection, queues["default"].serializer).webhooks
    job = DeclaredJob.fetch(job_id, queues.connection, queues["default"].serializer)
    assert (job.success_callback, job.failure_callback, job.stopped_callback, job.webhooks) == (None, None, None, [])


def test_a_job_that_is_gone_is_no_job(queues):
    with pytest.raises(NoSuchJobError):
        DeclaredJob.fetch("gone", queues.connection, queues["default"].serializer)
