"""An edge, two hosts and a machine of PostgreSQL and Redis, on a network of their own, as docs/scale-out.md has it."""

import os
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.cluster.hosts.lan.edge import Edge, serving
from tests.cluster.hosts.lan.hosts import Host, VpsHost
from tests.cluster.hosts.lan.network import plugged_in
from tests.cluster.hosts.lan.pooler import Pooler
from tests.cluster.hosts.lan.stores import Stores
from tests.conftest import PRODUCTION, PROJECT
from tests.nginx.conftest import issued
from tests.stack.conftest import until
from tests.vps.service import DOMAIN

FLASK = Path(sys.executable).with_name("flask")
NUMBERS = {"edge": 11, "first": 12, "second": 13, "stores": 20}
PROGRAMS = {
    "ip": "iproute2",
    "iptables": "iptables",
    "nsenter": "util-linux",
    "openssl": "openssl",
    "unshare": "util-linux",
}


@pytest.fixture(scope="session")
def machines():
    """Four machines on a switch; a failure says why they cannot be made here."""
    if os.geteuid():
        pytest.fail("Root is needed, for network namespaces: sudo make cluster-test", pytrace=False)
    if lacking := sorted({package for name, package in PROGRAMS.items() if not shutil.which(name)}):
        pytest.fail(f"Programs are missing: apt-get install --no-install-recommends {' '.join(lacking)}", pytrace=False)
    with plugged_in(NUMBERS) as machines:
        yield machines


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A folder with a certificate for the name that the public knows."""
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    return issued(tmp_path_factory.mktemp("tls"), kind, DOMAIN)


@pytest.fixture(scope="session")
def stores(machines):
    """PostgreSQL and Redis, reached over the network; migrated by one of the hosts, as the role that may."""
    stores = Stores(machines["stores"])
    try:
        stores.start()
        with machines["first"].inside():
            flask(stores, "db", "upgrade")
        yield stores
    finally:
        stores.close()


def flask(stores, *arguments, role="slipway_migrate", **changes):
    """Run a command of the service where this thread is; it must be content."""
    environ = {"PATH": os.environ["PATH"], **settings_of(stores), "DATABASE_URL": stores.url(role), **changes}
    done = subprocess.run(
        [FLASK, "--app", "wsgi", *arguments], cwd=PROJECT, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def settings_of(stores):
    """Return what all hosts are told alike."""
    return {
        **PRODUCTION,
        "PUBLIC_URL": f"https://{DOMAIN}",
        "DATABASE_URL": stores.url(),
        "REDIS_URL": stores.redis_url(),
        "WEB_CONCURRENCY": "2",
    }


@pytest.fixture(scope="session")
def lan(machines, stores, certificate):
    """The edge and both hosts; not started, so that each test has them as it needs them."""
    with ExitStack() as stack:
        asker, settings = machines["edge"], settings_of(stores)
        first = Host(machines["first"], asker, settings)
        stack.callback(first.close)
        second = VpsHost(machines["second"], asker, settings, certificate)
        stack.callback(second.close)
        site = stack.enter_context(serving(asker, certificate))
        yield Edge(asker, site, stores), (first, second)


@pytest.fixture
def hosts(lan):
    """Both hosts, ready."""
    for host in lan[1]:
        if host.process is None or host.process.poll() is not None:
            host.start()
    return lan[1]


@pytest.fixture
def edge(lan, hosts):
    """The edge, which asks both hosts."""
    before = [len(host.records("access")) for host in hosts]

    def asked():
        client.get("/v1/ping")
        return all(len(host.records("access")) > count for host, count in zip(hosts, before, strict=True))

    with lan[0].client() as client:
        until(asked)
    return lan[0]


@pytest.fixture
def pooled(stores):
    """A function that starts a PgBouncer for this test."""
    with ExitStack() as stack:

        def pooled(suite, **changes):
            pooler = Pooler(stores, suite, **changes)
            stack.callback(pooler.close)
            return pooler

        yield pooled
