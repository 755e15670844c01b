"""No framework at all: the floor below which only a server's own cost lies."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from jinja2 import DictLoader, Environment

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

BODY = b'{"message":"pong"}\n'


class Raw:
    """An application without templates, which `gunicorn.conf.py` would load ahead."""

    jinja_env = Environment(loader=DictLoader({}), autoescape=True)

    def __call__(self, _environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer whatever is asked."""
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(BODY)))])
        return [BODY]


app = Raw()
