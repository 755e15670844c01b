"""A real Nginx in front of Gunicorns: a port for each, its Unix socket behind it, connections kept open."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from bench import BenchmarkError
from bench.measuring.calls import Answer
from bench.running import programs
from bench.running.gunicorn import Gunicorn
from bench.running.waiting import PATIENCE_SECONDS, until
from devtools import lifeline

MAIN = """
daemon off;
{user}
worker_processes auto;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log;
events {{ worker_connections 2048; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {servers}
}}
"""
SERVER = """
    upstream {name} {{
        server unix:{socket};
        keepalive 64;
    }}
    server {{
        listen 127.0.0.1:{port} backlog=2048;
        location / {{
            proxy_pass http://{name};
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host example.org;
            proxy_set_header X-Forwarded-For 203.0.113.9;
            proxy_set_header X-Forwarded-Proto https;
        }}
    }}
"""


@dataclass(frozen=True)
class Nginx:
    """A running Nginx: its master's process number, and its ports, one for each server behind it."""

    pid: int
    ports: dict[str, int]

    def answer(self, name: str, path: str) -> Answer:
        """Return what a client gets, redirects included."""
        connection = HTTPConnection("127.0.0.1", self.ports[name], timeout=PATIENCE_SECONDS)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return Answer(f"{response.status} {response.reason}", dict(response.headers), response.read().decode())
        finally:
            connection.close()

    def url(self, name: str, path: str) -> str:
        """Return the address of `path` at the server of that name."""
        return f"http://127.0.0.1:{self.ports[name]}{path}"


@contextmanager
def before(servers: Sequence[Gunicorn], folder: Path) -> Iterator[Nginx]:
    """Run Nginx before all of these servers until the block ends."""
    ports = dict(zip((server.name for server in servers), free_ports(len(servers)), strict=True))
    parts = [
        SERVER.format(name=f"server-{number}", socket=server.socket, port=ports[server.name])
        for number, server in enumerate(servers)
    ]
    # As root, its workers would become somebody who may not enter the folder.
    user = "user root;" if os.geteuid() == 0 else ""
    settings = folder / "nginx.conf"
    settings.write_text(MAIN.format(user=user, folder=folder, servers="".join(parts)))
    with _running(settings, folder) as process:
        first = next(iter(ports.values()))
        until(lambda: process.poll() is not None or _listens(first), "Nginx does not listen")
        if process.poll() is not None:
            raise BenchmarkError(f"Nginx did not start: {(folder / 'nginx-error.log').read_text()}")
        yield Nginx(process.pid, ports)


@contextmanager
def _running(settings: Path, folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(
        [programs.find("nginx"), "-e", folder / "nginx-error.log", "-p", folder, "-c", settings],
        preexec_fn=lifeline.tie(signal.SIGTERM),  # noqa: PLW1509  there is one thread
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)


def free_ports(count: int) -> list[int]:
    """Return ports of the loopback address that nobody uses now, all different."""
    with ExitStack() as stack:
        listeners = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [listener.getsockname()[1] for listener in listeners]


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
