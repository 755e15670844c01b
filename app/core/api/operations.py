"""Declares a view as an operation of the API: its annotations say what comes in and what goes out."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import Any, get_type_hints

from flask import Response, after_this_request, request
from pydantic import BaseModel
from werkzeug.datastructures import MIMEAccept
from werkzeug.exceptions import NotAcceptable
from werkzeug.http import parse_accept_header

from app.core.api.bodies import parse_body, parse_query
from app.core.api.conditional import tag

JSON = "application/json"


@dataclass(frozen=True)
class Operation:
    """What the OpenAPI document says of a view, beside its docstring and its address."""

    status: int
    body: type[BaseModel] | None
    query: type[BaseModel] | None
    returns: type[BaseModel] | None


def operation(status: int = 200) -> Callable[[Callable[..., Any]], Callable[..., Response]]:
    """Make a view take its parameters `body` and `query` as the models they are annotated with.

    The view returns a model, which is sent with `status`, or None for an empty
    answer. Its docstring is its description in the document.
    """

    def declare(view: Callable[..., BaseModel | None]) -> Callable[..., Response]:
        hints = get_type_hints(view)
        returns = hints.pop("return", None)
        models = {name for name, hint in hints.items() if isinstance(hint, type) and issubclass(hint, BaseModel)}
        if misnamed := models - {"body", "query"}:
            raise TypeError(f"{view.__qualname__}: {', '.join(misnamed)}: a model is named body or query")
        declared = Operation(
            status, hints.get("body"), hints.get("query"), returns if returns is not type(None) else None
        )

        @wraps(view)
        def call(**arguments: Any) -> Response:
            if not _takes_json(request.environ.get("HTTP_ACCEPT", "")):
                raise NotAcceptable(f"This address answers in {JSON} only.")
            if declared.query:
                arguments["query"] = parse_query(declared.query)
            if declared.body:
                arguments["body"] = parse_body(declared.body)
            return tag(_respond(view(**arguments), declared.status))

        call.operation = declared  # type: ignore[attr-defined]
        return call

    return declare


@lru_cache(maxsize=256)  # clients send what their library sends: reading it anew takes 4 us
def _takes_json(accept: str) -> bool:
    """Return whether a client that sends this `Accept` takes JSON (RFC 9110, section 12.5.1)."""
    accepted = parse_accept_header(accept, MIMEAccept)
    return not accepted or bool(accepted.quality(JSON))


def _respond(result: BaseModel | None, status: int) -> Response:
    if result is not None:
        return Response(result.model_dump_json(), status, content_type=JSON)
    response = Response(status=status)
    del response.headers["Content-Type"]
    return response


def send_location(url: str) -> None:
    """Add `Location` to the answer of this request: where the thing it created is (RFC 9110, section 10.2.2)."""

    def add(response: Response) -> Response:
        response.location = url
        return response

    after_this_request(add)
