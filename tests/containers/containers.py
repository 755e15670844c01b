"""Containers of a test's own: hardened as the shipped ones are, and gone when it ends."""

import itertools
import os
from contextlib import contextmanager

import httpx

from tests.containers.engine import PATIENCE_SECONDS

# As it is confined wherever it is put.
HARDENED = ("--read-only", "--tmpfs=/tmp", "--cap-drop=ALL", "--security-opt=no-new-privileges")

_numbers = itertools.count(1)


class Container:
    """A container that was started: `engine("exec", container, ...)` takes it for its name."""

    def __init__(self, engine, name):
        self.engine, self.name, self._clients = engine, name, []

    def __str__(self):
        return self.name

    def exec(self, *command):
        return self.engine("exec", self.name, *command)

    def logs(self):
        return self.engine.logs(self.name)

    def state(self):
        return self.engine.inspect(self.name)["State"]

    def wait(self):
        """Wait until it has ended, and return its exit status."""
        return int(self.engine("wait", self.name, timeout=PATIENCE_SECONDS))

    def opened(self):
        """Do what is possible as soon as it runs, such as making clients."""

    def client(self, port, **headers):
        """Return a client of a published port."""
        base = f"http://127.0.0.1:{self.engine.port(self.name, port)}"
        limits = httpx.Limits(max_connections=None)
        client = httpx.Client(base_url=base, headers=headers, timeout=PATIENCE_SECONDS, limits=limits, trust_env=False)
        self._clients.append(client)
        return client

    def close(self):
        """End the connections of its clients."""
        for client in self._clients:
            client.close()


@contextmanager
def running(engine, image, *command, options=HARDENED, kind=Container, **variables):
    """Run a container until the block ends; what it was asked to run may have ended before."""
    name = f"slipway-test-{os.getpid()}-{next(_numbers)}"
    given = [f"--env={key}={value}" for key, value in variables.items()]
    container = kind(engine, name)
    try:
        engine("run", "--detach", "--name", name, *options, *given, image, *command)
        container.opened()
        yield container
    finally:
        container.close()
        engine.result("rm", "--force", "--volumes", name)


@contextmanager
def network(engine):
    """A network of its own, with names, until the block ends."""
    name = f"slipway-test-{os.getpid()}-{next(_numbers)}"
    engine("network", "create", name)
    try:
        yield name
    finally:
        engine.result("network", "rm", name)
