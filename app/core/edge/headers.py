"""Security headers on every answer: pages, JSON, errors, redirects and static files alike."""

from flask import Flask, Response
from flask_talisman import Talisman

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


def init_app(app: Flask) -> None:
    """Set the headers; a script or style of a page carries `nonce="{{ csp_nonce() }}"`.

    Talisman redirects health checks, believes a raw X-Forwarded-Proto and
    overwrites cookie flags when it is let: TLS is `https`'s, the flags are the configuration's.
    """
    Talisman().init_app(
        app,
        content_security_policy=CONTENT_SECURITY_POLICY | _sending_to(app.config["S3_ENDPOINT"]),
        content_security_policy_nonce_in=["script-src", "style-src"],
        permissions_policy=PERMISSIONS_POLICY,
        frame_options="DENY",
        referrer_policy="strict-origin-when-cross-origin",
        force_https=False,
        strict_transport_security=False,
        session_cookie_secure=False,  # leaves SESSION_COOKIE_SECURE as configured
        session_cookie_samesite=app.config["SESSION_COOKIE_SAMESITE"],
    )
    app.after_request(_set_others)


def _sending_to(store: str | None) -> dict[str, str]:
    """Return what the policy says instead where there is an object store, for pages may send files to it."""
    sending = ("connect-src", "form-action") if store else ()
    return {name: f"{CONTENT_SECURITY_POLICY[name]} {store}" for name in sending}


def _set_others(response: Response) -> Response:
    for name, value in OTHERS.items():
        response.headers.setdefault(name, value)
    return response
