"""PgBouncer between the hosts and PostgreSQL, in transaction mode: what holds, what has to be set, what fails."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest

from tests.cluster.hosts.conftest import flask
from tests.cluster.hosts.lan.pooler import SUITES
from tests.cluster.hosts.test_cuts import nothing_twice
from tests.conftest import PROJECT
from tests.stack.conftest import until

pytestmark = pytest.mark.cluster

ROLES = (PROJECT / "deploy/pgbouncer/roles.sql").read_text()
BUSY = {"WEB_THREADS": "8", "DB_POOL_SIZE": "8", "DB_POOL_MAX_OVERFLOW": "4"}
POOL = 10  # default_pool_size
SETTLED_SECONDS = 8  # query_wait_timeout, server_login_retry, and some for a busy computer
OURS = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'slipway'"


@pytest.fixture
def roles(stores):
    """The roles of PostgreSQL as deploy/pgbouncer has them; as they were, after the test."""
    stores.sql(ROLES)
    yield
    for role in ("slipway", "slipway_migrate"):
        stores.sql(f"ALTER ROLE {role} RESET ALL; ALTER ROLE {role} CONNECTION LIMIT -1")


@pytest.fixture
def through(lan, roles):
    """A function that starts both hosts behind a pooler."""

    def through(pooler, **changes):
        prepared = {"DB_PREPARED_STATEMENTS": str(pooler.prepares)}
        for host in lan[1]:
            if host.process and host.process.poll() is None:
                host.stop()
            host.start(**{"DATABASE_URL": pooler.url, **prepared, **changes})
        return lan[1]

    yield through
    for host in lan[1]:
        if host.process and host.process.poll() is None:
            host.stop()


def hammered(hosts, times=320, at_once=32):
    """Ask both hosts for a transaction and for a read in turn; return the answers."""

    def ask(number):
        return number, hosts[number % 2].ask("GET", f"/v1/stack/{'read' if number // 2 % 2 else 'backend'}/{number}")

    with ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(ask, range(times)))


@contextmanager
def watched(look):
    """Look again and again until the block ends; yield the list of what was seen."""
    seen, over = [], threading.Event()

    def watch():
        while not over.wait(0.1):
            seen.append(look())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()


@pytest.mark.parametrize("suite", SUITES)
def test_many_connections_of_the_hosts_are_few_of_postgresql(suite, pooled, through, stores, say):
    pooler = pooled(suite)
    hosts = through(pooler, **BUSY)
    with watched(lambda: (pooler.clients(), stores.sql(OURS)[0][0])) as seen:
        answers = hammered(hosts)
    assert {answer.status_code for _, answer in answers} == {200}
    assert [number for number, answer in answers if answer.json()["number"] != number] == []
    clients, servers = (max(column) for column in zip(*seen, strict=True))
    say(f"PgBouncer {pooler.version}: {len(answers)} requests, {clients} connections of hosts, {servers} of PostgreSQL")
    assert clients > POOL
    assert servers <= POOL


def test_statements_that_are_prepared_fail_through_a_pgbouncer_that_does_not_know_them(pooled, through):
    pooler = pooled("bookworm")
    hosts = through(pooler, DB_PREPARED_STATEMENTS="True", **BUSY)
    until(lambda: 500 in {answer.status_code for _, answer in hammered(hosts)})  # when two have met at one connection
    assert any("prepared statement" in json.dumps(record) for host in hosts for record in host.records())


def test_statements_are_prepared_through_one_that_knows_them(pooled, roles, machines):
    pooler = pooled("trixie")
    assert pooler.prepares
    with machines["first"].inside(), psycopg.connect(pooler.url, autocommit=True) as connection:
        for number in range(150):  # psycopg keeps a hundred, and has others forgotten
            for _ in range(7):
                connection.execute(f"SELECT {number}, %s::int", [1])
        [count] = connection.execute("SELECT count(*) FROM pg_prepared_statements", prepare=False).fetchone()
    assert count > 50


@pytest.mark.parametrize("suite", SUITES)
def test_a_statement_ends_when_its_time_is_over_though_the_pooler_drops_what_the_service_says(
    suite, pooled, roles, stores, machines
):
    options = "-c statement_timeout=1234"
    pooler = pooled(suite)
    with machines["first"].inside(), psycopg.connect(pooler.url, options=options, autocommit=True) as connection:
        assert connection.execute("SHOW statement_timeout").fetchone() == ("10s",)
        assert connection.execute("SHOW idle_in_transaction_session_timeout").fetchone() == ("1min",)
    pooler.stop()
    stores.sql("ALTER ROLE \"slipway\" SET statement_timeout = '300ms'")
    pooler.start()
    with (
        machines["first"].inside(),
        psycopg.connect(pooler.url, options=options, autocommit=True) as connection,
        pytest.raises(psycopg.errors.QueryCanceled, match="statement timeout"),
    ):
        connection.execute("SELECT pg_sleep(600)")


def test_the_service_says_when_its_timeout_does_not_hold_and_nothing_of_max_connections(pooled, through, stores, lan):
    many = {"DB_POOL_SIZE": "40"}  # for each of two workers, of forty that PostgreSQL allows
    pooler = pooled("bookworm")
    [first, _] = through(pooler, **many)
    started = len(first.records())
    assert not any("connections, but the server allows" in one["message"] for one in first.records())
    assert not any("statement_timeout" in one["message"] for one in first.records())
    stores.sql('ALTER ROLE "slipway" RESET statement_timeout')
    pooler.stop()
    pooler.start()
    first.stop()
    first.start(DATABASE_URL=pooler.url, DB_PREPARED_STATEMENTS="False", **many)
    said = [one["message"] for one in first.records()[started:]]
    assert sum("statement_timeout is 0 ms" in message for message in said) >= 1
    first.stop()
    first.start(**many)
    assert any("connections, but the server allows" in one["message"] for one in first.records())


def test_migrations_go_past_the_pooler(pooled, machines, stores):
    with machines["first"].inside():
        pooler = pooled("bookworm")
        with pytest.raises(AssertionError, match="the database cannot be reached"):
            flask(stores, "db", "upgrade", DATABASE_URL=pooler.url.replace("slipway:", "slipway_migrate:"))
        flask(stores, "db", "upgrade")


def test_who_gets_no_connection_is_told_so_and_does_not_wait_for_ever(pooled, through, say):
    pooler = pooled("trixie", default_pool_size=2)
    first, second = through(pooler)
    (first.folder / "open").unlink(missing_ok=True)
    with ThreadPoolExecutor(2) as pool:
        holding = [pool.submit(first.ask, "GET", f"/v1/stack/hold/{name}") for name in ("one", "two")]
        try:
            until(lambda: (first.folder / "one").exists() and (first.folder / "two").exists())
            began = time.monotonic()
            assert second.ask("GET", "/v1/stack/backend/1").status_code == 503
            waited = time.monotonic() - began
        finally:
            (first.folder / "open").touch()
        assert [answer.result().status_code for answer in holding] == [200, 200]
    say(f"{waited:.1f} s")
    assert 4 < waited < 15
    assert until(lambda: second.ask("GET", "/v1/stack/backend/1").status_code == 200)


@pytest.mark.parametrize("what", ["PgBouncer", "PostgreSQL"])
def test_a_restart_under_load_costs_what_is_under_way_and_is_over_by_itself(
    what, edge, pooled, through, stores, tmp_path, say
):
    pooler = pooled("trixie")
    stop, start = (pooler.stop, pooler.start) if what == "PgBouncer" else (stores.stop_postgres, stores.start_postgres)
    through(pooler)
    with edge.visited(tmp_path, visitors=20, per_second=60) as load:
        load.reach(300)
        stopped = time.time()
        stop()
        start()
        started = time.time()
        load.reach(1200)
    say(load, f"{what} away for {started - stopped:.1f} s")
    assert [failure for failure in load.failures if not stopped - 1 < failure.began < started + SETTLED_SECONDS] == []
    nothing_twice(load)
