import re
import subprocess

import pytest

from tests.conftest import PROJECT
from tests.containers.engine import until
from tests.containers.swarm.stack import COMMANDS

pytestmark = pytest.mark.docker

GUIDE = PROJECT / "docs/deploy-swarm.md"
VOLUME = "/var/lib/postgresql"


def table(stack, name):
    """Make a table with a row, as the role that owns the schema."""
    stack.psql(f"SET ROLE slipway_migrate; CREATE TABLE {name} (id int); INSERT INTO {name} VALUES (1)")


def tables(stack, database="slipway"):
    return set(
        stack.psql(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace", database
        ).split()
    )


def backup(stack):
    """Make one, and return its name."""
    done = stack.run("backup")
    assert done.returncode == 0, done.stdout + done.stderr
    return re.search(r"(slipway-\S+\.dump): \d+ bytes, restored and compared", done.stdout)[1]


def in_volume(stack, script):
    command = ["run", "--rm", "--user=postgres", f"--volume={stack.name}_backups:{VOLUME}", f"--workdir={VOLUME}"]
    return stack.engine(*command, "--entrypoint=sh", "postgres:18.6", "-c", script)


@pytest.fixture
def dropped(stack):
    """Afterwards nothing is left of what a test has restored."""
    yield
    for name in stack.psql("SELECT datname FROM pg_database WHERE datname ~ '^slipway_'").split():
        stack.psql(f'DROP DATABASE "{name}" WITH (FORCE)', "postgres")


def test_a_backup_counts_once_it_was_restored_and_is_listed_with_its_release(stack):
    name = backup(stack)
    assert set(in_volume(stack, "ls").split()) >= {
        name,
        name.replace(".dump", ".json"),
        name.replace(".dump", ".sha256"),
    }
    listed = stack.run("backup", "--list").stdout
    assert re.search(rf"{name}: \d+ bytes, release {stack.now}, schema \w+", listed)
    assert stack.engine("service", "ls", "--quiet", f"--filter=name={stack.name}_backup") == ""


@pytest.fixture
def left(stack):
    """A function that makes a backup's service, as it is left when its command is ended by force."""
    name = f"{stack.name}_backup"

    def left(*command):
        stack.engine("service", "create", "--detach", "--restart-condition=none", f"--name={name}", *command)
        return until(lambda: stack.engine("service", "ps", "--format={{.CurrentState}}", name))

    yield left
    stack.engine.result("service", "rm", name)


def test_what_an_earlier_one_has_left_is_removed_once_it_has_ended(stack, left):
    left("--entrypoint=true", "postgres:18.6")
    until(lambda: stack.tasks("backup", "complete"))
    done = stack.run("backup")
    assert f"{stack.name}_backup has ended, and was left by who had begun it: removed." in done.stdout, done.stderr
    assert "restored and compared" in done.stdout


def test_of_two_at_a_time_the_second_is_refused_with_the_command_that_ends_the_first(stack, left):
    left("--entrypoint=sleep", "postgres:18.6", "infinity")
    until(lambda: stack.tasks("backup", "running"))
    done = stack.run("backup")
    assert done.returncode == 1
    assert f"another one is at it: {stack.name}_backup, Running" in done.stderr
    assert f"docker service rm {stack.name}_backup" in done.stderr
    assert stack.tasks("backup", "running")


def test_a_database_that_cannot_be_dumped_is_told(stack):
    stack.psql("ALTER ROLE slipway_migrate NOLOGIN")
    try:
        done = stack.run("backup")
    finally:
        stack.psql("ALTER ROLE slipway_migrate LOGIN")
    assert done.returncode == 1
    assert 'role "slipway_migrate" is not permitted to log in' in done.stdout
    assert "there is no new backup" in done.stderr


def test_what_was_deleted_comes_back_and_what_was_there_stays(stack, dropped, say):
    before = stack.containers("web")
    table(stack, "kept")
    name = backup(stack)
    stack.psql("DROP TABLE kept")
    table(stack, "younger")

    done = stack.run("restore", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    [said] = re.findall(rf"slipway is {name}, in .*", done.stdout)
    say(said)
    assert {"kept", "alembic_version"} <= tables(stack)
    assert "younger" not in tables(stack)
    assert stack.psql("SET ROLE slipway; SELECT count(*) FROM kept") == "1"
    [former] = stack.psql("SELECT datname FROM pg_database WHERE datname LIKE 'slipway\\_before\\_%'").split()
    assert "younger" in tables(stack, former)
    for container in before:
        until(
            lambda container=container: stack.engine.result("exec", container, "healthcheck", "/readyz").returncode == 0
        )
    assert stack.containers("web") == before
    stack.psql("DROP TABLE kept")


def test_beside_changes_nothing_of_what_serves(stack, dropped):
    table(stack, "gone")
    name = backup(stack)
    stack.psql("DROP TABLE gone")
    done = stack.run("restore", name, "--beside")
    assert done.returncode == 0, done.stdout + done.stderr
    beside = re.search(r"is the database (\w+),", done.stdout)[1]
    assert "gone" in tables(stack, beside)
    assert "gone" not in tables(stack)


def test_a_backup_that_is_not_what_was_written_is_not_restored(stack):
    name = backup(stack)
    in_volume(stack, f"printf x >>{name}")
    before = stack.psql("SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database")
    done = stack.run("restore", name, "--yes")
    in_volume(stack, f"rm {name.removesuffix('.dump')}.*")
    assert done.returncode == 1
    assert f"{name}: FAILED" in done.stdout
    assert "the database is as it was" in done.stderr
    assert stack.psql("SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database") == before


def test_copies_go_elsewhere_and_come_back_into_a_new_volume(stack, tmp_path):
    name = backup(stack)
    there, back = re.search(r"```sh\n(docker run .*)\n(docker run .*)\n```", GUIDE.read_text()).groups()
    other = f"{stack.name}_elsewhere"
    try:
        for line, volume in ((there, f"{stack.name}_backups"), (back, other)):
            command = line.replace("slipway_backups", volume)
            subprocess.run(["bash", "-euc", command], cwd=tmp_path, env=stack.engine.environ, check=True)
        look = [
            "run",
            "--rm",
            f"--volume={other}:{VOLUME}",
            f"--workdir={VOLUME}",
            "--entrypoint=stat",
            "postgres:18.6",
        ]
        assert stack.engine(*look, "--format=%U", ".", name).split() == ["postgres", "postgres"]
    finally:
        stack.engine("volume", "rm", other)


def test_the_timer_starts_what_is_there(tmp_path):
    for unit in (COMMANDS / "systemd").iterdir():
        text = unit.read_text().replace("/srv/slipway/deploy/swarm", str(COMMANDS))
        (tmp_path / unit.name).write_text(text)
    units = sorted(tmp_path.iterdir())
    assert len(units) == 2
    checked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, check=False
    )
    assert (checked.returncode, [line for line in checked.stderr.splitlines() if "slipway-swarm" in line]) == (0, [])


def test_nobody_replaces_a_database_by_accident(stack):
    done = stack.run("restore", input="yes\n")
    assert (done.returncode, "not confirmed; nothing was done" in done.stderr) == (1, True)
