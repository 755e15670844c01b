"""The pages of `docs/reference`, written from the code: `make reference` writes them, a test compares them with it."""

from collections.abc import Callable
from pathlib import Path

from devtools.reference import commands, endpoints, log_fields, metrics, settings

FOLDER = Path(__file__).parents[2] / "docs" / "reference"
PAGES: dict[str, Callable[[], str]] = {
    "settings.md": settings.page,
    "endpoints.md": endpoints.page,
    "metrics.md": metrics.page,
    "log-fields.md": log_fields.page,
    "commands.md": commands.page,
}
