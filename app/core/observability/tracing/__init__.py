"""Traces by OpenTelemetry, where `OTEL_EXPORTER_OTLP_ENDPOINT` names a collector; without it nothing is imported."""

from app.core.observability.tracing.requests import init_app, span

__all__ = ["init_app", "span"]
