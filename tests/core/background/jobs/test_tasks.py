import json

import pytest
from redis import Redis

from app.core.background import jobs


@pytest.fixture
def greet(monkeypatch):
    monkeypatch.setattr(jobs.tasks, "TASKS", {})

    @jobs.task()
    def greet(name, *, loud=False):
        greeted.append((name, loud))

    greeted = []
    greet.function.greeted = greeted
    return greet


def test_a_task_can_still_be_called(greet):
    greet("Ann", loud=True)
    assert greet.function.greeted == [("Ann", True)]


@pytest.mark.usefixtures("redis")
def test_what_is_enqueued_waits_in_redis_and_is_not_run_here(create, greet, capsys):
    app = create()
    with app.app_context():
        assert greet.enqueue("Ann", loud=True) is True
        [job_id] = app.extensions["jobs"]["default"].job_ids
        job = app.extensions["jobs"]["default"].fetch_job(job_id)
    assert (job.func_name, job.args, job.kwargs) == (greet.name, ["Ann"], {"loud": True})
    assert greet.function.greeted == []
    assert "Ann" not in job.description
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("redis")
def test_a_job_carries_the_id_of_the_request(create, greet):
    app = create()
    app.add_url_rule("/v1/greet", "greet", lambda: [str(greet.enqueue("Ann"))])
    app.view_functions["greet"].guard = lambda: None
    response = app.test_client().get("/v1/greet", headers={"X-Request-ID": "a-request-of-mine"})
    assert response.json == ["True"]
    [job] = app.extensions["jobs"]["default"].jobs
    assert job.meta == {"request_id": "a-request-of-mine"}


def test_without_redis_jobs_are_off_and_say_so_to_the_caller(app, greet):
    with app.app_context():
        assert greet.enqueue("Ann") is False


@pytest.mark.parametrize("argument", [object(), b"bytes", {1, 2}])
def test_what_json_cannot_hold_is_refused_where_jobs_are_off_too(app, greet, argument):
    with app.app_context(), pytest.raises(TypeError):
        greet.enqueue(argument)


@pytest.mark.parametrize("how", ["stop", "freeze"])
def test_a_redis_that_is_away_is_no_error_and_is_logged_once(create, greet, own_redis, capsys, how):
    app = create(REDIS_URL=own_redis.url(), REDIS_TIMEOUT_MS="100")
    with app.app_context():
        assert greet.enqueue("Ann") is True
        getattr(own_redis, how)()
        assert [greet.enqueue("Bob") for _ in range(5)] == [False] * 5
        own_redis.start() if how == "stop" else own_redis.thaw()
        while not greet.enqueue("Cid"):
            pass
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    lines = [record["message"].partition(":")[0] for record in records if record["logger"] == "jobs"]
    assert lines == ["jobs cannot be enqueued, and are lost", "jobs can be enqueued again"]


def test_a_redis_that_refuses_to_store_is_no_error_either(create, greet, own_redis):
    app = create(REDIS_URL=own_redis.url())
    with Redis.from_url(own_redis.url()) as redis, app.app_context():
        redis.config_set("maxmemory", "1")
        assert greet.enqueue("Ann") is False
        redis.config_set("maxmemory", "0")


def test_a_schedule_that_is_no_cron_expression_is_refused_at_once():
    with pytest.raises(ValueError, match="not a cron expression: daily at three"):
        jobs.task(every="daily at three")


@pytest.mark.parametrize(
    ("options", "least"),
    [
        *(({"every": value}, 1) for value in (0, -5, 1.5, True)),
        *(({"timeout": value}, 1) for value in (0, -1, 0.5, None)),
        *(({"retry_seconds": (10, value)}, 0) for value in (-1, 1.5, "60")),
    ],
)
def test_seconds_that_no_worker_could_keep_to_are_refused_at_once(options, least):
    [(option, _)] = options.items()
    with pytest.raises(ValueError, match=f"^{option}: whole seconds, at least {least}, and not "):
        jobs.task(**options)
