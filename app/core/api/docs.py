"""Publishes the document as `/openapi.json`, and as a page at `/docs` that needs no script and no other site."""

import json
from typing import Any

from flask import Blueprint, Flask, current_app, jsonify, render_template
from flask.typing import ResponseReturnValue

from app.core.api.openapi import document
from app.core.web.access import public

bp = Blueprint("docs", __name__)


def init_app(app: Flask) -> None:
    """Publish both addresses; the page at `/` too, where no feature has one there."""
    app.register_blueprint(bp)
    if all(rule.rule != "/" for rule in app.url_map.iter_rules()):
        app.add_url_rule("/", "docs.show_start", show_start)
    app.jinja_env.filters["example"] = example


@bp.get("/openapi.json")
@public
def send_document() -> ResponseReturnValue:
    """Answer with the OpenAPI document of this release."""
    return jsonify(document(current_app))


@bp.get("/docs")
@public
def show_docs() -> ResponseReturnValue:
    """Show the document as a page."""
    return render_template("docs.html", api=document(current_app))


@public
def show_start() -> ResponseReturnValue:
    """Show what runs here."""
    return show_docs()


def example(schema: dict[str, Any], api: dict[str, Any]) -> str:
    """Return JSON that shows what the schema asks for, as a person would type it."""
    return json.dumps(_example(schema, api["components"]["schemas"]), ensure_ascii=False)


def _example(schema: dict[str, Any], schemas: dict[str, Any]) -> Any:
    """Return the schema's own example, its default, or a value made up by its type."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    for key in ("examples", "enum"):
        if schema.get(key):
            return schema[key][0]
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    if "anyOf" in schema:
        return _example(schema["anyOf"][0], schemas)
    if schema.get("type") == "array":
        return [_example(schema["items"], schemas)]
    if schema.get("type") == "object":
        return {name: _example(item, schemas) for name, item in schema.get("properties", {}).items()}
    made_up = {"integer": 1, "number": 1.5, "boolean": True, "null": None}
    formats = {"date-time": "2026-01-31T12:00:00Z", "date": "2026-01-31"}
    return made_up.get(schema.get("type", ""), formats.get(schema.get("format", ""), "string"))
