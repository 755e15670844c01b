"""Programs inside a wheel of the virtual environment, found without importing its package."""

import importlib.metadata
import importlib.util
import shutil
from collections.abc import Iterator
from pathlib import Path


def find(name: str) -> Path | None:
    """Return the folder of the package, or None if it is not installed."""
    # Importing could warn, or do more than we ask for: these packages also start servers of their own.
    spec = importlib.util.find_spec(name)
    places = spec.submodule_search_locations if spec else None
    return Path(places[0]) if places else None


def with_copy(path: Path, name: str, home: Path) -> Iterator[Path]:
    """Yield the path; if it is inside the package, then also the same in a copy that everybody can reach."""
    yield path
    package = find(name)
    if package and path.is_relative_to(package):
        yield _copy(package, home) / path.relative_to(package)


def _copy(package: Path, home: Path) -> Path:
    """Copy the programs with the libraries beside them to `home`."""
    libraries = package.with_suffix(".libs")  # beside the package on Linux, inside it on macOS
    copied = home / f"wheel-{importlib.metadata.version(package.name)}"
    if not copied.exists():
        new = copied.with_suffix(".new")
        shutil.rmtree(new, ignore_errors=True)
        shutil.copytree(package, new / package.name, ignore=shutil.ignore_patterns("include", "*.py*"))
        if libraries.exists():
            shutil.copytree(libraries, new / libraries.name)
        for path in [new, *new.rglob("*")]:
            path.chmod(0o755)
        new.rename(copied)
    return copied / package.name
