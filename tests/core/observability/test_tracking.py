import json
import re

import pytest
from flask import Response

from app.core.observability import tracking
from app.core.web.access import public


@pytest.fixture
def client(app):
    def speak(name):
        app.logger.warning("spoken")
        return name

    def stream():
        def chunks():
            app.logger.warning("streamed")
            yield b"12345"
            yield b"67890"

        return Response(chunks())

    def crash():
        raise RuntimeError

    app.add_url_rule("/v1/speak/<name>", "v1.speak", public(speak))
    app.add_url_rule("/v1/stream", "v1.stream", public(stream))
    app.add_url_rule("/v1/crash", "v1.crash", public(crash))
    return app.test_client()


@pytest.fixture
def lines(capsys):
    def lines(logger: str):
        found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        return [line for line in found if line["logger"] == logger]

    return lines


def call(client, path="/v1/ping", method="GET", **headers):
    return client.open(path, method=method, headers=headers)


@pytest.mark.parametrize("given", ["12345678", "a" * 128, "Az09_.-x"])
def test_a_well_formed_id_of_the_edge_is_kept(client, lines, given):
    assert call(client, **{"X-Request-ID": given}).headers.getlist("X-Request-ID") == [given]
    assert lines("access")[0]["request_id"] == given


@pytest.mark.parametrize("given", ["", "short", "a" * 129, "with space", 'quote"1234', "ünïcödé-id", "1234567\t8"])
def test_any_other_id_is_replaced(client, lines, given):
    answered = call(client, **{"X-Request-ID": given}).headers["X-Request-ID"]
    assert re.fullmatch(r"[0-9a-f]{32}", answered)
    assert lines("access")[0]["request_id"] == answered


def test_every_line_of_a_request_carries_its_id_and_no_line_outside_does(client, app, lines):
    answered = call(client, "/v1/speak/x").headers["X-Request-ID"]
    app.logger.warning("outside")
    inside, outside = lines("app")
    assert inside["request_id"] == answered
    assert "request_id" not in outside


def test_one_line_tells_of_a_request_in_the_names_of_the_elastic_common_schema(client, lines):
    call(client, "/v1/speak/caf%C3%A9?token=hunter2", **{"User-Agent": "test/1"})
    [line] = lines("access")
    assert line["message"] == "GET /v1/speak/café 200"
    assert line["http.request.method"] == "GET"
    assert line["http.route"] == "/v1/speak/<name>"
    assert line["url.path"] == "/v1/speak/café"
    assert line["http.response.status_code"] == 200
    assert line["http.response.body.bytes"] == 5
    assert line["client.address"] == "127.0.0.1"
    assert line["user_agent.original"] == "test/1"
    assert line["event.duration"] > 0
    assert "hunter2" not in json.dumps(line)


@pytest.mark.parametrize(
    ("method", "path", "status", "route"),
    [
        ("GET", "/nothing", 404, None),
        ("POST", "/v1/ping", 405, None),
        ("GET", "/v1/crash", 500, "/v1/crash"),
        ("GET", "/static/nothing.css", 404, "/static/<path:filename>"),
    ],
)
def test_what_went_wrong_is_counted_and_named_too(client, lines, method, path, status, route):
    call(client, path, method)
    [line] = lines("access")
    assert (line["http.response.status_code"], line["http.route"]) == (status, route)


def test_a_refused_host_is_named_too(client, lines):
    response = call(client, Host="evil.example")
    [line] = lines("access")
    assert (line["http.response.status_code"], line["request_id"]) == (400, response.headers["X-Request-ID"])


def test_a_stream_is_counted_to_its_end_and_logs_under_its_id(client, lines, capsys):
    response = call(client, "/v1/stream")
    assert response.data == b"1234567890"
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["message"] for line in found] == ["streamed", "GET /v1/stream 200"]
    assert {line["request_id"] for line in found} == {response.headers["X-Request-ID"]}
    assert found[1]["http.response.body.bytes"] == 10


def test_a_probe_that_succeeds_is_quiet_and_one_that_fails_is_not(client, lines):
    assert call(client, "/healthz").status_code == 200
    assert lines("access") == []
    assert call(client, "/readyz").status_code == 503
    assert len(lines("access")) == 1


def test_an_application_that_raises_is_a_500_and_leaves_no_id_behind(lines, create):
    create()

    def broken(_environ, _start_response):
        raise RuntimeError

    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/x"}
    with pytest.raises(RuntimeError):
        tracking.Tracked(broken, [])(environ, lambda *_: None)
    assert lines("access")[0]["http.response.status_code"] == 500
    assert tracking.request_id.get() is None
