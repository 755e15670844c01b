"""Metrics for Prometheus: one histogram of requests, what bounds them, and whatever other concerns measure.

A measure is a plain object of prometheus_client, declared where it happens. What has to be looked up when
Prometheus asks, is a collector in `app.extensions["metrics_collectors"]`. What changes at every request and is only
of interest now, such as how many there are, is a function in `app.extensions["metrics_samples"]`, which sets a gauge:
it is called some times a second, and before a scrape, where two writes at every request would take 5 us.
"""

import time
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from flask import Blueprint, Flask, request
from prometheus_client import REGISTRY, CollectorRegistry, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_flask_exporter import PrometheusMetrics
from werkzeug.exceptions import NotFound

from app.core.observability import tracking
from app.core.observability.metrics import files
from app.core.web.access import guarded

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)  # seconds
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

_REQUESTS = Histogram(
    "http_request_duration_seconds",
    "Time from the request's head to the last byte of its answer",
    ["method", "route", "status"],
    buckets=BUCKETS,
)
_IN_PROGRESS = Gauge("http_requests_in_progress", "Requests that occupy a thread now", multiprocess_mode="livesum")
_active: set[tracking.Exchange] = set()
_request = cache(_REQUESTS.labels)  # looking a child up by its labels costs more than observing


def init_app(app: Flask) -> None:
    """Count requests, and answer `/metrics` to those who come by the internal address, where METRICS_BIND names one."""
    if not app.config["METRICS_BIND"]:
        return
    tracking.observe(app, _begin, _end)
    app.extensions.setdefault("metrics_samples", []).append(lambda: _IN_PROGRESS.set(len(_active)))
    exporter = Exporter(app)
    bp = Blueprint("metrics", __name__)
    exporter.register_endpoint("/metrics", bp)
    app.register_blueprint(bp)
    config = app.config
    exporter.info(
        "app_info",
        "What is running",
        service=config["SERVICE_NAME"],
        release=config["RELEASE"],
        commit=config["GIT_SHA"],
        environment=config["ENVIRONMENT"],
    )


def _begin(exchange: tracking.Exchange) -> None:
    if tracking.INTERNAL not in exchange.environ:
        _active.add(exchange)


def _end(exchange: tracking.Exchange) -> None:
    """Observe the exchange, unless a machine only asked how we are; labels come from us, never from the client."""
    if tracking.INTERNAL in exchange.environ:
        return
    _active.discard(exchange)
    if exchange.route not in tracking.PROBES:
        method = exchange.method if exchange.method in METHODS else "other"
        _request(method, exchange.route or "none", str(exchange.status)).observe(exchange.nanoseconds / 1e9)


def _internal_only() -> None:
    if tracking.INTERNAL not in request.environ:
        raise NotFound


class Exporter(PrometheusMetrics):  # type: ignore[misc]
    """The exporter, whose scrape adds up all worker processes, the dead included, and asks the collectors."""

    def __init__(self, app: Flask) -> None:
        super().__init__(
            app=None,
            path=None,
            export_defaults=False,
            registry=CollectorRegistry(),
            metrics_decorator=guarded(_internal_only),
        )
        self._samples: list[Callable[[], None]] = app.extensions.setdefault("metrics_samples", [])
        self._collectors: list[Any] = app.extensions.setdefault("metrics_collectors", [])
        self._collectors.append(Capacity(app.config["WEB_CONCURRENCY"] * app.config["WEB_THREADS"]))

    def generate_metrics(self, accept_header: str | None = None, names: list[str] | None = None) -> tuple[str, str]:
        """Return the metrics and their content type, in the format that `accept_header` asks for."""
        registry = CollectorRegistry(auto_describe=bool(names))  # collectors are asked for their names only when wanted
        for collector in self._collectors:
            registry.register(collector)
        for sample in self._samples:
            sample()
        encode, content_type = choose_encoder(accept_header or "")
        with files.reading() as folder:
            if folder:
                MultiProcessCollector(registry, str(folder))
            else:  # one process: a test, or the flask command
                registry.register(REGISTRY)
                registry.register(self.registry)
            wanted = registry.restricted_registry(names) if names else registry
            return encode(wanted).decode(), content_type


class Capacity:
    """What Prometheus compares with: how many threads there are, and what the time is here."""

    def __init__(self, threads: int) -> None:
        self._threads = threads

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the gauges."""
        yield GaugeMetricFamily("web_threads", "Threads of all workers, each for one request", self._threads)
        yield GaugeMetricFamily("app_time_seconds", "The service's clock, in Unix time", time.time())
