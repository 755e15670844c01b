"""What an optional concern still lacks once it is asked for: its other settings, or the libraries of its extra."""

from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from typing import Any

UPLOADS = ("S3_ENDPOINT", "S3_REGION", "S3_BUCKET", "S3_ACCESS_KEY", "S3_SECRET_KEY")


def incomplete(config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each variable that is missing, or that asks for what is not installed, and what to do about it."""
    yield from ()  # a generator, also when nothing optional is left
    if config["SESSION_STORE"] == "redis" and not config["REDIS_URL"]:
        yield "SESSION_STORE", "redis, but there is no REDIS_URL"
    if any(config[name] for name in UPLOADS):
        given = next(name for name in UPLOADS if config[name])
        yield from (
            (name, f"missing; {given} is set, and all five go together") for name in UPLOADS if not config[name]
        )
        if str(config["S3_ENDPOINT"]).startswith("http://") and config["SECURE"]:
            yield "S3_ENDPOINT", "must start with https://, as PUBLIC_URL does: browsers refuse the mixture"
        yield from _installed("S3_ENDPOINT", "minio", "uploads")
    if config["OTEL_EXPORTER_OTLP_ENDPOINT"]:
        yield from _installed("OTEL_EXPORTER_OTLP_ENDPOINT", "opentelemetry.sdk", "tracing")
    elif config["OTEL_EXPORTER_OTLP_HEADERS"]:
        yield "OTEL_EXPORTER_OTLP_ENDPOINT", "missing; OTEL_EXPORTER_OTLP_HEADERS is set"
    if config["METRICS_BIND"] and config["METRICS_BIND"] == config["BIND"]:
        yield "METRICS_BIND", "the same as BIND; it is an address of its own"
    yield from _mail(config)


def _mail(config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if config["MAIL_SERVER"]:
        if not config["MAIL_FROM"]:
            yield "MAIL_FROM", "missing; MAIL_SERVER is set"
        if not config["REDIS_URL"]:
            yield "MAIL_SERVER", "set, but there is no REDIS_URL: mail waits there until it is sent"
    elif given := [name for name in ("MAIL_USERNAME", "MAIL_PASSWORD", "MAIL_FROM") if config[name]]:
        yield "MAIL_SERVER", f"missing; {given[0]} is set"
    if bool(config["MAIL_USERNAME"]) != bool(config["MAIL_PASSWORD"]):
        yield "MAIL_USERNAME", "MAIL_USERNAME and MAIL_PASSWORD go together, and only one is set"
    elif config["MAIL_PASSWORD"] and not config["MAIL_USE_TLS"]:
        yield "MAIL_USE_TLS", "off: MAIL_PASSWORD would travel for everybody to read"


def _installed(variable: str, module: str, extra: str) -> Iterator[tuple[str, str]]:
    try:
        found = find_spec(module)
    except ModuleNotFoundError:  # not even its parent is there
        found = None
    if not found:
        yield variable, f"not installed: pip install --require-hashes -r requirements-{extra}.txt"
