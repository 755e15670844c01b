"""The schema's history: `flask db` to change it, and a readiness check that this code's schema is there."""

import ast
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import click
from flask import Flask
from sqlalchemy import text

from app.core.data.database import db
from app.core.observability import health

FOLDER = Path(__file__).parents[3] / "migrations"


class SchemaBehindError(Exception):
    """The database lacks migrations that this code was written for."""


def init_app(app: Flask) -> None:
    """Add the `flask db` commands and the check; migrations run as a step of a release, never by a web process."""
    app.extensions["migrate"] = Extension()
    app.cli.add_command(Commands("db", short_help="Perform database migrations."))
    health.register(app, "migrations", check)


class Extension:
    """Flask-Migrate, as its functions look for it; imported when one does."""

    directory = str(FOLDER)

    @cached_property
    def migrate(self) -> Any:
        """Return what it puts there itself."""
        from flask_migrate import Migrate  # noqa: PLC0415  with Alembic 100 ms and 5 MiB, which no web process needs

        return Migrate(db=db, directory=self.directory)


class Commands(click.Command):
    """Flask-Migrate's commands, imported when one is called."""

    def make_context(self, *args: Any, **options: Any) -> click.Context:
        """Return the context of the command that was called, which click goes on with."""
        from flask_migrate.cli import db as commands  # noqa: PLC0415  as above

        return commands.make_context(*args, **options)  # type: ignore[no-any-return]


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
    """Return the newest revision and all earlier ones, read from the migrations folder once.

    Not by Alembic, which every worker would have to import for it: the names of revisions are literals.
    """
    files = (path for path in (FOLDER / "versions").glob("*.py") if path.name != "__init__.py")
    follows = dict(map(_read, files))
    newest = sorted(follows.keys() - {name for names in follows.values() for name in names})
    if len(newest) > 1:
        raise SchemaBehindError(f"this code has several newest revisions, {', '.join(newest)}: flask db merge")
    return next(iter(newest), None), frozenset(follows) - set(newest)


def _read(path: Path) -> tuple[str, tuple[str, ...]]:
    """Return the revision that a file holds, and what it follows: nothing, one, or several that it merges."""
    found: dict[str, Any] = {}
    for node in ast.parse(path.read_bytes()).body:
        match node:
            case ast.Assign([ast.Name(name)], value) | ast.AnnAssign(ast.Name(name), value=ast.expr() as value):
                if name in {"revision", "down_revision"}:
                    found[name] = ast.literal_eval(value)
    before = found["down_revision"] or ()
    return found["revision"], (before,) if isinstance(before, str) else tuple(before)
