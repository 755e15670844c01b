"""The schema's history: `flask db` to change it, and a readiness check that this code's schema is there."""

from functools import cache
from pathlib import Path

from flask import Flask
from flask_migrate import Migrate
from sqlalchemy import text

from app.core.data.database import db
from app.core.observability import health

FOLDER = Path(__file__).parents[3] / "migrations"


class SchemaBehindError(Exception):
    """The database lacks migrations that this code was written for."""


def init_app(app: Flask) -> None:
    """Add the `flask db` commands and the check; migrations run as a step of a release, never by a web process."""
    Migrate().init_app(app, db, directory=str(FOLDER))
    health.register(app, "migrations", check)


def check() -> None:
    """Raise `SchemaBehindError` if the database is at a revision before this code's newest.

    A revision that this code does not know is a later release's: migrations
    only expand the schema while two releases overlap, so this one may go on serving.
    """
    head, earlier = _revisions()
    if head is None:
        return
    with db.engine.connect() as connection:
        if not connection.scalar(text("SELECT to_regclass('alembic_version')")):
            raise SchemaBehindError("no migration has run: flask db upgrade")
        current = connection.scalar(text("SELECT version_num FROM alembic_version"))
    if current != head and (current is None or current in earlier):
        raise SchemaBehindError(f"at revision {current}, this code needs {head}: flask db upgrade")


@cache
def _revisions() -> tuple[str | None, frozenset[str]]:
    """Return the newest revision and all earlier ones, read from the migrations folder once."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415  costs a web process nothing until it is asked

    scripts = ScriptDirectory(FOLDER)
    head = scripts.get_current_head()
    return head, frozenset(script.revision for script in scripts.walk_revisions()) - {head or ""}
