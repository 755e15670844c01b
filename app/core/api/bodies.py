"""Turns what a client sends into typed models, or says precisely what is wrong with it."""

import json
from typing import Any, NoReturn, TypeVar, get_origin

from flask import request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import BadRequest, UnprocessableEntity, UnsupportedMediaType

Model = TypeVar("Model", bound=BaseModel)

MAXIMUM_ERRORS = 20  # a body of a thousand unknown fields is not answered with a thousand lines


class Invalid(UnprocessableEntity):
    """The request is well formed but its values are not acceptable; `errors` says which and why, for the client."""

    def __init__(self, error: ValidationError) -> None:
        super().__init__("Some values are not acceptable.")
        found = error.errors(include_url=False, include_context=False, include_input=False)[:MAXIMUM_ERRORS]
        self.errors = [{"field": ".".join(map(str, item["loc"])), "message": item["msg"]} for item in found]


def parse_body(model: type[Model]) -> Model:
    """Return the JSON body of the request as `model`.

    Raises 415 unless it says that it is JSON, 400 unless it is (RFC 8259; with
    names that are unique, as I-JSON, RFC 7493, demands), 422 for its values.
    """
    if request.mimetype != "application/json":
        raise UnsupportedMediaType("Send JSON, with Content-Type: application/json.")
    if request.content_encoding not in {None, "", "identity"}:
        raise UnsupportedMediaType("Send JSON as it is, not compressed.")
    if request.mimetype_params.get("charset", "utf-8").lower() not in {"utf-8", "utf8"}:
        raise UnsupportedMediaType("Send JSON in UTF-8.")
    body = request.get_data(cache=False)
    check_json(body)
    try:
        return model.model_validate_json(body, strict=True)  # strict: "1" is no number, yet "2026-01-31" is a date
    except ValidationError as error:
        if error.errors()[0]["type"] == "json_invalid":  # half a character, or nested deeper than pydantic goes
            raise BadRequest("The body is not valid JSON.") from None
        raise Invalid(error) from None


def parse_query(model: type[Model]) -> Model:
    """Return the query string of the request as `model`; 422 for its values, unknown names are ignored.

    A field that is a list takes every value of its name: `?tag=a&tag=b`.
    """
    sent = {name: request.args.getlist(name) for name in model.model_fields if name in request.args}
    lists = {name for name, field in model.model_fields.items() if get_origin(field.annotation) in {list, set, tuple}}
    try:
        return model.model_validate({name: values if name in lists else values[0] for name, values in sent.items()})
    except ValidationError as error:
        raise Invalid(error) from None


def parse_form(model: type[Model]) -> Model:
    """Return the form that was sent as `model`; raises 422 for its values.

    Only the model's own fields are looked at, beside the CSRF token. Browsers
    send an input that was left empty as empty text: it counts as left out,
    unless it is required. They send line breaks as CR LF; LF is what we store.
    """
    sent = {name: request.form.get(name, "").replace("\r\n", "\n") for name in model.model_fields}
    required = {name for name, field in model.model_fields.items() if field.is_required()}
    try:
        return model.model_validate({name: text for name, text in sent.items() if text or name in required})
    except ValidationError as error:
        raise Invalid(error) from None


def check_json(body: bytes) -> None:
    """Raise `BadRequest` unless `body` is a JSON text that every parser reads alike.

    pydantic's parser keeps the last of two equal names and takes NaN for a number.
    """
    if reason := _why_not_json(body):
        raise BadRequest(f"The body is not valid JSON: {reason}.")


def _why_not_json(body: bytes) -> str | None:
    try:
        json.loads(body.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except UnicodeDecodeError:
        return "it is not UTF-8"
    except RecursionError:
        return "it is nested too deeply"
    except json.JSONDecodeError as error:
        return f"{error.msg} at line {error.lineno}, column {error.colno}"
    except AmbiguousError as error:
        return str(error)
    except ValueError:
        return "a number has thousands of digits"
    return None


class AmbiguousError(ValueError):
    """A JSON text that parsers read differently."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise AmbiguousError("an object has the same name twice")
    return value


def _refuse_constant(_name: str) -> NoReturn:
    raise AmbiguousError("NaN and Infinity are not JSON")
