"""What is the service's alone, and so is taken out of what git merges."""

from pathlib import Path

from devtools.update.sources.origin import FILE

CHANGELOG = "CHANGELOG.md"
VERSIONS = "migrations/versions"


def set_aside(former: Path, later: Path) -> None:
    """Make two versions of the template alike in what a service keeps to itself, so that no difference is left there.

    A lock is made anew, and not merged. A revision that has been published is applied to databases: it is never edited,
    and never deleted; revisions that are new come along.
    """
    for path in [later / CHANGELOG, later / FILE, *later.glob("requirements*.txt")]:
        twin = former / path.name
        if path.exists() and twin.exists():
            path.unlink()
            twin.unlink()
    for revision in (former / VERSIONS).glob("*.py"):
        twin = later / VERSIONS / revision.name
        twin.parent.mkdir(parents=True, exist_ok=True)
        twin.write_bytes(revision.read_bytes())


def locks(folder: Path) -> dict[str, str]:
    """Return the pinned requirements by the names of their files."""
    return {path.name: path.read_text() for path in sorted(folder.glob("requirements*.txt"))}
