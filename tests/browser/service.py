"""The service under test: the real Gunicorn with the project's own settings, in a process of its own."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import httpx

from tests.conftest import PROJECT, TESTING

READY_SECONDS = 30
STOP_SECONDS = 30
SETTINGS = {
    **TESTING,
    "APP_ENV": "development",
    "SERVICE_NAME": "slipway",
    "RELEASE": "1.4.0",
    "PUBLIC_URL": "http://localhost:8000",
    "WEB_CONCURRENCY": "2",
    "FLASK_DEBUG": "0",  # a developer's .env might say otherwise
}


@contextmanager
def running(database_url: str) -> Iterator[str]:
    """Yield the address of a service that is ready, on a database that has been migrated; stop it at the end."""
    bind = f"127.0.0.1:{_free_port()}"
    environ = {"PATH": os.environ["PATH"], **SETTINGS, "DATABASE_URL": database_url, "BIND": bind}
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn"], cwd=PROJECT, env=environ, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            _wait(process, f"http://{bind}", log)
            yield f"http://{bind}"
        finally:
            process.terminate()
            process.wait(STOP_SECONDS)


def _wait(process: subprocess.Popen[bytes], origin: str, log: IO[str]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not _is_ready(origin):
        if process.poll() is not None or time.monotonic() > deadline:
            log.seek(0)
            raise AssertionError(f"Gunicorn did not become ready. It said:\n{log.read()}")
        time.sleep(0.05)


def _is_ready(origin: str) -> bool:
    try:
        return httpx.get(f"{origin}/readyz").status_code == 200
    except httpx.TransportError:
        return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]
