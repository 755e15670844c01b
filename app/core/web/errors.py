"""Every error as the client can read it: problem details (RFC 9457) for the API, a plain page for browsers."""

import re
from typing import Any

from flask import Flask, Response, json, render_template, request
from jinja2 import TemplateError
from werkzeug.exceptions import HTTPException, InternalServerError
from werkzeug.routing import BuildError
from werkzeug.wrappers import Response as BaseResponse

_API = re.compile(r"/v\d+(/|$)")
_PROBLEM = "application/problem+json"


def init_app(app: Flask) -> None:
    """Answer every `HTTPException` here; Flask turns all other exceptions into a 500 and logs them first."""
    app.register_error_handler(HTTPException, answer)


def answer(error: HTTPException) -> BaseResponse:
    """Return the response for `error`: status, headers and description are kept, causes stay in the log."""
    if error.code is None:
        return error.get_response()
    if isinstance(error, InternalServerError):
        error.description = InternalServerError.description
    response = _problem(error) if _wants_problem() else _page(error)
    for name, value in error.get_headers():
        if name not in {"Content-Type", "Content-Length"}:
            response.headers[name] = value
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def problem(error: HTTPException) -> dict[str, Any]:
    """Return the members of RFC 9457 section 3.1, the request's id, and `errors` by field where there are any."""
    members = {
        "type": "about:blank",
        "title": error.name,
        "status": error.code,
        "detail": error.description,
        "instance": request.path,
        "request_id": request.headers["X-Request-ID"],
    }
    fields = getattr(error, "errors", None)
    return {**members, "errors": fields} if fields else members


def _wants_problem() -> bool:
    """The API always answers in JSON; elsewhere the client chooses, and gets a page when it has no preference."""
    if _API.match(request.path):
        return True
    return request.accept_mimetypes.best_match(["text/html", _PROBLEM, "application/json"]) not in {None, "text/html"}


def _problem(error: HTTPException) -> Response:
    return Response(json.dumps(problem(error)), error.code, content_type=_PROBLEM)


def _page(error: HTTPException) -> Response:
    members = problem(error)
    try:
        return Response(render_template("error.html", **members), error.code)
    except (TemplateError, BuildError):
        # The page itself may be what is broken; the client still learns the status and the id.
        lines = f"{members['status']} {members['title']}\nRequest {members['request_id']}\n"
        return Response(lines, error.code, content_type="text/plain; charset=utf-8")
