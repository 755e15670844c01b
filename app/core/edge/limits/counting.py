"""Counts requests in Redis by the limits that they have, refuses what is too many, and tells clients what is left."""

import logging
from functools import cache, partial
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Any, NamedTuple

from flask import Flask, Request, Response, after_this_request, g
from limits import RateLimitItem, parse
from limits.storage import RedisStorage
from limits.strategies import FixedWindowRateLimiter
from prometheus_client import Counter
from redis import RedisError
from werkzeug.exceptions import ServiceUnavailable, TooManyRequests

from app.core.data import redis_client
from app.core.data.outages import Outage

_REJECTIONS = Counter("rate_limit_rejections_total", "Requests that were refused with 429")
_ERRORS = Counter("rate_limit_errors_total", "Requests that could not be counted")

RETRY_AFTER_SECONDS = 5
TOO_MANY = "Too many requests have come from your address. Try again later."
EXEMPT = {"probes", "metrics"}  # blueprints: who is refused there is taken for dead

_log = logging.getLogger(__name__)
_outage = Outage(_log, "requests are not counted", "requests are counted again")
_item = cache(parse)  # as many as there are limits in the code


class Window(NamedTuple):
    """How many requests there were in a window that has not ended."""

    requests: int
    seconds: int  # until it ends


class Limits:
    """The limits of an application: that of each view, and the one of all addresses."""

    def __init__(self, app: Flask) -> None:
        config = app.config
        options: dict[str, Any] = {
            "connection_pool": redis_client.connect(config).connection_pool,
            "key_prefix": f"{config['SERVICE_NAME']}:limits",
            "refuse": config["RATE_LIMIT_STORE_DOWN"] == "refuse",
        }
        self._limiter = FixedWindowRateLimiter(Store("counted-redis://", **options))
        self._everywhere: str | None = config["RATE_LIMIT"]
        self._views = app.view_functions

    def check(self, request: Request) -> None:
        """Count this request where it is limited; `TooManyRequests` says that it is one too many.

        All that a request without a limit pays is in this function, so it asks Redis and the library nothing.
        """
        own = getattr(self._views.get(request.endpoint or ""), "rate_limit", None)
        if own or self._everywhere:
            self._count(request, own)

    def _count(self, request: Request, own: str | None) -> None:
        endpoint = request.endpoint or "none"
        if endpoint == "static" or request.blueprint in EXEMPT or request.method == "OPTIONS":
            return
        counted: dict[str, tuple[RateLimitItem, Window]] = {}
        after_this_request(partial(_announce, counted))
        who = client(request)
        for name, allowed, scope in (("default", self._everywhere, "global"), ("route", own, endpoint)):
            if not allowed:
                continue
            within = self._limiter.hit(_item(allowed), who, scope)
            if not (window := g.pop("rate_limit_window", None)):
                return  # it cannot be counted now, nor could the other
            counted[name] = _item(allowed), window
            if not within:
                _REJECTIONS.inc()
                raise TooManyRequests(TOO_MANY, retry_after=window.seconds)


def client(request: Request) -> str:
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
        self._script = self.storage.register_script(self.SCRIPT)

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count a request and return how many there were, and the window in `g`; 0 and none when that is not known."""
        try:
            count, left = self._script([self.prefixed_key(key)], [expiry, amount])
        except RedisError as error:
            _ERRORS.inc()
            _outage.begin(error)
            if self._refuse:
                message = "Requests cannot be counted. Try again shortly."
                raise ServiceUnavailable(message, retry_after=RETRY_AFTER_SECONDS) from error
            return 0
        _outage.end()
        g.rate_limit_window = Window(int(count), -(-int(left) // 1000))
        return int(count)


def _announce(counted: dict[str, tuple[RateLimitItem, Window]], response: Response) -> Response:
    """Tell the client what it may still ask, and when again (draft-ietf-httpapi-ratelimit-headers-10)."""
    policies, remaining = [], []
    for name, (item, window) in counted.items():
        policies.append(f'"{name}";q={item.amount};w={item.get_expiry()}')
        remaining.append(f'"{name}";r={max(0, item.amount - window.requests)};t={window.seconds}')
    if policies:
        response.headers["RateLimit-Policy"] = ", ".join(policies)
        response.headers["RateLimit"] = ", ".join(remaining)
    return response
