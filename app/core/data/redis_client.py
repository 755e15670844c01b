"""Clients of Redis, or of Valkey, that wait for an answer as long as they are told to, and not again and again.

A request may need several answers, and a process has many requests: if each waited for a server that is frozen,
all would be slow. So the one that got no answer tells the others; for some seconds their commands fail at once.
"""

import logging
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from flask import Flask

from app.core.data.outages import Breaker, Outage
from app.core.observability import health

if TYPE_CHECKING:
    from redis import Redis, RedisError

CONNECT_SECONDS = 0.5
PAUSE_SECONDS = 3.0
ANSWERS = 5  # at most: to the greetings of a new connection, and to the command

_log = logging.getLogger(__name__)


def init_app(app: Flask) -> None:
    """Watch Redis where `REDIS_URL` names one: nothing here needs it to answer, so without it we are degraded only."""
    if app.config["REDIS_URL"]:
        client = connect(app.config)
        health.register(app, "redis", client.ping, required=False)


def connect(config: Mapping[str, Any], answer_seconds: float | Literal["configured"] | None = "configured") -> "Redis":
    """Return a client for `REDIS_URL`, connecting at its first command; it is safe to use after a fork.

    A command raises `redis.RedisError` when the server refuses, or does not answer within `REDIS_TIMEOUT_MS`.
    It is not tried again, and for `PAUSE_SECONDS` all such clients of the process raise at once. A client with
    `answer_seconds` of its own (None: any time) is left out of that: a worker waits for its next job in peace.
    """
    import redis  # noqa: PLC0415  80 ms and 6 MiB that a service without Redis is spared
    from redis.maint_notifications import MaintNotificationsConfig  # noqa: PLC0415  as above

    options = redis.connection.parse_url(config["REDIS_URL"])  # type: ignore[no-untyped-call]
    if answer_seconds == "configured":
        answer_seconds = seconds = config["REDIS_TIMEOUT_MS"] / 1000
        breaker = _breaker(config["REDIS_URL"], max(PAUSE_SECONDS, CONNECT_SECONDS + ANSWERS * seconds))
        options["connection_class"] = _guarded(options.get("connection_class", redis.Connection), breaker)
    options |= {
        "client_name": config["SERVICE_NAME"],
        "driver_info": None,  # each greeting is one more answer to wait for
        "maint_notifications_config": MaintNotificationsConfig(enabled=False),
        "socket_connect_timeout": CONNECT_SECONDS,
        "socket_timeout": answer_seconds,
        "retry": redis.retry.Retry(redis.backoff.NoBackoff(), 0),
    }
    return redis.Redis.from_pool(redis.ConnectionPool(**options))


def failures() -> "type[RedisError]":
    """Return what commands raise, to be named behind `except`, where it is looked up only if something was raised."""
    from redis import RedisError  # noqa: PLC0415  as above

    return RedisError


@cache
def _breaker(_url: str, pause_seconds: float) -> Breaker:
    """Return the breaker of a server: one in each process, whatever its clients are for."""
    return Breaker(Outage(_log, "Redis does not answer", "Redis answers again"), pause_seconds)


@cache
def _guarded(kind: type[Any], breaker: Breaker) -> type[Any]:
    """Return a kind of connection that asks the breaker first, and tells it what happened."""
    import redis  # noqa: PLC0415  as above

    class Guarded(kind):  # type: ignore[misc]
        """A connection over TCP, TLS or a Unix socket, as its base."""

        def connect(self) -> None:
            """Be ready for a command; the pool calls this ahead of each, even if the connection is there."""
            if not breaker.may_ask():
                raise redis.ConnectionError("it did not answer a moment ago")
            try:
                super().connect()
            except (redis.ConnectionError, redis.TimeoutError) as error:
                breaker.failed(error)
                raise

        def read_response(self, *args: Any, **kwargs: Any) -> Any:
            """Return the answer to the command that was sent."""
            try:
                answer = super().read_response(*args, **kwargs)
            except redis.AuthenticationError as error:  # in words of its protocol: HELLO must be called ...
                breaker.failed(redis.ConnectionError(f"it refuses the password in REDIS_URL, or wants one: {error}"))
                raise
            except (redis.ConnectionError, redis.TimeoutError) as error:
                breaker.failed(error)
                raise
            breaker.answered()
            return answer

    return Guarded
