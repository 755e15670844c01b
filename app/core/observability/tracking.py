"""Follows each request from outside the application: gives it an id, and writes one access line when it is over.

Being outermost, it names and counts the requests that were refused or crashed
before any view was reached, and it sees the status and the bytes that really left.
"""

import logging
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Flask

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
_fields: ContextVar[dict[str, str] | None] = ContextVar("fields", default=None)

_WELL_FORMED = re.compile(r"[A-Za-z0-9_.-]{8,128}", re.ASCII)
PROBES = {"/healthz", "/readyz", "/metrics"}  # asked by machines, often
INTERNAL = "app.internal"  # in the environ of a request that came by the internal address; no header can set it
_log = logging.getLogger("access")


def init_app(app: Flask) -> None:
    """Wrap the application; to be called after everything else that wraps it."""
    app.wsgi_app = Tracked(app.wsgi_app, _observers(app))  # type: ignore[method-assign]
    logging.setLogRecordFactory(_record)


def observe(app: Flask, begin: "Observer", end: "Observer") -> None:
    """Have `begin` called when a request comes in and `end` when its answer has left, each with the exchange."""
    _observers(app).append((begin, end))


def _observers(app: Flask) -> "list[tuple[Observer, Observer]]":
    observers: list[tuple[Observer, Observer]] = app.extensions.setdefault("exchange_observers", [])
    return observers


def _record(*args: Any, **kwargs: Any) -> logging.LogRecord:
    """Make a log record that knows which request it belongs to, whoever logs it."""
    record = logging.LogRecord(*args, **kwargs)
    if current := request_id.get():
        record.request_id = current
    if fields := _fields.get():
        record.__dict__.update(fields)
    return record


class Tracked:
    """A WSGI application whose requests carry an id, in `X-Request-ID` of request and response alike."""

    def __init__(self, application: "WSGIApplication", observers: "list[tuple[Observer, Observer]]") -> None:
        self._application = application
        self._observers = observers

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request; the id of the edge is kept if it is well formed, else a new one is made."""
        given = environ.get("HTTP_X_REQUEST_ID", "")
        environ["HTTP_X_REQUEST_ID"] = given if _WELL_FORMED.fullmatch(given) else os.urandom(16).hex()
        exchange = Exchange(environ, start_response, self._observers)
        try:
            exchange.body = self._application(environ, exchange.start_response)
        except BaseException:
            exchange.close()
            raise
        return exchange


class Exchange:
    """One request and its answer, from the first byte to the last."""

    def __init__(
        self,
        environ: "WSGIEnvironment",
        start_response: "StartResponse",
        observers: "list[tuple[Observer, Observer]]",
    ) -> None:
        self.body: Iterable[bytes] = ()
        self.environ = environ
        self.method: str = environ["REQUEST_METHOD"]
        self.status = 500  # what the server answers when the application raises before it has answered
        self.route: str | None = None  # the URL rule; None for a path that the service does not have
        self.nanoseconds = 0
        self.log_fields: dict[str, str] = {}  # what an observer puts here is on every line of the request
        self._bytes = 0
        self._start_response = start_response
        self._observers = observers
        self._token = request_id.set(environ["HTTP_X_REQUEST_ID"])
        self._fields_token = _fields.set(self.log_fields)
        self._started = time.perf_counter_ns()
        for begin, _ in observers:
            begin(self)

    def start_response(self, status: str, headers: list[tuple[str, str]], *args: Any) -> Any:
        """Note status and route, and add the id to the headers, on every answer."""
        self.status = int(status[:3])
        # Flask takes the request away when it is done with it, which is before the answer is sent.
        rule = getattr(self.environ.get("werkzeug.request"), "url_rule", None)
        self.route = rule.rule if rule else None
        return self._start_response(status, [*headers, ("X-Request-ID", self.environ["HTTP_X_REQUEST_ID"])], *args)

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self.body:
            self._bytes += len(chunk)
            yield chunk

    def close(self) -> None:
        """Tell the observers and write the access line; the server calls this when all is sent or the client gone."""
        try:
            if hasattr(self.body, "close"):
                self.body.close()
        finally:
            self.nanoseconds = time.perf_counter_ns() - self._started
            try:
                for _, end in self._observers:
                    end(self)
                self._write_access_line()
            finally:
                _fields.reset(self._fields_token)
                request_id.reset(self._token)

    def _write_access_line(self) -> None:
        """Log the exchange in the names of the Elastic Common Schema; probes only when they fail."""
        level = logging.DEBUG if self.route in PROBES and self.status < HTTPStatus.BAD_REQUEST else logging.INFO
        if not _log.isEnabledFor(level):
            return
        environ, method = self.environ, self.method
        path = environ["PATH_INFO"]
        if not path.isascii():
            path = path.encode("latin-1").decode(errors="replace")  # PEP 3333
        fields = {
            **self.log_fields,
            "request_id": environ["HTTP_X_REQUEST_ID"],
            "http.request.method": method,
            "http.route": self.route,
            "url.path": path,
            "http.response.status_code": self.status,
            "http.response.body.bytes": self._bytes,
            "event.duration": self.nanoseconds,
            "client.address": environ.get("REMOTE_ADDR"),
            "user_agent.original": environ.get("HTTP_USER_AGENT"),
        }
        _log.handle(AccessRecord(level, f"{method} {path} {self.status}", fields))


class AccessRecord(logging.LogRecord):
    """A log record that does not find out what no access line shows: a thread, a line of code (7 us)."""

    def __init__(self, level: int, message: str, fields: dict[str, Any]) -> None:
        self.__dict__ |= _NOWHERE | fields
        self.fields = fields  # and by themselves, for who need not tell them from the rest
        self.levelno, self.levelname, self.msg, self.created = level, logging.getLevelName(level), message, time.time()


_NOWHERE = vars(logging.LogRecord(_log.name, logging.INFO, "", 0, "", (), None))


Observer = Callable[[Exchange], None]
