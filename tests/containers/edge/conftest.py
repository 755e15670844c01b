"""The image of the edge before containers that are called `web`."""

import json
from contextlib import ExitStack, contextmanager

import httpx
import pytest

from tests.conftest import PROJECT, TESTING
from tests.containers import containers
from tests.containers.engine import until

BEHIND = {**TESTING, "PROXY_HOPS_FOR": "1", "PROXY_HOPS_PROTO": "1", "PROXY_HOPS_HOST": "1", "RELEASE": "1.2.3"}
# In the place of the service: tells what it was sent, and takes its time for /slow.
ECHO = """
import http.server, json, time
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        print("asked for", self.path, flush=True)
        time.sleep(2 if self.path == "/slow" else 0)
        body = json.dumps([self.path, self.headers.items()]).encode()
        self.send_response(200)
        self.send_header("Content-Length", len(body))
        self.end_headers()
        self.wfile.write(body)
http.server.ThreadingHTTPServer(("0.0.0.0", 8000), Handler).serve_forever()
"""


class Edge(containers.Container):
    """A container of the edge whose port is published."""

    def opened(self):
        self.http = self.client(8080, Host="localhost")

    def get(self, path, **headers):
        return self.http.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def answers(self, status):
        """Return whether the page of the service has this status now."""
        try:
            return self.get("/v1/ping").status_code == status
        except httpx.TransportError:
            return False

    def lines(self):
        """Return the lines of its access log."""
        return [json.loads(line) for line in self.logs().splitlines() if line.startswith("{")]


class Front:
    """A network with an edge, and whoever is put behind it."""

    def __init__(self, engine, image, network, stack):
        self.engine, self.image, self.network, self.stack = engine, image, network, stack
        self.edge = None

    def open(self, edge_image, *options):
        given = [*containers.HARDENED, f"--network={self.network}", "--publish=127.0.0.1::8080", *options]
        running = containers.running(self.engine, edge_image, options=given, kind=Edge)
        self.edge = self.stack.enter_context(running)
        until(lambda: self.edge.answers(502) or self.edge.answers(200))
        return self.edge

    def put(self, *command, alias="web", options=(), **variables):
        """Run a container behind the edge, in which `web` is its name."""
        given = [*containers.HARDENED, f"--network={self.network}", f"--network-alias={alias}", *options]
        running = containers.running(self.engine, self.image, *command, options=given, **variables)
        return self.stack.enter_context(running)

    def serve(self, **variables):
        """Run the service there, with operations that only tests call."""
        mount = f"--volume={PROJECT}/tests/stack/service.py:/tests/service.py:ro"
        return self.put("gunicorn", "--pythonpath=/tests", "service:app", options=[mount], **BEHIND | variables)


@contextmanager
def front(engine, image):
    with containers.network(engine) as network, ExitStack() as stack:
        yield Front(engine, image, network, stack)


@pytest.fixture
def place(engine, image):
    """A network of the test's own; nothing is in it yet."""
    with front(engine, image) as place:
        yield place


@pytest.fixture(scope="module")
def shared(engine, image, edge_image):
    """An edge and a service, for tests which only send requests."""
    with front(engine, image) as place:
        place.web = place.serve()
        place.open(edge_image)
        until(lambda: place.edge.answers(200))
        yield place


@pytest.fixture
def edge(shared):
    return shared.edge
