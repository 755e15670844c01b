"""Believes `X-Forwarded-*` from as many proxies as the configuration counts, and from nobody else."""

import re

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

_LIST = re.compile(r'[,"\\]')  # what a value with more than one in it, or a quoted one, has


def init_app(app: Flask) -> None:
    """Apply the hops of `PROXY_HOPS_*`; with all at 0 the headers are left unread.

    Trust goes by count, not by peer: listen on a Unix socket or on loopback
    only, and let the proxy overwrite what clients send.
    """
    hops = {f"x_{name}": app.config[f"PROXY_HOPS_{name.upper()}"] for name in ("for", "proto", "host", "prefix")}
    if any(hops.values()):
        app.wsgi_app = Proxied(app.wsgi_app, **hops)  # type: ignore[method-assign]


class Proxied(ProxyFix):
    """Werkzeug's, which takes the one value that one proxy sends as it is, without parsing a list (2 us each)."""

    def _get_real_value(self, trusted: int, value: str | None) -> str | None:
        if trusted == 1 and value and not _LIST.search(value):
            return value.strip() or None
        return super()._get_real_value(trusted, value)
