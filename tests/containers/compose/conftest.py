"""The whole stack, up from nothing: one that tests leave as they found it, and others to be broken."""

import json
from contextlib import contextmanager

import pytest

from tests.containers.compose.stack import LASTING, PATIENCE, Stack
from tests.copies import copied

# What nobody waits for: on a machine that does much else at once, a start may take long, and is no failure.
PATIENT = {
    name: {"healthcheck": {"start_period": "15m", "retries": 100}, "environment": {"DB_STATEMENT_TIMEOUT_MS": "600000"}}
    for name in LASTING
}


@pytest.fixture(scope="session")
def clone(tmp_path_factory):
    """A folder with the files of this tree, as one has after `git clone`, and one by which starts may take long."""
    folder = copied(tmp_path_factory.mktemp("clone"))
    (folder / PATIENCE).write_text(json.dumps({"services": PATIENT}))
    return folder


@contextmanager
def standing(stack):
    stack.tag_images()
    try:
        yield stack
    finally:
        stack.destroy()


@pytest.fixture(scope="session")
def stack(engine, image, edge_image, clone):
    """The stack, ready; tests share it, and whoever breaks it waits until it is ready again."""
    with standing(Stack(engine, clone, (image, edge_image))) as stack:
        stack.up()
        yield stack


@pytest.fixture
def fresh(engine, image, edge_image, clone):
    """A stack of the test's own, not started yet."""
    with standing(Stack(engine, clone, (image, edge_image))) as stack:
        yield stack
