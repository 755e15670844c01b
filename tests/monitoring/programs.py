"""The programs of Prometheus, of this machine, each for as long as a block lasts."""

import shutil
import socket
import subprocess
import time
from contextlib import contextmanager

import httpx
import pytest

GENEROUS_SECONDS = 60
# By the names of their projects, and by those that Debian gives them.
NAMES = {
    "prometheus": ["prometheus"],
    "promtool": ["promtool"],
    "alertmanager": ["alertmanager", "prometheus-alertmanager"],
    "amtool": ["amtool"],
    "node_exporter": ["node_exporter", "prometheus-node-exporter"],
    "blackbox_exporter": ["blackbox_exporter", "prometheus-blackbox-exporter"],
    "openssl": ["openssl"],
}
INSTALL = (
    "is not on this machine. Debian and Ubuntu, as root: apt install --no-install-recommends openssl prometheus"
    " prometheus-alertmanager prometheus-node-exporter prometheus-blackbox-exporter"
)


def program(name):
    """Return the path of a program; without it the test fails, for it was asked for by name."""
    found = next(filter(None, map(shutil.which, NAMES[name])), None)
    return found or pytest.fail(f"{name} {INSTALL}")


def run(name, *arguments):
    """Run a program to its end, and return what it said; it must be content."""
    result = subprocess.run([program(name), *arguments], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout + result.stderr


@contextmanager
def serving(name, folder, port, *arguments, path="/-/ready"):
    """Run a program that listens on `port`, and yield its address once `path` answers there."""
    address = f"http://127.0.0.1:{port}"
    log = folder / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [program(name), f"--web.listen-address=127.0.0.1:{port}", *arguments],
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + GENEROUS_SECONDS
        while not _answers(address + path):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        yield address
    finally:
        process.terminate()
        process.wait(GENEROUS_SECONDS)


def _answers(url):
    try:
        return httpx.get(url, trust_env=False, timeout=GENEROUS_SECONDS).status_code == 200
    except httpx.TransportError:
        return False


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]
