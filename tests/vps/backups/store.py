"""A folder of backups that is a test's own, and what an operator does with it."""

import json
import shlex
import time
from contextlib import contextmanager

NOTES = 3000
AS_OWNER = "cd / && runuser -u slipway_migrate -- psql --no-psqlrc -qAt --set=ON_ERROR_STOP=1"
AS_SERVICE = "cd / && runuser -u slipway -- psql --no-psqlrc -qAt --set=ON_ERROR_STOP=1"
INSERT = "INSERT INTO notes (title, body) SELECT 'backed up', md5(random()::text) FROM generate_series(1, {}) AS n"
FIGURES = "/var/lib/slipway/metrics/slipway_{}.prom"
GENEROUS_SECONDS = 60


class Store:
    """Backups with settings of their own, on a machine where others are made as well."""

    def __init__(self, machine, folder):
        self.machine, self.run, self.folder = machine, machine.run, folder
        self.run(f"install -d -o slipway_migrate -m 0700 {folder}")
        self.set()

    def set(self, **settings):
        """Write the settings, these and no others."""
        lines = [f"{name}={shlex.quote(str(value))}\n" for name, value in settings.items()]
        self.run(f"cat >{self.folder}.conf", input=f"BACKUP_DIRECTORY={self.folder}\n" + "".join(lines))

    def slipway(self, words, *, check=True, said=None):
        return self.run(f"BACKUP_CONF={self.folder}.conf slipway {words}", check=check, input=said)

    def backup(self):
        """Make one, and return its path without an ending."""
        time.sleep(1)  # names tell seconds apart
        return self.slipway("backup").stdout.partition(".dump: ")[0]

    def names(self):
        """Return the names of the backups' files."""
        return self.run(f"cd {self.folder} && ls").stdout.split()

    def told(self, backup):
        """Return a backup's list of what is in it."""
        return json.loads(self.run(f"cat {backup}.json").stdout)

    def seal(self, backup):
        """Write its checksum anew, as if what is there now were what was written."""
        name = backup.rpartition("/")[2]
        self.run(f"cd {self.folder} && sha256sum {name}.dump {name}.json >{name}.sha256")

    def leftovers(self):
        """Return what is there besides backups, and programs that still run for it."""
        known = "grep -v -e '^slipway-' -e 'lock$' -e '^.proved$'"
        running = f"pgrep --full --list-full 'postgres.*{self.folder}'"
        return self.run(f"ls -A {self.folder} | {known}; {running}", check=False).stdout

    def figures(self, name):
        """Return what Prometheus is told under a name."""
        lines = self.run(f"cat {FIGURES.format(name)}").stdout.splitlines()
        return {key: float(value) for key, value in (line.split() for line in lines if not line.startswith("#"))}


def sql(machine, statement, *, who=AS_OWNER, database="slipway", check=True):
    """Run a statement as one of the two roles; return all that came of it."""
    return machine.run(f"{who} {database}", input=statement, check=check)


@contextmanager
def meanwhile(machine, command):
    """Have the machine run a command for as long as the block lasts; yield the name of its unit."""
    name = f"meanwhile-{time.monotonic_ns()}"
    machine.run(f"systemd-run --quiet --collect --unit={name} bash -c {shlex.quote('cd / && ' + command)}")
    try:
        yield name
    finally:
        machine.run(f"systemctl stop {name}", check=False)


@contextmanager
def locked_table(machine):
    """Hold `notes`, so that whoever dumps it has to wait; yield a function that tells whether somebody does."""
    hold = "BEGIN; LOCK TABLE notes; SELECT pg_sleep(300)"
    clients = (
        "pg_locks JOIN pg_stat_activity USING (pid) WHERE relation = 'notes'::regclass AND backend_type ~ 'client'"
    )
    let_go = f"SELECT pg_terminate_backend(pid, 9000) FROM {clients} AND granted"

    def locks():
        return sql(machine, f"SELECT granted FROM {clients}").stdout.split()

    with meanwhile(machine, f"runuser -u slipway_migrate -- psql slipway -c {shlex.quote(hold)}"):
        until(lambda: "t" in locks())
        try:
            yield lambda: "f" in locks()
        finally:
            sql(machine, let_go)  # the server would not notice for minutes that its client has gone


def until(condition):
    deadline = time.monotonic() + GENEROUS_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "this did not become true"
        time.sleep(0.1)
