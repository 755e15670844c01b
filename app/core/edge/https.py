"""Redirects plain HTTP to the public URL, when that is https."""

from flask import Request, current_app, redirect
from werkzeug.wrappers import Response as BaseResponse

from app.core.web.service import Service


def init_app(app: Service) -> None:
    """Enforce TLS where `PUBLIC_URL` says so; probes are answered over plain HTTP too."""
    if app.config["SECURE"]:
        app.before_views(_redirect)


def _redirect(request: Request) -> BaseResponse | None:
    """Redirect to the public URL, never to the host that the client claims; 308 keeps method and body."""
    if request.is_secure or request.blueprint in {"probes", "metrics"}:
        return None
    target = request.full_path if request.query_string else request.path
    return redirect(current_app.config["PUBLIC_URL"] + target, 308)
