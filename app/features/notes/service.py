"""What can be done with notes."""

from collections.abc import Sequence

from sqlalchemy import select
from werkzeug.exceptions import NotFound

from app.core.data.database import db
from app.features.notes.models import LARGEST_ID, Note
from app.features.notes.schemas import NoteChange, NoteIn, NoteQuery


def create(new: NoteIn) -> Note:
    """Store a note and return it."""
    note = Note(title=new.title, body=new.body)
    db.session.add(note)
    db.session.commit()
    return note


def read(note_id: int) -> Note:
    """Return a note, or raise `NotFound`."""
    note = db.session.get(Note, note_id) if note_id <= LARGEST_ID else None
    if note is None:
        raise NotFound("There is no such note.")
    return note


def change(note_id: int, changes: NoteChange) -> Note:
    """Set what `changes` has been given, and return the note, or raise `NotFound`."""
    note = read(note_id)
    for name, value in changes.model_dump(exclude_unset=True).items():
        setattr(note, name, value)
    db.session.commit()
    return note


def delete(note_id: int) -> None:
    """Remove a note, or raise `NotFound`."""
    db.session.delete(read(note_id))
    db.session.commit()


def page(query: NoteQuery) -> tuple[Sequence[Note], str | None]:
    """Return up to `query.limit` notes, newest first, and the cursor of the next page if there is one.

    The cursor is the last id that was seen: unlike an offset it costs the same
    on every page, and nothing is skipped or repeated while others write.
    """
    statement = select(Note).order_by(Note.id.desc()).limit(query.limit + 1)
    if query.cursor:
        statement = statement.where(Note.id < int(query.cursor))
    notes = db.session.scalars(statement).all()
    more = len(notes) > query.limit
    return notes[: query.limit], str(notes[query.limit - 1].id) if more else None
