"""Answers only to its own names: a forged Host header ends in links, redirects and caches."""

from urllib.parse import urlsplit

from flask import Flask, current_app, request
from werkzeug.exceptions import SecurityError
from werkzeug.sansio.utils import host_is_trusted


def init_app(app: Flask) -> None:
    """Refuse requests for hosts that `TRUSTED_HOSTS` does not list; unset, the host of `PUBLIC_URL` alone."""
    allowed = app.config["ALLOWED_HOSTS"] or [urlsplit(app.config["PUBLIC_URL"]).hostname]
    app.extensions["hosts"] = list(allowed)
    app.before_request(_check)


def _check() -> None:
    """Leave the probes alone: orchestrators reach them by address."""
    if request.blueprint in {"probes", "metrics"}:
        return
    if not host_is_trusted(request.environ.get("HTTP_HOST", "").lower(), current_app.extensions["hosts"]):
        raise SecurityError("This host is not served here.")
