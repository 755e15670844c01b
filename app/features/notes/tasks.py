"""What workers do for notes: count their words."""

from app.core.background import jobs
from app.features.notes import service


@jobs.task()
def count_words(note_id: int) -> None:
    """Count the words of a note, if it is still there."""
    service.count_words(note_id)


@jobs.task(every=300)
def count_missing() -> None:
    """Count what was stored while jobs could not be enqueued."""
    for note_id in service.uncounted():
        service.count_words(note_id)
