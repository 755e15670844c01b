"""A Debian with systemd, booted for these tests, and the service on it as its own scripts have put it there."""

import os
import time
from contextlib import contextmanager

import pytest

from tests.conftest import PROJECT
from tests.vps.machine.guest import Machine
from tests.vps.machine.possible import lacking
from tests.vps.service import Service

HOME = PROJECT / ".dev/vps"
# What is backed up, lost and restored; where the example was taken out, its table is the tests' own.
TABLE = """CREATE TABLE IF NOT EXISTS notes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    title text NOT NULL CHECK (title <> ''), body text NOT NULL CHECK (char_length(body) <= 10000)
)"""
KEEP = os.environ.get("VPS_KEEP", "") not in {"", "0"}

_said = []


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter):
    """Say how long machines took, and how to get into those that stay."""
    for line in _said:
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def home():
    """The folder of images, disks and downloads, on a computer that can boot machines; a failure says why it cannot."""
    HOME.mkdir(parents=True, exist_ok=True)
    if reasons := lacking(HOME):
        pytest.fail("No machine can be booted here.\n" + "\n".join(reasons), pytrace=False)
    return HOME


@contextmanager
def switched_on(home):
    machine = Machine(home, tied=not KEEP)
    try:
        _said.append(f"{machine.name} booted in {machine.boot():.1f} s")
        yield machine
    finally:
        if KEEP and machine.pid:
            _said.append(machine.leave())
        else:
            machine.destroy()


@pytest.fixture(scope="session")
def machine(home):
    """A bare Debian."""
    with switched_on(home) as machine:
        yield machine


@pytest.fixture(scope="session")
def prepared(home, tmp_path_factory):
    """The service on a machine of its own, in the state to which `server` and `service` can return."""
    with switched_on(home) as machine:
        service = Service(machine)
        _said.append(f"{machine.name} provisioned in {service.provision(tmp_path_factory.mktemp('tree')):.1f} s")
        began = time.monotonic()
        service.release("first")
        service.sql(TABLE)
        _said.append(f"{machine.name} released in {time.monotonic() - began:.1f} s")
        machine.remember()
        yield service


@pytest.fixture(scope="session")
def server(prepared):
    """The machine on which this tree is provisioned and released, for tests that leave it as they found it."""
    return prepared.machine


@pytest.fixture
def service(prepared):
    """The service in a known good state, whatever the tests before have done to it."""
    prepared.machine.go_back()
    prepared.wait_until_ready()
    return prepared
