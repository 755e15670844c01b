"""The OpenAPI 3.1 document, generated from the operations that are published, so that it cannot lag behind them."""

import inspect
import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from flask import Flask
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.routing import IntegerConverter, Rule

from app.core.api.operations import Operation

_REF = "#/components/schemas/{model}"
_ETAG = {"ETag": {"required": True, "schema": {"type": "string"}}}


class FieldError(BaseModel):
    """One value that is not acceptable."""

    field: str
    message: str


class Problem(BaseModel):
    """What every error looks like (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    request_id: str
    errors: list[FieldError] | None = None


class Schemas:
    """The schemas of all models; two models of one name, from two features, are told apart by pydantic."""

    def __init__(self, operations: list[Operation]) -> None:
        queries = {declared.query for declared in operations if declared.query}
        bodies = {model for declared in operations for model in (declared.body, declared.returns) if model}
        ordered = sorted(bodies | queries | {Problem}, key=lambda model: f"{model.__name__} {model.__module__}")
        references, definitions = models_json_schema([(model, "validation") for model in ordered], ref_template=_REF)
        self._references = {model: reference for (model, _), reference in references.items()}
        self._all = definitions["$defs"]
        as_parameters = {self._name(model) for model in queries - bodies}
        self.published = {name: schema for name, schema in self._all.items() if name not in as_parameters}

    def reference(self, model: type[BaseModel]) -> dict[str, Any]:
        """Return what points to the schema of `model`."""
        return self._references[model]

    def of(self, model: type[BaseModel]) -> dict[str, Any]:
        """Return the schema of `model` itself."""
        schema: dict[str, Any] = self._all[self._name(model)]
        return schema

    def _name(self, model: type[BaseModel]) -> str:
        name: str = self._references[model]["$ref"].rpartition("/")[2]
        return name


def document(app: Flask) -> dict[str, Any]:
    """Return the document of all operations that `app` has published."""
    published = sorted(_published(app), key=lambda item: item[0].rule)
    schemas = Schemas([declared for _, _, declared in published])
    paths: dict[str, dict[str, Any]] = {}
    for rule, view, declared in published:
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            paths.setdefault(_path(rule), {})[method.lower()] = _operation(rule, method, view, declared, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": app.config["SERVICE_NAME"], "version": app.config["RELEASE"]},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"schemas": schemas.published},
    }


def _published(app: Flask) -> Iterator[tuple[Rule, Any, Operation]]:
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if declared := getattr(view, "operation", None):
            yield rule, view, declared


def _operation(rule: Rule, method: str, view: Any, declared: Operation, schemas: Schemas) -> dict[str, Any]:
    summary, _, description = (inspect.getdoc(view) or "").partition("\n\n")
    described: dict[str, Any] = {
        "operationId": view.__name__,
        "summary": summary.rstrip("."),
        "tags": [rule.endpoint.split(".")[-2]],
        "parameters": [*_path_parameters(rule), *_query_parameters(declared, schemas)],
        "responses": dict(sorted(_responses(rule, method, declared, schemas).items())),
    }
    if description:
        described["description"] = description
    if declared.body:
        described["requestBody"] = {"required": True, "content": _json(declared.body, schemas)}
    return described


def _responses(rule: Rule, method: str, declared: Operation, schemas: Schemas) -> dict[str, Any]:
    success: dict[str, Any] = {"description": HTTP_STATUS_CODES[declared.status]}
    if declared.returns:
        success["content"] = _json(declared.returns, schemas)
    if declared.status == HTTPStatus.CREATED:
        success["headers"] = {"Location": {"schema": {"type": "string"}}}
    answers = {str(declared.status): success}
    if method == "GET" and declared.status == HTTPStatus.OK:  # what `conditional` adds
        success["headers"] = _ETAG
        answers["304"] = {"description": HTTP_STATUS_CODES[304], "headers": _ETAG}
    errors = {406, 429, 500, 503}
    errors |= {400, 413, 415, 422} if declared.body else set()
    errors |= {422} if declared.query else set()
    errors |= {404} if rule.arguments else set()
    problem = {"application/problem+json": {"schema": schemas.reference(Problem)}}
    refused = {str(code): {"description": HTTP_STATUS_CODES[code], "content": problem} for code in sorted(errors)}
    return answers | refused


def _json(model: type[BaseModel], schemas: Schemas) -> dict[str, Any]:
    return {"application/json": {"schema": schemas.reference(model)}}


def _path(rule: Rule) -> str:
    return re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule)


def _path_parameters(rule: Rule) -> Iterator[dict[str, Any]]:
    for name in sorted(rule.arguments):
        converter = rule._converters[name]  # noqa: SLF001  the map has no public word for it
        schema: dict[str, Any] = {"type": "string", "minLength": 1}
        if isinstance(converter, IntegerConverter):
            schema = {"type": "integer", "minimum": 0}
        yield {"name": name, "in": "path", "required": True, "schema": schema}


def _query_parameters(declared: Operation, schemas: Schemas) -> Iterator[dict[str, Any]]:
    if declared.query is None:
        return
    schema = schemas.of(declared.query)
    for name, property_ in schema["properties"].items():
        described = {key: value for key, value in property_.items() if key != "title"}
        required = name in schema.get("required", [])
        yield {"name": name, "in": "query", "required": required, "schema": described}
