import pytest
from pydantic import BaseModel

from app.core.api.operations import operation, send_location
from app.core.web.access import public


class Thing(BaseModel):
    name: str


@pytest.fixture
def client(app):
    @app.post("/v1/things", endpoint="v1.make")
    @public
    @operation(status=201)
    def make(body: Thing) -> Thing:
        send_location("/v1/things/1")
        return Thing(name=body.name.upper())

    @app.delete("/v1/things/<int:number>", endpoint="v1.remove")
    @public
    @operation(status=204)
    def remove(number: int) -> None:
        assert number == 1

    return app.test_client()


def test_a_model_comes_in_and_a_model_goes_out(client):
    response = client.post("/v1/things", json={"name": "x"})
    assert (response.status_code, response.json) == (201, {"name": "X"})
    assert response.content_type == "application/json"
    assert response.location == "/v1/things/1"


def test_a_model_under_another_name_is_a_mistake_that_is_noticed_at_once():
    with pytest.raises(TypeError, match="boddy: a model is named body or query"):

        @operation()
        def change(boddy: Thing) -> None:
            """Change a thing."""


def test_nothing_to_say_is_an_empty_answer(client):
    response = client.delete("/v1/things/1")
    assert (response.status_code, response.data) == (204, b"")
    assert "Content-Type" not in response.headers


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "image/png, text/csv", "application/json;q=0"])
def test_a_client_that_takes_no_json_is_told_so(client, accept):
    response = client.delete("/v1/things/1", headers={"Accept": accept})
    assert response.status_code == 406
    assert response.content_type == "application/problem+json"


@pytest.mark.parametrize("accept", ["", "*/*", "application/*", "text/html, application/json;q=0.1"])
def test_a_client_that_takes_json_gets_it(client, accept):
    assert client.delete("/v1/things/1", headers={"Accept": accept}).status_code == 204
