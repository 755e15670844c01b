"""The service's image alone, without a database: what is said about containers holds before there are two of them."""

from contextlib import ExitStack

import httpx
import pytest

from tests.conftest import PRODUCTION, PROJECT
from tests.containers import containers
from tests.containers.engine import until
from tests.stack.conftest import PROXIED

PUBLISHED = ("--publish=127.0.0.1::8000", "--publish=127.0.0.1::8001")


class Web(containers.Container):
    """A container whose two ports are published."""

    def opened(self):
        self.public = self.client(8000, **PROXIED)
        self.internal = self.client(8001)

    def is_alive(self):
        assert self.state()["Running"], self.logs()
        try:
            return self.public.get("/healthz").status_code == 200
        except httpx.TransportError:  # nobody listens yet behind the published port
            return False


@pytest.fixture
def run(engine, image):
    """A function that runs a container of the image with the variables of production, and removes it afterwards."""
    with ExitStack() as started:

        def run(*command, **variables):
            given = {name: value for name, value in (PRODUCTION | variables).items() if value is not None}
            return started.enter_context(containers.running(engine, image, *command, **given))

        yield run


@pytest.fixture
def serve(run, tmp_path):
    """A function that runs the web service, with operations that only tests call, and waits until it answers."""
    gate = tmp_path / "gate"
    gate.mkdir()
    gate.chmod(0o777)  # for the user of the container, who is nobody here

    def serve(*arguments, options=containers.HARDENED, **variables):
        mounts = [f"--volume={PROJECT}/tests/stack/service.py:/tests/service.py:ro", f"--volume={gate}:/gate"]
        command = ["gunicorn", "--pythonpath=/tests", *arguments, "service:app"]
        web = run(*command, options=[*options, *PUBLISHED, *mounts], kind=Web, GATE="/gate", **variables)
        until(web.is_alive)
        return web

    serve.gate = gate
    return serve
