"""`flask preflight`: whether a service is fit for production, seen from outside and from its own machine."""

import os
import sys

import click
from flask import Flask


class Command(click.Command):
    """The command, imported when it is called: no process that serves needs any of it."""

    def make_context(self, *args: object, **options: object) -> click.Context:
        """Return the context of the command itself, which click goes on with."""
        from app.preflight.command import preflight  # noqa: PLC0415  as above

        return preflight.make_context(*args, **options)  # type: ignore[arg-type]


def init_app(app: Flask) -> None:
    """Add the command."""
    app.cli.add_command(Command("preflight", short_help="Check a deployment against the production checklist."))


def alone() -> Flask | None:
    """Return an application of nothing but this command if that is what was called, else None.

    A laptop has no settings of a deployment, and settings that are refused are what the command is to tell:
    so it reads them itself, and does without.
    """
    if os.environ.get("FLASK_RUN_FROM_CLI") != "true" or "preflight" not in sys.argv:
        return None
    app = Flask("preflight")
    init_app(app)
    return app
