"""A PostgreSQL data directory: created whole or not at all, checked before use, served on a Unix socket."""

import shutil
import signal
import subprocess
import sys

from devtools import DevelopmentError
from devtools.keeping.engine import Engine
from devtools.keeping.place import Place
from devtools.postgres import binaries
from devtools.postgres.binaries import CHOICE, Binaries

USER = "app"  # the server's superuser
PORT = 5432  # names the socket; nothing listens on the network
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


def start(place: Place) -> subprocess.Popen[bytes]:
    """Start the server, on data that is created if there is none; return its first process."""
    programs = binaries.find(place.account, place.home)
    _prepare(place, programs)
    # We hold the lock, so the process named there is no server of this data: it is gone, or after a reboot
    # it is another one, for whose sake PostgreSQL would refuse to start.
    (place.data / "postmaster.pid").unlink(missing_ok=True)
    settings = SETTINGS | {"unix_socket_directories": str(place.socket_dir)}
    if not place.durable:
        settings |= WITHOUT_DURABILITY
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    return place.spawn(ENGINE.ends_on, programs.folder / "postgres", "-D", str(place.data), *options)


def is_ready(place: Place) -> bool:
    """Tell whether the server accepts connections."""
    try:
        status = (place.data / "postmaster.pid").read_text().splitlines()[7]  # the line that pg_ctl waits for
    except (FileNotFoundError, IndexError):
        return False
    return status.strip() == "ready"


def _prepare(place: Place, programs: Binaries) -> None:
    """Create the data directory if there is none; raise DevelopmentError if the one there cannot be used."""
    if not place.data.exists():
        _create(place, programs)
    place.check_owner(ENGINE.name)
    made_by = (place.data / "PG_VERSION").read_text().strip()
    if made_by != str(programs.major):
        raise DevelopmentError(
            f"{place.data} was made by PostgreSQL {made_by}, and {programs.folder} is {programs.major}:"
            f" name the folder of {made_by}'s programs in {CHOICE}, or remove the data (make clean)"
        )


def _create(place: Place, programs: Binaries) -> None:
    new = place.home / "data.new"
    shutil.rmtree(new, ignore_errors=True)  # left by an attempt that was interrupted
    place.make(new)
    sync = [] if place.durable else ["--no-sync"]
    initdb = place.spawn(ENGINE.ends_on, programs.folder / "initdb", "-D", str(new), *INITDB, *sync)
    if initdb.wait() != 0:
        raise place.failure("PostgreSQL could not create its data directory")
    new.rename(place.data)


ENGINE = Engine(
    name="PostgreSQL",
    module="devtools.postgres",
    socket=f".s.PGSQL.{PORT}",
    ends_on=signal.SIGINT,  # the fast shutdown, which does not wait for sessions
    start=start,
    is_ready=is_ready,
)
