"""What can be done with notes."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm.attributes import flag_modified
from werkzeug.exceptions import NotFound

from app.core.data.cache import Region
from app.core.data.database import db
from app.features.notes.models import LARGEST_ID, Note
from app.features.notes.schemas import NoteChange, NoteIn, NoteOut, NotePage, NoteQuery

_beginnings = Region("notes", NotePage)


def create(new: NoteIn) -> Note:
    """Store a note and return it."""
    note = Note(title=new.title, body=new.body)
    db.session.add(note)
    _commit()
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
    if "body" in changes.model_fields_set:
        note.words = None
    _commit()
    return note


def delete(note_id: int) -> None:
    """Remove a note, or raise `NotFound`."""
    db.session.delete(read(note_id))
    _commit()


def page(query: NoteQuery) -> NotePage:
    """Return up to `query.limit` notes, newest first, and the cursor of the next page if there is one.

    The cursor is the last id that was seen: unlike an offset it costs the same
    on every page, and nothing is skipped or repeated while others write.
    """
    if not query.cursor:  # anybody can make up more cursors than a cache holds
        return _beginnings.get(str(query.limit), lambda: _page(query))
    return _page(query)


def count_words(note_id: int) -> None:
    """Store how many words the body has, if the note is still there; its row is locked, so that no change is missed."""
    note = db.session.get(Note, note_id, with_for_update=True)
    if note:
        note.words = len(note.body.split())
        flag_modified(note, "updated_at")  # as it was: nobody has changed the note
    _commit()


def uncounted(limit: int = 1_000) -> Sequence[int]:
    """Return the ids of notes whose words are not counted, oldest first."""
    return db.session.scalars(select(Note.id).where(Note.words.is_(None)).order_by(Note.id).limit(limit)).all()


def _page(query: NoteQuery) -> NotePage:
    statement = select(Note).order_by(Note.id.desc()).limit(query.limit + 1)
    if query.cursor:
        statement = statement.where(Note.id < int(query.cursor))
    notes = [NoteOut.model_validate(note) for note in db.session.scalars(statement)]
    more = len(notes) > query.limit
    return NotePage(items=notes[: query.limit], next_cursor=str(notes[query.limit - 1].id) if more else None)


@_beginnings.changing()
def _commit() -> None:
    """Store what was changed, for whoever reads next."""
    db.session.commit()
