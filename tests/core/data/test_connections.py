import os
import signal
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from app.core.data import connections
from devtools import postgres
from tests.exchanges import recorded
from tests.stack.conftest import until

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


@pytest.fixture
def operator(server):
    """A connection of somebody else."""
    with psycopg.connect(server.url("postgres").replace("+psycopg", ""), autocommit=True) as connection:
        yield connection


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


def several(engine, count=3):
    """The process ids of connections that are in the pool now."""
    with ExitStack() as held:
        return [held.enter_context(engine.connect()).scalar(PID) for _ in range(count)]


def test_connections_that_the_server_has_ended_are_replaced_before_anybody_uses_them(engine, operator):
    pids = several(engine)
    for pid in pids:
        operator.execute("SELECT pg_terminate_backend(%s, 60000)", [pid])
    assert set(several(engine)).isdisjoint(pids)


def test_a_server_that_went_without_a_word_is_noticed_before_anybody_uses_the_connection(engine, monkeypatch):
    monkeypatch.setattr(connections, "UNHEARD_SECONDS", 0)
    with engine.connect() as connection:
        pid = connection.scalar(PID)
    with frozen(pid), engine.connect() as connection:
        assert connection.scalar(PID) != pid


@pytest.mark.parametrize(("unheard_seconds", "asked"), [(3_600, []), (0, [";", ";"])])
def test_a_connection_is_asked_only_if_the_server_was_not_heard_from_lately(
    engine, monkeypatch, unheard_seconds, asked
):
    monkeypatch.setattr(connections, "UNHEARD_SECONDS", unheard_seconds)
    with recorded(engine) as exchanges:
        for _ in range(2):
            engine.connect().close()
    assert exchanges.statements == asked


def test_what_the_server_says_unasked_is_no_reason_to_give_a_connection_up(engine, operator, monkeypatch):
    monkeypatch.setattr(connections, "UNHEARD_SECONDS", 3_600)
    with engine.begin() as connection:
        connection.execute(sa.text("LISTEN news"))
        pid, listener = connection.scalar(PID), connection.connection.driver_connection
    with recorded(engine) as exchanges:
        operator.execute("NOTIFY news")
        until(listener.may_be_dead)
        assert several(engine, 1) == [pid]
    assert exchanges.statements[0] == ";"


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
