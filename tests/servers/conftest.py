"""The shipped files of Supervisor, uWSGI and Nginx, running; a machine with Gunicorn, then the same with uWSGI."""

import subprocess
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.conftest import PRODUCTION, scratch
from tests.nginx.sites import NAME
from tests.servers.installed import installed
from tests.servers.nginx import in_front_of
from tests.stack.conftest import until

SERVERS = ["gunicorn", "uwsgi"]


@pytest.fixture(scope="session")
def stored(server, template):
    """The URL of a database that all of these tests share."""
    with scratch(server, template) as name:
        yield server(name)


@pytest.fixture(scope="session")
def queue(redis_server):
    """The URL of a Redis database that all of these tests share."""
    with redis_server.database() as url:
        yield url


@pytest.fixture(scope="session")
def settings(stored, queue):
    """What stands in the file of settings; the secret key has a file of its own."""
    public = {name: value for name, value in PRODUCTION.items() if name != "SECRET_KEY"}
    return public | {
        "DATABASE_URL": stored,
        "DB_STATEMENT_TIMEOUT_MS": "600000",  # statements wait for the tests, not the other way round
        "REDIS_URL": queue,
        "WEB_CONCURRENCY": "2",
    }


@pytest.fixture(scope="session")
def install(settings):
    """A context manager that installs a server, not started yet, in a folder with a short name: sockets need one."""

    @contextmanager
    def install(server, **changes):
        root = Path(tempfile.mkdtemp(prefix="servers-"))
        with installed(root, settings | changes, uwsgi=server == "uwsgi") as machine:
            yield machine

    return install


@pytest.fixture(params=SERVERS)
def machine(request, install):
    """A machine of the test's own, with one server and then the other, on which nothing runs yet."""
    with install(request.param) as machine:
        yield machine


@pytest.fixture
def uwsgi(install):
    """Likewise, with uWSGI."""
    with install("uwsgi") as machine:
        yield machine


@pytest.fixture
def gunicorn(install):
    """Likewise, with Gunicorn."""
    with install("gunicorn") as machine:
        yield machine


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A folder with a certificate for the site's name and its key."""
    folder = tmp_path_factory.mktemp("tls")
    names = ["-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}", "-days", "2"]
    files = ["-keyout", folder / "privkey.pem", "-out", folder / "fullchain.pem"]
    made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    subprocess.run(["openssl", "req", "-x509", "-noenc", *made, *names, *files], check=True, capture_output=True)
    return folder


@pytest.fixture
def front(certificate):
    """A function that puts Nginx in front of a machine, until the test ends; it returns a client."""
    with ExitStack() as stack:
        yield lambda machine: stack.enter_context(in_front_of(machine, certificate))


@pytest.fixture(scope="module", params=SERVERS)
def site(request, install, certificate):
    """A machine that serves behind Nginx, with one server and then the other; it is shared, so it is only asked."""
    with install(request.param) as machine:
        machine.alone()
        machine.start()
        until(machine.is_ready)
        with in_front_of(machine, certificate) as client:
            yield machine, client


@pytest.fixture
def locked(stored):
    """A context manager, in which whoever writes a note waits."""

    @contextmanager
    def locked():
        with psycopg.connect(stored.replace("+psycopg", "")) as connection:
            connection.execute("LOCK TABLE notes IN ACCESS EXCLUSIVE MODE")
            yield lambda: waiting(connection)

    return locked


def waiting(connection):
    """Return how many wait for the lock."""
    query = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'notes'::regclass"
    return connection.execute(query).fetchone()[0]
