"""The example: notes with an API, a page and a command. README says how to remove it."""

from app.features.notes import pages, routes
from app.features.notes.commands import seed

pages.bp.cli.add_command(seed)

__all__ = ["pages", "routes"]
