import os
from contextlib import contextmanager
from types import SimpleNamespace

import psycopg
import pytest
from psycopg import sql
from sqlalchemy.engine import make_url

from app.core.data import migrations
from app.preflight.inside import storage
from tests.conftest import UNREACHABLE
from tests.preflight.looking import found, not_checked, passes

CHECKS = [
    storage.database,
    storage.schema,
    storage.connections,
    storage.role,
    storage.statement_timeout,
    storage.database_clock,
    storage.database_tls,
]
HEAD, _ = migrations._revisions()
SERVES = [
    "GRANT CONNECT ON DATABASE {database} TO {role}",
    "GRANT USAGE ON SCHEMA public TO {role}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
]


@contextmanager
def a_role(url, *statements):
    """A role of its own in that database, with what `statements` grant; yields the URL with it."""
    name = f"preflight_{os.getpid()}"
    names = {"role": sql.Identifier(name), "database": sql.Identifier(make_url(url).database)}
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        for statement in ["CREATE ROLE {role} LOGIN PASSWORD 'not-a-secret'", *statements]:
            connection.execute(sql.SQL(statement).format(**names))
        try:
            given = make_url(url).set(username=name, password="not-a-secret")
            yield given.render_as_string(hide_password=False)
        finally:
            connection.execute(sql.SQL("REASSIGN OWNED BY {role} TO CURRENT_USER").format(**names))
            connection.execute(sql.SQL("DROP OWNED BY {role}").format(**names))
            connection.execute(sql.SQL("DROP ROLE {role}").format(**names))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_a_database_as_it_is_prepared_passes(check, here, database):
    with a_role(database, *SERVES) as url:
        machine = here(DATABASE_URL=url, WEB_CONCURRENCY="2")
        assert passes(check, machine)
        machine.close()


@pytest.mark.parametrize("check", CHECKS[1:], ids=lambda check: check.name)
def test_without_a_database_one_check_says_so_and_the_others_nothing(check, here):
    machine = here(DATABASE_URL=UNREACHABLE)
    assert not_checked(check, machine) == "the database does not answer"
    [said] = found(storage.database, machine)
    assert said.startswith("critical: It does not: ")
    assert "Connection refused" in said


@pytest.mark.skipif(HEAD is None, reason="nobody has written a migration yet")
def test_a_schema_without_migrations_is_found(here, bare_database):
    [said] = found(storage.schema, here(DATABASE_URL=bare_database))
    assert said == "critical: It is no migration has run: flask db upgrade."


@pytest.mark.parametrize(
    ("changes", "instances", "severity"),
    [
        ({"WEB_CONCURRENCY": "500"}, 1, "critical"),
        ({"WEB_CONCURRENCY": "2", "DB_POOL_SIZE": "4", "DB_POOL_MAX_OVERFLOW": "2"}, 50, "high"),
    ],
)
def test_more_connections_than_the_server_allows_are_found(changes, instances, severity, here):
    [said] = found(storage.connections, here({"instances": instances}, **changes))
    assert said.startswith(f"{severity}: {instances} x WEB_CONCURRENCY")


def test_what_a_pooler_lends_is_not_counted_by_what_it_is_asked_for(here):
    """There is none on this machine, so its sign is put in its place."""
    machine = here(WEB_CONCURRENCY="500")
    _ = machine.facts
    assert not machine.pooled
    machine.pooled = True
    assert passes(storage.connections, machine)


def test_a_superuser_is_found(here):
    [said] = found(storage.role, here())
    assert said.startswith("high: ")
    assert said.endswith(" is a superuser.")


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("ALTER ROLE {role} CREATEDB", "may create databases or roles."),
        ("GRANT CREATE ON SCHEMA public TO {role}", "may create tables or schemas."),
        ("ALTER TABLE alembic_version OWNER TO {role}", "owns 1 tables, and so may change and drop them."),
    ],
)
def test_a_role_that_may_more_than_serve_is_found(statement, said, here, database):
    with a_role(database, *SERVES, statement) as url:
        machine = here(DATABASE_URL=url)
        [what] = found(storage.role, machine)
        machine.close()
    assert what.startswith("medium: preflight_")
    assert what.endswith(said)


@pytest.mark.parametrize(
    ("check", "facts", "said"),
    [
        (storage.statement_timeout, {"timeout_ms": 0}, "medium: statement_timeout is none"),
        (storage.statement_timeout, {"timeout_ms": 60_000}, "medium: statement_timeout is 60000 ms"),
        (storage.database_tls, {"remote": True, "tls": False}, "low: It is on another machine"),
    ],
    ids=["no timeout", "a longer timeout", "plain text"],
)
def test_what_a_pooler_or_another_machine_makes_of_it_is_found(check, facts, said, here):
    """Neither is on this machine, so what the database would say of them is put in its place."""
    machine = here()
    machine.__dict__["facts"] = SimpleNamespace(**facts)
    assert found(check, machine)[0].startswith(said)


def test_a_database_whose_clock_is_wrong_is_found(here, monkeypatch):
    monkeypatch.setattr(storage.time, "time", lambda: 1_000_000_000.0)  # the clock of a machine cannot be set here
    [said] = found(storage.database_clock, here())
    assert said.startswith("medium: It is ")
    assert "seconds ahead of ours" in said
