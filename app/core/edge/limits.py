"""Limits how often a client may ask: at all addresses together by `RATE_LIMIT`, and at one where its view says so.

Requests are counted in Redis, for all workers and instances; without `REDIS_URL` there are no limits. The window
is fixed, because that takes one exchange with Redis: around its end a client may ask twice as often for a moment.
"""

import logging
from collections.abc import Callable
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Any, TypeVar

from flask import Flask, Response, current_app, g, request
from flask_limiter import ApplicationLimit, Limit, Limiter, RequestLimit
from limits.storage import RedisStorage
from prometheus_client import Counter
from redis import RedisError
from werkzeug.exceptions import ServiceUnavailable

from app.config.rates import rate
from app.core.data import redis_client
from app.core.data.outages import Outage

View = TypeVar("View", bound=Callable[..., Any])

_REJECTIONS = Counter("rate_limit_rejections_total", "Requests that were refused with 429")
_ERRORS = Counter("rate_limit_errors_total", "Requests that could not be counted")

RETRY_AFTER_SECONDS = 5
TOO_MANY = "Too many requests have come from your address. Try again later."

_log = logging.getLogger(__name__)
_outage = Outage(_log, "requests are not counted", "requests are counted again")


def init_app(app: Flask) -> None:
    """Count requests where `REDIS_URL` is there, unknown addresses too; probes, static files and preflights never.

    `RATE_LIMIT=off` leaves the limits that views have: what is guessed at, such as a password, stays guarded.
    """
    if not app.config["REDIS_URL"]:
        return
    everywhere = app.config["RATE_LIMIT"]
    options: dict[str, Any] = {
        "connection_pool": redis_client.connect(app.config).connection_pool,
        "key_prefix": f"{app.config['SERVICE_NAME']}:limits",
        "refuse": app.config["RATE_LIMIT_STORE_DOWN"] == "refuse",
    }
    limiter = Limiter(
        client,
        application_limits=[ApplicationLimit(everywhere, error_message=TOO_MANY)] if everywhere else [],
        default_limits=[Limit(_rate_of_view, error_message=TOO_MANY)],
        storage_uri="counted-redis://",
        storage_options=options,
        on_breach=_count_rejection,
        request_identifier=lambda: request.endpoint or "none",  # else nobody counts who tries addresses out
    )
    limiter.logger.setLevel(logging.WARNING)  # the access line says 429 already
    limiter.request_filter(lambda: request.blueprint in {"probes", "metrics"} or request.method == "OPTIONS")
    limiter.init_app(app)
    app.after_request(lambda response: _announce(response, limiter.current_limits))


def limit(allowed: str) -> Callable[[View], View]:
    """Declare how often a client may call this view, such as `30/minute`; `RATE_LIMIT` counts besides, or is off."""
    parsed = rate(allowed)

    def declare(view: View) -> View:
        view.rate_limit = parsed  # type: ignore[attr-defined]
        return view

    return declare


def client() -> str:
    """Return who is counted: the address that `proxy` found; of IPv6 the network of 64 bits that one customer has.

    What is no address is counted as one client, else whoever could send nonsense would never be limited.
    """
    try:
        address = ip_address(request.remote_addr or "")
    except ValueError:
        return "unknown"
    if not isinstance(address, IPv6Address):
        return str(address)
    return str(address.ipv4_mapped or IPv6Network((int(address), 64), strict=False))


class Store(RedisStorage):
    """Counts in Redis; where that does not answer, requests are let through, or refused with 503 if told so."""

    STORAGE_SCHEME = ["counted-redis"]  # noqa: RUF012  the library's name and type
    # One exchange brings the count and, for the headers, how many milliseconds are left of the window.
    SCRIPT = """
        local count = redis.call("INCRBY", KEYS[1], ARGV[2])
        local left = redis.call("PTTL", KEYS[1])
        if left < 0 then
            left = ARGV[1] * 1000
            redis.call("PEXPIRE", KEYS[1], left)
        end
        return {count, left}
    """

    def __init__(self, uri: str, *, refuse: bool, **options: Any) -> None:
        super().__init__(uri, **options)
        self._refuse = refuse
        self._count = self.storage.register_script(self.SCRIPT)

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count a request, and return how many there were; 0 when that is not known."""
        try:
            count, left = self._count([self.prefixed_key(key)], [expiry, amount])
        except RedisError as error:
            if not g.get("rate_limit_failed"):  # a request may have two limits
                g.rate_limit_failed = True
                _ERRORS.inc()
            _outage.begin(error)
            if self._refuse:
                message = "Requests cannot be counted. Try again shortly."
                raise ServiceUnavailable(message, retry_after=RETRY_AFTER_SECONDS) from error
            return 0
        _outage.end()
        g.setdefault("rate_limit_windows", {})[key] = int(count), -(-int(left) // 1000)
        return int(count)


def _rate_of_view() -> str:
    """Return what `limit` has declared; empty, which is no limit, for most."""
    view = current_app.view_functions.get(request.endpoint or "")
    return getattr(view, "rate_limit", None) or ""


def _count_rejection(_limit: RequestLimit) -> None:
    _REJECTIONS.inc()


def _announce(response: Response, counted: list[RequestLimit]) -> Response:
    """Tell the client what it may still ask, and when again (draft-ietf-httpapi-ratelimit-headers-10; RFC 9110)."""
    windows = g.get("rate_limit_windows", {})
    policies, remaining = [], []
    for one in counted:
        if one.key not in windows:
            continue
        count, seconds = windows[one.key]
        name = "default" if one.shared else "route"
        policies.append(f'"{name}";q={one.limit.amount};w={one.limit.get_expiry()}')
        remaining.append(f'"{name}";r={max(0, one.limit.amount - count)};t={seconds}')
        if one.breached:
            response.headers["Retry-After"] = str(seconds)
    if policies:
        response.headers["RateLimit-Policy"] = ", ".join(policies)
        response.headers["RateLimit"] = ", ".join(remaining)
    return response
