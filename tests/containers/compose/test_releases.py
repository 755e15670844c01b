"""A new release, one that cannot be, and settings that are no good: who serves afterwards, and what is said."""

import shutil
import subprocess
from functools import partial

import pytest

from tests.containers.compose.load import visited
from tests.containers.compose.stack import RELEASE, Stack, until
from tests.copies import AS_SOMEBODY

pytestmark = pytest.mark.docker

BROKEN_MIGRATION = """from alembic import op

revision, down_revision = "0002", "0001"


def upgrade():
    op.execute("CREATE TABLE half_done (id int)")
    op.execute("SELECT 1 / 0")


def downgrade():
    pass
"""


@pytest.fixture
def derived(stack, tmp_path):
    """A function that makes a release of ours with something changed, and returns its name."""
    return partial(stack.derive, tmp_path)


@pytest.fixture
def broken_migration(derived):
    return derived("broken", "COPY broken.txt migrations/versions/0002_broken.py", **{"broken.txt": BROKEN_MIGRATION})


def test_a_release_is_put_into_the_place_of_the_former_one(stack, derived, say):
    before, edge = stack.serving(), stack.container("edge")
    with visited(stack.url) as load:
        result = stack.release(derived("2.0.0"))
    assert result.returncode == 0, result.stdout + result.stderr
    say(load)
    assert (before, stack.serving()) == (RELEASE, "2.0.0")
    assert len(stack.containers("web")) == len(stack.containers("worker")) == 1
    assert stack.container("edge") == edge
    # See the guide: at most what was just being sent to a container in the moment it was gone.
    assert set(load.failed) <= {504}
    assert sum(load.failed.values()) <= 4
    assert stack.release(RELEASE).returncode == 0
    assert stack.serving() == before


def test_a_release_whose_migration_fails_leaves_the_former_and_the_schema(stack, broken_migration, say):
    before, web = stack.serving(), stack.containers("web")
    with visited(stack.url) as load:
        result = stack.release(broken_migration)
    say(load)
    assert result.returncode == 1
    assert "the migration failed" in result.stderr
    assert stack.containers("web") == web
    assert load.failed == {}
    assert stack.serving() == before
    assert stack.sql("SELECT to_regclass('half_done') IS NULL") == "t"


def test_a_release_that_never_becomes_ready_leaves_the_former(stack, derived, say):
    web = stack.containers("web")
    name = derived("unready", 'CMD ["python", "-c", "import time; time.sleep(3600)"]')
    with visited(stack.url) as load:
        result = stack.release(name, WAIT_SECONDS="30")  # it never will
    say(load)
    assert result.returncode == 1
    assert "does not become ready" in result.stderr
    assert stack.containers("web") == web
    assert load.failed == {}


def test_compose_alone_ends_the_former_before_it_migrates_as_the_guide_warns(stack, fresh, broken_migration):
    fresh.up()
    fresh.environ |= {"SLIPWAY_IMAGE": stack.name, "RELEASE": broken_migration}
    result = fresh.compose("up", "--detach", "--wait", "--no-build", check=False)
    assert result.returncode != 0
    assert "migrate" in result.stderr
    assert fresh.services()["web"][0] != "running"
    assert fresh.status() in {0, 502, 504}  # the edge, whose image has changed too, may have ended with it
    fresh.environ["RELEASE"] = RELEASE
    fresh.up()
    assert fresh.status() == 200


def test_a_secret_that_is_no_good_is_told_in_one_line_and_nothing_is_started_over_and_over(fresh):
    fresh.compose("run", "--rm", "secrets", "make")
    fresh.compose("run", "--rm", "--no-TTY", "secrets", "put", "service", "secret_key", input="too short")
    result = fresh.compose("up", "--detach", "--wait", "--no-build", check=False)
    assert result.returncode != 0
    assert 'service "check" didn\'t complete successfully: exit 78' in result.stderr
    assert fresh.services()["check"] == ("exited", 78)
    assert fresh.services()["web"][0] == "created"
    [line] = [line for line in fresh.logs("check").splitlines() if "SECRET_KEY" in line]
    assert "9 characters; at least 32 are needed" in line
    assert "too short" not in fresh.says()


def test_a_secret_that_is_lost_while_it_runs_is_told_by_whoever_restarts(fresh):
    fresh.up()
    web = fresh.container("web")
    fresh.compose("run", "--rm", "--no-TTY", "--entrypoint=rm", "secrets", "/secrets/service/secret_key")
    fresh.compose("restart", "web")
    until(lambda: "Restarting (78)" in fresh.compose("ps", "--all", "web"))
    lines = [line for line in fresh.logs("web").splitlines() if "SECRET_KEY" in line]
    assert "its file cannot be read (No such file or directory)" in lines[-1]
    fresh.compose("run", "--rm", "secrets", "make")  # as `up` does; sessions were signed with a key that is gone
    until(lambda: fresh.status() == 200)
    assert fresh.container("web") == web


def test_a_fresh_clone_needs_nothing_but_docker_compose_up_and_its_releases_are_kept_by_name(engine, clone, tmp_path):
    folder = shutil.copytree(clone, tmp_path / "clone")
    stack = Stack(engine, folder, ("", ""))
    try:
        stack.compose("up", "--detach", "--wait")
        assert stack.status("/") == 200
        result = stack.deploy("release", "2.0.0", WAIT_SECONDS="300")
        assert (result.returncode, stack.serving()) == (0, "2.0.0"), result.stdout + result.stderr
        [web] = stack.containers("web")
        told = engine.inspect(web)["Config"]
        commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=folder, capture_output=True, text=True, check=True)
        assert {"RELEASE=2.0.0", f"GIT_SHA={commit.stdout.strip()}"} <= set(told["Env"])
        names = {f"{stack.name}{part}:{tag}" for part in ("", "-edge") for tag in (RELEASE, "2.0.0")}
        assert names <= set(engine("images", "--format={{.Repository}}:{{.Tag}}").split())
        further = ["git", *AS_SOMEBODY, "commit", "--quiet", "--allow-empty", "--message=further"]
        subprocess.run(further, cwd=folder, check=True)
        result = stack.deploy("release", "2.0.0")
        assert result.returncode == 1
        assert f"{stack.name}:2.0.0 already, made of {commit.stdout.strip()}; 2.0.0 serves as before" in result.stderr
    finally:
        stack.destroy()
