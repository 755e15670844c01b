"""What can be done with notes."""

from collections.abc import Sequence

from sqlalchemy import bindparam, select
from sqlalchemy.orm.attributes import flag_modified
from werkzeug.exceptions import NotFound

from app.core.data.cache import Region
from app.core.data.database import db
from app.core.data.reading import fetch
from app.features.notes.models import LARGEST_ID, Note
from app.features.notes.schemas import NoteChange, NoteIn, NoteOut, NotePage, NoteQuery

_beginnings = Region("notes", NotePage)

_one = select(Note).where(Note.id == bindparam("note_id"))
_newest = select(Note).order_by(Note.id.desc()).limit(bindparam("limit"))
_older = _newest.where(Note.id < bindparam("cursor"))


def create(new: NoteIn) -> NoteOut:
    """Store a note and return it."""
    note = Note(title=new.title, body=new.body)
    db.session.add(note)
    return _stored(note)


def read(note_id: int) -> NoteOut:
    """Return a note, or raise `NotFound`."""
    rows = fetch(_one, note_id=note_id) if note_id <= LARGEST_ID else []
    if not rows:
        raise NotFound("There is no such note.")
    return NoteOut.model_validate(rows[0])


def change(note_id: int, changes: NoteChange) -> NoteOut:
    """Set what `changes` has been given, and return the note, or raise `NotFound`."""
    note = _find(note_id)
    for name, value in changes.model_dump(exclude_unset=True).items():
        setattr(note, name, value)
    if "body" in changes.model_fields_set:
        note.words = None
    return _stored(note)


def delete(note_id: int) -> None:
    """Remove a note, or raise `NotFound`."""
    db.session.delete(_find(note_id))
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
    if query.cursor:
        rows = fetch(_older, cursor=int(query.cursor), limit=query.limit + 1)
    else:
        rows = fetch(_newest, limit=query.limit + 1)
    notes = [NoteOut.model_validate(row) for row in rows[: query.limit]]
    return NotePage(items=notes, next_cursor=str(notes[-1].id) if len(rows) > query.limit else None)


def _find(note_id: int) -> Note:
    note = db.session.get(Note, note_id) if note_id <= LARGEST_ID else None
    if note is None:
        raise NotFound("There is no such note.")
    return note


def _stored(note: Note) -> NoteOut:
    """Commit, and return the note as it was stored; to look at it afterwards would be another transaction."""
    db.session.flush()
    stored = NoteOut.model_validate(note)
    _commit()
    return stored


@_beginnings.changing()
def _commit() -> None:
    """Store what was changed, for whoever reads next."""
    db.session.commit()
