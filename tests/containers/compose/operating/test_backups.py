"""Backups of the database under Compose: made, proved, put back; and what is no backup changes nothing."""

import hashlib
import json
import os
import re
import secrets
import shutil
import subprocess

import pytest

from tests.conftest import PROJECT
from tests.containers.compose.load import visited
from tests.containers.compose.stack import LASTING, ONE_SHOTS, until

pytestmark = pytest.mark.docker

GUIDE = (PROJECT / "docs/deploy-containers.md").read_text()


@pytest.fixture(autouse=True)
def _no_leftovers(stack):
    """Have each test find the database alone, and everybody running."""
    keep(stack)
    yield
    stack.settle()
    for name in set(databases(stack)) - {"slipway"}:
        stack.sql(f'DROP DATABASE "{name}"')
    stack.sql("DROP TABLE IF EXISTS kept, younger")


def keep(stack):
    """Have the database hold something, as the role that migrates makes it."""
    stack.sql("CREATE TABLE kept AS SELECT 1 AS id")
    stack.sql("ALTER TABLE kept OWNER TO slipway_migrate")


def kept(stack):
    return stack.sql("SELECT string_agg(id::text, ' ' ORDER BY id) FROM kept")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "backups"


def databases(stack):
    return stack.sql("SELECT datname FROM pg_database WHERE datname LIKE 'slipway%' ORDER BY 1").split()


def backup(stack, folder, *arguments, **variables):
    return stack.deploy("backup", *arguments, BACKUP_DIRECTORY=str(folder), **variables)


def restore(stack, folder, *arguments):
    return stack.deploy("restore", *arguments, BACKUP_DIRECTORY=str(folder))


def made(stack, folder):
    """Make a backup, and return its path without an ending."""
    result = backup(stack, folder)
    assert result.returncode == 0, result.stdout + result.stderr
    return max(folder.glob("slipway-*.dump")).with_suffix("")


def lives(stack, services):
    """Return since when each of these containers is what it is."""
    ids = [container for service in sorted(services) for container in stack.containers(service)]
    return {container: stack.engine.inspect(container)["State"]["StartedAt"] for container in ids}


def sealed(path):
    """Give a backup the checksum of what it is now."""
    sums = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in parts(path)[:2]]
    parts(path)[2].write_text("".join(sums))


def parts(path):
    return [path.with_suffix(ending) for ending in (".dump", ".json", ".sha256")]


def test_a_backup_without_its_checksum_is_none_and_deletes_nothing(stack, folder, tmp_path):
    former = made(stack, folder)
    (tmp_path / "sha256sum").write_text("#!/bin/sh\nexit 1\n")  # as on a disk that is full
    (tmp_path / "sha256sum").chmod(0o755)
    result = backup(stack, folder, BACKUP_KEEP_DAYS="1", PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert result.returncode == 1
    assert "there is no new backup" in result.stderr
    assert list(folder.glob("slipway-*.dump")) == [former.with_suffix(".dump")]
    former.with_suffix(".json").unlink()
    assert backup(stack, folder, "--check").returncode == 1


def test_a_restore_brings_back_what_was_there_and_leaves_nothing_that_is_younger(stack, folder, say):
    path = made(stack, folder)
    assert {file.name for file in folder.iterdir()} == {file.name for file in parts(path)}
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}
    stack.sql("CREATE TABLE younger (id int)")
    stack.sql("UPDATE kept SET id = 2")
    before = lives(stack, (LASTING | ONE_SHOTS) - {"worker"})
    with visited(stack.url) as load:
        result = restore(stack, folder, "--yes")
    say(load)
    assert result.returncode == 0, result.stdout + result.stderr
    assert kept(stack) == "1"
    assert stack.sql("SELECT to_regclass('younger') IS NULL") == "t"
    assert stack.sql("SELECT pg_get_userbyid(relowner) FROM pg_class WHERE relname = 'kept'") == "slipway_migrate"
    assert lives(stack, (LASTING | ONE_SHOTS) - {"worker"}) == before
    assert stack.status("/readyz") == 200
    until(lambda: {stack.engine.health(container) for container in stack.containers("worker")} <= {"healthy"})
    # What was there before is there under another name, until somebody drops it by the line that was printed.
    [line] = [line for line in result.stdout.splitlines() if "dropdb" in line]
    assert stack.compose(*line.partition("docker compose ")[2].replace("exec", "exec -T").split()) == ""
    assert databases(stack) == ["slipway"]


def test_the_role_that_migrates_goes_on_owning_what_was_restored(stack, folder):
    made(stack, folder)
    assert restore(stack, folder, "--yes").returncode == 0
    stack.compose("run", "--rm", "--no-deps", "migrate")
    may_connect = "has_database_privilege('slipway', 'slipway', 'CONNECT')"
    may_create = "has_schema_privilege('slipway', 'public', 'CREATE')"
    assert stack.sql(f"SELECT {may_connect}, {may_create}") == "t|f"


@pytest.mark.parametrize("how", ["cut", "cut and sealed", "another count"])
def test_a_backup_that_is_broken_restores_nothing_and_the_service_goes_on(stack, folder, how, say):
    path = made(stack, folder)
    stack.sql("INSERT INTO kept VALUES (2)")
    dump, told, _ = parts(path)
    if how == "another count":
        told.write_text(re.sub(r'("public\.alembic_version": )1', r"\g<1>2", told.read_text()))
    else:
        dump.write_bytes(dump.read_bytes()[: dump.stat().st_size * 2 // 3])
    if how != "cut":
        sealed(path)
    before = lives(stack, LASTING)
    with visited(stack.url) as load:
        result = restore(stack, folder, "--yes")
        tried = restore(stack, folder, "--try")
    say(load)
    assert (result.returncode, tried.returncode) == (1, 1), result.stdout + tried.stdout
    assert load.failed == {}
    assert kept(stack) == "1 2"
    assert lives(stack, LASTING) == before
    assert databases(stack) == ["slipway"]


def test_a_backup_is_proved_beside_and_nothing_of_that_stays(stack, folder):
    path = made(stack, folder)
    before = lives(stack, LASTING)
    result = restore(stack, folder, path.name, "--try")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "It can be restored, and holds what was dumped" in result.stdout
    assert databases(stack) == ["slipway"]
    assert lives(stack, LASTING) == before


def test_nothing_is_restored_that_nobody_has_confirmed(stack, folder):
    made(stack, folder)
    result = restore(stack, folder)  # nobody is there to answer
    assert result.returncode == 1
    assert "not confirmed; nothing was done" in result.stderr
    assert databases(stack) == ["slipway"]


def test_a_dump_that_fails_leaves_no_file_and_the_backups_that_there_are(stack, folder):
    path = made(stack, folder)
    stack.compose("stop", "postgres")
    result = backup(stack, folder)
    assert result.returncode == 1
    assert "there is no new backup" in result.stderr
    assert sorted(folder.iterdir()) == sorted(parts(path))


def test_backups_go_on_after_the_password_that_they_need_was_lost_and_made_again(stack, folder):
    stack.compose("run", "--rm", "-T", "secrets", "put", "postgres", "postgres_password", input=secrets.token_hex(32))
    assert "password authentication failed" in backup(stack, folder).stderr
    stack.run("postgres", "psql", "--quiet", "--file=/docker-entrypoint-initdb.d/1-roles.sql")
    made(stack, folder)


def test_old_ones_go_and_the_newest_seven_stay(stack, folder):
    folder.mkdir()
    old = [folder / f"slipway-202001{day:02}T000000Z" for day in range(1, 10)]
    for path in old:
        for file in parts(path):
            file.touch()
    path = made(stack, folder)
    assert sorted(folder.glob("*.dump")) == [
        *(each.with_suffix(".dump") for each in old[3:]),
        path.with_suffix(".dump"),
    ]
    assert not [file for each in old[:3] for file in parts(each) if file.exists()]


def test_somebody_is_told_when_the_newest_is_too_old_or_there_is_none(stack, folder):
    assert "there is no backup in" in backup(stack, folder, "--check").stderr
    path = made(stack, folder)
    assert backup(stack, folder, "--check").returncode == 0
    told = json.loads(parts(path)[1].read_text())
    parts(path)[1].write_text(json.dumps(told | {"made_at": "2026-01-01T00:00:00Z"}, indent=1))
    assert "its checksum differs" in backup(stack, folder, "--check").stderr
    sealed(path)
    result = backup(stack, folder, "--check")
    assert result.returncode == 1
    assert re.search(rf"the newest backup is {path.name}, \d+ hours old", result.stderr)


def test_a_later_postgresql_takes_over_by_the_lines_of_the_guide(fresh, folder, tmp_path):
    fresh.folder = shutil.copytree(fresh.folder, tmp_path / "clone")
    fresh.up()
    keep(fresh)
    section = GUIDE.partition("### Another PostgreSQL")[2].partition("\n### ")[0]
    before, override, after = re.findall(r"```(?:yaml|sh)\n(.*?)```", section, re.DOTALL)
    # The same program in the place of a later one: there is no other here.
    [image] = re.findall(r"image: (postgres:\S+)", override)
    same = re.search(r"image: (postgres:\S+)", (fresh.folder / "docker-compose.yml").read_text())[1]
    (fresh.folder / "docker-compose.override.yml").write_text(override.replace(image, same))
    environ = fresh.engine.environ | fresh.environ | {"BACKUP_DIRECTORY": str(folder), "WAIT_SECONDS": "900"}
    for text, files in ((before, []), (after, ["docker-compose.override.yml"])):
        environ["COMPOSE_FILE"] = ":".join(["docker-compose.yml", *files, "patience.yml"])
        result = subprocess.run(
            ["sh", "-eu"], input=text, cwd=fresh.folder, env=environ, capture_output=True, text=True, check=False
        )
        assert result.returncode == 0, result.stdout + result.stderr
    fresh.environ["COMPOSE_FILE"] = environ["COMPOSE_FILE"]
    until(lambda: fresh.status() == 200)
    assert kept(fresh) == "1"
    assert fresh.sql("SHOW data_directory") == "/var/lib/postgresql/19/docker"
