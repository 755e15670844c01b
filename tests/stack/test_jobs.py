"""What becomes of jobs, with real workers, when they fail, when they are told to stop, and when they are killed."""

import base64
import binascii
import os
import signal
import socket
import time
import zlib
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from redis import Redis

from tests.stack import tasks
from tests.stack.conftest import GENEROUS_SECONDS, running, until
from tests.stack.workers import flask, working

LOST_SECONDS = 6


@pytest.fixture
def environ(stack_environment, redis, tmp_path):
    """The variables of the workers of one test, and of its service: a Redis of their own, and one gate."""
    (tmp_path / "gate").mkdir()
    return stack_environment | {
        "REDIS_URL": redis,
        "GATE": str(tmp_path / "gate"),
        "JOB_LOST_SECONDS": str(LOST_SECONDS),
    }


@pytest.fixture
def gate(environ):
    return Path(environ["GATE"])


@pytest.fixture
def work(tmp_path, environ):
    """A function that starts a worker and waits until it waits for jobs."""
    with ExitStack() as started:

        def work(*options, queue="default", **changes):
            folder = tmp_path / f"worker-{len(list(tmp_path.iterdir()))}"
            worker = started.enter_context(working(folder, environ | changes, *options, queue=queue))
            until(worker.is_waiting)
            return worker

        yield work


@pytest.fixture
def serve(tmp_path, environ):
    """A function that starts a service whose `/v1/stack/enqueue` enqueues a job, and waits until it answers."""
    with ExitStack() as started:

        def serve(**changes):
            variables = environ | {"WEB_CONCURRENCY": "1"} | changes
            application = "tests.stack.tasks:make_app()"
            service = started.enter_context(running(tmp_path / "service", variables, application))
            until(service.is_ready)
            return service

        yield serve


@pytest.fixture
def enqueue(create, redis):
    """A function that enqueues a task as a view would."""
    app = create()

    def enqueue(task, *args):
        with app.app_context():
            assert task.enqueue(*args)

    return enqueue


def processes_at(gate, name):
    """Return the processes that have come to run that job."""
    return {int(path.suffix[1:]) for path in gate.glob(f"{name}.*") if path.suffix[1:].isdecimal()}


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] != "Z"
    except FileNotFoundError:
        return False


def outcomes(worker, name):
    return [
        record["event.outcome"] for record in worker.records() if record.get("job.name") == f"tests.stack.tasks.{name}"
    ]


def test_a_job_logs_under_the_id_of_the_request_and_one_line_of_its_own(serve, work):
    response, worker = serve().get("/v1/stack/enqueue"), work()
    assert response.json() == [True]
    [line] = until(lambda: [record for record in worker.records() if "event.outcome" in record])
    assert line["message"] == "tests.stack.tasks.ask_the_database: success"
    assert (line["level"], line["logger"], line["event.outcome"]) == ("INFO", "jobs", "success")
    assert line["event.duration"] > 0
    [own] = [record for record in worker.records() if record["logger"] == "stack"]
    for record in (line, own):
        assert record["request_id"] == response.headers["X-Request-ID"]
        assert len(record["job.id"]) == 36


def test_what_a_worker_writes_is_json_and_no_banner(work):
    worker = work()
    worker.signal(signal.SIGTERM)
    assert worker.wait() == 0
    assert worker.messages() == [
        f"worker {worker.pid} takes no jobs of clock: each queue needs a worker of its own",
        f"worker {worker.pid} waits for jobs of queue default",
        f"worker {worker.pid} has stopped",
    ]


@pytest.mark.parametrize("whom", ["the worker", "every process"])
def test_a_worker_that_is_told_to_stop_finishes_its_job_and_takes_no_other(work, enqueue, gate, whom):
    worker = work()
    enqueue(tasks.stay, "first")
    [child] = until(lambda: processes_at(gate, "first"))
    enqueue(tasks.stay, "second")
    worker.signal(signal.SIGTERM)
    if whom == "every process":  # as systemd does by default, and a terminal
        os.kill(child, signal.SIGTERM)
        os.kill(child, signal.SIGINT)
    (gate / "open").touch()
    assert worker.wait() == 0
    assert (gate / "first.done").exists()
    assert outcomes(worker, "stay") == ["success"]
    assert not processes_at(gate, "second")
    work()
    until((gate / "second.done").exists)


def test_a_second_signal_ends_the_job_too_and_another_worker_runs_it_again(work, enqueue, gate):
    worker = work()
    enqueue(tasks.stay, "job")
    [child] = until(lambda: processes_at(gate, "job"))
    worker.signal(signal.SIGTERM)
    until(
        lambda: worker.process.poll() is not None or worker.signal(signal.SIGTERM)
    )  # RQ ignores one that comes at once
    until(lambda: not is_alive(child))
    other = work()
    until(lambda: len(processes_at(gate, "job")) == 2)
    (gate / "open").touch()
    until(lambda: outcomes(other, "stay") == ["failure", "success"])


@pytest.mark.parametrize("whom", ["the worker", "its group", "worker and child"])
def test_the_job_of_a_killed_worker_is_run_again_by_another_one_that_is_there(work, enqueue, gate, environ, whom):
    worker = work()
    enqueue(tasks.stay, "job")
    [child] = until(lambda: processes_at(gate, "job"))
    other = work()
    if whom == "worker and child":
        os.kill(child, signal.SIGKILL)
    os.killpg(worker.pid, signal.SIGKILL) if whom == "its group" else os.kill(worker.pid, signal.SIGKILL)
    until(lambda: not is_alive(child))  # so it does not run twice at once
    until(lambda: len(processes_at(gate, "job")) == 2)
    (gate / "open").touch()
    until(lambda: outcomes(other, "stay") == ["failure", "success"])
    assert other.says("tests.stack.tasks.stay: failure: its worker is gone; to be tried again, 2 left")
    until(lambda: not flask(environ, "jobs", "list").stdout)
    assert outcomes(other, "stay") == ["failure", "success"]


def test_a_job_whose_process_is_killed_is_run_again_by_the_same_worker(work, enqueue, gate):
    worker = work()
    enqueue(tasks.stay, "job")
    [child] = until(lambda: processes_at(gate, "job"))
    os.kill(child, signal.SIGKILL)
    until(lambda: len(processes_at(gate, "job")) == 2)
    (gate / "open").touch()
    until(lambda: outcomes(worker, "stay") == ["failure", "success"])
    assert worker.says("its process was killed (status 9); to be tried again, 2 left")


@pytest.mark.parametrize("whom", ["worker", "child"])
def test_a_killed_job_that_may_not_be_tried_again_is_reported(work, enqueue, gate, environ, whom):
    worker = work()
    enqueue(tasks.stay_once, "job")
    [child] = until(lambda: processes_at(gate, "job"))
    if whom == "worker":
        work()
    os.kill(worker.pid if whom == "worker" else child, signal.SIGKILL)
    until(lambda: flask(environ, "jobs", "failed").stdout)
    shown = flask(environ, "jobs", "failed").stdout
    assert "tests.stack.tasks.stay_once" in shown
    assert ("its worker was killed" if whom == "worker" else "signal 9") in shown


def test_a_job_that_fails_is_tried_again_and_then_kept_without_secrets(work, enqueue, gate, environ, redis):
    worker = work()
    enqueue(tasks.fail)
    until(lambda: outcomes(worker, "fail") == ["failure"] * 3)
    until(lambda: flask(environ, "jobs", "failed").stdout)
    [line] = flask(environ, "jobs", "failed").stdout.splitlines()
    assert line.endswith("RuntimeError: failed with [redacted] and [redacted]; password=[redacted]")
    # A scheduled task may have run since.
    last = [record for record in worker.records() if record.get("job.name") == "tests.stack.tasks.fail"][-1]
    assert last["message"] == "tests.stack.tasks.fail: failure; kept among the failed jobs"
    assert "RuntimeError" in last["error.stack_trace"]
    stored = b"".join(everything(redis))
    assert b"RuntimeError" in stored
    for secret in (environ["SECRET_KEY"], environ["DATABASE_URL"], "t0p-s3cret"):
        assert secret.encode() not in stored


def everything(url):
    """Yield all that a Redis database holds of jobs, unpacked."""
    with Redis.from_url(url) as redis:
        for key in redis.scan_iter():
            kind = redis.type(key)
            if kind == b"hash":
                yield from (unpacked(value) for value in redis.hgetall(key).values())
            elif kind == b"stream":
                yield from (unpacked(value) for _, fields in redis.xrange(key) for value in fields.values())


def unpacked(value):
    for unpack in (zlib.decompress, lambda value: zlib.decompress(base64.b64decode(value))):
        with suppress(zlib.error, binascii.Error):
            return unpack(value)
    return value


def test_a_failed_job_can_be_seen_retried_and_dropped(work, enqueue, gate, environ):
    work()
    enqueue(tasks.stay_once, "job")
    [child] = until(lambda: processes_at(gate, "job"))
    assert "started    tests.stack.tasks.stay_once" in flask(environ, "jobs", "list").stdout
    os.kill(child, signal.SIGKILL)
    until(lambda: flask(environ, "jobs", "failed").stdout)
    [line] = flask(environ, "jobs", "failed").stdout.splitlines()
    job_id = line.split()[0]
    assert flask(environ, "jobs", "retry", job_id).stdout == f"{job_id} tests.stack.tasks.stay_once: queued\n"
    [second] = until(lambda: processes_at(gate, "job") - {child})
    assert flask(environ, "jobs", "failed").stdout == ""
    os.kill(second, signal.SIGKILL)
    until(lambda: flask(environ, "jobs", "failed").stdout)
    assert flask(environ, "jobs", "drop", "--all").stdout == f"{job_id} tests.stack.tasks.stay_once: dropped\n"
    assert flask(environ, "jobs", "failed").stdout == ""


def test_a_job_that_takes_too_long_is_ended(work, enqueue, environ):
    worker = work()
    enqueue(tasks.never_end)
    until(lambda: outcomes(worker, "never_end") == ["failure"])
    assert "exceeded maximum timeout" in until(lambda: flask(environ, "jobs", "failed").stdout)


def test_each_job_has_a_database_connection_of_its_own(work, enqueue):
    worker = work()
    for _ in range(3):
        enqueue(tasks.ask_the_database)
    until(lambda: outcomes(worker, "ask_the_database") == ["success"] * 3)
    assert len({message for message in worker.messages() if message.startswith("backend ")}) == 3


@pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="this system does not tell which signals are ignored"
)
def test_a_program_that_a_job_starts_can_be_stopped_by_a_signal(work, enqueue):
    worker = work()
    enqueue(tasks.start_a_program)
    until(lambda: outcomes(worker, "start_a_program"))
    [ignored] = [message.split()[1] for message in worker.messages() if message.startswith("SigIgn")]
    assert not int(ignored, 16) & (1 << signal.SIGTERM - 1 | 1 << signal.SIGINT - 1)


def test_a_scheduled_task_runs_once_each_time_however_many_workers_there_are(work):
    began = time.time()
    workers = [work(queue="clock", JOB_LOST_SECONDS="3") for _ in range(2)]

    def ticks():
        return [record for worker in workers for record in worker.records() if record["message"] == "tick"]

    until(lambda: len(ticks()) >= 4)
    assert len({record["job.id"] for record in ticks()}) == len(ticks()) <= time.time() - began


@pytest.mark.parametrize("how", ["stop", "freeze"])
def test_a_worker_waits_for_a_redis_that_is_away_and_then_goes_on(work, own_redis, create, how):
    worker = work(REDIS_URL=own_redis.url(), JOB_LOST_SECONDS="3")
    getattr(own_redis, how)()
    until(lambda: worker.says("Redis does not answer"))
    own_redis.start() if how == "stop" else own_redis.thaw()
    app = create(REDIS_URL=own_redis.url())
    with app.app_context():
        until(tasks.ask_the_database.enqueue)
    until(lambda: outcomes(worker, "ask_the_database") == ["success"])
    assert sum("Redis does not answer" in message for message in worker.messages()) == 1
    worker.signal(signal.SIGTERM)
    assert worker.wait() == 0


def test_a_worker_that_is_told_to_stop_while_redis_goes_away_stops(work, own_redis):
    worker = work(REDIS_URL=own_redis.url(), JOB_LOST_SECONDS="3")
    own_redis.freeze()  # what the worker has to say when it leaves is not answered
    worker.signal(signal.SIGTERM)
    assert worker.wait() == 0
    assert worker.messages()[-1].endswith("has stopped")


def test_a_worker_tells_systemd_that_it_has_started_also_while_redis_is_away(tmp_path, environ, own_redis):
    own_redis.stop()
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(address)
        systemd.settimeout(GENEROUS_SECONDS)
        with working(tmp_path / "away", environ | {"REDIS_URL": own_redis.url(0), "NOTIFY_SOCKET": address}):
            assert systemd.recv(4096) == b"READY=1"


def test_a_worker_that_waits_for_redis_can_be_stopped(tmp_path, environ, own_redis):
    own_redis.stop()
    with working(tmp_path / "worker", environ | {"REDIS_URL": own_redis.url()}) as worker:
        until(lambda: worker.says("Redis does not answer"))
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0


@pytest.mark.parametrize("how", ["stop", "freeze"])
def test_a_redis_that_is_away_costs_the_job_and_not_the_request(serve, own_redis, how):
    service = serve(REDIS_URL=own_redis.url(), REDIS_TIMEOUT_MS="250")
    getattr(own_redis, how)()
    for _ in range(3):
        response = service.get("/v1/stack/enqueue")
        assert (response.status_code, response.json()) == (200, [False])
    assert service.get("/readyz").status_code == 200
    assert sum("jobs cannot be enqueued" in record["message"] for record in service.records()) == 1
    own_redis.start() if how == "stop" else own_redis.thaw()
    until(lambda: service.get("/v1/stack/enqueue").json() == [True])
