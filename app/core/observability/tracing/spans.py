"""The OpenTelemetry side of tracing: spans of requests, sent in the background by each process for itself.

The names of attributes are those of the semantic conventions for HTTP. The
address is recorded without its query, and no header, cookie or body at all.
"""

import atexit
import logging
import os
import threading
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from opentelemetry import context, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from app.core.observability.redaction import Redactor
from app.core.observability.tracking import PROBES, Exchange

EXPORT_SECONDS = 2  # one attempt to hand a batch to the collector
SHUTDOWN_MS = 2_000  # what is still unsent then is given up
QUEUE_SPANS = 2_048  # when the collector does not keep up, the rest is dropped
METHODS = {"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"}
SERVER_ERROR = 500

_log = logging.getLogger(__name__)


class Tracer:
    """Makes a span of each exchange; the thread that sends them starts with the first request, so after any fork."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._config = config
        self._lock = threading.Lock()
        self._provider: TracerProvider | None = None
        self._tracer: trace.Tracer | None = None
        self._propagator = TraceContextTextMapPropagator()
        self._redactor = Redactor(config["SECRET_VALUES"])
        for chatty in ("opentelemetry.exporter", "opentelemetry.sdk._shared_internal"):
            logging.getLogger(chatty).setLevel(logging.CRITICAL)  # a line per batch; `Exporter` says it once

    def begin(self, exchange: Exchange) -> None:
        """Start the span of a request; the trace of the proxy's `traceparent` (W3C Trace Context) is carried on."""
        if exchange.environ["PATH_INFO"] in PROBES:
            return
        carrier = {"traceparent": exchange.environ.get("HTTP_TRACEPARENT", "")}
        method = exchange.method if exchange.method in METHODS else "_OTHER"
        span = self._get().start_span(
            method,
            self._propagator.extract(carrier, context.Context()),
            trace.SpanKind.SERVER,
            {"http.request.method": method, "request_id": exchange.environ["HTTP_X_REQUEST_ID"]},
        )
        exchange.environ["app.span"] = span, context.attach(trace.set_span_in_context(span))
        ids = span.get_span_context()
        exchange.log_fields["trace.id"] = trace.format_trace_id(ids.trace_id)
        exchange.log_fields["span.id"] = trace.format_span_id(ids.span_id)

    def end(self, exchange: Exchange) -> None:
        """Name the span by method and route, never by the path, and hand it over."""
        span, token = exchange.environ.pop("app.span", (None, None))
        if span is None:
            return
        if span.is_recording():
            path = exchange.environ["PATH_INFO"].encode("latin-1").decode(errors="replace")
            span.update_name(" ".join(filter(None, [span.name.replace("_OTHER", "HTTP"), exchange.route])))
            span.set_attributes({"url.path": path, "http.response.status_code": exchange.status})
            if exchange.route:
                span.set_attribute("http.route", exchange.route)
            if exchange.status >= SERVER_ERROR:
                span.set_attribute("error.type", str(exchange.status))
                span.set_status(trace.StatusCode.ERROR)
        span.end()
        context.detach(token)

    def span(self, name: str, attributes: Mapping[str, Any]) -> AbstractContextManager[trace.Span]:
        """Return a span within the one of the request."""
        return self._get().start_as_current_span(name, attributes=attributes)

    def shutdown(self) -> None:
        """Send what is left; this process makes no spans any more."""
        if self._provider:
            self._provider.shutdown()

    def _get(self) -> trace.Tracer:
        with self._lock:
            if self._tracer is None:
                self._provider = self._start()
                self._tracer = self._provider.get_tracer("app")
                atexit.register(self.shutdown)
        return self._tracer

    def _start(self) -> TracerProvider:
        config = self._config
        resource = Resource.create(
            {
                "service.name": config["SERVICE_NAME"],
                "service.version": config["RELEASE"],
                "deployment.environment.name": config["ENVIRONMENT"],
                "process.pid": os.getpid(),
            }
        )
        # The ratio is ours: a caller's flag can only lower it, else anybody could have every request recorded.
        ratio = TraceIdRatioBased(config["OTEL_TRACES_SAMPLER_ARG"])
        sampler = ParentBased(ratio, remote_parent_sampled=ratio)
        provider = TracerProvider(sampler, resource, shutdown_on_exit=False)
        provider.add_span_processor(Processor(Exporter(config, self._redactor), QUEUE_SPANS))
        return provider


class Processor(BatchSpanProcessor):
    """Sends in batches from a thread of its own, and does not hold up the end of the process."""

    def shutdown(self) -> None:
        """Send what is left, for `SHUTDOWN_MS` at most; the library would wait for 30 seconds."""
        self._batch_processor.shutdown(SHUTDOWN_MS)  # not in the public interface


class Exporter(SpanExporter):
    """Sends spans by OTLP over HTTP without the secrets in them; says once when they are not taken, and once again."""

    def __init__(self, config: Mapping[str, Any], redactor: Redactor) -> None:
        self._redactor = redactor
        self._otlp = OTLPSpanExporter(
            f"{config['OTEL_EXPORTER_OTLP_ENDPOINT']}/v1/traces",
            headers=config["OTEL_EXPORTER_OTLP_HEADERS"],
            timeout=EXPORT_SECONDS,
        )
        self._taken = True

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send a batch; one that is not taken is dropped."""
        result = self._otlp.export([self._redacted(span) for span in spans])
        if (taken := result is SpanExportResult.SUCCESS) != self._taken:
            self._taken = taken
            _log.log(
                logging.INFO if taken else logging.WARNING,
                "the collector takes traces again" if taken else "the collector takes no traces: they are dropped",
            )
        return result

    def shutdown(self) -> None:
        """Close the connection."""
        self._otlp.shutdown()  # type: ignore[no-untyped-call]

    def _redacted(self, span: ReadableSpan) -> ReadableSpan:
        redact = self._redactor.value
        return ReadableSpan(
            self._redactor.text(span.name),
            span.context,
            span.parent,
            span.resource,
            redact(dict(span.attributes or {})),
            [Event(event.name, redact(dict(event.attributes or {})), event.timestamp) for event in span.events],
            span.links,
            span.kind,
            status=trace.Status(span.status.status_code, self._redactor.text(span.status.description or "") or None),
            start_time=span.start_time,
            end_time=span.end_time,
            instrumentation_scope=span.instrumentation_scope,
        )
