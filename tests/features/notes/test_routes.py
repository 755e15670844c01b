import pytest
from sqlalchemy import text

from app.core.data.database import db

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def note(client):
    return client.post("/v1/notes", json={"title": "First", "body": "Text"}).json


def test_a_note_is_created_with_its_address(client):
    response = client.post("/v1/notes", json={"title": "  Groceries ", "body": "Bread"})
    assert response.status_code == 201
    assert response.location == f"/v1/notes/{response.json['id']}"
    assert response.json["title"] == "Groceries"
    assert client.get(response.location).json == response.json


def test_the_body_of_a_note_may_be_left_out(client):
    assert client.post("/v1/notes", json={"title": "Short"}).json["body"] == ""


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({}, "title"),
        ({"title": ""}, "title"),
        ({"title": "   "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": 1}, "title"),
        ({"title": None}, "title"),
        ({"title": "nul \0"}, "title"),
        ({"title": "x", "body": "x" * 10_001}, "body"),
        ({"title": "x", "body": ["x"]}, "body"),
        ({"title": "x", "colour": "red"}, "colour"),
    ],
)
def test_what_is_not_acceptable_is_refused_by_field(client, values, field):
    response = client.post("/v1/notes", json=values)
    assert response.status_code == 422
    assert [error["field"] for error in response.json["errors"]] == [field]
    assert client.get("/v1/notes").json["items"] == []


def test_half_a_character_is_refused(client):
    response = client.post("/v1/notes", data=b'{"title": "\\ud800"}', content_type="application/json")
    assert response.status_code == 400


def test_a_change_leaves_alone_what_it_does_not_name(client, note):
    response = client.patch(f"/v1/notes/{note['id']}", json={"title": "Second"})
    assert response.status_code == 200
    assert (response.json["title"], response.json["body"]) == ("Second", "Text")
    assert response.json["updated_at"] > note["updated_at"]
    assert response.json["created_at"] == note["created_at"]


def test_a_change_cannot_take_the_title_away(client, note):
    assert client.patch(f"/v1/notes/{note['id']}", json={"title": None}).status_code == 422
    assert client.patch(f"/v1/notes/{note['id']}", json={"title": ""}).status_code == 422
    assert client.get(f"/v1/notes/{note['id']}").json == note


def test_an_empty_change_changes_nothing(client, note):
    assert client.patch(f"/v1/notes/{note['id']}", json={}).json == note


def test_a_deleted_note_is_gone(client, note):
    response = client.delete(f"/v1/notes/{note['id']}")
    assert (response.status_code, response.data) == (204, b"")
    assert client.get(f"/v1/notes/{note['id']}").status_code == 404
    assert client.delete(f"/v1/notes/{note['id']}").status_code == 404


@pytest.mark.parametrize("name", ["0", "999", "9223372036854775807", "9223372036854775808", "1" * 40, "-1", "x"])
def test_a_note_that_does_not_exist_is_not_found(client, name):
    assert client.get(f"/v1/notes/{name}").status_code == 404
    assert client.patch(f"/v1/notes/{name}", json={"title": "x"}).status_code == 404


def test_the_list_is_newest_first_and_every_note_is_on_one_page_only(client):
    created = [client.post("/v1/notes", json={"title": f"Note {number}"}).json["id"] for number in range(7)]
    seen, cursor, pages = [], None, 0
    while pages == 0 or cursor:
        query = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        page = client.get("/v1/notes", query_string=query).json
        seen += [item["id"] for item in page["items"]]
        cursor, pages = page["next_cursor"], pages + 1
    assert seen == created[::-1]
    assert pages == 3


def test_a_note_written_meanwhile_does_not_shift_the_next_page(client):
    for number in range(4):
        client.post("/v1/notes", json={"title": f"Note {number}"})
    first = client.get("/v1/notes?limit=2").json
    client.post("/v1/notes", json={"title": "Late"})
    second = client.get("/v1/notes", query_string={"limit": 2, "cursor": first["next_cursor"]}).json
    assert [item["title"] for item in first["items"] + second["items"]] == ["Note 3", "Note 2", "Note 1", "Note 0"]
    assert second["next_cursor"] is None


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=ten", "cursor=x", "cursor=-1", f"cursor={'9' * 19}"])
def test_a_query_that_is_not_acceptable_is_refused(client, query):
    response = client.get(f"/v1/notes?{query}")
    assert response.status_code == 422
    assert response.json["errors"][0]["field"] == query.split("=")[0]


def test_the_beginning_of_the_list_is_read_once_and_anew_after_every_change(redis, create):
    app = create()
    client = app.test_client()
    ids = [client.post("/v1/notes", json={"title": f"Note {number}"}).json["id"] for number in range(3)]
    first = client.get("/v1/notes?limit=1").json

    def execute(statement):
        with app.app_context():
            db.session.execute(text(statement))
            db.session.commit()

    execute("UPDATE notes SET title = 'Changed behind our back'")
    assert client.get("/v1/notes?limit=1").json == first
    assert client.get(f"/v1/notes?cursor={ids[2]}").json["items"][0]["title"] == "Changed behind our back"
    client.delete(f"/v1/notes/{ids[0]}")
    assert client.get("/v1/notes?limit=1").json["items"][0]["title"] == "Changed behind our back"


def test_notes_are_written_at_a_moderate_rate_and_read_at_the_general_one(redis, create):
    client = create(RATE_LIMIT="300/day").test_client()
    written = client.post("/v1/notes", json={"title": "Groceries"})
    assert '"route";q=30;w=60' in written.headers["RateLimit-Policy"]
    assert client.get("/v1/notes").headers["RateLimit-Policy"] == '"default";q=300;w=86400'
