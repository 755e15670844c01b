"""A swarm of one node, and a stack in it that serves."""

import fcntl

import pytest

from tests.conftest import PROJECT
from tests.containers.engine import until
from tests.containers.swarm.stack import COMMANDS, FRONT, SETTINGS, Stack

SERVICE = PROJECT / "tests/containers/swarm/service.py"
LABELS = ("slipway.stores", "slipway.edge")


@pytest.fixture(scope="session")
def swarm(engine):
    """An engine that is a swarm: its own, or one of this machine alone, for as long as somebody tests in it."""
    made = PROJECT / ".dev/swarm-made"
    made.parent.mkdir(exist_ok=True)
    with (PROJECT / ".dev/swarm.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if engine("info", "--format={{.Swarm.LocalNodeState}}") == "inactive":
            engine("swarm", "init", "--advertise-addr=127.0.0.1", "--listen-addr=127.0.0.1")
            made.touch()
        [node] = engine("node", "ls", "--quiet").splitlines()
        engine("node", "update", *(f"--label-add={label}=true" for label in LABELS), node)
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield engine
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return  # others are at it, and the last of them puts the light out
        if made.exists():
            until(lambda: engine.result("swarm", "leave", "--force").returncode == 0)
            made.unlink()


@pytest.fixture(scope="session")
def base(engine, image):
    """The service's image, with operations for tests."""
    name = f"{image}-swarm"
    lines = [f"FROM {image}", "USER 0:0", "COPY service.py wsgi.py", "RUN rm -r __pycache__", "USER 10001:10001"]
    dockerfile = "\n".join(lines)
    engine("build", "--quiet", f"--tag={name}", "--file=-", SERVICE.parent, input=dockerfile)
    return name


@pytest.fixture
def another(swarm, base, edge_image, tmp_path):
    """Another stack, of which there are settings, with a copy of deploy/ that a test may change."""
    stack = Stack(swarm, base, edge_image, "-another")
    stack.own_files(tmp_path)
    stack.put("settings", SETTINGS)
    stack.put("front", FRONT)
    yield stack
    stack.remove()


@pytest.fixture(scope="session")
def fresh(swarm, base, edge_image):
    """A stack of which nothing is there yet but its settings."""
    stack = Stack(swarm, base, edge_image)
    stack.put("settings", SETTINGS)
    stack.put("front", FRONT)
    yield stack
    stack.remove()


@pytest.fixture(scope="session")
def _released(fresh):
    fresh.said_first = fresh.release(fresh.make())
    return fresh


@pytest.fixture
def files(stack, tmp_path):
    """The stack, with a copy of deploy/ that a test may change."""
    stack.own_files(tmp_path)
    yield stack
    stack.commands = COMMANDS


@pytest.fixture
def stack(_released):
    """A stack that serves with two tasks of one release, and afterwards does so again."""
    _released.ready("web", 2)
    [_released.now] = _released.serving()
    yield _released
    _released.ready("web", 2)
