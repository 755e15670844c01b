"""A private PostgreSQL: `with postgres.running(folder) as server: ... server.url("app")`.

`use` shares one server between all its users; `keeper` is the process that stops it after the last of them.
Standard library only.
"""

from devtools.postgres.use import Server, running

__all__ = ["Server", "running"]
