"""A private PostgreSQL: `with postgres.running(folder) as server: ... server.url("app")`. Standard library only."""

from devtools.postgres.server import Server, running

__all__ = ["Server", "running"]
