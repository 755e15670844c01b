import datetime as dt

import pytest
from pydantic import BaseModel, Field

from app.core.api.bodies import Invalid, parse_body, parse_form, parse_query
from app.core.web.access import public


class Order(BaseModel):
    name: str = ""
    count: int = 0
    price: float = 0.0
    due: dt.date | None = None


class Filter(BaseModel):
    limit: int = 5
    tags: list[str] = []


class Closed(BaseModel, extra="forbid"):
    pass


@pytest.fixture
def client(app):
    @app.post("/v1/orders", endpoint="v1.order")
    @public
    def order():
        return parse_body(Order).model_dump(mode="json")

    @app.post("/v1/closed", endpoint="v1.close")
    @public
    def close():
        return parse_body(Closed).model_dump()

    @app.get("/v1/filter", endpoint="v1.choose")
    @public
    def choose():
        return parse_query(Filter).model_dump()

    return app.test_client()


def send(client, body: bytes, content_type="application/json"):
    return client.post("/v1/orders", data=body, content_type=content_type)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"name": "x"',
        b'{"name": "x"}}',
        b"{'name': 'x'}",
        b'{"name": "x",}',
        b'\xef\xbb\xbf{"name": "x"}',
        b'{"name": "\xff"}',
        '{"name": "x"}'.encode("utf-16"),
        b'{"price": NaN}',
        b'{"price": Infinity}',
        b'{"name": "a", "name": "b"}',
        b'{"name": {"x": 1, "x": 2}}',
        b'{"name": "raw \x00 nul"}',
        b'{"name": "raw \n line"}',
        b"[" * 100_000,
        b'{"name":' * 50_000,
        b"[" * 5_000 + b"]" * 5_000,
        b'{"count": ' + b"9" * 10_000 + b"}",
        b'{"name": "\\ud800"}',
        b"nul",
    ],
    ids=range(21),
)
def test_what_is_no_json_for_every_parser_is_a_bad_request(client, body):
    response = send(client, body)
    assert response.status_code == 400, response.text
    assert response.content_type == "application/problem+json"
    assert response.json["detail"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"[]", ""),
        (b"null", ""),
        (b'"text"', ""),
        (b'{"count": "1"}', "count"),
        (b'{"count": 1.5}', "count"),
        (b'{"count": true}', "count"),
        (b'{"name": 1}', "name"),
        (b'{"name": null}', "name"),
        (b'{"price": "1"}', "price"),
        (b'{"due": 5}', "due"),
        (b'{"due": "yesterday"}', "due"),
    ],
)
def test_values_of_another_type_are_named_by_field(client, body, field):
    response = send(client, body)
    assert response.status_code == 422
    assert [error["field"] for error in response.json["errors"]] == [field]


def test_what_was_sent_is_not_repeated_in_the_error(client):
    assert "hunter2" not in send(client, b'{"count": "hunter2"}').text


def test_a_date_may_be_written_as_json_writes_dates(client):
    assert send(client, b'{"due": "2026-01-31"}').json["due"] == "2026-01-31"


def test_thousands_of_mistakes_are_not_answered_with_thousands_of_lines(client):
    body = b"{" + b",".join(b'"f%d": 1' % number for number in range(5_000)) + b"}"
    response = client.post("/v1/closed", data=body, content_type="application/json")
    assert response.status_code == 422
    assert len(response.json["errors"]) == 20


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16", "application/jsonx"],
)
def test_a_body_that_does_not_say_it_is_json_in_utf8_is_an_unsupported_media_type(client, content_type):
    assert send(client, b"{}", content_type).status_code == 415


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=UTF-8"])
def test_a_body_that_says_it_is_json_is_read(client, content_type):
    assert send(client, b'{"count": 3}', content_type).json["count"] == 3


def test_a_body_over_the_limit_is_too_large(client):
    response = send(client, b'{"name": "' + b"x" * 1_048_576 + b'"}')
    assert response.status_code == 413
    assert response.content_type == "application/problem+json"


def test_a_query_is_read_from_text_and_unknown_names_are_ignored(client):
    assert client.get("/v1/filter?limit=3&utm_source=x").json == {"limit": 3, "tags": []}
    assert client.get("/v1/filter?tags=a").json["tags"] == ["a"]
    assert client.get("/v1/filter?tags=a&tags=b").json["tags"] == ["a", "b"]
    assert client.get("/v1/filter?limit=x").status_code == 422


def test_a_form_takes_line_breaks_as_they_are_meant(app):
    with app.test_request_context(method="POST", data={"name": "a\r\nb", "count": "2", "other": "x"}):
        order = parse_form(Order)
    assert (order.name, order.count) == ("a\nb", 2)


def test_an_input_that_was_left_empty_counts_as_left_out_unless_it_is_required(app):
    class Contact(BaseModel):
        name: str = Field(min_length=1)
        since: dt.date | None = None

    with app.test_request_context(method="POST", data={"name": "Ann", "since": ""}):
        assert parse_form(Contact).since is None
    with app.test_request_context(method="POST", data={"name": ""}), pytest.raises(Invalid) as caught:
        parse_form(Contact)
    assert caught.value.errors[0]["message"] == "String should have at least 1 character"


def test_a_compressed_body_is_not_guessed_at(client):
    response = client.post(
        "/v1/orders", data=b"{}", content_type="application/json", headers={"Content-Encoding": "gzip"}
    )
    assert response.status_code == 415
