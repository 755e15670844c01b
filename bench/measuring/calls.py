"""Calls of a WSGI application without a server, one after the other, and the processor time that they take."""

import gc
import time
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

WARM_UP = 300


@dataclass(frozen=True)
class Answer:
    """What came back, for a look at whether it is the right answer: an error page is soon made."""

    status: str
    headers: dict[str, str]
    body: str


class Caller:
    """Calls an application as Gunicorn would for a request that Nginx has passed on."""

    def __init__(self, application: "WSGIApplication") -> None:
        self._application = application
        self._status = ""
        self._headers: list[tuple[str, str]] = []

    def answer(self, path: str) -> Answer:
        """Return the answer to one request."""
        body = self._call(environ_of(path))
        return Answer(self._status, dict(self._headers), body.decode())

    def seconds(self, paths: Iterable[str], count: int) -> float:
        """Return the processor time of `count` calls, in turn for each of the paths."""
        prepared = [environ_of(path) for path in paths]
        for environ in (prepared * WARM_UP)[:WARM_UP]:
            self._call(environ)
        gc.collect()  # nobody pays for what another round has left
        started = time.process_time()
        for number in range(count):
            self._call(prepared[number % len(prepared)])
        return time.process_time() - started

    def _call(self, prepared: "WSGIEnvironment") -> bytes:
        environ = prepared.copy()
        environ["wsgi.input"] = BytesIO()
        result = self._application(environ, self._start_response)
        try:
            return b"".join(result)
        finally:
            if hasattr(result, "close"):
                result.close()

    def _start_response(self, status: str, headers: list[tuple[str, str]], *_: Any) -> Any:
        self._status, self._headers = status, headers


def environ_of(path: str) -> "WSGIEnvironment":
    """Return what a server tells of a GET that came over TLS to one proxy in front."""
    name, _, query = path.partition("?")
    return {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": name,
        "RAW_URI": path,
        "QUERY_STRING": query,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_SOFTWARE": "bench",
        "SERVER_NAME": "example.org",
        "SERVER_PORT": "80",
        "REMOTE_ADDR": "127.0.0.1",
        "REMOTE_PORT": "40000",
        "HTTP_HOST": "example.org",
        "HTTP_USER_AGENT": "bench",
        "HTTP_ACCEPT": "*/*",
        "HTTP_X_FORWARDED_FOR": "203.0.113.9",
        "HTTP_X_FORWARDED_PROTO": "https",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": None,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
    }
