"""The shipped site before the real Gunicorn, for every Nginx that it has to run on."""

import os
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.conftest import PRODUCTION, PROJECT, scratch
from tests.nginx import builds, sites, upstreams

HOW = {
    "debian": "apt-get install --no-install-recommends nginx-light",
    "mainline": "pip install --require-hashes -r requirements-nginx.txt",
}


def pytest_report_header():
    """Say what this run stands on."""
    return [f"{name}: {builds.find(name) or 'not here'}" for name in HOW]


@pytest.fixture(scope="session", params=HOW)
def build(request):
    """Debian's Nginx, then the current mainline."""
    found = builds.find(request.param)
    assert found, f"this Nginx is not here: {HOW[request.param]}"
    return found


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A folder with a certificate for the site's name and its key."""
    folder = tmp_path_factory.mktemp("tls")
    made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    return issued(folder, made)


def issued(folder, made, name=sites.NAME):
    names = ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-days", "2"]
    files = ["-keyout", folder / "privkey.pem", "-out", folder / "fullchain.pem"]
    subprocess.run(["openssl", "req", "-x509", "-noenc", *made, *names, *files], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="session")
def environ(server, template):
    """The variables of production behind this Nginx."""
    with scratch(server, template) as name:
        yield {**PRODUCTION, "DATABASE_URL": server(name), "WEB_CONCURRENCY": "2", "RELEASE": "1.2.3"}


@pytest.fixture(scope="session")
def instance(environ):
    """A service that is shared by the tests which only send it requests."""
    with upstreams.instance(environ) as instance:
        yield instance


@pytest.fixture(scope="session")
def static(tmp_path_factory, environ):
    """What `flask assets export` writes."""
    folder = tmp_path_factory.mktemp("assets") / "static"
    subprocess.run(
        [Path(sys.executable).with_name("flask"), "assets", "export", folder],
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"], **environ},
        check=True,
        capture_output=True,
    )
    return folder


@pytest.fixture(scope="session")
def site(build, certificate, instance, static):
    """The site as it is shipped, before that service."""
    with sites.running(build, certificate) as site:
        furnish(site, static)
        site.serve(instance.folder)
        yield site


def furnish(site, static):
    shutil.copytree(static, site.root / "srv/slipway/static", dirs_exist_ok=True)


@pytest.fixture
def start(build, certificate, static):
    """A function that runs a site of the test's own, with `changes` to its text; nothing is behind it."""
    with ExitStack() as started:

        def start(changes=None):
            site = started.enter_context(sites.running(build, certificate, changes))
            furnish(site, static)
            return site

        yield start


@pytest.fixture
def recorder():
    with upstreams.recorder() as recorder:
        yield recorder
