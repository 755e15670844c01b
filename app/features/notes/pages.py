"""The page at `/notes`: a form and a list."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.core.api.bodies import Invalid, parse_form, parse_query
from app.core.edge import limits
from app.core.web.access import public
from app.features.notes import service, tasks
from app.features.notes.schemas import NoteIn, NoteQuery

bp = Blueprint("notes", __name__, template_folder="templates", cli_group="notes")


@bp.get("/notes")
@public
def show_notes() -> str:
    """Show the form, and a page of the list."""
    return _render(parse_query(NoteQuery))


@bp.post("/notes")
@public
@limits.limit("30/minute")
def add_note() -> ResponseReturnValue:
    """Store what the form sent, or show it again with what is wrong."""
    try:
        note = service.create(parse_form(NoteIn))
    except Invalid as error:
        return _render(NoteQuery(), {item["field"]: item["message"] for item in error.errors}), 422
    tasks.count_words.enqueue(note.id)
    flash(f"“{note.title}” is stored.")
    return redirect(url_for(".show_notes"), 303)


def _render(query: NoteQuery, errors: dict[str, str] | None = None) -> str:
    page = service.page(query)
    return render_template(
        "notes/list.html", notes=page.items, next_cursor=page.next_cursor, errors=errors or {}, form=request.form
    )
