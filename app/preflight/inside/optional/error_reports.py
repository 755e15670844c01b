"""Error reports: the place that SENTRY_DSN names can be reached."""

import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

from app.preflight.checks import NotHereError, Wrong, check
from app.preflight.inside.here import Here

SECONDS = 10


@check(
    "error-reports",
    "medium",
    promise="Unexpected errors are reported, and their collector can be reached.",
    why="The first to tell you of an error is a user.",
)
def error_reports(here: Here) -> Iterator[Wrong]:
    """Connect, and send nothing: a report that is made up would wake somebody."""
    if not here.config["SENTRY_DSN"]:
        raise NotHereError("off: SENTRY_DSN is not set", "set it, or see that somebody reads the log for level ERROR")
    url = urlsplit(here.config["SENTRY_DSN"])
    host, port = url.hostname or "", url.port or (443 if url.scheme == "https" else 80)
    try:
        with socket.create_connection((host, port), timeout=SECONDS) as sock:
            if url.scheme == "https":
                ssl.create_default_context().wrap_socket(sock, server_hostname=host).close()
    except OSError as error:
        yield Wrong(f"{host}:{port} cannot be reached: {error}", "See SENTRY_DSN; on a VPS also: provision --outside.")
