"""The page at `/notes`: a form and a list."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.core.api.bodies import Invalid, parse_form, parse_query
from app.core.web.access import public
from app.features.notes import service
from app.features.notes.schemas import NoteIn, NoteQuery

bp = Blueprint("notes", __name__, template_folder="templates", cli_group="notes")


@bp.get("/notes")
@public
def show_notes() -> str:
    """Show the form, and a page of the list."""
    return _render(parse_query(NoteQuery))


@bp.post("/notes")
@public
def add_note() -> ResponseReturnValue:
    """Store what the form sent, or show it again with what is wrong."""
    try:
        note = service.create(parse_form(NoteIn))
    except Invalid as error:
        return _render(NoteQuery(), {item["field"]: item["message"] for item in error.errors}), 422
    flash(f"“{note.title}” is stored.")
    return redirect(url_for(".show_notes"), 303)


def _render(query: NoteQuery, errors: dict[str, str] | None = None) -> str:
    notes, next_cursor = service.page(query)
    return render_template(
        "notes/list.html", notes=notes, next_cursor=next_cursor, errors=errors or {}, form=request.form
    )
