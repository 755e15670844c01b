"""The example: notes with an API, a page and a command. README says how to remove it."""

from app.features.notes.commands import seed
from app.features.notes.pages import bp

bp.cli.add_command(seed)
