"""A Valkey for all who use it at once, and its addresses."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from devtools.keeping import use
from devtools.valkey.instance import ENGINE, SOCKET


@dataclass(frozen=True)
class Server:
    """A Valkey, or Redis, that listens on a Unix socket in `socket_dir`."""

    socket_dir: Path

    def url(self, database: int = 0) -> str:
        """Return the database's address, as Redis clients write it."""
        return f"unix://{quote(str(self.socket_dir / SOCKET))}?db={database}"


@contextmanager
def running(state_dir: Path, *, durable: bool = True) -> Iterator[Server]:
    """Run a server on the data in `state_dir`, or share the one that runs there; see `keeping.use.shared`.

    Without `durable` nothing is written to disk: the data goes with the server.
    """
    with use.shared(ENGINE, state_dir, durable=durable) as socket_dir:
        yield Server(socket_dir)
