import pytest

from app.core.data.database import db
from app.features.notes import service, tasks
from app.features.notes.models import Note
from app.features.notes.schemas import NoteChange, NoteIn
from tests.stack.conftest import until
from tests.stack.workers import working

pytestmark = pytest.mark.usefixtures("database")


def words(client, note_id):
    return client.get(f"/v1/notes/{note_id}").json["words"]


def test_words_are_unknown_until_they_are_counted(app, client):
    note = client.post("/v1/notes", json={"title": "Groceries", "body": " Bread and\nbutter "}).json
    assert note["words"] is None
    assert "word" not in client.get("/notes").text
    with app.app_context():
        tasks.count_words(note["id"])
    assert words(client, note["id"]) == 3
    assert "3 words" in client.get("/notes").text


def test_one_word_is_not_words_and_none_is_a_number(app, client):
    ids = [client.post("/v1/notes", json={"title": "x", "body": body}).json["id"] for body in ("", "Bread")]
    with app.app_context():
        for note_id in ids:
            tasks.count_words(note_id)
    page = client.get("/notes").text
    assert "0 words" in page
    assert "1 word<" in page


def test_counting_twice_does_no_harm_and_is_no_change_of_the_note(app, client):
    note = client.post("/v1/notes", json={"title": "Groceries", "body": "Bread"}).json
    with app.app_context():
        tasks.count_words(note["id"])
        tasks.count_words(note["id"])
    assert client.get(f"/v1/notes/{note['id']}").json == note | {"words": 1}


def test_a_note_that_was_deleted_meanwhile_is_no_error(app):
    with app.app_context():
        tasks.count_words(2**62)


def test_the_words_of_a_new_body_are_unknown_again_and_a_new_title_does_not_matter(app, client):
    note = client.post("/v1/notes", json={"title": "Groceries", "body": "Bread"}).json
    with app.app_context():
        tasks.count_words(note["id"])
    assert client.patch(f"/v1/notes/{note['id']}", json={"title": "Food"}).json["words"] == 1
    assert client.patch(f"/v1/notes/{note['id']}", json={"body": "Bread, butter"}).json["words"] is None


def test_what_was_not_counted_is_made_up_for(app):
    with app.app_context():
        ids = [service.create(NoteIn(title="x", body="a b c")).id for _ in range(3)]
        tasks.count_words(ids[1])
        service.change(ids[1], NoteChange(body="a b"))
        tasks.count_missing()
        assert [db.session.get(Note, note_id).words for note_id in ids] == [3, 2, 3]
        assert service.uncounted() == []


@pytest.mark.usefixtures("redis")
@pytest.mark.parametrize("how", ["by the API", "by the page", "by a change"])
def test_a_note_that_is_stored_or_changed_asks_to_be_counted(create, how):
    app = create()
    client, queue = app.test_client(), app.extensions["jobs"]["default"]
    if how == "by the page":
        token = client.get("/notes").text.split('name="csrf_token" value="')[1].split('"')[0]
        client.post("/notes", data={"csrf_token": token, "title": "Groceries"})
    else:
        note = client.post("/v1/notes", json={"title": "Groceries"}).json
        if how == "by a change":
            queue.empty()
            client.patch(f"/v1/notes/{note['id']}", json={"title": "Food"})
    [job] = queue.jobs
    with app.app_context():
        assert (job.func_name, job.args) == (tasks.count_words.name, service.uncounted())


@pytest.mark.usefixtures("redis")
def test_a_real_worker_counts_what_the_form_has_sent(create, environment, tmp_path):
    client = create().test_client()
    with working(tmp_path / "worker", environment, "--app", "wsgi") as worker:
        until(worker.is_waiting)
        token = client.get("/notes").text.split('name="csrf_token" value="')[1].split('"')[0]
        client.post("/notes", data={"csrf_token": token, "title": "Groceries", "body": "Bread and butter"})
        until(lambda: "3 words" in client.get("/notes").text)
