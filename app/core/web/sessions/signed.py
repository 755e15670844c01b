"""Flask's own sessions in signed cookies, for those requests only that touch them.

Flask builds its signer at every request, before it looks for a cookie: a fifth of what such a request costs.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from flask import Flask, Request, Response
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from itsdangerous import URLSafeTimedSerializer

from app.core.web.sessions.lazy import LazySession, opened


class SignedSession(LazySession):
    """A session whose cookie is looked for, and its signature checked, when it is touched."""

    def __init__(self, read: Callable[[], SecureCookieSession | None]) -> None:
        super().__init__()
        self._read = read

    def load(self) -> Mapping[str, Any]:
        """Return what the cookie holds; nothing if it is not ours, or too old."""
        return self._read() or {}


class SignedSessions(SecureCookieSessionInterface):
    """Flask's cookies, in format and flags; but a permanent session is prolonged only by requests that touch it."""

    def __init__(self) -> None:
        self._signer: tuple[list[Any], URLSafeTimedSerializer | None] = [], None

    def open_session(self, app: Flask, request: Request) -> SignedSession | None:
        """Return the session of this request, not yet read; None without a key, as Flask does."""
        if not app.secret_key:
            return None
        return opened(SignedSession(partial(super().open_session, app, request)), request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Send the cookie as Flask does, if this request has touched the session."""
        if session.accessed:
            super().save_session(app, session, response)

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Return the signer of the present keys, the same until they change; threads may share it, it has no state."""
        keys = [app.secret_key, *(app.config["SECRET_KEY_FALLBACKS"] or ())]
        known, signer = self._signer
        if keys != known:
            signer = super().get_signing_serializer(app)
            self._signer = keys, signer
        return signer
