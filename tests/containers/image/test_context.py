"""What a build gets to see of the folder that it is run in."""

import pytest

from tests.copies import copied

pytestmark = pytest.mark.docker

# What lies about in a checkout, and must not get into an image.
PLANTED = (
    ".env",
    "app/.env",
    "app/core/.secrets",
    "secrets/secret_key",
    "app/__pycache__/api.cpython-313.pyc",
    "notes.sql",
)
SERVICE = {"app", "migrations", "gunicorn.conf.py", "wsgi.py", "deploy"}


@pytest.fixture(scope="module")
def seen(engine, tmp_path_factory):
    """The files of this tree, and what was planted in it, as far as a build gets them."""
    tree, out = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("seen")
    copied(tree)
    for name in PLANTED:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text("t0p-s3cret")
    everything = "FROM scratch\nCOPY . /\n"
    engine("build", "--file=-", f"--output=type=local,dest={out}", tree, input=everything)
    return {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}


def test_a_build_sees_the_code(seen):
    assert {"wsgi.py", "app/__init__.py", "migrations/env.py", "requirements.txt"} <= seen


def test_a_build_sees_nothing_that_was_left_lying_about(seen):
    assert seen.isdisjoint(PLANTED)


def test_a_build_sees_no_test_tool_or_guide(seen):
    tops = {name.split("/")[0] for name in seen if not name.startswith("requirements")}
    assert tops <= SERVICE
    assert {name.split("/")[1] for name in seen if name.startswith("deploy/")} == {"docker", "nginx"}
