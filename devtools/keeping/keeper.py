"""The process that keeps a server running while anyone uses it, and stops it after the last user is gone.

It is started by the first user (`use`) and outlives it if there are others. Users are counted by a shared
lock, so that one who was killed is gone like one who left.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from devtools import DevelopmentError, locks
from devtools.keeping import account, home, state
from devtools.keeping.engine import Engine
from devtools.keeping.place import Place


def keep(engine: Engine, folder: Path, *, durable: bool) -> None:
    """Start a server; return after it has stopped."""
    os.chdir("/")
    (folder / state.KEEPER).write_text(str(os.getpid()))
    state.stop(folder)  # left by a keeper that was killed
    state.withdraw(folder)
    try:
        server = _start(engine, folder, durable=durable)
        state.publish(folder)
        _report_ready(folder)
        threading.Thread(target=_stop_when_unused, args=[folder], daemon=True).start()
        server.wait()
    finally:
        state.withdraw(folder)


def _start(engine: Engine, folder: Path, *, durable: bool) -> subprocess.Popen[bytes]:
    who = account.of_server()
    socket_dir = state.reserve(folder)
    os.chown(socket_dir, who.identity["user"], who.identity["group"])
    place_of_data = home.find(folder, who)
    (folder / state.SERVER).write_text("")
    lock = locks.acquire(folder / state.SERVER)
    log = folder / state.LOG
    log.write_text("")
    place = Place(place_of_data, socket_dir, log, who, lock, durable)
    server = engine.start(place)
    state.note_server(folder, server.pid, engine.ends_on)
    os.close(lock)  # from here on it is the server's alone
    signal.signal(signal.SIGTERM, lambda _signum, _frame: server.send_signal(engine.ends_on))
    _wait_until_ready(engine, place, server)
    return server


def _wait_until_ready(engine: Engine, place: Place, server: subprocess.Popen[bytes]) -> None:
    """Return when the server accepts connections, however long recovery takes; raise if it ends instead."""
    while not engine.is_ready(place):
        if server.poll() is not None:
            raise place.failure(f"{engine.name} did not start")
        time.sleep(0.01)


def _report_ready(folder: Path) -> None:
    """Let go of the pipe on which the first user waits."""
    log = os.open(folder / state.LOG, os.O_WRONLY | os.O_APPEND)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(log, stream.fileno())
    os.close(log)


def _stop_when_unused(folder: Path) -> None:
    # Kept until this process ends: a new user waits until everything is cleared up.
    locks.acquire(folder / state.USERS)
    state.stop(folder)


def main(engine: Engine, arguments: list[str]) -> int:
    """Keep the server of the state folder that is named; print what went wrong for the user who waits."""
    if os.fork():  # an adopted process needs no parent to reap it
        os._exit(0)
    try:
        keep(engine, Path(arguments[0]), durable=state.NOT_DURABLE not in arguments)
    except (DevelopmentError, OSError) as error:
        print(error)
        return 1
    return 0
