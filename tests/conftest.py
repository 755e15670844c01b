"""What the tests stand on: a real PostgreSQL and Redis, databases of its own for each test, and applications."""

import itertools
import logging
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import flask_migrate
import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from psycopg import sql
from sqlalchemy.engine import make_url

from app import create_app
from app.config import load_config
from app.core.data.database import db
from app.core.observability.outputs import StandardOutput
from devtools import postgres, valkey
from tests.redis_servers import OwnRedis, SharedRedis

PROJECT = Path(__file__).parents[1]
UNREACHABLE = "postgresql+psycopg://nobody@127.0.0.1:1/nothing"
TESTING = {
    "APP_ENV": "testing",
    "SECRET_KEY": secrets.token_hex(32),
    "DATABASE_URL": UNREACHABLE,
    "PUBLIC_URL": "http://localhost",
    "LOG_FORMAT": "json",
    "REDIS_TIMEOUT_MS": "2000",  # no test depends on a time being short
}
PRODUCTION = {
    **TESTING,
    "APP_ENV": "production",
    "PUBLIC_URL": "https://example.org",
    "PROXY_HOPS_FOR": "1",
    "PROXY_HOPS_PROTO": "1",
}

# Stores that are given are for the fixtures alone: what a test starts must not find them by itself. Workers of xdist
# get this process's variables, and find them by the new name.
for _name in ("DATABASE_URL", "REDIS_URL"):
    if _given := os.environ.pop(_name, ""):
        os.environ[f"TEST_{_name}"] = _given

# A database of the server of DATABASE_URL with the schema of a later release (`make previous-release-test`): what meets
# the schema meets that one, and nothing else is run.
LATER_SCHEMA = os.environ.get("TEST_TEMPLATE")

_numbers = itertools.count(1)

UrlOf = Callable[[str], str]


LEFT_OUT = {
    "bench": "the benchmark, run once shortly",
    "browser": "the tests in a real browser",
    "cluster": "the tests of clusters",
    "docker": "the tests on a real Docker engine",
    "docs": "the tutorial, followed to its end, and the site",
    "logging": "the tests with rsyslog and logrotate",
    "monitoring": "the tests with the real Prometheus",
    "nginx": "the tests of the site in the real Nginx",
    "pipelines": "the checks of the pipelines",
    "removal": "the tree without each of its optional parts",
    "servers": "the tests with the real Supervisor and uWSGI",
    "story": "the story of a service from its making to its machine",
    "template": "services that are made of this tree, and updated",
    "uploads": "the tests with a real object store",
    "vps": "the tests on a booted Debian with systemd",
}


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what tests have measured, what this run left out, and how to run that."""
    for report in [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]:
        for name, said in report.user_properties if report.when == "call" else ():
            terminalreporter.write_line(f"{name}: {said}")
    for marker, what in LEFT_OUT.items():
        if f"not {marker}" in config.option.markexpr:
            terminalreporter.write_line(f"Left out: {what}; `make {marker}-test` runs them.")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On the schema of a later release, keep what meets a schema."""
    if LATER_SCHEMA:
        others = [item for item in items if "template" not in getattr(item, "fixturenames", [])]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in others]


@pytest.fixture
def say(request: pytest.FixtureRequest) -> Callable[..., None]:
    """A function that has a figure printed at the end of the run, whether the test passes or not."""
    return lambda *said: request.node.user_properties.extend((request.node.name, str(each)) for each in said)


@pytest.fixture(scope="session")
def server() -> Iterator[UrlOf]:
    """Return the URL of a database by its name: on the server of DATABASE_URL, or else on our own."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        base = make_url(given).set(drivername="postgresql+psycopg")
        yield lambda name: base.set(database=name or base.database).render_as_string(hide_password=False)
        return
    with postgres.running(PROJECT / ".dev" / "test-postgres", durable=False) as private:
        yield lambda name: private.url(name or "postgres")


@contextmanager
def scratch(server: UrlOf, template: str = "template0") -> Iterator[str]:
    """A copy of the database `template` under a new name, for as long as the block lasts."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    copy = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
    drop = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
    with psycopg.connect(server("").replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(copy)
        try:
            yield name
        finally:
            connection.execute(drop)


@pytest.fixture(scope="session")
def template(server: UrlOf) -> Iterator[str]:
    """The name of a database whose schema the migrations have made."""
    if LATER_SCHEMA:
        yield LATER_SCHEMA
        return
    with scratch(server) as name:
        app = create_app(load_config({**TESTING, "DATABASE_URL": server(name)}))
        with app.app_context():
            flask_migrate.upgrade()
            db.engine.dispose()
        yield name


@pytest.fixture
def environment() -> dict[str, str]:
    """The variables that `create` reads; a test may change them first."""
    return dict(TESTING)


@pytest.fixture
def production(environment) -> dict[str, str]:
    """The variables of a service in production behind one proxy; `create` reads them."""
    environment.update(PRODUCTION)
    return environment


@pytest.fixture
def database(server: UrlOf, template: str, environment: dict[str, str]) -> Iterator[str]:
    """The URL of a migrated, empty database that is this test's own; `create` uses it."""
    with scratch(server, template) as name:
        environment["DATABASE_URL"] = server(name)
        yield environment["DATABASE_URL"]


@pytest.fixture
def bare_database(server: UrlOf, environment: dict[str, str]) -> Iterator[str]:
    """The URL of a database on which no migration has run; `create` uses it."""
    with scratch(server) as name:
        environment["DATABASE_URL"] = server(name)
        yield environment["DATABASE_URL"]


@pytest.fixture(scope="session")
def redis_server() -> Iterator[SharedRedis]:
    """The server of REDIS_URL, or else our own; `url(number)` is the address of one of its databases."""
    if given := os.environ.get("TEST_REDIS_URL"):
        yield SharedRedis(given)
        return
    with valkey.running(PROJECT / ".dev" / "test-valkey", durable=False) as private:
        yield SharedRedis(private.url())


@pytest.fixture
def redis(redis_server: SharedRedis, environment: dict[str, str]) -> Iterator[str]:
    """The URL of an empty Redis database that is this test's own; `create` uses it."""
    with redis_server.database() as url:
        environment["REDIS_URL"] = url
        yield url


@pytest.fixture
def own_redis() -> Iterator[OwnRedis]:
    """A Redis that only this test knows, for it to stop, freeze, kill and start; name its `url()` in REDIS_URL."""
    own = OwnRedis()
    yield own
    own.close()


class ReadingClient(FlaskClient):
    """A client that reads each answer to its end, as a server sends it."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        return super().open(*args, **{"buffered": True, **kwargs})


@pytest.fixture
def create(environment: dict[str, str]) -> Iterator[Callable[..., Flask]]:
    """A function that makes an application from `environment` and what it is called with; `capsys` sees its logs."""
    made: list[Flask] = []

    def create(**variables: str) -> Flask:
        app = create_app(load_config({**environment, **variables}))
        app.test_client_class = ReadingClient
        for handler in logging.getLogger().handlers:
            if isinstance(handler, StandardOutput):
                # Not to the process's own, but to the one that pytest has put up for this phase of the test.
                handler.write = lambda line, *_: print(line)  # noqa: T201
        made.append(app)
        return app

    yield create
    for app in made:
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def app(create: Callable[..., Flask]) -> Flask:
    return create()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
