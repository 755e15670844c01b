import pytest

from app.core.data import connections
from app.core.data.database import db
from app.features.notes import service
from app.features.notes.models import Note
from app.features.notes.schemas import NoteIn
from tests.exchanges import recorded

CHANGE = {"json": {"title": "Second"}}


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(
    ("method", "path", "options", "statements"),
    [
        ("GET", "/v1/notes/1", {}, ["SELECT"]),
        ("GET", "/v1/notes/999", {}, ["SELECT"]),
        ("GET", "/v1/notes/9223372036854775808", {}, []),
        ("GET", "/v1/notes?limit=20", {}, ["SELECT"]),
        ("GET", "/v1/notes?limit=20&cursor=25", {}, ["SELECT"]),
        ("GET", "/notes", {}, ["SELECT"]),
        ("POST", "/v1/notes", CHANGE, ["BEGIN", "INSERT", "COMMIT"]),
        ("PATCH", "/v1/notes/1", CHANGE, ["BEGIN", "SELECT", "UPDATE", "COMMIT"]),
        ("DELETE", "/v1/notes/1", {}, ["BEGIN", "SELECT", "DELETE", "COMMIT"]),
    ],
)
def test_each_address_asks_the_database_exactly_this(app, client, monkeypatch, method, path, options, statements):
    monkeypatch.setattr(connections, "UNHEARD_SECONDS", 3_600)
    with app.app_context():
        db.session.add_all([Note(title=f"Note {number}", body="") for number in range(30)])
        db.session.commit()
    with app.app_context(), recorded(db.engine) as exchanges:
        assert client.open(path, method=method, **options).status_code < 500
    assert exchanges.statements == statements
    assert exchanges.answers == len(statements)


@pytest.mark.usefixtures("database")
def test_what_is_returned_of_a_note_that_was_stored_is_what_is_stored(app):
    with app.app_context():
        assert service.create(NoteIn(title="x")) == service.read(1)
