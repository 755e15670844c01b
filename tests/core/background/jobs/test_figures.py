import pytest
from redis import OutOfMemoryError, Redis

from app.core.background.jobs.figures import QueueFigures
from app.core.background.jobs.queues import Queues
from app.core.background.jobs.tasks import TASKS, Task
from app.core.data import redis_client

JOB = Task(print, "module.function", "default", 60, (), None)


@pytest.fixture
def queues(redis, create, monkeypatch):
    monkeypatch.setitem(TASKS, JOB.name, JOB)
    return Queues(redis_client.connect(create().config), "service")


def put(queues):
    with queues.connection.pipeline() as pipeline:
        job = queues.put(JOB, pipeline)
        pipeline.execute()
    return job


def figures(queues):
    samples = [sample for metric in QueueFigures(queues).collect() for sample in metric.samples]
    return {(sample.name, *sample.labels.values()): sample.value for sample in samples}


def test_an_empty_queue_has_zeros(queues):
    seen = figures(queues)
    assert seen["job_queue_up",] == 1
    assert seen["job_queue_workers",] == 0
    assert seen["job_queue_oldest_seconds", "default"] == 0
    for state in ("queued", "started", "scheduled", "deferred", "failed"):
        assert seen["job_queue_jobs", "default", state] == 0


def test_what_waits_and_for_how_long_is_seen(queues):
    oldest = put(queues)
    put(queues)
    queues.connection.hset(oldest.key, "enqueued_at", "2026-01-01T12:00:00.000000Z")
    seen = figures(queues)
    assert seen["job_queue_jobs", "default", "queued"] == 2
    assert seen["job_queue_oldest_seconds", "default"] > 86_400


def test_what_failed_is_seen(queues):
    job = put(queues)
    queues["default"].failed_job_registry.add(job, 60, "why")
    assert figures(queues)["job_queue_jobs", "default", "failed"] == 1


def test_workers_that_live_and_what_they_did_are_seen(queues):
    queues.connection.sadd("rq:workers:service:default", *(f"rq:worker:{name}" for name in ("one", "two", "killed")))
    for name in ("one", "two"):
        queues.connection.hset(f"rq:worker:{name}", "last_heartbeat", "2026-01-01T12:00:00.000000Z")
    queues.connection.hset(queues.finished_key, mapping={"default:success": 3, "default:failure": 1})
    seen = figures(queues)
    assert seen["job_queue_workers",] == 2
    assert seen["job_queue_finished_total", "default", "success"] == 3
    assert seen["job_queue_finished_total", "default", "failure"] == 1


def test_it_is_one_round_trip(queues):
    figures(queues)
    before = queues.connection.info("commandstats")
    clients = queues.connection.info("stats")["total_connections_received"]
    figures(queues)
    after = queues.connection.info("commandstats")
    assert queues.connection.info("stats")["total_connections_received"] == clients
    assert after["cmdstat_llen"]["calls"] - before["cmdstat_llen"]["calls"] == len(queues.names())


def busy(redis):
    """Queues with a job that waits, one worker, and something done."""
    queues = Queues(redis, "service")
    oldest = put(queues)
    redis.hset(oldest.key, "enqueued_at", "2026-01-01T12:00:00.000000Z")
    redis.sadd("rq:workers:service:default", "rq:worker:one")
    redis.hset("rq:worker:one", "last_heartbeat", "2026-01-01T12:00:00.000000Z")
    redis.hset(queues.finished_key, "default:success", 3)
    return queues


@pytest.fixture
def own_connection(own_redis):
    with Redis.from_url(own_redis.url()) as connection:
        yield connection


def test_a_redis_whose_memory_is_full_is_still_asked(own_connection):
    queues = busy(own_connection)
    before = figures(queues)
    own_connection.config_set("maxmemory-policy", "noeviction")
    own_connection.config_set("maxmemory", "1")
    with pytest.raises(OutOfMemoryError):
        put(queues)
    after = figures(queues)
    for seen in (before, after):
        assert seen.pop(("job_queue_oldest_seconds", "default")) > 86_400
        assert seen["job_queue_jobs", "default", "queued"] == seen["job_queue_workers",] == 1
    assert after == before


def test_what_redis_refuses_is_missing_and_nothing_else(own_connection):
    queues = busy(own_connection)
    before = figures(queues)
    own_connection.acl_setuser("default", enabled=True, nopass=True, commands=["+@all", "-sort_ro"])
    after = figures(queues)
    refused = {("job_queue_oldest_seconds", name) for name in queues.names()} | {("job_queue_workers",)}
    assert after == {name: value for name, value in before.items() if name not in refused}
    assert after["job_queue_up",] == after["job_queue_jobs", "default", "queued"] == 1


def test_a_redis_that_refuses_everything_has_not_answered(own_connection):
    queues = busy(own_connection)
    own_connection.acl_setuser("default", enabled=True, nopass=True, commands=["-@all", "+acl"])
    assert figures(queues) == {("job_queue_up",): 0}


@pytest.mark.parametrize("how", ["stop", "freeze"])
def test_a_redis_that_is_away_is_a_figure_too(create, own_redis, how):
    app = create(REDIS_URL=own_redis.url(), REDIS_TIMEOUT_MS="100")
    getattr(own_redis, how)()
    assert figures(app.extensions["jobs"]) == {("job_queue_up",): 0}
    if how == "freeze":
        own_redis.thaw()


@pytest.mark.usefixtures("redis")
def test_they_are_published_where_jobs_are_on_and_only_there(create):
    def ours(app):
        return [one for one in app.extensions.get("metrics_collectors", []) if isinstance(one, QueueFigures)]

    assert len(ours(create())) == 1
    assert ours(create(REDIS_URL="")) == []
