"""Connections that a frozen server cannot hold for ever, and that no two processes share."""

import os
import weakref
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus
from sqlalchemy import Engine, event

Result = TypeVar("Result")


def protect(engine: Engine, answer_seconds: float) -> None:
    """Have `engine` give up on a server that is silent for `answer_seconds`, and start afresh after a fork.

    The server's own statement_timeout and TCP's timeouts do not fire while the
    server process is stopped and its kernel still acknowledges: only the client can tell.
    """

    class Connection(BoundedConnection):
        """A connection with this engine's deadline."""

        deadline_seconds = answer_seconds

    def connect(_dialect: Any, _record: Any, args: list[Any], kwargs: dict[str, Any]) -> psycopg.Connection[Any]:
        return Connection.connect(*args, **kwargs)

    event.listen(engine, "do_connect", connect)
    _start_afresh_after_fork(weakref.ref(engine))


def _start_afresh_after_fork(engine: weakref.ref[Engine]) -> None:
    """Drop the parent's connections in the child without closing them: they are still the parent's."""

    def dispose() -> None:
        if (living := engine()) is not None:
            living.dispose(close=False)

    os.register_at_fork(after_in_child=dispose)


class BoundedConnection(psycopg.Connection[Any]):
    """A psycopg connection on which every exchange with the server ends within `deadline_seconds`."""

    deadline_seconds: float

    def wait(self, gen: PQGen[Result], interval: float = 0.1, timeout: float | None = None) -> Result:
        """Wait for the server as psycopg does, for the deadline at most; then the connection is closed."""
        try:
            return super().wait(gen, interval, self.deadline_seconds if timeout is None else timeout)
        except psycopg.OperationalError as error:
            if self.pgconn.transaction_status != TransactionStatus.ACTIVE:
                raise
            self.pgconn.finish()
            message = f"the server has not answered for {self.deadline_seconds:g} seconds"
            raise psycopg.OperationalError(message) from error
