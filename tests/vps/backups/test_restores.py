"""A restore under the service's feet: what its users notice, what stays, and what happens when it fails."""

import shlex
import time

import pytest

from tests.vps.backups.store import AS_OWNER, AS_SERVICE, INSERT, NOTES, meanwhile, sql, until
from tests.vps.service import DOMAIN

pytestmark = pytest.mark.vps

ASKED = "/tmp/asked"
ASK = f"""
while :; do
  curl --silent --insecure --max-time 30 --output /dev/null --write-out '%{{http_code}}\n' \
    --resolve {DOMAIN}:443:127.0.0.1 https://{DOMAIN}/v1/notes >>{ASKED}
done
"""
SEAL = "sha256sum {name}.dump {name}.json >{name}.sha256"
REVISION = """
from alembic import op

revision = "{after}_more"
down_revision = "{after}"


def upgrade() -> None:
    op.execute("ALTER TABLE notes ADD COLUMN more text")


def downgrade() -> None:
    op.execute("ALTER TABLE notes DROP COLUMN more")
"""


@pytest.fixture(scope="module")
def restored(prepared):
    """The service of this module, which does not go back between its tests: a restore does that, if it is any good."""
    prepared.machine.go_back()
    prepared.wait_until_ready()
    yield prepared
    prepared.machine.go_back()
    prepared.wait_until_ready()


@pytest.fixture
def service(restored):
    restored.sql("DELETE FROM notes")
    return restored


@pytest.fixture
def backup(service):
    """The name of a backup with some thousand notes; one was written after it."""
    sql(service.machine, INSERT.format(NOTES), who=AS_SERVICE)
    service.machine.run("slipway backup --local")
    write(service, "after the backup")
    time.sleep(1)  # names tell seconds apart
    yield newest(service)
    drop = "cd / && xargs --no-run-if-empty --max-args=1 runuser -u postgres -- dropdb"
    service.machine.run(drop, input="\n".join(name for name in databases(service) if name != "slipway"))


def newest(service):
    return service.machine.run("ls /var/backups/slipway/*.dump | tail -n 1").stdout.strip().rpartition("/")[2][:-5]


def write(service, title, *, who=AS_SERVICE):
    return sql(service.machine, f"INSERT INTO notes (title, body) VALUES ('{title}', '')", who=who, check=False)


def counted(service, database="slipway", where="true"):
    return int(sql(service.machine, f"SELECT count(*) FROM notes WHERE {where}", database=database).stdout)


def databases(service):
    statement = "SELECT datname FROM pg_database WHERE datname ~ '^slipway' ORDER BY datname"
    return sql(service.machine, statement).stdout.split()


def damage(service, backup, command):
    """Change a backup, as if what is there now were what was written."""
    service.machine.run(f"cd /var/backups/slipway && {command.format(name=backup)} && {SEAL.format(name=backup)}")


def statuses(service):
    return service.machine.run(f"cat {ASKED}").stdout.split()


def test_a_dropped_table_comes_back_while_the_service_is_read(service, backup):
    before = counted(service, where="title = 'backed up'")
    service.sql("DROP TABLE notes")
    web, worker = service.web(), service.worker()
    service.machine.run(f": >{ASKED}")
    with meanwhile(service.machine, ASK):
        until(lambda: "500" in statuses(service))
        printed = service.machine.run(f"slipway restore {backup} --yes").stdout
        until(lambda: statuses(service)[-9:] == ["200"] * 9)
    assert set(statuses(service)) <= {"500", "503", "200"}
    assert counted(service, where="title = 'backed up'") == before
    assert service.web() == web
    assert service.worker()["ActiveState"] == "active"
    assert service.worker()["MainPID"] != worker["MainPID"]
    assert f"slipway is {backup} since" in printed
    assert "runuser -u postgres -- dropdb slipway_before_" in printed
    assert service.ready() == {"status": "ok"}


def test_requests_that_meet_the_swap_get_503_and_nothing_else(service, backup):
    service.machine.run(f": >{ASKED}")
    with meanwhile(service.machine, ASK):
        until(lambda: "200" in statuses(service))
        service.machine.run(f"slipway restore {backup} --yes")
        until(lambda: statuses(service)[-9:] == ["200"] * 9)
    assert set(statuses(service)) <= {"200", "503"}


def test_what_was_there_stays_as_a_database_and_as_a_backup(service, backup):
    service.machine.run(f"slipway restore {backup} --yes")
    [before] = [name for name in databases(service) if name.startswith("slipway_before_")]
    after = "title = 'after the backup'"
    assert (counted(service, where=after), counted(service, before, where=after)) == (0, 1)
    assert newest(service) > backup
    service.machine.run("slipway restore --yes")  # the newest is what was there
    assert counted(service, where=after) == 1


def test_both_roles_may_what_they_could_before(service, backup):
    service.machine.run(f"slipway restore {backup} --yes")
    assert write(service, "by the service").returncode == 0
    sql(
        service.machine,
        "UPDATE notes SET title = 'x' WHERE title = 'by the service'; DELETE FROM notes WHERE title = 'x'",
        who=AS_SERVICE,
    )
    for statement in (
        "CREATE TABLE more ()",
        "DROP TABLE notes",
        "TRUNCATE notes",
        "ALTER TABLE notes ADD COLUMN x int",
    ):
        refused = sql(service.machine, statement, who=AS_SERVICE, check=False)
        assert refused.returncode != 0, statement
        assert "permission denied" in refused.stderr or "must be owner" in refused.stderr
    sql(service.machine, "CREATE TABLE more (id int); INSERT INTO more VALUES (7)")
    assert sql(service.machine, "SELECT id FROM more", who=AS_SERVICE).stdout == "7\n"
    sql(service.machine, "DROP TABLE more")
    owner = "SELECT pg_get_userbyid(datdba), datacl FROM pg_database WHERE datname LIKE 'slipway%'"
    assert len(set(sql(service.machine, owner).stdout.splitlines())) == 1
    assert "privileges" not in service.machine.run("slipway provision --dry-run").stdout


def test_an_older_schema_is_restored_and_brought_forward(service, backup):
    head = service.sql("SELECT version_num FROM alembic_version")[0]
    newer = f"migrations/versions/{head}_more.py"
    release = service.live()[1]
    service.machine.run(f"cat >/srv/slipway/releases/{release}/{newer}", input=REVISION.format(after=head))
    service.machine.run(f"systemctl start slipway-migrate@{release}")
    assert service.sql("SELECT version_num FROM alembic_version") == [f"{head}_more"]
    for option in ("--dry-run", "--yes"):
        printed = service.machine.run(f"slipway restore {backup} {option}").stdout
        assert f"Its schema is older than what serves: {release} (first) wants {head}_more." in printed
        assert f"until: systemctl start slipway-migrate@{release}" in printed
    assert f"Next:\n  bring the schema forward: systemctl start slipway-migrate@{release}" in printed
    assert service.sql("SELECT version_num FROM alembic_version") == [head]
    service.machine.run(f"systemctl start slipway-migrate@{release}")
    assert service.sql("SELECT version_num FROM alembic_version") == [f"{head}_more"]
    assert service.sql("SELECT count(more) FROM notes") == ["0"]
    assert write(service, "with more").returncode == 0
    service.wait_until_ready()


def test_a_schema_that_the_code_does_not_know_is_told_as_one_of_later_code(service, backup):
    damage(service, backup, r"sed -i 's/\(migration_head.: .\)[^\"]*/\1later/' {name}.json")
    printed = service.machine.run(f"slipway restore {backup} --dry-run").stdout
    assert "schema later." in printed
    assert "Its schema is unknown to what serves" in printed
    assert "slipway-migrate@" not in printed


UNFIT = {
    "its checksum differs": "truncate --size=-5000 /var/backups/slipway/{name}.dump",
    "pg_restore: error": f"cd /var/backups/slipway && truncate --size=-5000 {{name}}.dump && {SEAL}",
    "notes: 7 when it was dumped": (
        f"cd /var/backups/slipway && sed -i 's/notes\": .*/notes\": 7,/' {{name}}.json && {SEAL}"
    ),
    "missing or empty": "rm /var/backups/slipway/{name}.json",
}


@pytest.mark.parametrize("said", UNFIT)
def test_a_restore_that_fails_changes_nothing(said, service, backup):
    notes, before, worker = counted(service), databases(service), service.worker()
    service.machine.run(UNFIT[said].format(name=backup))
    failed = service.machine.run(f"slipway restore {backup} --yes", check=False)
    assert (failed.returncode, said in failed.stderr) == (1, True), failed.stderr
    assert (counted(service), databases(service), service.worker()) == (notes, before, worker)
    assert service.get("/v1/notes")[0] == 200


def test_a_swap_that_fails_is_undone(service, backup):
    """Somebody stays connected to what was restored, so that it cannot be renamed."""
    notes, before = counted(service), databases(service)
    stay = "while :; do psql --no-psqlrc slipway_incoming -c 'SELECT pg_sleep(60)'; sleep 0.01; done"
    with meanwhile(service.machine, f"runuser -u slipway_migrate -- bash -c {shlex.quote(stay)}"):
        failed = service.machine.run(f"slipway restore {backup} --yes", check=False)
    assert failed.returncode != 0
    assert "being accessed by other users" in failed.stderr
    assert "Not done; slipway is as it was." in failed.stderr
    assert (counted(service), databases(service)) == (notes, before)
    service.wait_until_ready()
    assert service.get("/v1/notes")[0] == 200
    assert service.worker()["ActiveState"] == "active"


@pytest.mark.parametrize("answer", ["", "yes\n", "Slipway\n"])
def test_without_the_name_of_the_database_nothing_is_done(answer, service, backup):
    before, made = databases(service), newest(service)
    refused = service.machine.run(f"slipway restore {backup}", check=False, input=answer)
    assert refused.returncode == 1
    assert "not confirmed; nothing was done" in refused.stderr
    assert (databases(service), newest(service)) == (before, made)


def test_with_the_name_of_the_database_it_is_done(service, backup):
    service.machine.run(f"slipway restore {backup}", input="slipway\n")
    assert counted(service, where="title = 'after the backup'") == 0


def test_a_dry_run_does_nothing(service, backup):
    before, made = databases(service), newest(service)
    assert "Would back up slipway" in service.machine.run(f"slipway restore {backup} --dry-run").stdout
    assert (databases(service), newest(service)) == (before, made)


def test_while_a_release_is_made_nothing_is_restored(service, backup):
    with meanwhile(
        service.machine, "echo 'somebody: slipway release' >/run/slipway.lock; exec flock /run/slipway.lock sleep 300"
    ):
        until(lambda: service.machine.run("flock --nonblock /run/slipway.lock true", check=False).returncode)
        refused = service.machine.run(f"slipway restore {backup} --yes", check=False)
    assert refused.returncode == 1
    assert "another operator is at it: somebody: slipway release" in refused.stderr
    assert newest(service) == backup


def test_one_table_is_taken_out_of_a_backup_as_the_command_says(service, backup):
    notes = counted(service, where="title = 'backed up'")
    sql(service.machine, "CREATE TABLE of_today (id int); INSERT INTO of_today VALUES (7); DROP TABLE notes")
    printed = service.machine.run(f"slipway restore {backup} --beside").stdout
    [take] = [line.strip() for line in printed.splitlines() if "pg_dump" in line]
    [drop] = [line.partition(": ")[2] for line in printed.splitlines() if "dropdb" in line]
    service.machine.run(f"cd / && {take.replace('NAME', 'notes')}")
    service.machine.run(f"cd / && {drop}")
    assert counted(service) == notes
    assert sql(service.machine, "SELECT id FROM of_today", who=AS_SERVICE).stdout == "7\n"
    sql(service.machine, "DROP TABLE of_today")
    assert service.sql("SELECT count(*) FROM pg_constraint WHERE conrelid = 'notes'::regclass") == ["3"]
    assert write(service, "by the service").returncode == 0
    assert service.get("/v1/notes")[0] == 200
    assert [name for name in databases(service) if "beside" in name] == []


def test_a_database_that_is_gone_is_made_anew(service, backup):
    as_admin = AS_OWNER.replace("slipway_migrate", "postgres")
    sql(service.machine, 'DROP DATABASE "slipway" WITH (FORCE)', who=as_admin, database="postgres")
    service.machine.run(f"slipway restore {backup} --yes")
    assert counted(service, where="title = 'backed up'") >= NOTES
    service.wait_until_ready()
    assert write(service, "by the service").returncode == 0
    strangers = "SELECT has_database_privilege('pg_monitor', 'slipway', 'connect')"
    assert sql(service.machine, strangers).stdout == "f\n"
