"""The shipped site, running: how to ask it, and what it has logged."""

import json
import socket
import ssl
import subprocess
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPMessage
from typing import NamedTuple

from tests.nginx.copies import NAME, changed, laid_out, scratch_root
from tests.stack.conftest import GENEROUS_SECONDS, until


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: HTTPMessage
    body: bytes

    def json(self):
        return json.loads(self.body)

    def header(self, name):
        """Return the value of a header that is there once, or None."""
        found = self.headers.get_all(name, [])
        assert len(found) <= 1, f"{name}: {found}"
        return found[0] if found else None


class Connection(HTTPConnection):
    """A connection to the site that stays open; over TLS for `name`, or in plain text when that is None."""

    def __init__(self, port, name=NAME, context=None):
        super().__init__("127.0.0.1", port, timeout=GENEROUS_SECONDS)
        self._name, self._context = name, context

    def connect(self):
        super().connect()
        if self._context:
            self.sock = self._context.wrap_socket(self.sock, server_hostname=self._name)

    def ask(self, method, path, body=None, **headers):
        self.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in ({"Host": NAME} | headers).items():
            self.putheader(name.replace("_", "-"), value)
        if body is not None and "Transfer_Encoding" not in headers:
            self.putheader("Content-Length", str(len(body)))
        self.endheaders(body, encode_chunked="Transfer_Encoding" in headers)
        response = self.getresponse()
        return Answer(response.status, response.headers, response.read())


class Site:
    """A running Nginx with our site: how to ask it, what it has logged, where its sockets and files are expected."""

    def __init__(self, build, root, ports):
        self.build, self.root, self.ports = build, root, ports
        self.log = root / "var/log/nginx/slipway.log"
        self.live = root / "var/lib/slipway/live"

    def context(self, *protocols):
        """Return how to speak TLS: with this site's certificate, and one of these protocols if any are named."""
        context = ssl.create_default_context(cafile=self.root / "etc/slipway/tls/fullchain.pem")
        if protocols:
            context.set_alpn_protocols(protocols)
        return context

    def connection(self, port="443", name=NAME):
        return Connection(self.ports[port], name, self.context() if port == "443" else None)

    def ask(self, method, path, body=None, port="443", **headers):
        """Ask on a connection of its own."""
        connection = self.connection(port)
        try:
            return connection.ask(method, path, body, **headers)
        finally:
            connection.close()

    def get(self, path, **headers):
        return self.ask("GET", path, **headers)

    def raw(self, request, port="443", name=NAME):
        """Send bytes, and return all that comes back until Nginx closes the connection."""
        connection = self.connection(port, name)
        connection.connect()
        received = b""
        with connection.sock as sock, suppress(ConnectionResetError):
            sock.sendall(request)
            while more := sock.recv(65_536):
                received += more
        return received

    def serve(self, folder):
        """Make the instance in `folder` the live one, as a release does: by replacing the symlink."""
        following = self.live.with_name("live.next")
        following.unlink(missing_ok=True)
        following.symlink_to(folder)
        following.replace(self.live)

    def lines(self):
        """Return what has been logged, in whole lines that are UTF-8 and JSON."""
        return [json.loads(line.decode()) for line in self.log.read_bytes().splitlines()]

    def line(self, request_id):
        """Return the one line of a request, which is written when the answer has left."""
        [line] = until(lambda: [line for line in self.lines() if line["request_id"] == request_id])
        return line

    def errors(self):
        return (self.root / "var/log/nginx/error.log").read_text()


def command(build, root):
    """Return how that Nginx is started with the files below `root`."""
    settings = root / "etc/nginx/nginx.conf"
    return [build.path, "-e", root / "var/log/nginx/error.log", "-p", root, "-c", settings]


@contextmanager
def running(build, certificate, changes=None):
    """Run a site until the block ends; nothing is behind it yet (`Site.serve`)."""
    with scratch_root() as root:
        site = Site(build, root, laid_out(root, build, certificate))
        changed(root, changes or {})
        process = subprocess.Popen(command(build, root))
        try:
            until(lambda: process.poll() is not None or all(map(listens, site.ports.values())))
            assert process.poll() is None, site.errors()
            yield site
        finally:
            process.terminate()
            process.wait(GENEROUS_SECONDS)


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
