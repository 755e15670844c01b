"""Believes `X-Forwarded-*` from as many proxies as the configuration counts, and from nobody else."""

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix


def init_app(app: Flask) -> None:
    """Apply the hops of `PROXY_HOPS_*`; with all at 0 the headers are left unread.

    Trust goes by count, not by peer: listen on a Unix socket or on loopback
    only, and let the proxy overwrite what clients send.
    """
    hops = {f"x_{name}": app.config[f"PROXY_HOPS_{name.upper()}"] for name in ("for", "proto", "host", "prefix")}
    if any(hops.values()):
        app.wsgi_app = ProxyFix(app.wsgi_app, **hops)  # type: ignore[method-assign]
