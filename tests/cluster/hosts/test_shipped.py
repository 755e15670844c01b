"""The files for several hosts, as they are shipped."""

import re

import pytest

from app.config import load_config
from app.core.data.database import engine_options
from tests.conftest import PRODUCTION, PROJECT

pytestmark = pytest.mark.cluster

FILES = sorted(path for folder in ("hosts", "pgbouncer") for path in (PROJECT / "deploy" / folder).iterdir())
GUIDE = (PROJECT / "docs/scale-out.md").read_text()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_file_says_where_it_goes_and_how_it_is_checked(path):
    beginning = "\n".join(path.read_text().splitlines()[:8])
    assert re.search("Installed as /etc/|Applied on the machine", beginning)
    assert "Check: " in beginning
    assert f"{path.parent.name}/" in GUIDE
    assert path.name in GUIDE


def number(path, name):
    [found] = re.findall(rf"^[A-Za-z ]*{name}\s*=?\s*'?(\d+)", (PROJECT / "deploy" / path).read_text(), re.MULTILINE)
    return int(found)


def test_the_roles_have_the_timeouts_that_the_service_would_send():
    settings = load_config({**PRODUCTION, "DATABASE_URL": "postgresql://nobody@localhost/nothing"})
    assert 1000 * number("pgbouncer/roles.sql", '"slipway" SET statement_timeout') == settings.DB_STATEMENT_TIMEOUT_MS
    idle = number("pgbouncer/roles.sql", '"slipway" SET idle_in_transaction_session_timeout')
    assert (
        f"idle_in_transaction_session_timeout={1000 * idle}"
        in engine_options(settings.mapping())["connect_args"]["options"]
    )
    assert number("pgbouncer/pgbouncer.ini", "query_wait_timeout") == settings.DB_POOL_TIMEOUT_SECONDS


def test_the_pool_fits_into_what_postgresql_allows():
    pool = number("pgbouncer/pgbouncer.ini", "default_pool_size")
    assert pool < number("pgbouncer/roles.sql", '"slipway" CONNECTION LIMIT')
    assert pool + 5 + 3 <= number("hosts/postgresql.conf", "max_connections")
