import json
import logging
import re

import pytest
from flask import Response

from app.core.observability import tracing
from app.core.observability.tracing import spans
from app.core.web.access import public
from tests.collector import attributes, collecting

CANARY = "canary-d41d8cd98f00b204"
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.fixture
def collector():
    with collecting() as collector:
        yield collector


@pytest.fixture
def traced(create, collector):
    """A function that makes an application which traces, and publishes some views on it."""
    made = []

    def traced(**variables):
        variables = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint, "OTEL_TRACES_SAMPLER_ARG": "1"} | variables
        app = create(**variables)
        made.append(app)
        for view in (speak, stream, crash, inner):
            app.add_url_rule(
                f"/v1/{view.__name__}/<name>", f"v1.{view.__name__}", public(view), methods=["GET", "POST"]
            )
        return app

    yield traced
    for app in made:
        app.extensions["tracing"].shutdown()


def speak(name):
    logging.getLogger("spoken").warning("spoken")
    return name


def stream(name):
    def chunks():
        logging.getLogger("spoken").warning("spoken")
        yield name.encode()

    return Response(chunks())


def crash(name):
    raise RuntimeError(f"failed with {CANARY}")


def inner(name):
    with tracing.span("render", pages=3):
        raise RuntimeError(f"failed with password={CANARY}")


@pytest.fixture
def sent(collector):
    """A function that returns all spans of an application, which makes none any more."""

    def sent(app):
        app.extensions["tracing"].shutdown()
        return collector.spans()

    return sent


def test_a_request_is_a_span_named_by_method_and_route(traced, sent, collector):
    app = traced(RELEASE="1.2.3")
    answered = app.test_client().get("/v1/speak/ann?token=" + CANARY)
    [span] = sent(app)
    assert span.name == "GET /v1/speak/<name>"
    assert span.kind == span.SPAN_KIND_SERVER
    assert attributes(span) == {
        "http.request.method": "GET",
        "http.route": "/v1/speak/<name>",
        "http.response.status_code": 200,
        "url.path": "/v1/speak/ann",
        "request_id": answered.headers["X-Request-ID"],
    }
    assert span.end_time_unix_nano > span.start_time_unix_nano
    [resource] = collector.resources()
    assert (resource["service.name"], resource["service.version"]) == ("slipway", "1.2.3")


def test_what_a_client_invents_makes_no_names(traced, sent):
    app = traced()
    app.test_client().open("/no/such/path", method="INVENTED")
    [span] = sent(app)
    assert span.name == "HTTP"
    assert attributes(span)["http.request.method"] == "_OTHER"


@pytest.mark.parametrize("path", ["/v1/speak/ann", "/v1/stream/ann"])
def test_every_line_of_a_request_names_its_trace_the_access_line_too_and_no_line_outside(traced, sent, capsys, path):
    app = traced()
    app.test_client().get(path)
    logging.getLogger("spoken").warning("outside")
    *inside, outside = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    [span] = sent(app)
    assert [line["logger"] for line in inside] == ["spoken", "access"]
    assert {(line["trace.id"], line["span.id"]) for line in inside} == {(span.trace_id.hex(), span.span_id.hex())}
    assert "trace.id" not in outside


def test_a_request_that_is_not_sampled_has_a_trace_id_all_the_same(traced, sent, capsys):
    app = traced(OTEL_TRACES_SAMPLER_ARG="0")
    app.test_client().get("/v1/ping")
    assert re.fullmatch("[0-9a-f]{32}", json.loads(capsys.readouterr().out)["trace.id"])
    assert sent(app) == []


def test_the_trace_of_the_proxy_is_carried_on(traced, sent, capsys):
    app = traced()
    app.test_client().get("/v1/ping", headers={"traceparent": f"00-{TRACE}-{PARENT}-01"})
    [span] = sent(app)
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == (TRACE, PARENT)
    assert json.loads(capsys.readouterr().out)["trace.id"] == TRACE


@pytest.mark.parametrize(
    ("ratio", "flag", "recorded"),
    [("1", "01", 1), ("1", "00", 0), ("0", "01", 0)],
    ids=["yes", "lowered", "not forced"],
)
def test_a_caller_can_lower_what_is_recorded_and_never_raise_it(traced, sent, ratio, flag, recorded):
    app = traced(OTEL_TRACES_SAMPLER_ARG=ratio)
    app.test_client().get("/v1/ping", headers={"traceparent": f"00-{TRACE}-{PARENT}-{flag}"})
    assert len(sent(app)) == recorded


@pytest.mark.parametrize(
    "given", ["", "nonsense", f"00-{'0' * 32}-{PARENT}-01", f"ff-{TRACE}-{PARENT}-01", "00-" * 999]
)
def test_a_traceparent_that_is_malformed_is_no_trace(traced, sent, given):
    app = traced()
    assert app.test_client().get("/v1/ping", headers={"traceparent": given}).status_code == 200
    [span] = sent(app)
    assert span.trace_id.hex() != TRACE
    assert span.parent_span_id == b""


def test_probes_are_not_traced(traced, sent, capsys):
    app = traced()
    client = app.test_client()
    for path in ("/healthz", "/readyz", "/metrics"):
        client.get(path)
    assert sent(app) == []
    assert "trace.id" not in capsys.readouterr().out


def test_a_crash_is_an_error_and_neither_it_nor_anything_else_carries_a_secret(traced, sent, collector):
    app = traced(SECRET_KEY=CANARY * 2, OTEL_EXPORTER_OTLP_HEADERS="api-key=for%20the%20collector")
    client = app.test_client()
    client.set_cookie("session", CANARY)
    headers = {"Authorization": f"Bearer {CANARY}", "X-Api-Key": CANARY}
    client.post(f"/v1/crash/ann?password={CANARY}", json={"password": CANARY}, headers=headers)
    client.get(f"/v1/crash/{CANARY * 2}?password={CANARY}", headers=headers)
    client.get("/v1/inner/ann")
    first, second, *nested = sent(app)
    assert first.name == "POST /v1/crash/<name>"
    assert attributes(second)["error.type"] == "500"
    assert second.status.code == second.status.STATUS_CODE_ERROR
    assert attributes(second)["url.path"] == "/v1/crash/[redacted]"
    assert [span.name for span in nested] == ["render", "GET /v1/inner/<name>"]
    assert nested[0].parent_span_id == nested[1].span_id
    assert "RuntimeError" in str(nested[0].events)  # what failed is told, the secret in it is not
    assert CANARY not in str(collector.requests)
    assert "api-key: for the collector" in collector.heads[0]


def test_a_collector_that_is_gone_is_mentioned_once_and_again_when_it_is_back(traced, collector, capsys):
    app = traced(OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9")
    client, tracer = app.test_client(), app.extensions["tracing"]
    for _ in range(2):
        assert client.get("/v1/ping").status_code == 200
        tracer._provider.force_flush()
    exporter = tracer._provider._active_span_processor._span_processors[0].span_exporter
    exporter._otlp._client._endpoint = f"{collector.endpoint}/v1/traces"
    client.get("/v1/ping")
    tracer._provider.force_flush()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["message"] for line in lines if line["logger"] != "access"] == [
        "the collector takes no traces: they are dropped",
        "the collector takes traces again",
    ]
    assert len(collector.spans()) == 1


def test_a_collector_that_says_nothing_holds_up_no_request_and_not_the_end(traced, collector, monkeypatch):
    monkeypatch.setattr(spans, "EXPORT_SECONDS", 10)
    monkeypatch.setattr(spans, "SHUTDOWN_MS", 100)
    collector.answering.clear()
    app = traced()
    client, tracer = app.test_client(), app.extensions["tracing"]
    while not collector.requests:  # then one batch is under way, and the collector says nothing
        assert client.get("/v1/ping").status_code == 200
    assert client.get("/v1/ping").status_code == 200
    tracer.shutdown()
    sender = tracer._provider._active_span_processor._span_processors[0]._batch_processor._worker_thread
    assert sender.is_alive()  # nobody has waited for it
