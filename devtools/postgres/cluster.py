"""A PostgreSQL data directory: created whole or not at all, checked before use, served on a Unix socket."""

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from devtools import DevelopmentError, lifeline
from devtools.postgres.account import Account, name_of
from devtools.postgres.binaries import CHOICE, Binaries
from devtools.postgres.state import PORT, USER

ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}  # nothing of the user's changes the server
INITDB = [
    f"--username={USER}",
    "--auth-local=trust",
    "--auth-host=reject",
    "--encoding=UTF8",
    "--locale=C",
    # So that upper() and ILIKE know all letters, under names that every version and system has.
    f"--lc-ctype={'en_US.UTF-8' if sys.platform == 'darwin' else 'C.UTF-8'}",
    "--no-instructions",
]
SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "off",
}
WITHOUT_DURABILITY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
LOG_LINES = 12


@dataclass(frozen=True)
class Cluster:
    """Where the data is and what serves it; every process holds the lock `lock` by inheritance."""

    home: Path
    log: Path
    binaries: Binaries
    account: Account
    lock: int
    durable: bool

    @property
    def data(self) -> Path:
        """The data directory itself."""
        return self.home / "data"


def prepare(cluster: Cluster) -> None:
    """Create the data directory if there is none; raise DevelopmentError if the one there cannot be used."""
    if not cluster.data.exists():
        _create(cluster)
    owner = cluster.data.stat().st_uid
    if owner != cluster.account.identity["user"]:
        raise DevelopmentError(
            f"{cluster.data} belongs to {name_of(owner)}, and PostgreSQL would run as {cluster.account.name}:"
            " run as the user who created it, or remove the data (make clean)"
        )
    made_by = (cluster.data / "PG_VERSION").read_text().strip()
    if made_by != str(cluster.binaries.major):
        raise DevelopmentError(
            f"{cluster.data} was made by PostgreSQL {made_by}, and {cluster.binaries.folder} is"
            f" {cluster.binaries.major}: name the folder of {made_by}'s programs in {CHOICE},"
            " or remove the data (make clean)"
        )


def start(cluster: Cluster, socket_dir: Path) -> subprocess.Popen[bytes]:
    """Start the server; return its first process."""
    # We hold the lock, so the process named there is no server of this data: it is gone, or after a reboot
    # it is another one, for whose sake PostgreSQL would refuse to start.
    (cluster.data / "postmaster.pid").unlink(missing_ok=True)
    settings = SETTINGS | {"unix_socket_directories": str(socket_dir)}
    if not cluster.durable:
        settings |= WITHOUT_DURABILITY
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    return _spawn(cluster, "postgres", "-D", str(cluster.data), *options)


def wait_until_ready(cluster: Cluster, server: subprocess.Popen[bytes]) -> None:
    """Return when the server accepts connections, however long recovery takes; raise if it ends instead."""
    while server.poll() is None:
        if _status(cluster.data) == "ready":
            return
        time.sleep(0.01)
    raise _failure(cluster, "PostgreSQL did not start")


def _status(data: Path) -> str:
    try:
        return (data / "postmaster.pid").read_text().splitlines()[7].strip()  # the line that pg_ctl waits for
    except (FileNotFoundError, IndexError):
        return ""


def _create(cluster: Cluster) -> None:
    new = cluster.home / "data.new"
    shutil.rmtree(new, ignore_errors=True)  # left by an attempt that was interrupted
    new.mkdir(mode=0o700)
    os.chown(new, cluster.account.identity["user"], cluster.account.identity["group"])
    sync = [] if cluster.durable else ["--no-sync"]
    if _spawn(cluster, "initdb", "-D", str(new), *INITDB, *sync).wait() != 0:
        raise _failure(cluster, "PostgreSQL could not create its data directory")
    new.rename(cluster.data)


def _spawn(cluster: Cluster, program: str, *arguments: str) -> subprocess.Popen[bytes]:
    with cluster.log.open("ab") as log:
        return subprocess.Popen(
            [cluster.binaries.folder / program, *arguments],
            cwd=cluster.home,
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=[cluster.lock],
            preexec_fn=lifeline.tie(signal.SIGINT),  # noqa: PLW1509  the keeper has one thread so far
            **cluster.account.identity,
        )


def _failure(cluster: Cluster, what: str) -> DevelopmentError:
    end = cluster.log.read_text(errors="replace").splitlines()[-LOG_LINES:]
    return DevelopmentError("\n  ".join([f"{what}; the end of {cluster.log}:", *end]))
