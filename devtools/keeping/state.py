"""What a state folder holds, where its server listens, and how that server is stopped.

A state folder never has to be tidy: who holds its locks says what is true, and everything else is replaced.
"""

import os
import shutil
import signal
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from devtools import DevelopmentError, locks

USERS = "users.lock"  # shared by everyone who uses the server
LEAVING = "leaving.lock"  # held by a user while it finds out whether it was the last
KEEPER = "keeper.lock"  # held by who starts the server, then by its keeper, which the file names
SERVER = "server.lock"  # held by all processes of the server; the file names the first, and the signal that ends it
ADDRESS = "socket"  # link to the directory of the socket, there while the server accepts connections
NEXT_ADDRESS = "socket.next"  # the same before that
LOG = "log"

NOT_DURABLE = "--not-durable"

SHORT_PLACE = "/tmp"  # noqa: S108  mkdtemp makes a directory of our own in it
ORDERLY_SECONDS = 30
IMMEDIATE_SECONDS = 15


def reserve(folder: Path) -> Path:
    """Create a directory for a socket: private, and short since a socket's path has about 100 bytes."""
    socket_dir = Path(tempfile.mkdtemp(prefix="dev-", dir=SHORT_PLACE))
    (folder / NEXT_ADDRESS).symlink_to(socket_dir)
    return socket_dir


def publish(folder: Path) -> None:
    """Tell the users where the server listens, which is in the reserved directory."""
    (folder / NEXT_ADDRESS).rename(folder / ADDRESS)


def address(folder: Path) -> Path | None:
    """Return the directory in which the server listens, or None."""
    try:
        return (folder / ADDRESS).readlink()
    except FileNotFoundError:
        return None


def withdraw(folder: Path) -> None:
    """Forget the addresses and remove their directories."""
    for link in (folder / ADDRESS, folder / NEXT_ADDRESS):
        with suppress(FileNotFoundError):
            socket_dir = link.readlink()
            link.unlink()
            shutil.rmtree(socket_dir, ignore_errors=True)


def stop(folder: Path) -> None:
    """Stop the server, if one runs, and return when the last of its processes is gone.

    Connections are closed. A server that does not obey, for example because one of its processes is
    frozen, is made to stop without finishing its work, and recovers at its next start.
    """
    for signum, seconds in ((None, ORDERLY_SECONDS), (signal.SIGQUIT, IMMEDIATE_SECONDS)):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not locks.is_held(folder / SERVER):
                return
            _signal_server(folder, signum)
            time.sleep(0.02)
    raise DevelopmentError(f"processes of the server in {folder} do not end: stop them by hand")


def note_server(folder: Path, pid: int, ends_on: signal.Signals) -> None:
    """Write down the server's first process, and the signal that it takes for a request to end."""
    (folder / SERVER).write_text(f"{pid} {ends_on:d}")


def noted_server(folder: Path) -> tuple[int, int] | None:
    """Return what was written down, or None if no server has been started yet."""
    words = (folder / SERVER).read_text().split()
    return (int(words[0]), int(words[1])) if words else None


def _signal_server(folder: Path, signum: signal.Signals | None) -> None:
    if server := noted_server(folder):
        pid, ends_on = server
        with suppress(ProcessLookupError):
            os.kill(pid, signum or ends_on)
            os.kill(pid, signal.SIGCONT)
