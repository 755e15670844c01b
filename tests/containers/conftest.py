"""A real Docker engine, and the images of this tree."""

import fcntl

import pytest

from tests.conftest import PROJECT
from tests.containers import engine as engines

RELEASE, GIT_SHA = "1.2.3", "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(scope="session")
def engine():
    """The client of a Docker engine; a failure says that there is none."""
    found = engines.find()
    if not found:
        pytest.fail(engines.NO_ENGINE, pytrace=False)
    return found


def built(engine, name, *arguments):
    """Build an image of this tree, one process at a time, and return its name."""
    (PROJECT / ".dev").mkdir(exist_ok=True)
    with (PROJECT / ".dev/docker.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        versions = ["--build-arg", f"RELEASE={RELEASE}", "--build-arg", f"GIT_SHA={GIT_SHA}"]
        made = engine("build", "--quiet", *versions, *arguments, PROJECT)
        # A name of this content: somebody who builds another tree at the same time changes nothing here.
        tag = f"{name}:test-{made.removeprefix('sha256:')[:12]}"
        engine("tag", made, tag)
    return tag


@pytest.fixture(scope="session")
def image(engine):
    """The name of the service's image, built from this tree."""
    return built(engine, "slipway")


@pytest.fixture(scope="session")
def edge_image(engine):
    """The name of the image of the Nginx before it."""
    return built(engine, "slipway-edge", "--target", "edge")
