"""`flask db` as a release runs it: real processes, a database of the test's own, and revisions of the test's own."""

import shutil
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.conftest import scratch
from tests.stack.conftest import GENEROUS_SECONDS, PROJECT, until

FLASK = Path(sys.executable).with_name("flask")
LOCK = "SELECT pg_advisory_lock(7350233019)"

REVISION = """
revision, down_revision, branch_labels, depends_on = "{name}", {previous!r}, None, None

from alembic import op

def upgrade():
    {upgrade}

def downgrade():
    op.execute("DROP TABLE made_by_{name}")
"""
# Each run of a revision leaves a row, so that a second run would be seen; pg_sleep makes the runners meet.
MAKE = 'op.execute("CREATE TABLE made_by_{name} AS SELECT pg_sleep(0.5)::text AS slept")'


class Migrations:
    """A migrations folder like the project's, with revisions of the test's own, and an empty database."""

    def __init__(self, folder, environ, uri):
        self.folder = folder
        self.environ = environ
        self.uri = uri
        self.started = []
        shutil.copytree(PROJECT / "migrations", folder, ignore=shutil.ignore_patterns("versions", "__pycache__"))
        (folder / "versions").mkdir()

    def add(self, name, previous=None, upgrade=MAKE):
        content = REVISION.format(name=name, previous=previous, upgrade=upgrade.format(name=name))
        (self.folder / "versions" / f"{name}.py").write_text(content)

    def start(self, *command, **changes):
        process = subprocess.Popen(
            [FLASK, "db", *command, "--directory", self.folder],
            cwd=PROJECT,
            env=self.environ | changes,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.started.append(process)
        return process

    def close(self):
        for process in self.started:
            process.kill()
            process.wait()
            process.stdout.close()

    def run(self, *command, **changes):
        process = self.start(*command, **changes)
        said, _ = process.communicate(timeout=GENEROUS_SECONDS)
        return process.returncode, said

    def query(self, statement):
        with psycopg.connect(self.uri) as connection:
            return connection.execute(statement).fetchall()

    def tables(self):
        return {name for (name,) in self.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}

    def version(self):
        return self.query("SELECT version_num FROM alembic_version")


@pytest.fixture
def migrations(server, production, tmp_path):
    with scratch(server) as name:
        production["DATABASE_URL"] = server(name)
        migrations = Migrations(tmp_path / "migrations", production, server(name).replace("+psycopg", ""))
        yield migrations
        migrations.close()


@pytest.fixture
def project_migrations(server, production):
    """The project's own revisions on an empty database."""
    with scratch(server) as name:
        production["DATABASE_URL"] = server(name)

        def run(*command):
            command = [FLASK, "db", *command]
            return subprocess.run(command, cwd=PROJECT, env=production, capture_output=True, text=True, check=False)

        yield run


def test_of_eight_that_migrate_at_once_one_does_it_and_all_succeed(migrations):
    migrations.add("a")
    migrations.add("b", previous="a")
    runners = [migrations.start("upgrade") for _ in range(8)]
    said = [runner.communicate(timeout=GENEROUS_SECONDS)[0] for runner in runners]
    assert [runner.returncode for runner in runners] == [0] * 8, said
    assert sum("Running upgrade a -> b" in output for output in said) == 1
    assert migrations.version() == [("b",)]
    assert migrations.tables() == {"alembic_version", "made_by_a", "made_by_b"}


def test_a_migration_that_fails_leaves_nothing_behind_and_locks_nobody_out(migrations):
    migrations.add("a")
    migrations.add("b", previous="a", upgrade='op.execute("CREATE TABLE half (x int)"); op.execute("SELECT 1/0")')
    status, said = migrations.run("upgrade")
    assert status != 0
    assert "division by zero" in said
    assert migrations.tables() == set()
    migrations.add("b", previous="a")
    assert migrations.run("upgrade", DB_MIGRATION_LOCK_TIMEOUT_SECONDS="1")[0] == 0
    assert migrations.version() == [("b",)]


def test_a_runner_that_is_killed_leaves_nothing_behind_and_locks_nobody_out(migrations):
    migrations.add("a", upgrade='op.execute("CREATE TABLE half AS SELECT pg_sleep(600)::text AS slept")')
    runner = migrations.start("upgrade")
    sleeping = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'CREATE TABLE half%'"
    until(lambda: migrations.query(sleeping))
    runner.kill()
    runner.communicate()
    migrations.query(f"SELECT pg_terminate_backend(pid) FROM ({sleeping.replace('SELECT 1', 'SELECT pid')}) AS s")
    migrations.add("a")
    assert migrations.run("upgrade")[0] == 0
    assert migrations.tables() == {"alembic_version", "made_by_a"}


def test_whoever_finds_the_lock_taken_says_so_after_its_patience_and_changes_nothing(migrations):
    migrations.add("a")
    with psycopg.connect(migrations.uri, autocommit=True) as other:
        other.execute(LOCK)
        status, said = migrations.run("upgrade", DB_MIGRATION_LOCK_TIMEOUT_SECONDS="1")
    assert status == 1
    assert "another migration has been running for 1 seconds; nothing was done" in said
    assert "Traceback" not in said
    assert migrations.tables() == set()


def test_whoever_waits_for_the_lock_goes_on_when_it_is_given_back(migrations):
    migrations.add("a")
    with psycopg.connect(migrations.uri, autocommit=True) as other:
        other.execute(LOCK)
        runner = migrations.start("upgrade")
        waiting = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        until(lambda: migrations.query(waiting))
    runner.communicate(timeout=GENEROUS_SECONDS)
    assert runner.returncode == 0
    assert migrations.version() == [("a",)]


def test_a_migration_is_not_ended_by_the_timeout_of_requests(migrations):
    migrations.add("a")
    assert migrations.run("upgrade", DB_STATEMENT_TIMEOUT_MS="100")[0] == 0


def test_a_database_that_cannot_be_reached_is_reported_in_a_line_without_its_password(migrations):
    migrations.add("a")
    status, said = migrations.run("upgrade", DATABASE_URL="postgresql://app:pa55w0rd@127.0.0.1:1/db")
    assert status == 1
    assert "the database cannot be reached" in said
    assert "Traceback" not in said
    assert "pa55w0rd" not in said


def test_the_projects_migrations_go_up_and_down_and_up_again_and_end_at_what_the_models_say(project_migrations):
    for command in (["upgrade"], ["downgrade", "base"], ["upgrade"], ["check"]):
        result = project_migrations(*command)
        assert result.returncode == 0, result.stdout + result.stderr
