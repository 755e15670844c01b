"""`flask notes`: for operators and developers."""

import click
from flask.cli import with_appcontext

from app.features.notes import service
from app.features.notes.schemas import NoteIn


@click.command()
@click.option("--count", default=25, show_default=True, type=click.IntRange(1, 10_000), help="How many notes to add.")
@with_appcontext
def seed(count: int) -> None:
    """Add notes to look at; the schedule has their words counted."""
    for number in range(1, count + 1):
        service.create(NoteIn(title=f"Note {number}", body=f"The body of note {number}."))
    click.echo(f"{count} notes added")
