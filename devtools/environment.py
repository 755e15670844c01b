"""The environment of a command in development: the venv's programs, a secret key, a database, and a Redis."""

import os
import re
import secrets
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from devtools import DevelopmentError, databases, locks, postgres, valkey

STATE = ".dev"
DATABASE = "app"


@contextmanager
def development(project: Path, environ: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Yield `environ` completed for development; what it or the project's `.env` sets is left alone.

    A private PostgreSQL and a private Valkey run inside the block unless others are named already. The
    service reads `.env` itself; here it only tells what need not be provided.
    """
    given = {**_dotenv(project), **environ}
    completed = {"APP_ENV": "development", **environ}
    completed["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environ.get("PATH", os.defpath)])
    if not _names(given, "SECRET_KEY"):
        completed["SECRET_KEY_FILE"] = str(secret_key_file(_state(project)))
    with _database(project, given) as database, _redis(project, given) as redis:
        yield {**completed, **database, **redis}


def secret_key_file(state: Path) -> Path:
    """Return the absolute path of a file with a random key, made once; only its owner may read it."""
    path = state / "secret_key"
    with locks.exclusive(state / "secret_key.lock"):  # two first starts must agree on one key
        if not path.exists():
            new = path.with_suffix(".new")
            new.unlink(missing_ok=True)
            new.touch(mode=0o600)
            new.write_text(secrets.token_hex(32))
            new.rename(path)
    return path


@contextmanager
def _database(project: Path, given: Mapping[str, str]) -> Iterator[dict[str, str]]:
    if _names(given, "DATABASE_URL"):
        print("devtools: the database is the one that DATABASE_URL names", file=sys.stderr)
        yield {}
        return
    with postgres.running(_state(project) / "postgres") as server:
        databases.create(server, DATABASE)
        yield {"DATABASE_URL": server.url(DATABASE), **server.variables(DATABASE)}


@contextmanager
def _redis(project: Path, given: Mapping[str, str]) -> Iterator[dict[str, str]]:
    if _names(given, "REDIS_URL"):
        print("devtools: the Redis is the one that REDIS_URL names", file=sys.stderr)
        yield {}
        return
    with valkey.running(_state(project) / "valkey") as server:
        yield {"REDIS_URL": server.url()}


def _dotenv(project: Path) -> dict[str, str]:
    """Return what `.env` sets. The service reads it by rules of its own; here it only matters what is there."""
    try:
        text = (project / ".env").read_text(errors="replace")
    except OSError:
        return {}
    return dict(re.findall(r"^\s*(?:export\s+)?(\w+)=[\"']?(\S+)", text, re.MULTILINE))


def _names(settings: Mapping[str, str], name: str) -> bool:
    return bool(settings.get(name) or settings.get(f"{name}_FILE"))


def _state(project: Path) -> Path:
    state = project.absolute() / STATE
    try:
        state.mkdir(exist_ok=True)
    except OSError as error:
        raise DevelopmentError(f"cannot create {state}: {error.strerror}") from error
    return state
