import pytest
from pydantic import BaseModel
from werkzeug.exceptions import NotFound

from app.core.api.operations import operation
from app.core.web.access import public

STORED = {"name": "Ärger"}
OF_THIS_ANSWER = ("X-Request-ID", "Content-Security-Policy")  # with its nonce


class Thing(BaseModel):
    name: str


@pytest.fixture
def client(app):
    @app.get("/v1/things", endpoint="v1.read")
    @public
    @operation()
    def read() -> Thing:
        if not STORED["name"]:
            raise NotFound
        return Thing(**STORED)

    @app.post("/v1/things", endpoint="v1.make")
    @public
    @operation()
    def make() -> Thing:
        return Thing(**STORED)

    @app.get("/v1/things/queued", endpoint="v1.queue")
    @public
    @operation(status=202)
    def queue() -> Thing:
        return Thing(**STORED)

    return app.test_client()


@pytest.fixture
def etag(client):
    return client.get("/v1/things").headers["ETag"]


def ask(client, condition, method="GET"):
    return client.open("/v1/things", method=method, headers={"If-None-Match": condition})


def test_the_tag_is_strong_and_changes_with_the_content(client, etag, monkeypatch):
    assert etag.startswith('"')
    assert client.get("/v1/things").headers["ETag"] == etag
    monkeypatch.setitem(STORED, "name", "Anger")
    response = ask(client, etag)
    assert (response.status_code, response.json) == (200, STORED)
    assert response.headers["ETag"] != etag


@pytest.mark.parametrize("condition", ["{}", "W/{}", '"other", {}', '"other",W/{} , "third"', "*"])
def test_who_has_it_already_is_told_so_without_the_content(client, etag, condition):
    response = ask(client, condition.format(etag))
    assert (response.status_code, response.data) == (304, b"")
    assert response.headers["ETag"] == etag
    assert "Content-Type" not in response.headers
    assert "Content-Length" not in response.headers


def test_a_304_carries_what_the_answer_would_have_carried_for_caches(create):
    """RFC 9110, section 15.4.5; `Date` is the server's."""
    client = create(CORS_ORIGINS="https://app.example.org,https://example.org").test_client()
    headers = {"Origin": "https://app.example.org"}
    full = client.get("/v1/ping", headers=headers)
    short = client.get("/v1/ping", headers=headers | {"If-None-Match": full.headers["ETag"]})
    assert (full.status_code, short.status_code) == (200, 304)
    left_out = {"Content-Type", "Content-Length", *OF_THIS_ANSWER}
    assert {name: value for name, value in full.headers.items() if name not in left_out} == {
        name: value for name, value in short.headers.items() if name not in OF_THIS_ANSWER
    }
    assert short.headers["Cache-Control"] == "no-cache"
    assert "Origin" in short.headers["Vary"]


@pytest.mark.parametrize("condition", ['"other"', "", "nonsense", '"unfinished', "W/"])
def test_who_has_something_else_gets_the_content(client, etag, condition):
    response = ask(client, condition)
    assert (response.status_code, response.json) == (200, STORED)


def test_a_head_request_is_answered_as_a_get_without_content(client, etag):
    full, short = client.head("/v1/things"), ask(client, etag, method="HEAD")
    assert (full.status_code, full.headers["ETag"], full.data) == (200, etag, b"")
    assert full.content_length == len(client.get("/v1/things").data)
    assert (short.status_code, short.headers["ETag"]) == (304, etag)


def test_what_is_no_read_has_no_tag_and_is_done_whatever_the_client_has(client, etag):
    response = ask(client, etag, method="POST")
    assert (response.status_code, response.json) == (200, STORED)
    assert "ETag" not in response.headers


@pytest.mark.parametrize("condition", ["*", '"x"'])
def test_an_error_has_no_tag_and_is_never_a_304(client, monkeypatch, condition):
    monkeypatch.setitem(STORED, "name", "")
    response = ask(client, condition)
    assert response.status_code == 404
    assert "ETag" not in response.headers


def test_an_answer_that_is_not_the_thing_itself_has_no_tag(client):
    response = client.get("/v1/things/queued", headers={"If-None-Match": "*"})
    assert (response.status_code, response.json) == (202, STORED)
    assert "ETag" not in response.headers


def test_pages_which_hold_a_token_or_a_nonce_have_none(client):
    assert "ETag" not in client.get("/").headers
