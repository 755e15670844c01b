import os
import signal
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from app.core.data import connections
from devtools import postgres

PROJECT = Path(__file__).parents[3]

PID = sa.text("SELECT pg_backend_pid()")


@contextmanager
def frozen(pid: int):
    """The server's process of one connection, stopped as in a frozen container."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@pytest.fixture(scope="module")
def server():
    """A server of this machine, even where DATABASE_URL names another: process ids must be ours."""
    with postgres.running(PROJECT / ".dev" / "test-postgres", durable=False) as private:
        yield private


@pytest.fixture
def engine(server):
    engine = sa.create_engine(server.url("postgres"), connect_args={"options": "-c statement_timeout=200"})
    connections.protect(engine, answer_seconds=0.5)
    yield engine
    engine.dispose()


def test_a_server_that_is_frozen_in_the_middle_is_given_up(engine):
    with engine.connect() as connection:
        pid = connection.scalar(PID)
        with frozen(pid), pytest.raises(OperationalError, match=r"has not answered for 0\.5 seconds") as caught:
            connection.execute(sa.text("SELECT 1"))
        assert caught.value.connection_invalidated
        connection.rollback()
        assert connection.scalar(PID) != pid


def test_a_statement_that_fails_in_time_keeps_its_connection(engine):
    with engine.connect() as connection:
        pid = connection.scalar(PID)
        with pytest.raises(OperationalError, match="statement timeout"):
            connection.execute(sa.text("SELECT pg_sleep(600)"))
        connection.rollback()
        assert connection.scalar(PID) == pid


def test_a_forked_process_opens_connections_of_its_own_and_leaves_the_parents_alone(engine):
    with engine.connect() as connection:
        parents = connection.scalar(PID)
    reader, writer = os.pipe()
    if (child := os.fork()) == 0:
        status = 1
        try:
            with engine.connect() as connection:
                os.write(writer, str(connection.scalar(PID)).encode())
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    childs = int(os.read(reader, 100))
    os.close(reader)
    os.close(writer)
    with engine.connect() as connection:
        assert connection.scalar(PID) == parents != childs


def test_an_engine_that_is_gone_costs_a_fork_nothing(server):
    engine = sa.create_engine(server.url("postgres"))
    connections.protect(engine, answer_seconds=1)
    engine.dispose()
    del engine
    if (child := os.fork()) == 0:
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
