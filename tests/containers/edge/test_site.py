"""What the edge answers by itself, and what it makes of requests."""

import re

import pytest

from tests.containers.engine import until

pytestmark = pytest.mark.docker

ANSWERS = {
    "page": ("GET", "/", 200),
    "API": ("GET", "/v1/ping", 200),
    "404 of the application": ("GET", "/nothing", 404),
    "metrics": ("GET", "/metrics", 404),
    "static": ("GET", "/static/{css}", 200),
    "static, of the error pages": ("GET", "/static/error.css", 200),
    "static, of the service alone": ("GET", "/static/app.css", 200),
    "no such static file": ("GET", "/static/nothing.css", 404),
    "static, not to be written to": ("POST", "/static/{css}", 405),
    "dotfile": ("GET", "/.git/config", 404),
    "page of errors, asked for itself": ("GET", "/slipway-error/page", 404),
    "trace": ("TRACE", "/", 405),
}
HEADERS = (
    "content-security-policy",
    "cross-origin-opener-policy",
    "permissions-policy",
    "referrer-policy",
    "x-content-type-options",
    "x-frame-options",
    "cache-control",
    "x-request-id",
)


@pytest.fixture(scope="module")
def css(shared):
    """The style sheet's name, as the service's pages have it."""
    [name] = set(re.findall(r"/static/(app\.[0-9a-f]{12}\.css)", shared.edge.get("/").text))
    return name


@pytest.mark.parametrize("name", ANSWERS)
def test_every_answer_has_every_header_once(edge, css, name):
    method, path, status = ANSWERS[name]
    answer = edge.http.request(method, path.format(css=css))
    assert answer.status_code == status
    assert {header: len(answer.headers.get_list(header)) for header in HEADERS} == dict.fromkeys(HEADERS, 1)
    assert "strict-transport-security" not in answer.headers  # RFC 6797, section 7.2: over TLS only


def test_a_static_file_is_answered_by_the_edge_for_ever_and_compressed(edge, shared, css):
    answer = edge.get(f"/static/{css}", Accept_Encoding="gzip", X_Request_ID="of-a-static-file")
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"].startswith("text/css")
    assert "of-a-static-file" not in shared.web.logs()


def test_every_static_file_of_the_service_is_there(edge):
    names = set(re.findall(r'"/static/([^"]+)"', edge.get("/").text + edge.get("/docs").text))
    there = edge.exec("ls", "/srv/slipway/static").split()
    assert names
    assert names <= set(there)


def test_a_name_of_another_release_is_asked_of_the_service(edge, shared):
    answer = edge.get("/static/app.0123456789ab.css", X_Request_ID="another-release")
    assert answer.status_code == 200
    assert answer.headers["cache-control"].startswith("no-cache")  # it is not what the name promises
    until(lambda: "another-release" in shared.web.logs())


def test_metrics_are_not_for_the_public(edge, shared):
    assert edge.get("/metrics", X_Request_ID="for-metrics").status_code == 404
    assert "for-metrics" not in shared.web.logs()


def test_a_request_has_one_name_in_both_logs(edge, shared):
    request_id = edge.get("/v1/ping").headers["x-request-id"]
    [line] = until(lambda: [line for line in edge.lines() if line["request_id"] == request_id])
    assert line["url.path"] == "/v1/ping"
    until(lambda: request_id in shared.web.logs())


def test_the_client_is_the_one_that_the_edge_knows(edge):
    forged = {"X_Forwarded_For": "10.9.9.9", "X_Forwarded_Proto": "https", "X_Forwarded_Host": "evil.example"}
    seen = edge.get("/v1/stack/seen", **forged).json()
    assert seen["scheme"] == "http"
    assert seen["host"] == "localhost"
    assert seen["address"] != "10.9.9.9"


def test_a_body_that_is_too_large_is_refused_in_the_form_of_the_api(edge):
    answer = edge.http.post("/v1/stack/echo", content=b"x" * 1_048_577)
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"


def test_it_is_hardened_and_writes_nothing(engine, edge):
    status = edge.exec("cat", "/proc/self/status")
    assert "CapEff:\t0000000000000000" in status
    assert "Uid:\t101\t101" in status
    assert engine("diff", edge) == ""
