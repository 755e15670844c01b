"""The real Gunicorn with the project's settings, on an address of its own, for as long as a test lasts."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from tests.conftest import PRODUCTION, scratch

PROJECT = Path(__file__).parents[2]
GUNICORN = Path(sys.executable).with_name("gunicorn")
GENEROUS_SECONDS = 60
# What the proxy in front says of a request to the public address.
PROXIED = {"Host": "example.org", "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}


def until(condition):
    """Wait until `condition` returns something true, and return that."""
    deadline = time.monotonic() + GENEROUS_SECONDS
    while not (found := condition()):
        assert time.monotonic() < deadline, "this did not become true"
        time.sleep(0.02)
    return found


class Service:
    """A running Gunicorn: its process, its address, and what it has written."""

    def __init__(self, process, port, internal_port, folder):
        self.process = process
        self.port = port
        self.internal_port = internal_port
        self.gate = folder / "gate"
        self.internal_client = httpx.Client(
            base_url=f"http://127.0.0.1:{internal_port}", timeout=GENEROUS_SECONDS, trust_env=False
        )
        self._stdout, self._stderr = folder / "stdout", folder / "stderr"
        self.client = self.new_client()

    def internal(self, path):
        """Ask at the internal address."""
        return self.internal_client.get(path)

    def new_client(self, **headers):
        return httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}",
            headers=PROXIED | headers,
            timeout=GENEROUS_SECONDS,
            limits=httpx.Limits(max_connections=None),
            trust_env=False,
        )

    def get(self, path, **headers):
        return self.client.get(path, headers=headers)

    def raw(self, request):
        """Send bytes, and return all that comes back until the service closes the connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=GENEROUS_SECONDS) as connection:
            connection.sendall(request)
            return b"".join(iter(lambda: connection.recv(65_536), b""))

    def is_ready(self):
        assert self.process.poll() is None, self.stdout() + self.stderr()
        return self.get("/healthz").status_code == 200

    def stdout(self):
        return self._stdout.read_text()

    def stderr(self):
        return self._stderr.read_text()

    def records(self):
        return [json.loads(line) for line in self.stdout().split("\n")[:-1]]

    def workers(self):
        """Return the process numbers of all workers that were ever started."""
        booted = [record["message"].split() for record in self.records() if "Booting worker" in record["message"]]
        return {int(words[-1]) for words in booted}

    def metric_folder(self):
        """Return the folder of its metrics: the master has a file there too, mapped into its memory."""
        maps = Path(f"/proc/{self.process.pid}/maps").read_text().splitlines()
        return Path(next(line.split()[-1] for line in maps if "flask-metrics" in line)).parent

    def stop(self):
        """Ask the service to end as a supervisor does, and return its exit status."""
        self.client.close()
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(GENEROUS_SECONDS)


@contextmanager
def running(folder, environ, application="service:app", project=PROJECT):
    """Run Gunicorn in `project` until the block ends; nothing is left of it then, whatever happened."""
    (folder / "gate").mkdir(parents=True)
    with (
        socket.create_server(("127.0.0.1", 0), backlog=512) as listener,
        socket.create_server(("127.0.0.1", 0)) as internal,
        (folder / "stdout").open("wb") as stdout,
        (folder / "stderr").open("wb") as stderr,
    ):
        # Descriptors that are inherited: nobody else can take the ports in between.
        variables = {
            "BIND": f"fd://{listener.fileno()}",
            "METRICS_BIND": f"fd://{internal.fileno()}",
            "GATE": str(folder / "gate"),
            "PATH": os.environ["PATH"],
        }
        process = subprocess.Popen(
            [GUNICORN, "--pythonpath", Path(__file__).parent, application],
            cwd=project,
            env={name: value for name, value in (variables | environ).items() if value is not None},
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            pass_fds=[listener.fileno(), internal.fileno()],
            start_new_session=True,
        )
        service = Service(process, listener.getsockname()[1], internal.getsockname()[1], folder)
    try:
        yield service
    finally:
        service.client.close()
        service.internal_client.close()
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(GENEROUS_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@pytest.fixture(scope="session")
def stack_environment(server, template):
    """The variables of production behind one proxy, with a database that all of these tests share."""
    with scratch(server, template) as name:
        yield {**PRODUCTION, "DATABASE_URL": server(name), "WEB_CONCURRENCY": "2", "RELEASE": "1.2.3"}


@pytest.fixture
def start(tmp_path, stack_environment):
    """A function that starts a service of the test's own and waits until it answers."""
    with ExitStack() as started:

        def start(**changes):
            folder = tmp_path / f"service-{len(list(tmp_path.iterdir()))}"
            service = started.enter_context(running(folder, stack_environment | changes))
            until(service.is_ready)
            return service

        yield start


@pytest.fixture(scope="session")
def service(tmp_path_factory, stack_environment):
    """A service that is shared by the tests which only send it requests."""
    with running(tmp_path_factory.mktemp("stack") / "shared", stack_environment) as service:
        until(service.is_ready)
        yield service
