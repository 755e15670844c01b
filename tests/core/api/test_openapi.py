import enum
import json
import re

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator, validate
from pydantic import BaseModel, Field

from app.core.api.openapi import document
from app.core.api.operations import operation
from app.core.web.access import public


class Box(BaseModel):
    """A box."""

    size: int = Field(ge=1, le=9)


class Shelf(BaseModel):
    limit: int = Field(default=5, le=10)


@pytest.fixture
def described(app):
    @app.patch("/v1/boxes/<int:number>/<name>", endpoint="v1.boxes.change_box")
    @public
    @operation()
    def change_box(number: int, name: str, body: Box, query: Shelf) -> Box:
        """Change a box.

        Only its size can change.
        """

    @app.get("/v1/boxes", endpoint="v1.boxes.list_boxes")
    @public
    @operation()
    def list_boxes(query: Shelf) -> Box:
        """List boxes."""

    return document(app)


def test_the_document_is_valid_openapi_3_1(described):
    validate(described, cls=OpenAPIV31SpecValidator)


def test_an_operation_is_described_by_its_annotations_and_docstring(described):
    change = described["paths"]["/v1/boxes/{number}/{name}"]["patch"]
    assert (change["summary"], change["description"]) == ("Change a box", "Only its size can change.")
    assert change["operationId"] == "change_box"
    assert change["tags"] == ["boxes"]
    assert change["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Box"}
    assert {(item["in"], item["name"], item["required"]) for item in change["parameters"]} == {
        ("path", "number", True),
        ("path", "name", True),
        ("query", "limit", False),
    }
    assert described["components"]["schemas"]["Box"]["properties"]["size"]["maximum"] == 9


def test_an_operation_lists_every_status_that_its_parts_can_answer(described):
    responses = described["paths"]["/v1/boxes/{number}/{name}"]["patch"]["responses"]
    assert set(responses) == {"200", "400", "404", "406", "413", "415", "422", "429", "500", "503"}
    assert "application/problem+json" in responses["422"]["content"]


def test_a_read_says_that_it_may_be_answered_without_content(described):
    responses = described["paths"]["/v1/boxes"]["get"]["responses"]
    assert list(responses) == ["200", "304", "406", "422", "429", "500", "503"]
    assert "content" not in responses["304"]
    assert responses["200"]["headers"]["ETag"] == responses["304"]["headers"]["ETag"]
    assert "headers" not in described["paths"]["/v1/boxes/{number}/{name}"]["patch"]["responses"]["200"]


def test_two_models_of_one_name_and_an_enumeration_in_a_query_are_told_apart(app):
    def features(number):
        class Colour(enum.Enum):
            RED = "red"

        class Item(BaseModel):
            size: int = number

        class Filter(BaseModel):
            colour: Colour = Colour.RED

        Item.__module__ = Filter.__module__ = Colour.__module__ = f"feature{number}"

        def read(query: Filter) -> Item:
            """Read."""

        read.__name__ = f"read_{number}"
        read.__annotations__ = {"query": Filter, "return": Item}
        app.add_url_rule(f"/v1/{number}", f"v1.f{number}.read", public(operation()(read)))

    features(1)
    features(2)
    made = document(app)
    validate(made, cls=OpenAPIV31SpecValidator)
    references = re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(made))
    assert set(references) <= set(made["components"]["schemas"])
    assert len({name for name in references if "Item" in name}) == 2
    assert app.test_client().get("/docs").status_code == 200


def test_a_query_alone_can_be_refused_for_its_values(described):
    assert "422" in described["paths"]["/v1/boxes"]["get"]["responses"]


def test_a_query_is_shown_as_parameters_and_not_as_a_model(described):
    assert "Box" in described["components"]["schemas"]
    assert "Shelf" not in described["components"]["schemas"]


def test_every_operation_under_v1_is_in_the_document(app):
    views = {rule.rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/v1/")}
    paths = {path.replace("{", "<int:").replace("}", ">") for path in document(app)["paths"]}
    assert views == paths


def test_the_document_names_the_service_and_its_release(create):
    info = document(create(SERVICE_NAME="shop", RELEASE="1.2.3"))["info"]
    assert info == {"title": "shop", "version": "1.2.3"}
