"""Metrics for Prometheus: what is counted, where the counts are kept, and the address at which they are told."""

from app.core.observability.metrics.exporter import init_app

__all__ = ["init_app"]
