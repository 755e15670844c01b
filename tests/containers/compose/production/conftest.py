"""The stack as it is in production: behind an Nginx of the machine, which terminates TLS."""

import re
import subprocess
from contextlib import contextmanager

import pytest

from tests.conftest import PROJECT
from tests.containers.compose.conftest import standing
from tests.containers.compose.stack import Stack
from tests.nginx.sites import NAME

IN_PRODUCTION = {
    "APP_ENV": "production",
    "PUBLIC_URL": f"https://{NAME}",
    "EDGE_FRONT": "./deploy/docker/front/edge.conf",
}


@pytest.fixture(scope="module")
def production(engine, image, edge_image, clone):
    """The stack, up, with the settings of production; who asks it at its port has to say what the Nginx says."""
    with standing(Stack(engine, clone, (image, edge_image))) as stack:
        stack.environ |= IN_PRODUCTION
        stack.up()
        yield stack


@contextmanager
def env(stack, **settings):
    """Have `.env` of the stack's folder say this until the block ends."""
    file = stack.folder / ".env"
    file.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    try:
        yield file
    finally:
        file.unlink()


def as_the_guide_says(stack, line):
    """Run those commands of the guide among which this line is, in the stack's folder."""
    guide = (PROJECT / "docs/deploy-containers.md").read_text()
    [commands] = [block for block in re.findall(r"^```sh\n(.*?)^```", guide, re.MULTILINE | re.DOTALL) if line in block]
    environ = stack.engine.environ | stack.environ | {"WAIT_SECONDS": "900"}
    result = subprocess.run(
        ["sh", "-euc", commands], cwd=stack.folder, env=environ, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, commands + result.stdout + result.stderr
    return result.stdout
