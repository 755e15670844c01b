"""Sessions in Redis: the cookie is an id, and what it stands for is fetched when a request first touches it."""

import hashlib
import re
import secrets
from collections.abc import Mapping
from typing import Any

from flask import Flask, Request, Response, get_flashed_messages
from flask.json.tag import TaggedJSONSerializer
from flask.sessions import SessionInterface
from redis import RedisError
from werkzeug.exceptions import ServiceUnavailable

from app.core.data import redis_client
from app.core.web.sessions.lazy import LazySession, opened

RETRY_AFTER_SECONDS = 5

_ID = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)  # 256 bits
_serializer = TaggedJSONSerializer()  # that of the signed cookies: no object is ever built from what is stored


class StoredSession(LazySession):
    """A session that Redis knows by the hash of its id."""

    def __init__(self, store: "RedisSessions", cookie: str) -> None:
        super().__init__()
        self.store = store
        self.cookie = cookie
        self.id: str | None = None  # what Redis knows it by; None: not yet, or no more

    def load(self) -> Mapping[str, Any]:
        """Return what its cookie stands for, and take its id."""
        return self.store.fetch(self)


class RedisSessions(SessionInterface):
    """Sessions in Redis, for `PERMANENT_SESSION_LIFETIME` after their last use; without Redis they answer 503."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._redis = redis_client.connect(config)
        self._prefix = f"{config['SERVICE_NAME']}:session:"
        self._seconds = int(config["PERMANENT_SESSION_LIFETIME"].total_seconds())

    def open_session(self, app: Flask, request: Request) -> StoredSession:
        """Return the session of this request; nothing is asked of Redis yet."""
        return opened(StoredSession(self, request.cookies.get(self.get_cookie_name(app), "")), request)

    def fetch(self, stored: StoredSession) -> Mapping[str, Any]:
        """Return what the session's cookie stands for; an id that we have not given out stands for nothing."""
        if not _ID.fullmatch(stored.cookie):
            return {}
        try:
            found: Any = self._redis.get(self._key(stored.cookie))
        except RedisError as error:
            raise _unavailable() from error
        if not found:
            return {}
        stored.id = stored.cookie
        content: dict[str, Any] = _serializer.loads(found.decode())
        return content

    def renew(self, stored: StoredSession) -> None:
        """End the session under its id; it goes on under another."""
        try:
            if stored.id:
                self._redis.delete(self._key(stored.id))
        except RedisError as error:
            raise _unavailable() from error
        stored.id = None
        stored.modified = True

    def save_session(self, app: Flask, stored: StoredSession, response: Response) -> None:  # type: ignore[override]
        """Store what this request has changed, and send the cookie; or answer 503 if that cannot be done."""
        if not stored.accessed:
            return
        response.vary.add("Cookie")
        try:
            kept = self._keep(stored)
        except RedisError:
            _replace(response, app.make_response(app.handle_user_exception(_unavailable())))
            return
        name = self.get_cookie_name(app)
        flags: dict[str, Any] = {
            "domain": self.get_cookie_domain(app),
            "path": self.get_cookie_path(app),
            "secure": self.get_cookie_secure(app),
            "httponly": self.get_cookie_httponly(app),
            "samesite": self.get_cookie_samesite(app),
        }
        if not kept and stored.cookie:
            response.delete_cookie(name, **flags)  # with its flags: browsers refuse a __Host- name without Secure
        elif kept and self.should_set_cookie(app, stored):
            response.set_cookie(name, stored.id or "", expires=self.get_expiration_time(app, stored), **flags)

    def _keep(self, stored: StoredSession) -> bool:
        """Write or delete the session; return whether there is one.

        What was fetched is written only if it is still there: a request that was
        under way must not bring back a session that another has ended.
        """
        if not stored:
            if stored.id:
                self._redis.delete(self._key(stored.id))
            return False
        if not stored.modified:
            return bool(self._redis.expire(self._key(stored.id or ""), self._seconds))
        known, stored.id = stored.id, stored.id or secrets.token_urlsafe(32)
        content = _serializer.dumps(dict(stored))
        return bool(self._redis.set(self._key(stored.id), content, ex=self._seconds, xx=known is not None))

    def _key(self, session_id: str) -> str:
        """Return where Redis keeps a session: who reads Redis learns no id that opens one."""
        return self._prefix + hashlib.sha256(session_id.encode()).hexdigest()


def _unavailable() -> ServiceUnavailable:
    return ServiceUnavailable("Sessions are not available. Try again shortly.", retry_after=RETRY_AFTER_SECONDS)


def _replace(response: Response, other: Response) -> None:
    """Turn a response that is on its way into `other`; the headers that every answer has stay."""
    for name in ("Location", "Set-Cookie", "ETag", "Last-Modified"):
        response.headers.remove(name)
    response.status = other.status
    response.set_data(other.get_data())
    response.headers.update(other.headers)


def flashed_messages(*args: Any, **kwargs: Any) -> Any:
    """Return the messages for a page; none where sessions are not available, on the page that says so to begin with."""
    try:
        return get_flashed_messages(*args, **kwargs)
    except ServiceUnavailable:
        return []
