"""The real service behind a front that speaks TLS, and can be told to spoil its answers in one way."""

from contextlib import ExitStack

import pytest

from app.preflight.asking.arriving import arrive
from app.preflight.asking.site import Site
from app.preflight.inside.here import Here
from tests.conftest import PRODUCTION, scratch
from tests.stack.conftest import GENEROUS_SECONDS, running, until
from tests.stack.front import standing


def at(front, **options):
    """Return the site that a front shows; no test depends on a time being short."""
    trusted = {"http_port": front.http_port, "cafile": str(front.certificate)}
    waiting = {"seconds": GENEROUS_SECONDS, "deadline": 10 * GENEROUS_SECONDS}
    return Site(front.url, **{**trusted, **waiting, **options})


@pytest.fixture(scope="session")
def preflight_environ(server, template, redis_server):
    """The variables of production, with a database and a Redis that all of these tests share."""
    with scratch(server, template) as name, redis_server.database() as redis:
        yield {
            **PRODUCTION,
            "DATABASE_URL": server(name),
            "REDIS_URL": redis,
            "RATE_LIMIT": "100000/minute",
            "WEB_CONCURRENCY": "1",
            "RELEASE": "1.2.3",
            "GIT_SHA": "0123abcd",
        }


@pytest.fixture(scope="session")
def standing_front(tmp_path_factory, preflight_environ):
    folder = tmp_path_factory.mktemp("front")
    with ExitStack() as started:
        front = started.enter_context(standing(folder, days=90, protocols=["h2", "http/1.1"]))
        environ = preflight_environ | {"PUBLIC_URL": front.url}
        service = started.enter_context(running(folder / "service", environ, application="wsgi:app"))
        until(service.is_ready)
        front.backend = service.port
        yield front


@pytest.fixture
def front(standing_front):
    """The service behind TLS, honest again after each test."""
    honest = vars(standing_front).copy()
    yield standing_front
    vars(standing_front).update(honest)


@pytest.fixture
def site(front):
    return at(front)


@pytest.fixture
def spoiled(front):
    """A function that has each answer changed, and returns the site as it is then."""

    def spoiled(spoil, **options):
        front.spoil = spoil
        site = at(front, **options)
        arrive(site)
        return site

    return spoiled


@pytest.fixture
def behind(front, tmp_path, preflight_environ):
    """A function that starts a service with other settings behind the front, and returns the site."""
    with ExitStack() as started:

        def behind(**changes):
            environ = preflight_environ | {"PUBLIC_URL": front.url} | changes
            service = started.enter_context(running(tmp_path / "other", environ, application="wsgi:app"))
            until(service.is_ready)
            front.backend = service.port
            return at(front)

        yield behind


@pytest.fixture
def here(production, database, redis, tmp_path):
    """A function that returns what a machine knows whose settings are those of production, but for `changes`."""
    production |= {"RELEASE": "1.2.3", "GIT_SHA": "0123abcd"}
    made = []

    def here(options=None, **changes):
        environ = {name: value for name, value in {**production, **changes}.items() if value is not None}
        made.append(Here(environ, **{"backups": tmp_path, **(options or {})}))
        return made[-1]

    yield here
    for each in made:
        each.close()
