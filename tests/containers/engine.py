"""A Docker engine, and what tests ask it for."""

import json
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

PATIENCE_SECONDS = 300  # a container may have to start on a machine that builds images meanwhile

NO_ENGINE = "No Docker engine with compose answers here: https://docs.docker.com/engine/install/ says how to get one."


def until(condition):
    """Wait until `condition` returns something true, and return that."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := condition()):
        assert time.monotonic() < deadline, "this did not become true"
        time.sleep(0.1)
    return found


def free_ports(count):
    """Return ports that nobody has at this moment; all different, because all are held until the last is found."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [found.getsockname()[1] for found in sockets]
    for found in sockets:
        found.close()
    return ports


class Engine:
    """The client of an engine: `engine("ps", "--all")` returns what the command prints; it has to succeed."""

    def __init__(self, program):
        self.program = program
        # The builder that skips stages nobody asks for; the default of every engine from 23 on.
        self.environ = os.environ | {"DOCKER_BUILDKIT": "1", "PATH": f"{Path(program).parent}:{os.environ['PATH']}"}

    def __call__(self, *arguments, **options):
        result = self.result(*arguments, **options)
        said = f"docker {' '.join(map(str, arguments))}\n{result.stdout}\n{result.stderr}"
        assert result.returncode == 0, said
        return result.stdout.strip()

    def result(self, *arguments, **options):
        """Return what became of a command, whether it succeeded or not; `env` adds to its variables."""
        environ = self.environ | options.pop("env", {})
        command = [self.program, *map(str, arguments)]
        return subprocess.run(command, env=environ, capture_output=True, text=True, check=False, **options)

    def inspect(self, thing):
        """Return all that is known of a container, an image or a network."""
        [found] = json.loads(self("inspect", thing))
        return found

    def health(self, container):
        return self.inspect(container)["State"]["Health"]["Status"]

    def wait_for(self, container, health="healthy"):
        """Wait until the health check of a container says so."""
        try:
            until(lambda: self.health(container) == health)
        except AssertionError:
            said = self.logs(container)
            raise AssertionError(f"{container} is {self.health(container)}, not {health}\n{said}") from None

    def logs(self, container):
        """Return what it has written, to both of its outputs."""
        result = self.result("logs", container)
        return result.stdout + result.stderr

    def port(self, container, port):
        """Return where a published port of a container is on loopback."""
        return int(self("port", container, f"{port}/tcp").splitlines()[0].rpartition(":")[2])


def find():
    """Return the first client in PATH whose engine and plugins answer, or None."""
    for folder in os.environ["PATH"].split(os.pathsep):
        program = shutil.which("docker", path=folder)
        if program and all(_succeeds(program, *what) for what in (["compose", "version"], ["version"])):
            return Engine(program)
    return None


def _succeeds(*command):
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
