"""Security headers on every answer: pages, JSON, errors, redirects and static files alike.

They are put on where an answer leaves the application. Talisman says which, once for each view: asked at every
answer, as it does by itself, it takes a third of the time of a small request.
"""

import secrets
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple

from flask import Flask, request
from flask_talisman import Talisman
from werkzeug.datastructures import Headers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# OWASP Secure Headers Project and Mozilla's HTTP Observatory, November 2026.
CONTENT_SECURITY_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "font-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
_UNUSED_FEATURES = (
    "accelerometer browsing-topics camera display-capture geolocation gyroscope "
    "magnetometer microphone midi payment publickey-credentials-get usb"
)
PERMISSIONS_POLICY = dict.fromkeys(_UNUSED_FEATURES.split(), "()")
OTHERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Permitted-Cross-Domain-Policies": "none",
    "Cache-Control": "no-cache",  # an answer that says nothing else is never served stale
}


_SENT = "app.headers_sent"  # in the environ of a request whose answer has begun


def init_app(app: Flask) -> None:
    """Set the headers, each unless a view has chosen it itself; a script or style carries `nonce="{{ csp_nonce() }}"`.

    HSTS is sent over TLS only, as RFC 6797 section 7.2 demands. Talisman redirects health checks, believes a raw
    X-Forwarded-Proto and overwrites cookie flags where it is let: TLS is `https`'s, the flags are the configuration's.
    """
    config = app.config
    policies = Policies(
        Flask(
            __name__
        ),  # its hooks, which would set the headers anew at every answer, stay with an application of none
        content_security_policy=CONTENT_SECURITY_POLICY | _sending_to(config["S3_ENDPOINT"]),
        content_security_policy_nonce_in=["script-src", "style-src"],
        permissions_policy=PERMISSIONS_POLICY,
        frame_options="DENY",
        referrer_policy="strict-origin-when-cross-origin",
        strict_transport_security=False,
    )
    app.jinja_env.globals["csp_nonce"] = nonce
    remembered = {"Strict-Transport-Security": f"max-age={config['HSTS_SECONDS']}; includeSubDomains"}
    over_tls = remembered if config["SECURE"] and config["HSTS_SECONDS"] else {}
    app.wsgi_app = Headed(app.wsgi_app, policies, over_tls)  # type: ignore[method-assign]


def _sending_to(store: str | None) -> dict[str, str]:
    """Return what the policy says instead where there is an object store, for pages may send files to it."""
    sending = ("connect-src", "form-action") if store else ()
    return {name: f"{CONTENT_SECURITY_POLICY[name]} {store}" for name in sending}


def nonce() -> str:
    """Return the nonce of this answer; one is made, and is in its policy, if the page asks for it."""
    current: Any = request  # on which Talisman looks for the nonce
    if not hasattr(current, "csp_nonce"):
        if _SENT in current.environ:
            raise RuntimeError("csp_nonce(): the headers are sent; a page that streams has to ask for it first")
        current.csp_nonce = secrets.token_urlsafe(16)
    made: str = current.csp_nonce
    return made


class Policies(Talisman):  # type: ignore[misc]
    """Talisman, which tells the headers instead of setting them."""

    def headers(self) -> dict[str, str]:
        """Return what is to be sent to this request; a view may have options of its own (`talisman_view_options`)."""
        answer = SimpleNamespace(headers=Headers())
        self._set_response_headers(answer)
        return dict(answer.headers)


class Header(NamedTuple):
    """A header as it is compared, and as it is sent."""

    key: str
    item: tuple[str, str]


class Headed:
    """A WSGI application whose answers all carry the headers."""

    def __init__(self, application: "WSGIApplication", policies: Policies, over_tls: dict[str, str]) -> None:
        self._application = application
        self._policies = policies
        self._over_tls = over_tls
        self._known: dict[tuple[str | None, bool], list[Header]] = {}  # by view, and whether over TLS

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> "Iterable[bytes]":
        """Answer, with each of the headers that is not there already."""

        def start(status: str, headers: list[tuple[str, str]], *args: Any) -> Any:
            environ[_SENT] = True
            chosen = {name.lower() for name, _ in headers}
            ours = [header.item for header in self._ours(environ) if header.key not in chosen]
            return start_response(status, headers + ours, *args)

        return self._application(environ, start)

    def _ours(self, environ: "WSGIEnvironment") -> list[Header]:
        request = environ["werkzeug.request"]
        if hasattr(request, "csp_nonce"):
            return self._asked_for(environ)
        key = request.endpoint, environ["wsgi.url_scheme"] == "https"
        if key not in self._known:
            self._known[key] = self._asked_for(environ)
        return self._known[key]

    def _asked_for(self, environ: "WSGIEnvironment") -> list[Header]:
        over_tls = self._over_tls if environ["wsgi.url_scheme"] == "https" else {}
        headers = OTHERS | self._policies.headers() | over_tls
        return [Header(name.lower(), (name, value)) for name, value in headers.items()]
