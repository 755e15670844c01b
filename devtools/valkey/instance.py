"""The process of a private Valkey: how it is set up, started, and known to be ready."""

import signal
import socket
import subprocess

from devtools.keeping.engine import Engine
from devtools.keeping.place import Place
from devtools.valkey import binaries

SOCKET = "valkey.sock"
SETTINGS = {
    "port": "0",  # nothing listens on the network: whoever reaches the queue decides what workers run
    "unixsocketperm": "700",
    "databases": "64",  # every test that runs at the same time takes one
    "maxmemory-policy": "noeviction",  # jobs and sessions are not a cache
    "dir": "data",  # of the folder in which it starts
    "save": "",
}
DURABLE = {
    "appendonly": "yes",
    "appendfsync": "everysec",
    "aof-use-rdb-preamble": "no",  # plain commands, which Redis reads where Valkey has written them
}
ANSWER_SECONDS = 5


def start(place: Place) -> subprocess.Popen[bytes]:
    """Start the server on its data; return its process."""
    program = binaries.find(place.account, place.home)
    if not place.data.exists():
        place.make(place.data)
    place.check_owner(ENGINE.name)
    settings = SETTINGS | {"unixsocket": str(place.socket_dir / SOCKET)} | (DURABLE if place.durable else {})
    options = [word for name, value in settings.items() for word in (f"--{name}", value)]
    return place.spawn(ENGINE.ends_on, program, *options)


def is_ready(place: Place) -> bool:
    """Tell whether the server answers, having all its data in memory."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(ANSWER_SECONDS)
        try:
            probe.connect(str(place.socket_dir / SOCKET))
            probe.sendall(b"PING\r\n")
            return probe.recv(64).startswith(b"+PONG")
        except OSError:
            return False


ENGINE = Engine(
    name="Valkey",
    module="devtools.valkey",
    socket=SOCKET,
    ends_on=signal.SIGTERM,
    start=start,
    is_ready=is_ready,
)
