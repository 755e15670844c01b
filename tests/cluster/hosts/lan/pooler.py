"""PgBouncer as deploy/pgbouncer has it: that of Debian 12, which cannot prepare, and that of Debian 13, which can."""

import re
import shutil
import signal
import subprocess
from pathlib import Path

import psycopg
import pytest

from devtools import locks
from tests.cluster.hosts.lan.network import started
from tests.cluster.hosts.lan.placed import placed
from tests.conftest import PROJECT
from tests.stack.conftest import GENEROUS_SECONDS, until
from tests.vps.machine import trust

HOME = PROJECT / ".dev/cluster"
PORT = 6432
ESTABLISHED = "01"  # proc(5), /proc/net/tcp
PREPARES = (1, 22)
SUITES = ("bookworm", "trixie")


def program(suite):
    """Return the command of PgBouncer as that Debian has it; the first time, its packages are fetched, in a minute."""
    HOME.mkdir(parents=True, exist_ok=True)
    root = HOME / suite
    with locks.exclusive(HOME / "suites.lock"):
        if not root.exists():
            _fetch(suite, HOME / "unfinished")
            (HOME / "unfinished").rename(root)
    libraries = [str(path) for path in root.glob("usr/lib/*-linux-gnu")]
    loader = next(root.glob("usr/lib*/ld-linux*"))
    return [loader, "--library-path", ":".join(libraries), root / "usr/sbin/pgbouncer"]


def _fetch(suite, root):
    """Unpack it with the libraries it was built for, to be run among the files of this computer."""
    if not shutil.which("debootstrap"):
        pytest.fail("debootstrap is not here: apt-get install --no-install-recommends debootstrap", pytrace=False)
    shutil.rmtree(root, ignore_errors=True)
    (HOME / "packages").mkdir(exist_ok=True)
    options = ["--variant=minbase", "--include=pgbouncer", f"--cache-dir={HOME / 'packages'}"]
    command = ["debootstrap", *options, suite, root, trust.mirror()]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == 0, "\n".join(done.stdout.splitlines()[-20:])


class Pooler:
    """A PgBouncer on the machine of the data; `url` is how hosts name it, `changes` are to the shipped file."""

    def __init__(self, stores, suite, **changes):
        self._stores, self._command = stores, program(suite)
        said = subprocess.run([*self._command, "--version"], capture_output=True, text=True, check=True).stdout
        self.version = tuple(map(int, re.search(r"PgBouncer (\d+)\.(\d+)", said).groups()))
        self.prepares = self.version >= PREPARES
        places = {
            "/etc/slipway/stores/pgbouncer.key": stores.key,
            "/etc/slipway/stores/fullchain.pem": stores.certificate,
            "/var/run/postgresql/pgbouncer.pid": stores.folder / "pgbouncer.pid",
            "/var/log/postgresql/pgbouncer.log": self.log,
            "/etc/pgbouncer/userlist.txt": stores.folder / "userlist.txt",
        }
        if not self.prepares:
            changes["max_prepared_statements"] = None  # as the file says
        self._settings = placed("pgbouncer/pgbouncer.ini", stores.folder, places, **changes)
        self._write_users()
        stores.own(self._settings, stores.folder / "userlist.txt")
        self._process = None
        self.start()

    @property
    def url(self):
        return self._stores.url(port=PORT)

    @property
    def log(self):
        return self._stores.folder / "pgbouncer.log"

    def _write_users(self):
        rows = self._stores.sql((PROJECT / "deploy/pgbouncer/userlist.sql").read_text(), "postgres")
        (self._stores.folder / "userlist.txt").write_text("".join(f"{row}\n" for (row,) in rows))

    def clients(self):
        """Return how many connections hosts have to it."""
        rows = Path(f"/proc/{self._stores.machine.pid}/net/tcp").read_text().splitlines()[1:]
        return sum(row.split()[1].endswith(f":{PORT:04X}") and row.split()[3] == ESTABLISHED for row in rows)

    def start(self):
        account = self._stores.account
        self._process = started(self._stores.machine, [*self._command, "-q", self._settings], **account.identity)
        with self._stores.machine.inside():
            until(self._answers)

    def _answers(self):
        assert self._process.poll() is None, self.log.read_text()
        try:
            with psycopg.connect(self.url, autocommit=True, prepare_threshold=None) as connection:
                return connection.execute("SELECT 1").fetchone()
        except psycopg.OperationalError:
            return False

    def stop(self):
        """End it at once, as a machine that is shut down does."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(GENEROUS_SECONDS)

    def close(self):
        if self._process.poll() is None:
            self.stop()
