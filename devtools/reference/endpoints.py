"""The page of the addresses: operations from the OpenAPI document, the rest from the map of rules."""

import inspect
from collections.abc import Iterator
from typing import Any

from flask import Flask

from app.core.api.openapi import document
from devtools.reference import markdown
from devtools.reference.service import application

INTRODUCTION = """The running service shows the operations with their models at `/docs`, and as OpenAPI 3.1 at
`/openapi.json`. Every error of an operation is `application/problem+json` (RFC 9457)."""

ELSEWHERE: dict[str, str] = {
    "/metrics": "[Metrics](metrics.md) for Prometheus; at `METRICS_BIND` alone"
}  # its view is a library's


def page() -> str:
    """Return the page."""
    app = application()
    operations = ("operation", "takes", "answers", "refuses with", "what it does")
    rest = ("address", "what it is")
    return markdown.page(
        "Endpoints",
        INTRODUCTION,
        markdown.section("Operations", operations, _operations(document(app))),
        markdown.section("Pages, probes and files", rest, _rest(app)),
    )


def _operations(described: dict[str, Any]) -> Iterator[markdown.Row]:
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            answers = operation["responses"]
            good = [_answer(status, answer) for status, answer in answers.items() if status < "400"]
            bad = [status for status in answers if status >= "400"]
            address = markdown.code(f"{method.upper()} {path}")
            yield address, _takes(operation), ", ".join(good), ", ".join(bad), operation["summary"]


def _takes(operation: dict[str, Any]) -> str:
    queries = [parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "query"]
    body = _model(operation.get("requestBody", {}))
    return ", ".join([*([f"a body: {body}"] if body else []), *(f"`?{name}=`" for name in queries)])


def _answer(status: str, answer: dict[str, Any]) -> str:
    return " ".join(filter(None, [status, _model(answer)]))


def _model(described: dict[str, Any]) -> str:
    schema = described.get("content", {}).get("application/json", {}).get("schema", {})
    return markdown.code(schema.get("$ref", "").rpartition("/")[2])


def _rest(app: Flask) -> Iterator[markdown.Row]:
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        view = app.view_functions[rule.endpoint]
        if not hasattr(view, "operation"):
            says = markdown.sentence(inspect.getdoc(view) or "") or ELSEWHERE[rule.rule]
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield markdown.code(f"{method} {rule.rule}"), says
