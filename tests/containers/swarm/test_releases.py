import re
import time
from collections import Counter

import pytest
from alembic.script import ScriptDirectory

from tests.conftest import PROJECT
from tests.containers.engine import until
from tests.containers.swarm.load import visitors
from tests.containers.swarm.stack import FRONT, SETTINGS

pytestmark = pytest.mark.docker


def fails_at(head):
    """A migration that creates something, and then fails."""
    lines = [
        "import sqlalchemy as sa",
        "from alembic import op",
        'revision = "fails"',
        f"down_revision = {head!r}",
        "def upgrade():",
        '    op.create_table("half", sa.Column("id", sa.Integer))',
        '    op.execute("SELECT 1 / 0")',
    ]
    said = "\\n".join(lines).replace('"', '\\"')
    return f'RUN printf "{said}\\n" > migrations/versions/fails.py'


def test_from_nothing_to_a_page_through_the_edge(stack, say):
    for line in ("Stores", "Migrating", f"Starting {stack.now} beside nothing"):
        assert line in stack.said_first
    say(stack.said_first.splitlines()[-1])
    status, _, page = stack.ask("/")
    assert status == 200
    assert f"<code>{stack.now}</code>" in page
    status, headers, _ = stack.ask(re.search(r'href="(/static/[^"]+\.css[^"]*)"', page)[1])
    assert (status, headers["Cache-Control"]) == (200, "public, max-age=31536000, immutable")


def test_a_release_loses_no_request(stack, say):
    new = stack.make()
    with visitors(stack) as load:
        said = stack.release(new)
    say(load, said.splitlines()[-1])
    assert load.failures == []
    assert [*load.releases] == [stack.now, new]  # both answered, in this order
    assert stack.serving() == {new}
    assert f"The edge stays at {stack.image}-edge:" in said


def test_a_release_that_never_becomes_ready_is_taken_back_by_the_swarm(stack, say):
    began = time.monotonic()
    with visitors(stack) as load:
        done = stack.run("release", stack.make("ENV NEVER_READY=1"), env={"READY_SECONDS": "5"})
    say(load, f"taken back after {time.monotonic() - began:.0f} s")
    assert done.returncode == 1
    assert "web: the swarm took the update back" in done.stderr
    assert "readiness: never failed: division by zero" in done.stderr
    assert f"as before, {stack.now} serves" in done.stderr
    assert load.failures == []
    assert stack.serving() == {stack.now}
    assert stack.serving("worker") == {stack.now}


def test_a_migration_that_fails_leaves_everything_as_it_was(stack):
    head = ScriptDirectory(PROJECT / "migrations").get_current_head()
    before = stack.containers("web")
    done = stack.run("release", stack.make(fails_at(head)))
    assert done.returncode == 1
    assert "division by zero" in done.stdout
    assert f"the migration failed; the schema is as it was, and {stack.now} serves as before" in done.stderr
    assert stack.containers("web") == before
    assert stack.ask("/")[0] == 200
    [postgres] = stack.containers("postgres")
    tables = stack.engine("exec", postgres, "psql", "--tuples-only", "--dbname=slipway", "--command=\\dt")
    assert "half" not in tables


def test_an_image_that_no_node_has_is_told(stack):
    done = stack.run("release", "nowhere")
    assert done.returncode == 1
    assert "No such image" in done.stdout + done.stderr
    assert stack.serving() == {stack.now}


def test_back_to_an_older_release_without_its_migrations(stack):
    before, new = stack.now, stack.make()
    stack.release(new)
    said = stack.release(before, "--no-migration")
    assert "Migrating" not in said
    assert stack.serving() == {before}


def test_back_to_what_was_before_with_the_settings_of_then(stack):
    before, new = stack.now, stack.make()
    [settings] = (name for name in stack.configs("web") if "_settings_" in name)
    put = stack.put("settings", f"{SETTINGS}LOG_LEVEL=WARNING\n")
    stack.release(new)
    assert put in stack.configs("web")
    stack.release(new)  # once more is no other release
    stack.release("--back")
    assert stack.serving() == {before}
    assert settings in stack.configs("web")


def test_a_front_that_has_changed_replaces_the_edge_and_says_so(stack):
    put = stack.put("front", f"{FRONT}# Changed.\n")
    said = stack.release(stack.now, "--no-migration")
    assert "The front has changed, so the edge is replaced, too." in said
    assert put in stack.configs("edge")
    until(lambda: stack.ask("/")[0] == 200)


@pytest.mark.parametrize("options", [[], ["--no-migration"]], ids=["migration", "web"])
def test_what_finds_no_node_is_not_waited_for_without_end(stack, options):
    [node] = stack.engine("node", "ls", "--quiet").splitlines()
    stack.engine("node", "update", "--availability=pause", node)
    try:
        done = stack.run("release", stack.make(), *options, env={"PATIENCE_SECONDS": "15"})
    finally:
        stack.engine("node", "update", "--availability=active", node)
    assert done.returncode == 1
    assert "no suitable node" in done.stderr
    assert stack.serving() == {stack.now}


def test_the_edge_goes_along_when_it_is_told_to(stack, say):
    new = stack.make()
    with visitors(stack) as load:
        said = stack.release(new, "--edge", "--no-migration")
    # Nobody answers between the former and the next, on a swarm with one such node: this is what it costs.
    say(load, Counter(str(status) for _, _, _, status, _ in load.failures))
    assert "The edge stays" not in said
    assert stack.serving("edge") == {new}
    assert stack.ask("/")[0] == 200


def test_who_has_scaled_by_hand_keeps_that(stack):
    stack.engine("service", "scale", "--detach", f"{stack.name}_web=3")
    try:
        stack.ready("web", 3)
        stack.release(stack.make())
        assert len(stack.containers("web")) == 3
    finally:
        stack.engine("service", "scale", "--detach", f"{stack.name}_web=2")


def test_https_without_somebody_who_is_believed_in_front_is_refused(another):
    def dry_run():
        done = another.run("release", "v9", "--dry-run")
        return done.returncode, "deploy/swarm/put front < deploy/docker/front/edge.conf" in done.stderr

    assert dry_run() == (0, False)
    another.put("front", (PROJECT / "deploy/docker/edge/front.conf").read_text())
    assert dry_run() == (1, True)
    another.put("front", (PROJECT / "deploy/docker/front/edge.conf").read_text())
    assert dry_run() == (0, False)
    another.engine("config", "rm", *(f"{another.name}_front_{number}" for number in (1, 2, 3)))
    assert dry_run() == (1, True)
    another.put("settings", "PUBLIC_URL=http://app.test\n")
    assert dry_run() == (0, False)


def test_a_dry_run_changes_nothing(stack):
    before = [stack.service(name)["Version"] for name in ("web", "worker", "edge", "postgres", "redis")]
    done = stack.run("release", "v9", "--dry-run")
    assert done.returncode == 0
    assert f"Would release {stack.image}:v9, behind {stack.image}-edge:" in done.stdout
    assert [stack.service(name)["Version"] for name in ("web", "worker", "edge", "postgres", "redis")] == before
