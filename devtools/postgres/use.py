"""One server for all who use it at once: the first starts it, the last waits until it has stopped."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from devtools import DevelopmentError
from devtools.postgres import locks, state

CHECKOUT = Path(__file__).resolve().parents[2]
START_SECONDS = 120
STOP_SECONDS = 60  # longer than a keeper tries


@dataclass(frozen=True)
class Server:
    """A PostgreSQL that accepts connections of its superuser `app` on a Unix socket in `socket_dir`."""

    socket_dir: Path

    def url(self, database: str) -> str:
        """Return the database's address for SQLAlchemy."""
        return self.uri(database).replace("postgresql:", "postgresql+psycopg:", 1)

    def variables(self, database: str) -> dict[str, str]:
        """Return the variables that lead psql and all of libpq to the database."""
        place = {"PGHOST": str(self.socket_dir), "PGPORT": str(state.PORT)}
        return {**place, "PGUSER": state.USER, "PGDATABASE": database}

    def uri(self, database: str) -> str:
        """Return the database's address for libpq: `psycopg.connect(server.uri("app"))`, or psql."""
        # With the port, since PGPORT would otherwise choose another.
        host = quote(str(self.socket_dir))
        return f"postgresql://{state.USER}@/{quote(database, safe='')}?host={host}&port={state.PORT}"


@contextmanager
def running(state_dir: Path, *, durable: bool = True) -> Iterator[Server]:
    """Run a server on the data in `state_dir` (created if missing), or share the one that runs there already.

    The data stays. Without `durable` the server skips what protects data from a crash of the machine, which
    is right for tests; who starts the server decides. Raises DevelopmentError if it cannot be started.
    """
    folder = state_dir.absolute()
    _create(folder)
    try:
        with locks.shared(folder / state.USERS):  # waits for a server that is being stopped
            yield Server(_join(folder, durable=durable))
    finally:
        with suppress(FileNotFoundError):  # `make clean` may have been faster
            _wait_if_last(folder)


def _create(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DevelopmentError(f"cannot create {folder}: {error.strerror}") from error


def _join(folder: Path, *, durable: bool) -> Path:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        lock = locks.acquire_now(folder / state.KEEPER)
        if lock is not None:
            _start(folder, lock, durable=durable)
        socket_dir = state.address(folder)
        if socket_dir and _answers(socket_dir):
            return socket_dir
        time.sleep(0.02)
    raise DevelopmentError(f"PostgreSQL not ready after {START_SECONDS} seconds; see {folder / state.LOG}")


def _start(folder: Path, lock: int, *, durable: bool) -> None:
    """Start a keeper, hand the lock to it, and wait until its server is ready."""
    command = [sys.executable, "-m", "devtools.postgres.keeper", str(folder)]
    try:
        keeper = subprocess.run(
            command if durable else [*command, state.NOT_DURABLE],
            cwd=CHECKOUT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,  # open until the server is ready
            stderr=subprocess.STDOUT,
            pass_fds=[lock],
            start_new_session=True,  # Ctrl-C is for the command
            text=True,
            check=False,
        )
    finally:
        os.close(lock)
    if keeper.stdout:
        raise DevelopmentError(keeper.stdout.strip())


def _answers(socket_dir: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(f"{socket_dir}/.s.PGSQL.{state.PORT}")
        except OSError:
            return False
    return True


def _wait_if_last(folder: Path) -> None:
    deadline = time.monotonic() + STOP_SECONDS
    with locks.exclusive(folder / state.LEAVING):  # to each other, two who look would seem to be users
        while locks.is_held(folder / state.KEEPER) and not locks.is_shared(folder / state.USERS):
            if time.monotonic() > deadline:
                raise DevelopmentError(f"PostgreSQL has not stopped; see {folder / state.LOG}")
            time.sleep(0.02)
