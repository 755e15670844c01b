"""What a run writes from its start to its end, read from the standard output of its processes."""

import re
from urllib.parse import quote

import httpx
import pytest
from sqlalchemy.engine import make_url

from tests.stack.conftest import running, until

PASSWORD = "pa55-0f-th3-d4t4b4s3"
FORGED = '"}\r\n{"level":"INFO","message":"forged"}\x1b[2J\u2028'


@pytest.fixture(scope="module")
def run(tmp_path_factory, stack_environment):
    """A whole run with everything in it that writes a line: the service, its environment, the ids of its requests."""
    url = make_url(stack_environment["DATABASE_URL"])
    environ = stack_environment | {"DATABASE_URL": url.set(password=PASSWORD).render_as_string(hide_password=False)}
    with running(tmp_path_factory.mktemp("logs") / "service", environ) as service:
        until(service.is_ready)
        sent = {
            "page": service.client.get("/docs", headers={"X-Request-ID": "request-of-a-page", "User-Agent": "tests/1"}),
            "probe": service.client.get("/readyz", headers={"X-Request-ID": "request-of-a-probe"}),
            "error": service.client.get("/v1/stack/error", headers={"X-Request-ID": "request-that-fails"}),
            "missing": service.client.get(f"/nothing/{quote(FORGED)}", params={"q": FORGED}),
            "query": service.client.get("/v1/stack/backend/1"),
            "body": service.client.post("/v1/stack/echo", content=b"x" * 1000),
            "refused": service.client.get("/", headers={"Host": "evil.example"}),
            "message": service.client.get("/v1/stack/message", params={"text": FORGED}),
        }
        head = b"GET /raw HTTP/1.1\r\nHost: example.org\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n"
        service.raw(head + b"User-Agent: a\t\x85\x9b\xff\r\nX-Request-ID: a\tb\x85c{}forged\r\n\r\n")
        service.raw(b"GET /torn\n\rHTTP\r\n\r\n")
        assert service.stop() == 0
        yield service, environ, sent


@pytest.fixture
def records(run):
    return run[0].records()


@pytest.fixture
def access(records):
    return [record for record in records if record["logger"] == "access"]


def test_every_line_is_one_json_object_that_says_when_what_and_who(records):
    assert len(records) > 12
    for record in records:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", record["timestamp"])
        assert record["level"] in {"INFO", "WARNING", "ERROR"}
        assert record["logger"]
        assert isinstance(record["message"], str)
        assert (record["service"], record["release"]) == ("slipway", "1.2.3")


def test_nothing_is_written_beside_the_lines(run):
    assert run[0].stderr() == ""


def test_the_lines_of_gunicorn_take_the_same_form_from_start_to_end(records):
    said = [record["message"] for record in records if record["logger"] == "gunicorn.error"]
    for words in ("Starting gunicorn", "Booting worker", "Handling signal: term", "Shutting down"):
        assert any(words in message for message in said), words


def test_each_request_has_one_access_line_with_its_id(run, access):
    ids = [record["request_id"] for record in access]
    assert len(ids) == len(set(ids))
    for name, response in run[2].items():
        assert ids.count(response.headers["X-Request-ID"]) == (name != "probe"), name
    assert len(access) == len(run[2]) - 1 + 1  # without the probe, with one that was sent by hand


def test_an_access_line_tells_the_request_in_the_names_of_the_common_schema(run, access):
    line = next(record for record in access if record["request_id"] == "request-of-a-page")
    assert line["http.request.method"] == "GET"
    assert (line["http.route"], line["url.path"]) == ("/docs", "/docs")
    assert line["http.response.status_code"] == 200
    assert line["http.response.body.bytes"] == len(run[2]["page"].content) > 0
    assert line["client.address"] == "203.0.113.9"
    assert line["user_agent.original"] == "tests/1"
    assert isinstance(line["event.duration"], int)
    assert 0 < line["event.duration"] < 600 * 10**9
    assert line["message"] == "GET /docs 200"


def test_the_route_is_the_rule_and_the_path_is_what_was_asked(access):
    lines = {record["http.route"]: record["url.path"] for record in access}
    assert lines["/v1/stack/backend/<int:number>"] == "/v1/stack/backend/1"
    assert lines[None] in {f"/nothing/{FORGED}", "/raw"}


def test_probes_that_succeed_are_not_logged(access):
    assert not [record for record in access if record["url.path"] in {"/healthz", "/readyz"}]


def test_nobody_can_make_a_line_of_their_own(run, records):
    assert not [record for record in records if record["message"] == "forged"]
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", run[0].stdout())
    given = next(record for record in records if record["logger"] == "stack")
    assert (given["message"], given["given"]) == (FORGED, FORGED)
    raw = next(record for record in records if record.get("url.path") == "/raw")
    assert re.fullmatch(r"[0-9a-f]{32}", raw["request_id"])


def test_an_error_is_logged_with_its_traceback_and_the_id_of_its_request(records):
    line = next(record for record in records if record["level"] == "ERROR")
    assert line["request_id"] == "request-that-fails"
    assert "Traceback" in line["error.stack_trace"]
    assert "RuntimeError: failed with" in line["error.stack_trace"]


def test_no_secret_is_in_any_line_and_none_in_an_answer(run):
    service, environ, sent = run
    said = service.stdout() + service.stderr() + "".join(response.text for response in sent.values())
    for secret in (environ["SECRET_KEY"], environ["DATABASE_URL"], PASSWORD, "t0p-s3cret"):
        assert secret not in said
    assert "[redacted]" in service.stdout()


def test_a_database_that_cannot_be_reached_is_reported_without_its_password(start):
    service = start(DATABASE_URL=f"postgresql://app:{PASSWORD}@127.0.0.1:1/db", DB_CONNECT_TIMEOUT_SECONDS="1")
    assert service.get("/readyz").status_code == httpx.codes.SERVICE_UNAVAILABLE
    assert service.get("/v1/stack/backend/1").status_code == httpx.codes.SERVICE_UNAVAILABLE
    assert service.stop() == 0
    messages = [record["message"] for record in service.records()]
    assert any("the database is not available" in message for message in messages)
    assert any("readiness: database failed" in message for message in messages)
    assert PASSWORD not in service.stdout() + service.stderr()
    failed = [record["url.path"] for record in service.records() if record["logger"] == "access"]
    assert "/readyz" in failed
