"""Redirects plain HTTP, and has browsers remember that TLS is spoken here, when the public URL is https."""

from flask import Flask, Response, current_app, redirect, request
from werkzeug.wrappers import Response as BaseResponse


def init_app(app: Flask) -> None:
    """Enforce TLS where `PUBLIC_URL` says so; probes are answered over plain HTTP too."""
    if app.config["SECURE"]:
        app.before_request(_redirect)
        app.after_request(_remember)


def _redirect() -> BaseResponse | None:
    """Redirect to the public URL, never to the host that the client claims; 308 keeps method and body."""
    if request.is_secure or request.blueprint in {"probes", "metrics"}:
        return None
    target = request.full_path if request.query_string else request.path
    return redirect(current_app.config["PUBLIC_URL"] + target, 308)


def _remember(response: Response) -> Response:
    """Send HSTS over TLS only, as RFC 6797 section 7.2 demands."""
    if request.is_secure and (seconds := current_app.config["HSTS_SECONDS"]):
        response.headers.setdefault("Strict-Transport-Security", f"max-age={seconds}; includeSubDomains")
    return response
