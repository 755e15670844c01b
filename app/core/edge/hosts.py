"""Answers only to its own names: a forged Host header ends in links, redirects and caches."""

from functools import lru_cache
from urllib.parse import urlsplit

from flask import Request
from werkzeug.exceptions import SecurityError
from werkzeug.sansio.utils import host_is_trusted

from app.core.web.service import Service


def init_app(app: Service) -> None:
    """Refuse requests for hosts that `TRUSTED_HOSTS` does not list; unset, the host of `PUBLIC_URL` alone."""
    allowed = app.config["ALLOWED_HOSTS"] or [urlsplit(app.config["PUBLIC_URL"]).hostname]

    @lru_cache(maxsize=64)  # the same few hosts are asked for at every request; those of attackers push each other out
    def is_ours(host: str) -> bool:
        return host_is_trusted(host.lower(), list(allowed))

    def check(request: Request) -> None:
        """Leave the probes alone: orchestrators reach them by address."""
        if not is_ours(request.environ.get("HTTP_HOST", "")) and request.blueprint not in {"probes", "metrics"}:
            raise SecurityError("This host is not served here.")

    app.before_views(check)
