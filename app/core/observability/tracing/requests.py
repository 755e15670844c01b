"""Follows requests with spans, where a collector is named, and lets a feature time a part of one."""

from contextlib import AbstractContextManager, nullcontext

from flask import Flask, current_app, has_request_context

from app.core.observability import tracking


def init_app(app: Flask) -> None:
    """Follow each request with a span, and put the trace's id on its log lines."""
    if not app.config["OTEL_EXPORTER_OTLP_ENDPOINT"]:
        return
    from app.core.observability.tracing import spans  # noqa: PLC0415  it needs the extra `tracing`

    tracer = app.extensions["tracing"] = spans.Tracer(app.config)
    tracking.observe(app, tracer.begin, tracer.end)


def span(name: str, **attributes: str | float | bool) -> AbstractContextManager[object]:
    """Time a part of a request: `with tracing.span("render", pages=3): ...`; it costs nothing where tracing is off.

    Names are few and fixed; what varies is an attribute. Outside a request nothing is recorded.
    """
    tracer = current_app.extensions.get("tracing") if has_request_context() else None
    return tracer.span(name, attributes) if tracer else nullcontext()
