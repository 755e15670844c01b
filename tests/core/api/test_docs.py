import html

import pytest
from flask import Flask

from app.core.api import docs
from app.core.api.docs import example


def test_the_document_is_published(client):
    response = client.get("/openapi.json")
    assert response.content_type == "application/json"
    assert response.json["openapi"] == "3.1.0"


def test_the_page_shows_every_operation_and_every_model(client):
    api = client.get("/openapi.json").json
    page = html.unescape(client.get("/docs").text)
    for path, methods in api["paths"].items():
        for described in methods.values():
            assert path in page
            assert described["summary"] in page
    for name in api["components"]["schemas"]:
        assert f'id="{name}"' in page


def test_an_example_follows_the_schema():
    api = {"components": {"schemas": {"Size": {"type": "integer", "default": 3}}}}
    schema = {
        "type": "object",
        "properties": {
            "title": {"type": "string", "examples": ["A 'quoted' title"]},
            "size": {"$ref": "#/components/schemas/Size"},
            "tags": {"type": "array", "items": {"type": "string"}},
            "kind": {"enum": ["a", "b"]},
            "due": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]},
            "paid": {"type": "boolean"},
        },
    }
    assert example(schema, api) == (
        '{"title": "A \'quoted\' title", "size": 3, "tags": ["string"], "kind": "a", "due": "2026-01-31", "paid": true}'
    )


@pytest.mark.parametrize(("taken", "start"), [(False, "docs.show_start"), (True, "home")])
def test_the_page_is_the_start_where_no_feature_has_one(taken, start):
    app = Flask(__name__)
    if taken:
        app.add_url_rule("/", "home", lambda: "")
    docs.init_app(app)
    assert [rule.endpoint for rule in app.url_map.iter_rules() if rule.rule == "/"] == [start]
