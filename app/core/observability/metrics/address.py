"""The internal address, METRICS_BIND: metrics and probes on threads of their own, for machines inside the network.

Requests wait for a free thread of the workers; when all of them wait for a database, so would a probe, and a
supervisor would kill a service that only needs patience. Each worker therefore has one more thread, which accepts
on a socket that all of them share, and lets in nothing but these addresses.
"""

import errno
import socket
import threading
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from socketserver import BaseServer, ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from app.core.observability.tracking import INTERNAL, PROBES

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SILENCE_SECONDS = 5
POLL_SECONDS = 0.2  # how long a worker that ends may wait for its thread to notice


@cache
def of_this_master() -> "Address":
    """Return the address of this process, which lives on when a hang-up has the settings read again."""
    return Address()


class Address:
    """The internal address of one Gunicorn: its master listens, its workers serve."""

    def __init__(self) -> None:
        """Have no address yet."""
        self._bind: str | None = None
        self._listener: socket.socket | None = None
        self._server: Server | None = None

    def listen(self, bind: str | None) -> None:
        """Open METRICS_BIND, in the place of what was open (None: of nothing); raises `OSError` when it is taken."""
        if bind == self._bind:
            return
        listener = _open(bind) if bind else None
        if self._listener:
            self._listener.close()
        if listener:
            # Several workers wait for the same connection, one of them gets it, and the others must not hang.
            listener.settimeout(0)
        self._bind, self._listener = bind, listener

    def serve(self, application: "WSGIApplication") -> None:
        """Answer in this process, on a thread of its own, until `close`."""
        if self._listener:
            self._server = Server(application, self._listener)
            threading.Thread(
                target=self._server.serve_forever, args=[POLL_SECONDS], name="internal", daemon=True
            ).start()

    def close(self) -> None:
        """Stop answering in this process; what has been accepted is answered."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()


def _open(bind: str) -> socket.socket:
    if bind.startswith("fd://"):
        return socket.socket(fileno=int(bind.removeprefix("fd://")))
    if bind.startswith("unix:"):
        return _open_unix(Path(bind.removeprefix("unix:")))
    host, _, port = bind.rpartition(":")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host.strip("[]"), int(port)), family=family)


def _open_unix(path: Path) -> socket.socket:
    with socket.socket(socket.AF_UNIX) as client:
        if path.is_socket() and client.connect_ex(str(path)) == errno.ECONNREFUSED:
            path.unlink()  # left by a predecessor that was killed
    listener = socket.socket(socket.AF_UNIX)
    try:
        listener.bind(str(path))
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener


class Server(ThreadingMixIn, WSGIServer):
    """A small server on a socket that exists already, a thread for each connection."""

    def __init__(self, application: "WSGIApplication", listener: socket.socket) -> None:
        # Not TCPServer's: it makes a socket for the Internet, which a sandbox need not allow.
        BaseServer.__init__(self, ("", 0), Handler)
        self.socket = listener
        self.server_name, self.server_port = "internal", 0
        self.setup_environ()
        self.set_app(Gate(application))
        self._samples: list[Callable[[], None]] = getattr(application, "extensions", {}).get("metrics_samples", [])

    def service_actions(self) -> None:
        """Have gauges set; called every `POLL_SECONDS`, so that whichever worker answers knows about this one."""
        for sample in self._samples:
            sample()

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept; a client on a Unix socket has no address."""
        connection, address = super().get_request()
        return connection, address or ("", 0)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Let go of a client that broke off; errors of the application are logged by the application."""


class Handler(WSGIRequestHandler):
    """Hangs up on who says nothing; the access line is the application's."""

    timeout = SILENCE_SECONDS

    def log_message(self, *_: Any) -> None:
        """Write nothing."""


class Gate:
    """Lets in requests for what machines ask, marked as internal."""

    def __init__(self, application: "WSGIApplication") -> None:
        self._application = application

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer, or refuse what has no business here."""
        if environ["PATH_INFO"] not in PROBES:
            start_response("404 Not Found", [("Content-Type", "text/plain"), ("Content-Length", "0")])
            return []
        environ[INTERNAL] = True
        return self._application(environ, start_response)
