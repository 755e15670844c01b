"""The restore drill: it proves a good backup, and every other one makes it fail loudly."""

import time
from types import SimpleNamespace

import pytest

from tests.vps.backups.store import AS_SERVICE, GENEROUS_SECONDS, INSERT, NOTES, Store, meanwhile, sql, until

pytestmark = pytest.mark.vps

OF_ANOTHER = """
runuser -u postgres -- createdb --owner=slipway_migrate another
runuser -u slipway_migrate -- pg_restore --dbname=another <{new}.dump
runuser -u slipway_migrate -- psql --quiet another --command="%s"
runuser -u slipway_migrate -- pg_dump --format=custom another >{new}.dump
runuser -u postgres -- dropdb another
"""
NOTICED = {  # what is done to the newest backup, and what the drill then says
    "one byte": ("printf x | dd of={new}.dump bs=1 seek=5000 conv=notrunc status=none", "its checksum differs"),
    "half of it": ("truncate --size=-5000 {new}.dump", "its checksum differs"),
    "all of it": ("truncate --size=0 {new}.dump", "missing or empty"),
    "what its list says": ("sed -i 's/-/_/' {new}.json", "its checksum differs"),
    "its list": ("rm {new}.json", "missing or empty"),
    "its checksum": ("rm {new}.sha256", "missing or empty"),
    "every backup": ("rm {old}.* {new}.*", "FAILED: there is no backup to prove."),
}
UNNOTICED = {  # the same, where the checksum is of what is there now
    "half of it": ("truncate --size=-5000 {new}.dump", "pg_restore: error"),
    "another file": ("cat /etc/passwd >{new}.dump", "pg_restore: error"),
    "a row": (
        OF_ANOTHER % "DELETE FROM notes WHERE id = (SELECT max(id) FROM notes)",
        "public.notes: {rows} when it was dumped, {less} restored",
    ),
    "a table": (OF_ANOTHER % "DROP TABLE notes", "public.notes: {rows} when it was dumped, none restored"),
    "the schema's revision": (
        OF_ANOTHER % "UPDATE alembic_version SET version_num = 'x'",
        "migration head: {head} when it was dumped, x restored",
    ),
    "everything": (OF_ANOTHER % "DROP TABLE notes, alembic_version", "migration head: {head} when it was dumped, none"),
    "a row in the list": (
        """sed -i 's/"public.notes": [0-9]*/"public.notes": 7/' {new}.json""",
        "public.notes: 7 when it was dumped, {rows} restored",
    ),
    "the list's tables": ("""sed -i 's/"rows"/"raws"/' {new}.json""", "public.notes: none when it was dumped"),
    "a database without tables": ("""sed -i 's/"tables": [0-9]*/"tables": 0/' {new}.json""", "there is no table in"),
    "its size": ("""sed -i 's/\\(_bytes": \\)/\\19000000000/' {new}.json""", "MiB are free"),
}


@pytest.fixture(scope="module")
def pair(server):
    """Two backups, of which the older one was proved, in a folder from which each test takes its own."""
    folder = "/var/backups/test-drill"
    sql(server, INSERT.format(NOTES), who=AS_SERVICE)
    store = Store(server, folder)
    old = store.backup()
    store.slipway("restore-drill")
    new = store.backup()
    server.run(f"cp -a {folder} {folder}.pristine")
    yield SimpleNamespace(old=old, new=new, **store.told(new))
    sql(server, "DELETE FROM notes WHERE title = 'backed up'", who=AS_SERVICE)
    server.run(f"rm -rf {folder} {folder}.*")


@pytest.fixture
def store(server, pair):
    folder = pair.new.rpartition("/")[0]
    server.run(f"rm -rf {folder} && cp -a {folder}.pristine {folder}")
    return Store(server, folder)


@pytest.fixture
def backup(store, pair):
    """The newest backup, on which a test lays its hands."""
    pair.figures = store.figures("restore_drill")
    return pair


def assert_fails(store, backup, said):
    failed = store.slipway("restore-drill", check=False)
    assert failed.returncode == 1
    rows = backup.rows["public.notes"]
    assert said.format(rows=rows, less=rows - 1, head=backup.migration_head) in failed.stderr
    assert "FAILED" in failed.stderr
    assert store.figures("restore_drill") == backup.figures
    assert store.leftovers() == ""


def test_it_tells_what_it_has_proved_and_leaves_nothing_behind(store):
    began = time.time()
    new = store.backup()
    printed = store.slipway("restore-drill").stdout
    assert printed.startswith(f"{new.rpartition('/')[2]} is proved, in ")
    said = store.figures("restore_drill")
    assert began - 1 <= said["restore_drill_last_success_timestamp_seconds"] <= time.time() + 1
    assert abs(said["restore_drill_backup_timestamp_seconds"] - began) < GENEROUS_SECONDS
    assert 0 <= said["restore_drill_duration_seconds"] < time.time() - began + 1
    assert store.leftovers() == ""


@pytest.mark.parametrize("what", NOTICED)
def test_it_fails_when_somebody_has_changed(what, store, backup):
    command, said = NOTICED[what]
    store.run(command.format(new=backup.new, old=backup.old))
    assert_fails(store, backup, said)


@pytest.mark.parametrize("what", UNNOTICED)
def test_it_fails_when_what_was_written_lacks(what, store, backup):
    command, said = UNNOTICED[what]
    store.run("cd / && set -e\n" + command.format(new=backup.new))
    store.seal(backup.new)
    assert_fails(store, backup, said)


def test_it_cannot_reach_the_database_that_serves(store):
    """The unit's sandbox takes the socket away; the role that it could be there may not create a database either."""
    paths = store.run("systemctl show --value --property=InaccessiblePaths slipway-restore-drill.service").stdout
    assert "/run/postgresql" in paths
    privileged = "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
    assert sql(store.machine, privileged).stdout == "f\n"


def test_what_a_killed_drill_has_left_is_gone_after_the_next(store):
    with meanwhile(store.machine, f"BACKUP_CONF={store.folder}.conf exec slipway restore-drill") as unit:
        until(lambda: "/data" in store.leftovers())  # its server runs
        store.run(f"systemctl kill --signal=KILL {unit}")
    assert ".drill" in store.leftovers()
    store.slipway("restore-drill")
    assert store.leftovers() == ""
