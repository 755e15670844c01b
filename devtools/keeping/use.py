"""One server for all who use it at once: the first starts it, the last waits until it has stopped."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from devtools import DevelopmentError, locks
from devtools.keeping import state
from devtools.keeping.engine import Engine

CHECKOUT = Path(__file__).resolve().parents[2]
START_SECONDS = 120
STOP_SECONDS = 60  # longer than a keeper tries


@contextmanager
def shared(engine: Engine, state_dir: Path, *, durable: bool) -> Iterator[Path]:
    """Run a server on the data in `state_dir` (created if missing), or share the one that runs there already.

    The block gets the directory of the server's socket. The data stays. Without `durable` the server skips
    what protects data from a crash, which is right for tests; who starts the server decides. Raises
    DevelopmentError if it cannot be started.
    """
    folder = state_dir.absolute()
    _create(folder)
    try:
        with locks.shared(folder / state.USERS):  # waits for a server that is being stopped
            yield _join(engine, folder, durable=durable)
    finally:
        with suppress(FileNotFoundError):  # `make clean` may have been faster
            _wait_if_last(engine, folder)


def _create(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DevelopmentError(f"cannot create {folder}: {error.strerror}") from error


def _join(engine: Engine, folder: Path, *, durable: bool) -> Path:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        lock = locks.acquire_now(folder / state.KEEPER)
        if lock is not None:
            _start(engine, folder, lock, durable=durable)
        socket_dir = state.address(folder)
        if socket_dir and _answers(socket_dir / engine.socket):
            return socket_dir
        time.sleep(0.02)
    raise DevelopmentError(f"{engine.name} not ready after {START_SECONDS} seconds; see {folder / state.LOG}")


def _start(engine: Engine, folder: Path, lock: int, *, durable: bool) -> None:
    """Start a keeper, hand the lock to it, and wait until its server is ready."""
    command = [sys.executable, "-m", engine.module, str(folder)]
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


def _answers(address: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(address))
        except OSError:
            return False
    return True


def _wait_if_last(engine: Engine, folder: Path) -> None:
    deadline = time.monotonic() + STOP_SECONDS
    with locks.exclusive(folder / state.LEAVING):  # to each other, two who look would seem to be users
        while locks.is_held(folder / state.KEEPER) and not locks.is_shared(folder / state.USERS):
            if time.monotonic() > deadline:
                raise DevelopmentError(f"{engine.name} has not stopped; see {folder / state.LOG}")
            time.sleep(0.02)
