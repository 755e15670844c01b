"""A Gunicorn on a Unix socket, with the service's own settings or those of others."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import BenchmarkError
from bench.running.place import PROJECT, Place
from bench.running.waiting import PATIENCE_SECONDS, until
from devtools import lifeline

SHIPPED = "gunicorn.conf.py"
REQUEST = (
    "GET {path} HTTP/1.1\r\nHost: example.org\r\nX-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\n"
    "Accept: */*\r\nConnection: close\r\n\r\n"
)


@dataclass(frozen=True)
class Served:
    """An application (MODULE:NAME), its environment, and the file of the project with Gunicorn's settings."""

    application: str
    environ: Mapping[str, str]
    settings: str = SHIPPED


@dataclass(frozen=True)
class Gunicorn:
    """A running server: where it listens, and its master's process number."""

    name: str
    socket: Path
    pid: int

    def get(self, path: str) -> tuple[int, str]:
        """Return status and text of the answer to a request that has passed no proxy."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(PATIENCE_SECONDS)
            connection.connect(str(self.socket))
            connection.sendall(REQUEST.format(path=path).encode())
            text = b"".join(iter(lambda: connection.recv(65_536), b"")).decode(errors="replace")
        return (int(text.split()[1]) if text.startswith("HTTP/") else 0), text

    def answers(self, path: str) -> bool:
        """Return whether it accepts connections yet, and finds the path."""
        try:
            return self.get(path)[0] == 200  # noqa: PLR2004  OK
        except OSError:
            return False


@contextmanager
def serving(name: str, served: Served, place: Place, arguments: Sequence[str] = ()) -> Iterator[Gunicorn]:
    """Run what is served until the block ends; it answers /v1/ping by then."""
    listener = place.folder / f"gunicorn-{len(list(place.folder.iterdir()))}.sock"
    command = [sys.executable, "-m", "gunicorn", "-c", served.settings, "-b", f"unix:{listener}"]
    complaints = listener.with_suffix(".stderr")
    with complaints.open("wb") as errors:
        process = subprocess.Popen(
            [*command, *arguments, served.application],
            cwd=PROJECT,
            env=served.environ,
            stdin=subprocess.DEVNULL,
            stdout=place.log,
            stderr=errors,
            preexec_fn=lifeline.tie(signal.SIGTERM),  # noqa: PLW1509  there is one thread
        )
    server = Gunicorn(name, listener, process.pid)
    try:
        until(lambda: process.poll() is not None or server.answers("/v1/ping"), f"{name} does not answer")
        if process.poll() is not None:
            raise BenchmarkError(f"{name} did not start:\n{complaints.read_text()[-2_000:]}")
        yield server
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
