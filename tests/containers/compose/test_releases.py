"""A new release, one that cannot be, and settings that are no good: who serves afterwards, and what is said."""

import json
import re
import shutil
import subprocess
from contextlib import contextmanager

import pytest

from tests.conftest import PROJECT
from tests.containers.compose.load import visited
from tests.containers.compose.stack import Stack, until

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
    """A function that makes an image of ours with something changed, and returns its name."""
    made = []

    def derive(name, *lines, **files):
        for file, content in files.items():
            (tmp_path / file).write_text(content)
        (tmp_path / "Dockerfile").write_text("\n".join([f"FROM {stack.environ['SLIPWAY_IMAGE']}", *lines, ""]))
        made.append(f"{stack.name}:{name}")
        stack.engine("build", "--quiet", "--tag", made[-1], tmp_path)
        return made[-1]

    yield derive
    for name in made:
        stack.engine.result("rmi", "--force", name)


@pytest.fixture
def broken_migration(derived):
    return derived("broken", "COPY broken.txt migrations/versions/0002_broken.py", **{"broken.txt": BROKEN_MIGRATION})


@contextmanager
def as_image(stack, name):
    """The stack's commands with another image, as .env would say it."""
    former, stack.environ["SLIPWAY_IMAGE"] = stack.environ["SLIPWAY_IMAGE"], name
    try:
        yield
    finally:
        stack.environ["SLIPWAY_IMAGE"] = former


def release(stack, wait_seconds=900):
    """Run deploy/docker/release as an operator does."""
    environ = stack.engine.environ | stack.environ | {"WAIT_SECONDS": str(wait_seconds)}
    command = ["sh", stack.folder / "deploy/docker/release", "--no-build"]
    return subprocess.run(
        command, cwd=stack.folder, env=environ, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )


def serving(stack):
    with stack.client() as client:
        return client.get("/openapi.json").json()["info"]["version"]


def test_a_release_is_put_into_the_place_of_the_former_one(stack, derived, say):
    before = serving(stack)
    with as_image(stack, derived("next", "ENV RELEASE=2.0.0")), visited(stack.url) as load:
        result = release(stack)
    assert result.returncode == 0, result.stdout + result.stderr
    say(load)
    assert serving(stack) == "2.0.0" != before
    assert len(stack.containers("web")) == 1
    # See the guide: at most what was just being sent to a container in the moment it was gone.
    assert set(load.failed) <= {504}
    assert sum(load.failed.values()) <= 4
    assert release(stack).returncode == 0
    assert serving(stack) == before


def test_a_release_whose_migration_fails_leaves_the_former_and_the_schema(stack, broken_migration, say):
    before, web = serving(stack), stack.containers("web")
    with as_image(stack, broken_migration), visited(stack.url) as load:
        result = release(stack)
    say(load)
    assert result.returncode == 1
    assert "the migration failed" in result.stderr
    assert stack.containers("web") == web
    assert load.failed == {}
    assert serving(stack) == before
    assert stack.sql("SELECT to_regclass('half_done') IS NULL") == "t"


def test_a_release_that_never_becomes_ready_leaves_the_former(stack, derived, say):
    web = stack.containers("web")
    image = derived("unready", 'CMD ["python", "-c", "import time; time.sleep(3600)"]')
    with as_image(stack, image), visited(stack.url) as load:
        result = release(stack, wait_seconds=30)  # it never will
    say(load)
    assert result.returncode == 1
    assert "does not become ready" in result.stderr
    assert stack.containers("web") == web
    assert load.failed == {}


def test_compose_alone_ends_the_former_before_it_migrates_as_the_guide_warns(fresh, broken_migration):
    fresh.up()
    with as_image(fresh, broken_migration):
        result = fresh.compose("up", "--detach", "--wait", "--no-build", check=False)
    assert result.returncode != 0
    assert "migrate" in result.stderr
    assert fresh.services()["web"][0] != "running"
    assert fresh.status() in {502, 504}
    fresh.up()  # the former image again
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


def test_a_fresh_clone_needs_nothing_but_docker_compose_up(engine, clone, tmp_path):
    folder = shutil.copytree(clone, tmp_path / "clone")
    stack = Stack(engine, folder, ("", ""))
    stack.environ |= {"SLIPWAY_IMAGE": f"{stack.name}-service", "SLIPWAY_EDGE_IMAGE": f"{stack.name}-edge"}
    try:
        stack.compose("up", "--detach", "--wait")
        assert stack.status("/") == 200
    finally:
        stack.destroy()
        engine.result("rmi", f"{stack.name}-service", f"{stack.name}-edge")


def test_in_production_the_one_in_front_is_believed_once_the_edge_is_told_of_it(fresh):
    fresh.environ |= {"APP_ENV": "production", "PUBLIC_URL": "https://app.test"}
    fresh.up()
    said = {
        "Host": "app.test",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-For": "203.0.113.7",
        "X-Request-ID": "in-front-1",
    }
    with fresh.client() as client:
        unknown = client.get("/v1/ping", headers=said)
    guide = (PROJECT / "docs/deploy-containers.md").read_text()
    [front] = re.findall(r"```nginx\n(set_real_ip_from 172.*?)```", guide, re.DOTALL)
    (fresh.folder / "front.conf").write_text(front)
    fresh.environ["EDGE_FRONT"] = "./front.conf"
    fresh.up()
    with fresh.client() as client:
        known = client.get("/v1/ping", headers=said | {"X-Request-ID": "in-front-2"})
        elsewhere = client.get("/v1/ping", headers=said | {"Host": "other.test"})
    assert (unknown.status_code, known.status_code, elsewhere.status_code) == (308, 200, 400)
    assert "max-age" in known.headers["Strict-Transport-Security"]
    [line] = [line for line in fresh.logs("web").splitlines() if "in-front-2" in line]
    assert json.loads(line)["client.address"] == "203.0.113.7"
