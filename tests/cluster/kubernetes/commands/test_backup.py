"""The script of the backup's pod, run on the tests' own PostgreSQL: its pod needs a cluster (live/)."""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from devtools.keeping import account
from devtools.postgres import binaries
from tests.cluster.kubernetes.rendering import KUBERNETES, containers, pods
from tests.conftest import PROJECT

pytestmark = pytest.mark.cluster

WHO = account.of_server()


class Pod:
    """The folders of the pod, and its command."""

    def __init__(self, home):
        self.backups, self.scripts = home / "backups", home / "scripts"
        self.service = home / "pg_service.conf"
        self.programs = str(binaries.find(WHO, home).folder)
        self.home = home

    def run(self, programs=""):
        environ = {
            "PATH": f"{programs}:{self.programs}:/usr/bin:/bin",
            "PGSERVICEFILE": str(self.service),
            "BACKUP_FOLDER": str(self.backups),
            "TMPDIR": str(self.home),
        }
        return subprocess.run(
            ["/bin/bash", self.scripts / "backup"],
            env=environ,
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            **WHO.identity,
        )

    def there(self):
        return sorted(path.name for path in self.backups.iterdir() if path.name != ".lock")


@pytest.fixture
def pod(database):
    """A pod whose secret leads to a migrated database with one note."""
    home = Path(tempfile.mkdtemp(prefix="slipway-"))
    url = make_url(database)
    with psycopg.connect(database.replace("+psycopg", "")) as connection:
        connection.execute("CREATE TABLE kept (name text); INSERT INTO kept VALUES ('one'), ('two')")
    made = Pod(home)
    for folder in (made.backups, made.scripts):
        folder.mkdir()
    for path in (KUBERNETES / "backup/backup", *(PROJECT / "deploy/vps/lib/backups").glob("*.sql")):
        shutil.copy(path, made.scripts)
    place = {
        "host": url.host or url.query["host"],
        "port": url.port or url.query.get("port", 5432),
        "user": url.username,
        "password": url.password or "none",
        "dbname": url.database,
    }
    made.service.write_text("[slipway]\n" + "".join(f"{name}={value}\n" for name, value in place.items()))
    for path in (home, *home.rglob("*")):
        os.chown(path, WHO.identity["user"], WHO.identity["group"])
    yield made
    shutil.rmtree(home)


def test_a_backup_is_restored_and_compared_before_it_counts(pod):
    done = pod.run()
    assert done.returncode == 0, done.stderr
    dump, told, checksums = pod.there()
    assert done.stdout.startswith(f"{dump}: {(pod.backups / dump).stat().st_size} bytes, restored and compared in ")
    assert json.loads((pod.backups / told).read_text())["rows"]["public.kept"] == 2
    sums = {name: hashlib.sha256((pod.backups / name).read_bytes()).hexdigest() for name in (dump, told)}
    assert (pod.backups / checksums).read_text() == "".join(f"{digest}  {name}\n" for name, digest in sums.items())
    assert {(pod.backups / name).stat().st_mode & 0o777 for name in (dump, told, checksums)} == {0o600}


def test_what_does_not_restore_as_it_was_dumped_is_no_backup(pod):
    wrong = pod.home / "wrong"
    wrong.mkdir()
    restore = wrong / "pg_restore"
    forget = f'{pod.programs}/psql --quiet --host="$TMPDIR" --username=postgres --command="DELETE FROM kept"'
    restore.write_text(f'#!/bin/sh\n{pod.programs}/pg_restore "$@" && {forget}\n')
    restore.chmod(0o755)
    done = pod.run(wrong)
    assert done.returncode == 1
    assert "public.kept: 2 when it was dumped, 0 restored" in done.stderr
    assert "FAILED" in done.stderr
    assert pod.there() == []


def test_a_database_that_is_away_is_no_backup_and_leaves_nothing(pod):
    pod.service.write_text("[slipway]\nhost=/nowhere\n")
    done = pod.run()
    assert done.returncode == 1
    assert "could not be dumped" in done.stderr
    assert pod.there() == []


def test_old_backups_go_but_never_the_newest_seven(pod):
    def made(days):
        name = (datetime.now(UTC) - timedelta(days=days)).strftime("slipway-%Y%m%dT%H%M%SZ")
        for suffix in ("dump", "json", "sha256"):
            (pod.backups / f"{name}.{suffix}").write_text("x")
        return name

    young = [made(days) for days in range(1, 4)]
    old = [made(days) for days in range(20, 26)]
    done = pod.run()
    assert done.returncode == 0, done.stderr
    left = {name.partition(".")[0] for name in pod.there()}
    assert left >= {*young, *old[:3]}
    assert len(left) == 7
    assert len(pod.there()) == 21


def test_two_at_once_are_one(pod):
    lock = pod.backups / ".lock"
    with subprocess.Popen(["flock", lock, "sleep", "60"]) as other:
        try:
            lock.touch()
            lock.chmod(0o666)
            done = pod.run()
        finally:
            other.kill()
    assert done.returncode == 1
    assert "Another backup is being made" in done.stderr


def test_the_pod_mounts_what_the_script_reads(everything):
    [template] = [template for each, template in pods(everything) if each["kind"] == "CronJob"]
    [container] = containers(template)
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert container["command"] == ["bash", f"{mounts['scripts']}/backup"]
    assert f"BACKUP_FOLDER:-{mounts['backups']}}}" in (KUBERNETES / "backup/backup").read_text()
    maps = {each["metadata"]["name"]: each["data"] for each in everything if each["kind"] == "ConfigMap"}
    mounted = [
        source["configMap"]["name"]
        for volume in template["spec"]["volumes"]
        if volume["name"] == "scripts"
        for source in volume["projected"]["sources"]
    ]
    assert {name for source in mounted for name in maps[source]} == {
        "backup",
        "compare.sql",
        "contents.sql",
        "dump.sql",
    }
