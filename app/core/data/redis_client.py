"""Clients of Redis, or of Valkey, that wait for an answer no longer than they are told to."""

from collections.abc import Mapping
from typing import Any

from flask import Flask
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from app.core.observability import health

CONNECT_SECONDS = 0.5
ANSWER_SECONDS = 0.25


def init_app(app: Flask) -> None:
    """Watch Redis where `REDIS_URL` names one: nothing here needs it to answer, so without it we are degraded only."""
    if app.config["REDIS_URL"]:
        client = connect(app.config)
        health.register(app, "redis", client.ping, required=False)


def connect(config: Mapping[str, Any], answer_seconds: float | None = ANSWER_SECONDS) -> Redis:
    """Return a client for `REDIS_URL`, connecting at its first command; it is safe to use after a fork.

    A command raises `redis.RedisError` when the server refuses, or does not answer within `answer_seconds`;
    it is not tried again, so that a request waits once only.
    """
    return Redis.from_url(
        config["REDIS_URL"],
        client_name=config["SERVICE_NAME"],
        socket_connect_timeout=CONNECT_SECONDS,
        socket_timeout=answer_seconds,
        retry=Retry(NoBackoff(), 0),
    )
