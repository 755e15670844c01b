"""The way back to a former release, what a release may not stumble over, and who works and serves when it fails."""

import fcntl
import os
import re
import shlex
import shutil

import pytest

from tests.containers.compose.conftest import standing
from tests.containers.compose.load import visited
from tests.containers.compose.stack import RELEASE, Stack, until

pytestmark = pytest.mark.docker

MIGRATION = """from alembic import op

revision = "9001"
down_revision = "{head}"


def upgrade():
    op.execute("CREATE TABLE of_the_later_release (id int)")


def downgrade():
    op.execute("DROP TABLE of_the_later_release")
"""
NO_WORKER = """#!/bin/sh
if [ "$1" = jobs ]; then exec sleep 3600; fi
exec python -m flask "$@"
"""


@pytest.fixture(scope="module")
def other(engine, image, edge_image, clone, tmp_path_factory):
    """A stack on a clone of its own, whose schema and settings these tests change."""
    folder = shutil.copytree(clone, tmp_path_factory.mktemp("back") / "clone")
    with standing(Stack(engine, folder, (image, edge_image))) as stack:
        stack.up()
        yield stack


def web(stack):
    return set(stack.containers("web"))


def test_a_release_with_a_migration_and_the_command_that_it_names_for_the_way_back_lose_nothing(other, tmp_path, say):
    head = other.sql("SELECT version_num FROM alembic_version")
    migration = MIGRATION.format(head=head)
    other.derive(tmp_path, "2.0.0", "COPY later.txt migrations/versions/9001_later.py", **{"later.txt": migration})
    (other.folder / ".env").write_text("RELEASE=0.1\n# Of the operator")  # without an end of the line
    with visited(other.url) as load:
        there = other.release("2.0.0")
        assert (there.returncode, other.serving()) == (0, "2.0.0"), there.stdout + there.stderr
        # The former migrations do not know what they find; that is told, and changes nothing.
        refused = other.release(RELEASE)
        [back] = [line.removeprefix("Back: ") for line in there.stdout.splitlines() if line.startswith("Back: ")]
        assert (other.folder / ".env").read_text() == "RELEASE=2.0.0\n# Of the operator\n"
        command, *arguments = shlex.split(back)
        result = other.deploy(command.removeprefix("deploy/docker/"), *arguments, WAIT_SECONDS="300")
    say(load)
    assert refused.returncode == 1
    assert "the migration failed; the schema is as it was, and 2.0.0 serves as before" in refused.stderr
    assert (result.returncode, other.serving()) == (0, RELEASE), result.stdout + result.stderr
    assert (other.folder / ".env").read_text() == f"RELEASE={RELEASE}\n# Of the operator\n"
    assert set(load.failed) <= {504}
    assert sum(load.failed.values()) <= 4
    assert other.sql("SELECT version_num FROM alembic_version") == "9001"
    assert other.sql("SELECT to_regclass('of_the_later_release') IS NOT NULL") == "t"
    result = other.release(RELEASE)  # it serves: nothing is migrated, and a changed setting comes into force
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_way_back_is_open_when_no_web_runs_any_more(other):
    migrated = other.engine.inspect(other.container("migrate"))["State"]["StartedAt"]
    other.compose("stop", "web")
    result = other.release(RELEASE, "--no-migration")
    assert (result.returncode, other.serving()) == (0, RELEASE), result.stdout + result.stderr
    assert other.engine.inspect(other.container("migrate"))["State"]["StartedAt"] == migrated


@pytest.mark.parametrize(
    "sick", ["import time; time.sleep(3600)", "raise SystemExit(1)"], ids=["unready", "restarting"]
)
def test_a_sick_web_does_not_stop_its_cure_and_an_ended_one_is_not_counted(other, tmp_path, sick):
    other.settle(web=2)
    other.engine("kill", other.containers("web")[0])
    ill = other.derive(tmp_path, "sick", f'CMD ["python", "-c", "{sick}"]')
    other.environ["RELEASE"] = ill
    other.compose("up", "--detach", "--no-deps", "--no-build", "web")
    other.environ["RELEASE"] = RELEASE
    until(lambda: other.status("/v1/ping") in {502, 504})
    result = other.release(RELEASE, "--no-migration")
    assert result.returncode == 0, result.stdout + result.stderr
    assert len(web(other)) == 1
    assert other.status("/v1/ping") == 200


def test_an_image_that_is_nowhere_is_refused_and_not_built(other):
    before = web(other)
    result = other.release("mistyped")
    assert result.returncode == 1
    said = rf"there is no image {other.name}(-edge)?:mistyped here, and it cannot be pulled; {RELEASE} serves as before"
    assert re.search(said, result.stderr)
    assert other.engine.result("image", "inspect", f"{other.name}:mistyped").returncode != 0
    assert web(other) == before


def test_two_at_once_are_refused(other):
    before = web(other)
    folder = os.open(other.folder, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    try:
        result = other.release(RELEASE)
    finally:
        os.close(folder)
    assert result.returncode == 1
    assert "somebody else releases or restores at this moment" in result.stderr
    assert web(other) == before


@pytest.mark.parametrize("arguments", [["--no-migration"], ["a tag"], ["1", "2"], ["--edge", "1"]], ids=" ".join)
def test_what_it_does_not_understand_is_refused(other, arguments):
    result = other.deploy("release", *arguments)
    assert (result.returncode, result.stdout) == (2, "")


def test_what_env_says_comes_into_force_without_another_release(other):
    (other.folder / ".env").write_text(f"WEB_THREADS=5\nRELEASE={RELEASE}\n")
    given = other.environ.pop("RELEASE")
    result = other.release("--no-migration")
    other.environ["RELEASE"] = given
    (other.folder / ".env").unlink()
    assert (result.returncode, other.serving()) == (0, RELEASE), result.stdout + result.stderr
    for service in ("web", "worker"):
        told = other.engine.inspect(other.container(service))["Config"]["Env"]
        assert {"WEB_THREADS=5", f"RELEASE={RELEASE}"} <= set(told)


def test_a_worker_that_does_not_become_ready_is_told_and_the_former_works_on(other, tmp_path):
    [before] = other.containers("worker")
    copied = ["COPY --chmod=0755 flask.txt .venv/bin/flask"]
    name = other.derive(tmp_path, "3.0.0", *copied, **{"flask.txt": NO_WORKER})
    result = other.release(name, "--no-migration", WAIT_SECONDS="45")
    assert (result.returncode, other.serving()) == (1, "3.0.0"), result.stdout + result.stderr
    assert f"3.0.0 serves, but its worker does not become ready; who works is {RELEASE}" in result.stderr
    assert other.containers("worker") == [before]
    assert other.services()["worker"][0] == "running"
