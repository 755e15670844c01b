"""Sessions: signed cookies by default; with `SESSION_STORE=redis` the cookie is an id, and what it stands for in Redis.

Views use `flask.session` either way, with the same types. A session is read when a request first touches it, so the
API and probes pay for none. What is in Redis can be ended from here, has no 4 KB limit, and its user cannot read it.
"""

from flask import Flask, current_app, session

from app.core.web.sessions.signed import SignedSessions


def init_app(app: Flask) -> None:
    """Keep sessions where the configuration says."""
    app.session_interface = SignedSessions()
    if app.config["SESSION_STORE"] == "redis":
        from app.core.web.sessions import stored  # noqa: PLC0415  it imports the client of Redis

        app.session_interface = stored.RedisSessions(app.config)
        app.jinja_env.globals["get_flashed_messages"] = stored.flashed_messages


def renew() -> None:
    """Give the session another id. Call this whenever its rights change: a known id must not gain them (OWASP).

    A signed cookie has no id, so there nothing happens.
    """
    if renew_id := getattr(current_app.session_interface, "renew", None):
        renew_id(session)
