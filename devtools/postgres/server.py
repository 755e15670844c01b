"""A PostgreSQL for all who use it at once, and its addresses."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from devtools.keeping import use
from devtools.postgres.cluster import ENGINE, PORT, USER


@dataclass(frozen=True)
class Server:
    """A PostgreSQL that accepts connections of its superuser `app` on a Unix socket in `socket_dir`."""

    socket_dir: Path

    def url(self, database: str) -> str:
        """Return the database's address for SQLAlchemy."""
        return self.uri(database).replace("postgresql:", "postgresql+psycopg:", 1)

    def variables(self, database: str) -> dict[str, str]:
        """Return the variables that lead psql and all of libpq to the database."""
        place = {"PGHOST": str(self.socket_dir), "PGPORT": str(PORT)}
        return {**place, "PGUSER": USER, "PGDATABASE": database}

    def uri(self, database: str) -> str:
        """Return the database's address for libpq: `psycopg.connect(server.uri("app"))`, or psql."""
        # With the port, since PGPORT would otherwise choose another.
        host = quote(str(self.socket_dir))
        return f"postgresql://{USER}@/{quote(database, safe='')}?host={host}&port={PORT}"


@contextmanager
def running(state_dir: Path, *, durable: bool = True) -> Iterator[Server]:
    """Run a server on the data in `state_dir`, or share the one that runs there; see `keeping.use.shared`."""
    with use.shared(ENGINE, state_dir, durable=durable) as socket_dir:
        yield Server(socket_dir)
