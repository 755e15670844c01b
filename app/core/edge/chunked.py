"""Holds bodies that come without a length (chunked) to the same limit as all others.

Werkzeug stops reading such a body at MAX_CONTENT_LENGTH without a word, and a
view would take the part for the whole. A proxy that buffers, as Nginx does, sends none.
"""

from io import BytesIO

from flask import Request, current_app
from werkzeug.exceptions import BadRequest

from app.core.web.service import Service


def init_app(app: Service) -> None:
    """Read chunked bodies ahead of the view, which then meets them as if their length had been told."""
    app.before_views(_read)


def _read(request: Request) -> None:
    """Find out the length, one byte past the limit at most; Werkzeug then answers 413 as to any body that is too long.

    Raises 400 for a body that cannot be read to its end (RFC 9112, section 7.1).
    """
    environ = request.environ
    if "HTTP_TRANSFER_ENCODING" not in environ or request.endpoint is None:
        return
    limit = current_app.config["MAX_CONTENT_LENGTH"]
    try:
        body = environ["wsgi.input"].read(limit + 1)
    except Exception as error:  # every server has its own
        raise BadRequest("The body is not well-formed.") from error
    del environ["HTTP_TRANSFER_ENCODING"]
    environ.update({"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))})
