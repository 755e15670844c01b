import pytest
from werkzeug.exceptions import Unauthorized

from app.core.web.access import guarded, public


def refuse():
    raise Unauthorized("Sign in first.")


@pytest.fixture
def client(app):
    app.add_url_rule("/v1/silent", "v1.silent", lambda: "reached")
    app.add_url_rule("/v1/open", "v1.open", public(lambda: "reached"))
    app.add_url_rule("/v1/closed", "v1.closed", guarded(refuse)(lambda: "reached"))
    return app.test_client()


def test_a_view_that_declares_nothing_is_closed_to_everybody(client):
    assert client.get("/v1/silent").status_code == 403


def test_a_public_view_is_open(client):
    assert client.get("/v1/open").text == "reached"


def test_a_guard_decides(client):
    response = client.get("/v1/closed")
    assert (response.status_code, response.json["detail"]) == (401, "Sign in first.")
