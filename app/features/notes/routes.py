"""`/v1/notes`: create, read, list, change, delete."""

from flask import Blueprint, url_for

from app.core.api.operations import operation, send_location
from app.core.edge import limits
from app.core.web.access import public
from app.features.notes import service, tasks
from app.features.notes.schemas import NoteChange, NoteIn, NoteOut, NotePage, NoteQuery

bp = Blueprint("notes", __name__)


@bp.get("/notes")
@public
@operation()
def list_notes(query: NoteQuery) -> NotePage:
    """List notes, newest first."""
    return service.page(query)


@bp.post("/notes")
@public
@limits.limit("30/minute")
@operation(status=201)
def create_note(body: NoteIn) -> NoteOut:
    """Create a note."""
    note = service.create(body)
    tasks.count_words.enqueue(note.id)
    send_location(url_for(".read_note", note_id=note.id))
    return note


@bp.get("/notes/<int:note_id>")
@public
@operation()
def read_note(note_id: int) -> NoteOut:
    """Read a note."""
    return service.read(note_id)


@bp.patch("/notes/<int:note_id>")
@public
@operation()
def change_note(note_id: int, body: NoteChange) -> NoteOut:
    """Change a note. What is absent stays as it is."""
    note: NoteOut = service.change(note_id, body)
    tasks.count_words.enqueue(note_id)
    return note


@bp.delete("/notes/<int:note_id>")
@public
@operation(status=204)
def delete_note(note_id: int) -> None:
    """Delete a note."""
    service.delete(note_id)
