"""Connections that a frozen server cannot hold for ever, that are alive when had, and that no processes share."""

import os
import select
import time
import weakref
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus
from sqlalchemy import Engine, event, exc

UNHEARD_SECONDS = 1.0

Result = TypeVar("Result")


def protect(engine: Engine, answer_seconds: float) -> None:
    """Have `engine` give up on a server that is silent for `answer_seconds`, and start afresh after a fork.

    The server's own statement_timeout and TCP's timeouts do not fire while the
    server process is stopped and its kernel still acknowledges: only the client can tell.

    A connection from the pool that may have died there is tried first, and replaced: in place of `pool_pre_ping`,
    which asks the server each time (30 us, and a switch of processes) what its socket nearly always knows.
    """

    class Connection(BoundedConnection):
        """A connection with this engine's deadline."""

        deadline_seconds = answer_seconds

    def connect(_dialect: Any, _record: Any, args: list[Any], kwargs: dict[str, Any]) -> psycopg.Connection[Any]:
        return Connection.connect(*args, **kwargs)

    def check(connection: Any, _record: Any, _proxy: Any) -> None:
        if connection.may_be_dead():
            try:
                engine.dialect.do_ping(connection)
            except psycopg.Error as error:
                raise exc.InvalidatePoolError from error  # the pool opens another

    event.listen(engine, "do_connect", connect)
    event.listen(engine, "checkout", check)
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

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._heard_at = time.monotonic()
        self._socket = select.poll()
        self._socket.register(self.fileno(), select.POLLIN)

    def wait(self, gen: PQGen[Result], interval: float = 0.1, timeout: float | None = None) -> Result:
        """Wait for the server as psycopg does, for the deadline at most; then the connection is closed."""
        try:
            result = super().wait(gen, interval, self.deadline_seconds if timeout is None else timeout)
        except psycopg.OperationalError as error:
            if self.pgconn.transaction_status != TransactionStatus.ACTIVE:
                raise
            self.pgconn.finish()
            message = f"the server has not answered for {self.deadline_seconds:g} seconds"
            raise psycopg.OperationalError(message) from error
        self._heard_at = time.monotonic()
        return result

    def may_be_dead(self) -> bool:
        """Whether the server has closed it, or says something unasked, or may have gone without a word.

        A server that stops, restarts or loses this process closes the socket, as surely as it would fail to answer
        a question sent at this moment. A machine that vanishes does not: hence the question after `UNHEARD_SECONDS`.
        """
        return self.closed or bool(self._socket.poll(0)) or time.monotonic() - self._heard_at > UNHEARD_SECONDS
