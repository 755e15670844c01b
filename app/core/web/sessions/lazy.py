"""A session that is read when a request first touches it, wherever it is kept."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, TypeVar

from flask import Request
from flask.sessions import SecureCookieSession

_OPENED = "app.session_opened"  # in the environ of a request; no header can set it


class LazySession(SecureCookieSession):
    """What `flask.session` stands for; Flask tells that it is touched by setting `accessed`."""

    def __init__(self) -> None:
        super().__init__()
        self._accessed = False

    @abstractmethod
    def load(self) -> Mapping[str, Any]:
        """Return what is kept of this session."""

    @property
    def accessed(self) -> bool:
        """Whether this request has touched it; what it has not touched is neither read nor written."""
        return self._accessed

    @accessed.setter
    def accessed(self, value: bool) -> None:
        if value and not self._accessed:
            dict.update(self, self.load())  # not by our own `update`, which would count as a change
            self._accessed = True


Session = TypeVar("Session", bound=LazySession)


def opened(session: Session, request: Request) -> Session:
    """Return the session of a request; read already if it is asked for again, for Flask opens one only once.

    It is `session_transaction` of a test's client that does so, and it would touch the session without a word.
    """
    if _OPENED in request.environ:
        session.accessed = True
    request.environ[_OPENED] = True
    return session
