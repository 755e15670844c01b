"""A private Valkey, or Redis: `with valkey.running(folder) as server: ... server.url()`. Standard library only."""

from devtools.valkey.server import Server, running

__all__ = ["Server", "running"]
