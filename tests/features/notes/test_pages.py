import re

import pytest

pytestmark = pytest.mark.usefixtures("database")


def token_of(page) -> str:
    return re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]


def send(client, **fields):
    return client.post("/notes", data={"csrf_token": token_of(client.get("/notes")), **fields})


def test_the_page_says_so_when_there_are_no_notes(client):
    page = client.get("/notes")
    assert page.status_code == 200
    assert "No notes yet" in page.text


def test_a_note_sent_by_the_form_is_listed_and_announced_once(client):
    response = send(client, title="Groceries", body="Bread\r\nButter")
    assert (response.status_code, response.location) == (303, "/notes")
    page = client.get("/notes")
    assert "“Groceries” is stored." in page.text
    assert "Bread\nButter" in page.text
    assert "is stored" not in client.get("/notes").text


def test_markup_in_a_note_is_shown_as_text(client):
    send(client, title="<script>alert(1)</script>", body='"><img src=x onerror=alert(1)>')
    page = client.get("/notes").text
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_a_form_with_a_mistake_comes_back_as_it_was_filled_in(client):
    response = send(client, title="x" * 201, body="Kept <b>text</b>")
    assert response.status_code == 422
    assert "Kept &lt;b&gt;text&lt;/b&gt;" in response.text
    assert 'id="title-error"' in response.text
    assert 'aria-invalid="true"' in response.text
    assert "No notes yet" in client.get("/notes").text


@pytest.mark.parametrize("token", [None, "", "forged", "ImZvcmdlZCI.forged.signature"])
def test_a_form_without_the_token_of_its_session_stores_nothing(client, token):
    client.get("/notes")
    response = client.post("/notes", data={"title": "From another site"} | ({"csrf_token": token} if token else {}))
    assert response.status_code == 400
    assert "No notes yet" in client.get("/notes").text


def test_the_token_of_another_session_is_refused(app):
    own, other = app.test_client(), app.test_client()
    own.get("/notes")
    foreign = token_of(other.get("/notes"))
    assert own.post("/notes", data={"title": "x", "csrf_token": foreign}).status_code == 400


def test_older_notes_are_one_link_away(client):
    for number in range(21):
        client.post("/v1/notes", json={"title": f"Note {number}."})
    first = client.get("/notes").text
    older = re.search(r'href="(/notes\?cursor=[0-9]+)"', first)[1]
    assert "Note 20." in first
    assert "Note 0." not in first
    assert "Note 0." in client.get(older).text
