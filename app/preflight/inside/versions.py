"""Versions: none that nobody mends any more, and those of libraries as they were locked."""

import re
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from app.preflight.checks import NotHereError, Wrong, check
from app.preflight.inside.here import Here

LOCK = Path(__file__).parents[3] / "requirements.txt"
SOON = 90  # days
# The last day on which mistakes that matter are mended; as of November 2026.
PYTHON = {  # https://devguide.python.org/versions/ has months
    (3, 11): date(2027, 10, 31),
    (3, 12): date(2028, 10, 31),
    (3, 13): date(2029, 10, 31),
    (3, 14): date(2030, 10, 31),
}
POSTGRESQL = {  # https://www.postgresql.org/support/versioning/
    13: date(2025, 11, 13),
    14: date(2026, 11, 12),
    15: date(2027, 11, 11),
    16: date(2028, 11, 9),
    17: date(2029, 11, 8),
    18: date(2030, 11, 14),
}


@check(
    "python",
    "high",
    promise="This Python is still maintained, for three months at least.",
    why="Holes that are found in it stay open.",
)
def python(_here: Here) -> Iterator[Wrong]:
    """Look it up in the table above."""
    yield from ended("Python", ".".join(map(str, sys.version_info[:2])), PYTHON.get(sys.version_info[:2]), today())


@check(
    "postgresql",
    "high",
    promise="This PostgreSQL is still maintained, for three months at least.",
    why="Holes that are found in it stay open.",
)
def postgresql(here: Here) -> Iterator[Wrong]:
    """Ask the server, and look it up."""
    major = here.database.version
    yield from ended("PostgreSQL", str(major), POSTGRESQL.get(major), today())


@check(
    "libraries",
    "medium",
    promise="Installed libraries are those of requirements.txt.",
    why="What runs is not what was tested, and not what is searched for known holes.",
)
def libraries(_here: Here) -> Iterator[Wrong]:
    """Compare each that is installed; what is not is for another platform."""
    if not LOCK.exists():
        raise NotHereError("there is no requirements.txt beside this code", "pip list, and compare by hand")
    pinned: dict[str, set[str]] = {}
    for name, wanted in re.findall(r"^([A-Za-z0-9_.-]+)==([^\s;]+)", LOCK.read_text(), re.MULTILINE):
        pinned.setdefault(name, set()).add(wanted)  # several, where they differ by platform
    there = {name: _installed(name) for name in pinned}
    differing = [
        f"{name} {there[name]} for {' or '.join(sorted(wanted))}"
        for name, wanted in pinned.items()
        if there[name] not in {None, *wanted}
    ]
    if differing:
        yield Wrong(
            f"{', '.join(differing[:5])}{' ...' if differing[5:] else ''}.",
            "pip install --require-hashes -r requirements.txt",
        )


def ended(what: str, number: str, end: date | None, now: date) -> Iterator[Wrong]:
    """Yield what is to be said of a version that is maintained until `end`; `NotHereError` when that is not known."""
    if end is None:
        raise NotHereError(f"{what} {number} is not in the table of this release", "look it up where it is published")
    if end < now:
        yield Wrong(f"{what} {number} has not been maintained since {end}.", "Go to a newer one (docs/operate.md).")
    elif (days := (end - now).days) <= SOON:
        yield Wrong(
            f"{what} {number} is maintained for {days} more days.", "Plan the next one (docs/operate.md).", "low"
        )


def today() -> date:
    """Return the date."""
    return datetime.now(UTC).date()


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
