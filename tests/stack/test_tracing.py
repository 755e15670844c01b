"""Traces of the real Gunicorn, whose workers are forked from a master that has loaded the application."""

import signal
import time

import pytest

from tests.collector import collecting
from tests.stack.conftest import GENEROUS_SECONDS, until


@pytest.fixture
def collector():
    with collecting() as collector:
        yield collector


@pytest.fixture
def traced(start, collector):
    return start(OTEL_EXPORTER_OTLP_ENDPOINT=collector.endpoint, OTEL_TRACES_SAMPLER_ARG="1")


def ask_every_worker(service):
    """Send requests until each of the two workers has answered one, and return their ids by worker."""
    answered = {}

    def each_has_answered():
        response = service.get("/v1/stack/worker", Connection="close")
        answered.setdefault(response.json()["pid"], []).append(response.headers["X-Request-ID"])
        return len(answered) == 2

    until(each_has_answered)
    return answered


def test_the_spans_of_every_forked_worker_arrive_while_it_runs(traced, collector):
    workers = set(ask_every_worker(traced))
    until(lambda: {resource["process.pid"] for resource in collector.resources()} == workers)
    assert {span.name for span in collector.spans()} == {"GET /v1/stack/worker"}


def test_what_is_unsent_when_the_service_is_told_to_end_is_sent_then(traced, collector):
    requests = [request for ids in ask_every_worker(traced).values() for request in ids]
    assert traced.stop() == 0
    told = [pair.value.string_value for span in collector.spans() for pair in span.attributes]
    assert set(requests) <= set(told)


def test_the_lines_of_a_request_and_its_span_name_the_same_trace(traced, collector):
    ask_every_worker(traced)  # one that is still starting would not hear that it is to end
    request = traced.get("/v1/stack/message?text=hello").headers["X-Request-ID"]
    traced.stop()
    [span] = [span for span in collector.spans() if request in str(span.attributes)]
    lines = [record for record in traced.records() if record.get("request_id") == request]
    assert [line["logger"] for line in lines] == ["stack", "access"]
    assert {line["trace.id"] for line in lines} == {span.trace_id.hex()}


@pytest.mark.parametrize("failure", ["silent", "gone"])
def test_a_collector_that_fails_delays_neither_a_request_nor_the_end(start, collector, failure):
    collector.answering.clear()
    endpoint = collector.endpoint if failure == "silent" else "http://127.0.0.1:9"
    service = start(OTEL_EXPORTER_OTLP_ENDPOINT=endpoint, OTEL_TRACES_SAMPLER_ARG="1")
    ask_every_worker(service)
    message = "the collector takes no traces: they are dropped"
    until(lambda: service.get("/v1/ping").status_code == 200 and message in service.stdout())
    started = time.monotonic()
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(GENEROUS_SECONDS) == 0
    assert time.monotonic() - started < 20  # far below the 30 seconds after which workers are killed
    assert service.stdout().count(message) <= 2  # each worker says it once
    assert "opentelemetry" not in service.stdout()
