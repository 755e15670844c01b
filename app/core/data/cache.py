"""Keeps what is expensive to compute and asked for often: in Redis for all processes, or in each process for itself.

There is no decorator for views, on purpose: one that keeps whole answers knows neither who asked nor what for,
and gives one user another's page. A `Region` keeps data, under keys that the code which computes it spells out:
what depends on a user has the user in its key. Sessions, flashed messages and tokens are never in it.
"""

import logging
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

from cachelib.serializers import BaseSerializer
from flask import Flask, current_app
from flask_caching import Cache
from prometheus_client import Counter
from pydantic import BaseModel, ValidationError

from app.core.data import redis_client
from app.core.data.outages import Outage

Value = TypeVar("Value", bound=BaseModel)

_REQUESTS = Counter(
    "cache_requests_total", "Look-ups: hit, miss (computed and kept) or error (computed, not kept)", ["result"]
)

_log = logging.getLogger(__name__)
_cache = Cache(with_jinja2_ext=False)
_outage = Outage(_log, "the cache is not usable; everything is computed afresh", "the cache is usable again")


class Text(BaseSerializer):
    """Stores text as it is: Flask-Caching would unpickle, and so execute, whatever somebody wrote into Redis."""

    def dumps(self, value: str, _protocol: int = 0) -> bytes:
        """Return what is stored."""
        return value.encode()

    def loads(self, bvalue: bytes | None) -> str | None:
        """Return what was stored; None if nothing was."""
        return None if bvalue is None else bvalue.decode(errors="replace")


def init_app(app: Flask) -> None:
    """Use the Redis of `REDIS_URL`; without one, the memory of each process."""
    options: dict[str, Any] = {
        "CACHE_TYPE": "SimpleCache",
        "CACHE_SERIALIZER": Text,
        "CACHE_DEFAULT_TIMEOUT": app.config["CACHE_SECONDS"],
        "CACHE_KEY_PREFIX": f"{app.config['SERVICE_NAME']}:cache:",
    }
    if app.config["REDIS_URL"]:
        options |= {"CACHE_TYPE": "RedisCache", "CACHE_REDIS_HOST": redis_client.connect(app.config)}
    _cache.init_app(app, options)


class Region(Generic[Value]):
    """Values of one model under one name, which are forgotten together when what they were computed from changes.

    An `exact` one shows a change to everybody at once, which takes a cache that all processes share: without
    Redis it always computes. One that is not may be old by `CACHE_SECONDS`; it is kept in any case.
    """

    def __init__(self, name: str, model: type[Value], *, exact: bool = True) -> None:
        self._name, self._model, self._exact = name, model, exact
        self._missed = False

    def get(self, key: str, compute: Callable[[], Value]) -> Value:
        """Return the value of `key`; computed when it is not there, and whenever the cache is of no use.

        It is stored with the revision that the region had before it was computed, and believed while the region
        still has that one: a value that was computed from what another request was just changing never counts.
        """
        if self._is_bypassed():
            return compute()
        if self._missed and not self.forget():
            _REQUESTS.labels("error").inc()
            return compute()
        try:
            revision, stored = _cache.get_many(self._name, f"{self._name}:{key}")
            value = self._read(revision, stored)
            revision = revision or self._revise()
        except redis_client.failures() as error:
            _REQUESTS.labels("error").inc()
            _outage.begin(error)
            return compute()
        if value is None:
            return self._store(key, revision, compute())
        _REQUESTS.labels("hit").inc()
        return value

    def forget(self) -> bool:
        """Forget all values; to be called after the change is committed. Return whether the cache could be told.

        If not, this process asks it nothing until it has been told; others believe it for `CACHE_SECONDS` at most.
        """
        if self._is_bypassed():
            return True
        try:
            self._revise()
        except redis_client.failures() as error:
            _outage.begin(error)
            self._missed = True
            return False
        self._missed = False
        return True

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Around a commit, or as its decorator: forget all values, also if it failed: its answer may have been lost."""
        try:
            yield
        finally:
            self.forget()

    def _is_bypassed(self) -> bool:
        return self._exact and not current_app.config["REDIS_URL"]

    def _revise(self) -> str:
        """Give the region a revision that it never had: a counter that is evicted would start again."""
        revision = secrets.token_hex(8)
        self._write(self._name, revision, timeout=0)
        return revision

    def _read(self, revision: str | None, stored: str | None) -> Value | None:
        written, _, text = (stored or "").partition("\n")
        if revision is None or written != revision:
            return None
        try:
            return self._model.model_validate_json(text)
        except ValidationError:  # as another release wrote it
            return None

    def _store(self, key: str, revision: str, value: Value) -> Value:
        try:
            self._write(f"{self._name}:{key}", f"{revision}\n{value.model_dump_json()}")
        except redis_client.failures() as error:
            _REQUESTS.labels("error").inc()
            _outage.begin(error)
        else:
            _REQUESTS.labels("miss").inc()
        return value

    def _write(self, key: str, text: str, **options: Any) -> None:
        """Only this ends an outage: a Redis whose memory is full can be read, and takes nothing."""
        _cache.set(key, text, **options)
        _outage.end()
