"""Errors of the real Gunicorn arrive at a real receiver, and one that is dead or silent is nobody's problem."""

import signal
import socket
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from app.core.observability.tracking import request_id
from tests.receiver import receiving
from tests.stack import tasks
from tests.stack.conftest import GENEROUS_SECONDS, until
from tests.stack.workers import working

FAILURES = 50


@pytest.fixture
def receiver():
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def silent_receiver():
    with receiving() as receiver:
        receiver.answering.clear()
        yield receiver


@pytest.fixture
def refusing_dsn():
    with socket.socket() as taken:  # bound, so nobody else can listen there, and not listening
        taken.bind(("127.0.0.1", 0))
        yield f"http://publickey@127.0.0.1:{taken.getsockname()[1]}/42"


def reported(receiver):
    """Count the reports of each request."""
    return Counter(event["tags"]["request_id"] for event in receiver.items("event"))


def fail(service, number=0):
    return service.client.get("/v1/stack/error", headers={"X-Request-ID": f"failing-{number:04}"})


def fail_often(service):
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda number: fail(service, number), range(FAILURES)))


def test_an_error_arrives_with_what_one_needs_to_find_it(start, receiver):
    service = start(SENTRY_DSN=receiver.dsn, GIT_SHA="abc1234", SENTRY_TRACES_SAMPLE_RATE="0")
    fail(service)
    [event] = until(lambda: receiver.items("event"))
    assert (event["release"], event["environment"]) == ("slipway@1.2.3", "production")
    assert event["server_name"] == socket.gethostname()
    assert event["tags"] == {"request_id": "failing-0000", "commit": "abc1234"}
    assert event["transaction"] == "/v1/stack/error"
    assert event["request"]["url"] == "https://example.org/v1/stack/error"
    [error] = event["exception"]["values"]
    assert error["type"] == "RuntimeError"
    frames = error["stacktrace"]["frames"]
    assert frames[-1]["function"] == "error"
    assert "raise RuntimeError" in frames[-1]["context_line"]
    assert not [frame for frame in frames if "vars" in frame]


def test_an_error_is_reported_exactly_once_and_what_is_expected_never(start, receiver):
    service = start(SENTRY_DSN=receiver.dsn, SENTRY_TRACES_SAMPLE_RATE="0")
    for number in range(5):
        assert fail(service, number).status_code == 500
    assert service.get("/nothing").status_code == 404
    assert service.client.post("/v1/ping").status_code == 405
    assert service.client.get("/", headers={"Host": "evil.example"}).status_code == 400
    expected = {f"failing-{number:04}": 1 for number in range(5)}
    until(lambda: set(reported(receiver)) >= set(expected))
    assert service.stop() == 0
    assert reported(receiver) == expected


def test_an_outage_of_the_database_is_not_reported(start, receiver):
    service = start(
        SENTRY_DSN=receiver.dsn,
        SENTRY_TRACES_SAMPLE_RATE="0",
        DATABASE_URL="postgresql://nobody:pa55w0rd@127.0.0.1:1/nothing",
    )
    assert service.get("/v1/stack/backend/1").status_code == 503
    assert fail(service).status_code == 500
    until(lambda: reported(receiver))
    assert service.stop() == 0
    assert reported(receiver) == {"failing-0000": 1}


def test_an_error_that_was_caught_and_logged_with_its_traceback_is_reported(start, receiver):
    service = start(SENTRY_DSN=receiver.dsn, SENTRY_TRACES_SAMPLE_RATE="0")
    assert service.get("/v1/stack/caught").status_code == 204
    [event] = until(lambda: receiver.items("event"))
    assert event["logentry"]["message"] == "caught"
    assert event["exception"]["values"][0]["type"] == "ZeroDivisionError"


def test_what_a_request_notes_is_on_its_own_report_and_on_no_other(start, receiver):
    service = start(SENTRY_DSN=receiver.dsn, SENTRY_TRACES_SAMPLE_RATE="0", WEB_CONCURRENCY="1", WEB_THREADS="1")
    assert service.get("/v1/stack/noted/ann").status_code == 204
    assert fail(service).status_code == 500
    assert service.get("/v1/stack/noted/ben?fail").status_code == 500
    assert fail(service, 1).status_code == 500
    events = until(lambda: len(found := receiver.items("event")) == 3 and found)
    noted = events.pop(1)
    assert {"noted": "ben", "noted-closer": "ben"}.items() <= noted["tags"].items()
    assert noted["user"] == {"id": "ben"}
    assert [crumb["message"] for crumb in noted["breadcrumbs"]["values"]] == ["noted ben"]
    assert "ann" not in str(noted["tags"])
    for event in events:
        assert not {"noted", "noted-closer"} & set(event["tags"])
        assert not event.get("user")
        assert not event.get("breadcrumbs", {}).get("values")
    assert len({event["contexts"]["trace"]["trace_id"] for event in [*events, noted]}) == 3


def test_an_answer_that_breaks_off_is_reported_once_with_the_request_that_it_was_for(start, receiver):
    service = start(SENTRY_DSN=receiver.dsn, SENTRY_TRACES_SAMPLE_RATE="0", WEB_CONCURRENCY="1", WEB_THREADS="1")
    with pytest.raises(httpx.RemoteProtocolError):
        service.get("/v1/stack/breaks-off?secret=1", **{"X-Request-ID": "broken-off"})
    [event] = until(lambda: receiver.items("event"))
    fail(service)  # arrives after whatever else was reported of the other
    until(lambda: "failing-0000" in reported(receiver))
    assert "breaks-off" not in str(receiver.items("event")[-1])  # what Gunicorn has logged of it, after it was over
    assert reported(receiver) == {"broken-off": 1, "failing-0000": 1}
    assert event["transaction"] == "/v1/stack/breaks-off"
    assert event["request"]["url"] == "https://example.org/v1/stack/breaks-off"
    assert event["request"]["method"] == "GET"
    assert "query_string" not in event["request"]
    assert event["exception"]["values"][0]["value"] == "broken off"


def test_each_worker_that_was_forked_can_report(start, receiver):
    service = start(SENTRY_DSN=receiver.dsn, WEB_CONCURRENCY="2")
    seen = set()
    while len(seen) < 2:
        with service.new_client() as client:
            answer = client.get("/v1/stack/error-in-worker")
            seen.add(int(answer.headers["X-Worker"]))
    until(lambda: {event["tags"].get("worker") for event in receiver.items("event")} == set(map(str, seen)))
    assert seen == service.workers()


def test_a_job_that_fails_is_reported_under_the_id_of_its_request(create, redis, stack_environment, receiver, tmp_path):
    environ = stack_environment | {"REDIS_URL": redis, "SENTRY_DSN": receiver.dsn, "JOB_LOST_SECONDS": "6"}
    with working(tmp_path / "worker", environ) as worker:
        token = request_id.set("request-of-a-job")
        with create().app_context():
            tasks.fail.enqueue()
        request_id.reset(token)
        events = until(lambda: receiver.items("event"))
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0
    assert events[0]["tags"]["request_id"] == "request-of-a-job"
    assert events[0]["extra"]["job.name"] == "tests.stack.tasks.fail"
    assert events[0]["exception"]["values"][0]["type"] == "RuntimeError"


def test_requests_are_traced_but_probes_are_not(start, receiver):
    service = start(SENTRY_DSN=receiver.dsn, SENTRY_TRACES_SAMPLE_RATE="1")
    for path in ("/healthz", "/readyz", "/v1/ping", "/v1/stack/backend/7"):
        assert service.get(path).status_code == 200
    until(lambda: len(receiver.items("transaction")) >= 2)
    assert service.stop() == 0
    traces = {trace["transaction"]: trace for trace in receiver.items("transaction")}
    assert set(traces) == {"/v1/ping", "/v1/stack/backend/<int:number>"}
    trace = traces["/v1/stack/backend/<int:number>"]
    assert trace["tags"]["request_id"]
    assert any("pg_backend_pid()" in span["description"] for span in trace["spans"])


@pytest.mark.parametrize("rate", ["0", "0.000000001"])
def test_a_client_cannot_have_its_requests_traced(start, receiver, rate):
    service = start(SENTRY_DSN=receiver.dsn, SENTRY_TRACES_SAMPLE_RATE=rate)
    wish = {"sentry-trace": f"{'a' * 32}-{'b' * 16}-1", "baggage": "sentry-sample_rand=0.000000,sentry-sampled=true"}
    service.get("/v1/ping", **wish)
    service.get("/v1/stack/error", **wish)
    [event] = until(lambda: receiver.items("event"))
    assert service.stop() == 0
    assert event["contexts"]["trace"]["trace_id"] != "a" * 32
    assert receiver.items("transaction") == []


def test_a_silent_receiver_keeps_no_request_waiting(start, silent_receiver):
    service = start(SENTRY_DSN=silent_receiver.dsn)
    assert Counter(answer.status_code for answer in fail_often(service)) == {500: FAILURES}
    # Had any request sent its report itself, each would have reached the receiver before its answer came.
    assert silent_receiver.waiting < FAILURES
    until(lambda: silent_receiver.waiting)
    assert service.get("/v1/stack/worker").status_code == 200


def test_a_silent_receiver_does_not_keep_the_service_from_ending(start, silent_receiver):
    service = start(SENTRY_DSN=silent_receiver.dsn, WEB_GRACEFUL_TIMEOUT_SECONDS=str(GENEROUS_SECONDS))
    fail_often(service)
    until(lambda: silent_receiver.waiting)
    began = time.monotonic()
    assert service.stop() == 0
    # Far from Gunicorn's own limit, after which it would have killed the workers.
    assert time.monotonic() - began < GENEROUS_SECONDS / 2
    assert not [record for record in service.records() if "SIGKILL" in record["message"]]


def test_a_refusing_receiver_changes_no_answer_and_is_logged_once_by_each_worker(start, refusing_dsn):
    service = start(SENTRY_DSN=refusing_dsn)
    assert Counter(answer.status_code for answer in fail_often(service)) == {500: FAILURES}

    def complaints():
        return [record for record in service.records() if "error reports are lost" in record["message"]]

    until(complaints)
    assert service.stop() == 0
    assert {record["level"] for record in complaints()} == {"WARNING"}
    assert 1 <= len(complaints()) <= 2
    assert service.stderr() == ""


def test_what_is_waiting_is_sent_before_a_worker_ends(start, receiver):
    receiver.answering.clear()
    service = start(SENTRY_DSN=receiver.dsn, WEB_CONCURRENCY="1", SENTRY_TRACES_SAMPLE_RATE="0")
    for number in range(3):
        fail(service, number)
    until(lambda: receiver.waiting)
    service.process.send_signal(signal.SIGTERM)
    until(lambda: any("Handling signal: term" in record["message"] for record in service.records()))
    receiver.answering.set()
    assert service.process.wait(GENEROUS_SECONDS) == 0
    assert len(receiver.items("event")) == 3
