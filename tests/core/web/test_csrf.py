import secrets

import pytest
from flask import session
from flask_wtf.csrf import generate_csrf

from app.core.web.access import public

NEW_KEY = secrets.token_hex(32)


def publish(app):
    @app.get("/form", endpoint="form")
    @public
    def form():
        return generate_csrf()

    @app.route("/act", methods=["POST", "PUT", "PATCH", "DELETE"], endpoint="act")
    @public
    def act():
        session["acted"] = True
        return "done"

    app.add_url_rule("/v1/act", "v1.act", public(lambda: "done"), methods=["POST"])
    return app.test_client()


@pytest.fixture
def client(app):
    return publish(app)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_every_method_that_changes_something_needs_the_token(client, method):
    assert client.open("/act", method=method).status_code == 400
    token = client.get("/form").text
    assert client.open("/act", method=method, headers={"X-CSRF-Token": token}).text == "done"


def test_the_token_of_a_form_field_is_taken(client):
    token = client.get("/form").text
    assert client.post("/act", data={"csrf_token": token}).text == "done"


def test_the_api_needs_none(client):
    assert client.post("/v1/act").text == "done"


def test_an_unknown_address_is_not_found_rather_than_forged(client):
    assert client.post("/nothing").status_code == 404


def test_a_form_opened_before_the_key_was_rotated_is_still_taken(environment, create):
    old = publish(create())
    token = old.get("/form").text
    cookie = old.get_cookie("session")
    rotated = publish(create(SECRET_KEY=NEW_KEY, SECRET_KEY_FALLBACKS=environment["SECRET_KEY"]))
    rotated.set_cookie("session", cookie.value)
    assert rotated.post("/act", data={"csrf_token": token}).text == "done"
    assert rotated.get_cookie("session").value != cookie.value


def test_a_key_that_was_taken_away_signs_nothing_any_more(create):
    old = publish(create())
    token = old.get("/form").text
    renewed = publish(create(SECRET_KEY=NEW_KEY))
    renewed.set_cookie("session", old.get_cookie("session").value)
    assert renewed.post("/act", data={"csrf_token": token}).status_code == 400
