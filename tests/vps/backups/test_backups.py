"""Backups: what is in one, where it goes, how long it stays, and what happens when one cannot be made."""

import shlex
import time
from contextlib import ExitStack

import pytest

from tests.vps.backups.store import (
    AS_SERVICE,
    FIGURES,
    GENEROUS_SECONDS,
    INSERT,
    NOTES,
    Store,
    locked_table,
    meanwhile,
    sql,
    until,
)

pytestmark = pytest.mark.vps

COPY = 'cp "$@" {}/'
NEVER = {"backup_offsite_last_success_timestamp_seconds": 0}


@pytest.fixture
def store(server, request):
    folder = f"/var/backups/test-{abs(hash(request.node.name))}"
    sql(server, INSERT.format(NOTES), who=AS_SERVICE)
    yield Store(server, folder)
    sql(server, "DELETE FROM notes WHERE title = 'backed up'", who=AS_SERVICE)
    server.run(f"umount {folder}; rm -rf {folder} {folder}.conf", check=False)


@pytest.fixture
def elsewhere(store):
    """A folder to copy backups to."""
    folder = f"{store.folder}.elsewhere"
    store.run(f"install -d -o slipway_migrate {folder}")
    yield folder
    store.run(f"rm -r {folder}")


def aged(store, *days):
    """Put backups there that were made so many days ago, and return their names."""
    names = [store.run(f"date --utc --date='{n} days ago' +slipway-%Y%m%dT%H%M%SZ").stdout.strip() for n in days]
    files = " ".join(f"{name}.{ending}" for name in names for ending in ("dump", "json", "sha256"))
    store.run(f"cd {store.folder} && touch {files}")
    return names


def dumps(store):
    """Return the names of the backups that are there, each of which has its three files."""
    names = sorted({name.partition(".")[0] for name in store.names()})
    assert store.names() == [f"{name}.{ending}" for name in names for ending in ("dump", "json", "sha256")]
    return names


def test_a_backup_says_of_what_it_is(store):
    backup = store.backup()
    [name] = dumps(store)
    told = store.told(backup)
    assert told["rows"]["public.notes"] >= NOTES
    assert told["rows"]["public.alembic_version"] == 1
    assert told["migration_head"] == sql(store.machine, "SELECT version_num FROM alembic_version").stdout.strip()
    assert f"RELEASE={told['release']}\n" in store.run("cat /srv/slipway/current/RELEASE.env").stdout
    assert told["database"] == "slipway"
    assert {"slipway", "slipway_migrate"} <= set(told["roles"])
    assert told["made_at"].replace("-", "").replace(":", "")[:14] == name.removeprefix("slipway-")[:14]
    store.run(f"cd {store.folder} && sha256sum --check {name}.sha256")
    assert store.run(f"stat --format=%a:%U {backup}.*").stdout.split() == ["600:slipway_migrate"] * 3
    said = store.figures("backup")
    assert said["backup_size_bytes"] == int(store.run(f"stat --format=%s {backup}.dump").stdout)
    assert abs(said["backup_last_success_timestamp_seconds"] - time.time()) < GENEROUS_SECONDS
    assert store.leftovers() == ""


def test_while_writes_go_on_the_list_is_of_the_moment_that_was_dumped(store):
    insert = shlex.quote("INSERT INTO notes (title, body) VALUES ('backed up', 'meanwhile');")
    with meanwhile(store.machine, f"timeout 120 yes {insert} | runuser -u slipway -- psql --quiet slipway"):
        until(lambda: sql(store.machine, "SELECT 1 FROM notes WHERE body = 'meanwhile' LIMIT 1").stdout)
        counts = []
        for _ in range(2):
            counts.append(store.told(store.backup())["rows"]["public.notes"])
            store.slipway("restore-drill")
    assert counts[0] < counts[1]  # they did go on


def test_a_full_disk_leaves_the_backups_that_were_there_and_no_half_one(store):
    store.run(f"mount -t tmpfs -o size=2M,uid=$(id -u slipway_migrate),mode=0700 tmpfs {store.folder}")
    store.backup()
    before, said = store.names(), store.figures("backup")
    store.run(f"head -c 2M /dev/zero >{store.folder}/.filled", check=False)
    failed = store.slipway("backup", check=False)
    store.run(f"rm {store.folder}/.filled")
    assert failed.returncode == 1
    assert "No space left on device" in failed.stderr
    assert "Not done. Backups" in failed.stderr
    assert (store.names(), store.figures("backup")) == (before, said)
    assert store.leftovers() == ""
    store.backup()


FAKES = {
    "is killed": "kill -9 $$",
    "fails at its end": '/usr/bin/pg_dump "$@"; exit 1',
    "writes half": '/usr/bin/pg_dump "$@" && truncate --size=-5000 "$DUMP"',
}


@pytest.mark.parametrize("how", FAKES)
def test_a_dump_that_is_not_whole_is_no_backup(how, store):
    said = store.figures("backup")
    store.run(f"install -d {store.folder}.bin && cat >{store.folder}.bin/pg_dump", input=f"#!/bin/bash\n{FAKES[how]}\n")
    store.run(f"chmod 755 {store.folder}.bin/pg_dump")
    store.set(PATH=f"{store.folder}.bin:/usr/bin:/bin")
    failed = store.slipway("backup", check=False)
    store.run(f"rm -r {store.folder}.bin")
    assert failed.returncode == 1
    assert "could not be dumped" in failed.stderr or "cannot be read back" in failed.stderr
    assert (store.names(), store.figures("backup")) == ([], said)
    assert store.leftovers() == ""


def test_a_database_that_does_not_answer_leaves_the_backups_that_were_there(store):
    store.backup()
    before = store.names()
    store.set(PGHOST="/nowhere")
    assert store.slipway("backup", check=False).returncode == 1
    assert store.names() == before
    assert store.leftovers() == ""


def test_a_second_backup_is_refused_while_one_is_made(store):
    with ExitStack() as stack:
        with locked_table(store.machine) as somebody_waits:
            stack.enter_context(meanwhile(store.machine, f"BACKUP_CONF={store.folder}.conf slipway backup; sleep 300"))
            until(somebody_waits)
            refused = store.slipway("backup", check=False)
            assert (refused.returncode, store.names()) == (1, [])
            assert "another backup is being made; nothing was done" in refused.stderr
        until(lambda: len(store.names()) == 3)
    assert len(dumps(store)) == 1


def test_what_a_killed_backup_has_left_is_gone_after_the_next(store):
    with (
        locked_table(store.machine) as somebody_waits,
        meanwhile(store.machine, f"BACKUP_CONF={store.folder}.conf exec slipway backup") as unit,
    ):
        until(somebody_waits)
        store.run(f"systemctl kill --signal=KILL {unit}")
        assert ".partial-" in store.leftovers()
        assert store.names() == []
    store.backup()
    assert store.leftovers() == ""


def test_what_is_neither_young_nor_among_the_newest_nor_proved_last_is_deleted(store):
    store.set(BACKUP_KEEP_DAYS=10, BACKUP_KEEP_COUNT=3)
    proved, old, counted, young, youngest = aged(store, 40, 30, 20, 5, 4)
    store.run(f"cd {store.folder} && echo {proved} >.proved && touch slipway-20200101T000000Z.json")
    assert store.slipway("backup --dry-run").stdout.count("Would delete") == 1  # what it makes is not there yet
    store.slipway("backup --local")
    assert f"{old}.dump" in store.names()
    new = store.backup().rpartition("/")[2]
    assert counted not in dumps(store)
    assert old not in dumps(store)
    assert {proved, young, youngest, new} <= set(dumps(store))


def test_the_newest_are_kept_however_old_they_are(store):
    store.set(BACKUP_KEEP_DAYS=1, BACKUP_KEEP_COUNT=2)
    *_, newest = aged(store, 300, 200, 100)
    new = store.backup().rpartition("/")[2]
    assert dumps(store) == [newest, new]


@pytest.mark.parametrize("value", ["0", "-1", "many"])
def test_settings_that_would_delete_everything_are_refused(value, store):
    aged(store, 40)
    store.set(BACKUP_KEEP_COUNT=value, BACKUP_KEEP_DAYS=1)
    refused = store.slipway("backup", check=False)
    assert (refused.returncode, len(dumps(store))) == (1, 1)
    assert "BACKUP_KEEP_COUNT is no number above 0" in refused.stderr


def test_a_backup_is_copied_elsewhere_by_the_operators_command(store, elsewhere):
    store.set(BACKUP_OFFSITE_COMMAND=COPY.format(elsewhere))
    store.backup()
    assert store.run(f"ls {elsewhere}").stdout.split() == store.names()
    copied_at = store.figures("offsite")["backup_offsite_last_success_timestamp_seconds"]
    assert abs(copied_at - time.time()) < GENEROUS_SECONDS


def by_openssl(_):
    key = "openssl enc -aes-256-cbc -pbkdf2 -pass pass:of-the-test"
    return key, f"{key} -d"


def by_age(run):
    """As the guide has it."""
    run("apt-get install -y -qq --no-install-recommends age && rm -f /root/key && age-keygen --output /root/key")
    return f"age --recipient {run('age-keygen -y /root/key').stdout.strip()}", "age --decrypt --identity /root/key"


@pytest.mark.parametrize("how", [by_openssl, by_age])
def test_what_leaves_the_machine_is_encrypted_and_can_be_brought_back(how, store, elsewhere):
    encrypt, decrypt = how(store.run)
    store.set(BACKUP_OFFSITE_COMMAND=COPY.format(elsewhere), BACKUP_ENCRYPT_COMMAND=encrypt)
    store.backup()
    [name] = store.run(f"ls {elsewhere}").stdout.split()
    assert name.endswith(".tar.encrypted")
    readable = f"grep --text --count -e PGDMP -e alembic_version {elsewhere}/{name}"
    assert store.run(readable, check=False).stdout == "0\n"
    store.run(f"rm {store.folder}/slipway-*")
    store.run(f"{decrypt} <{elsewhere}/{name} | runuser -u slipway_migrate -- tar -C {store.folder} -x")
    store.slipway("restore-drill")


@pytest.mark.parametrize(
    "settings",
    [
        {"BACKUP_OFFSITE_COMMAND": "false"},
        {"BACKUP_OFFSITE_COMMAND": "sleep 600", "BACKUP_OFFSITE_TIMEOUT_SECONDS": 1},
        {"BACKUP_OFFSITE_COMMAND": "true", "BACKUP_ENCRYPT_COMMAND": "cat >/dev/null; false"},
        {"BACKUP_OFFSITE_COMMAND": "true", "BACKUP_ENCRYPT_COMMAND": "cat >/dev/null"},
    ],
    ids=["the copy", "its time", "the encryption", "the encryption, without a word"],
)
def test_when_the_copy_fails_the_backup_stays_and_the_command_fails(settings, store):
    store.run(f"runuser -u slipway_migrate -- truncate --size=0 {FIGURES.format('offsite')}")
    store.set(**settings, BACKUP_KEEP_COUNT=1)
    [old] = aged(store, 40)
    failed = store.slipway("backup", check=False)
    assert failed.returncode == 1
    assert "It was not copied elsewhere" in failed.stderr
    [new] = dumps(store)  # and what it makes superfluous goes, or the disk would fill up
    assert new != old
    assert store.figures("offsite") == NEVER
    assert store.leftovers() == ""


def test_the_timers_units_can_do_all_that_in_their_sandbox(store):
    began = int(time.time())
    store.run("systemctl start slipway-backup.service slipway-restore-drill.service")
    assert store.figures("backup")["backup_last_success_timestamp_seconds"] >= began
    assert store.figures("restore_drill")["restore_drill_last_success_timestamp_seconds"] >= began
    assert store.run("ls -l /var/lib/prometheus/node-exporter").stdout.count("-> /var/lib/slipway/metrics/") == 3
    timers = store.run("systemctl list-timers --no-legend slipway-backup.timer slipway-restore-drill.timer").stdout
    assert len(timers.splitlines()) == 2
