"""An authority that issues certificates, as Let's Encrypt does: its own server for tests, pebble, with a DNS for it."""

import json
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

GENEROUS_SECONDS = 60
MISSING = "{} is not on this machine. Debian and Ubuntu, as root: apt install --no-install-recommends openssl pebble"


class Authority:
    """An authority at `url`; `trust` is the file of the certificate that vouches for that address."""

    def __init__(self, address, folder):
        self.address = address
        self.trust = folder / "api-ca.pem"
        self.ports = {name: free_port() for name in ("api", "management", "dns", "dns_management")}
        self.url = f"https://{address}:{self.ports['api']}/dir"
        self._context = ssl.create_default_context(cafile=self.trust)

    def point(self, host, *addresses):
        """Have DNS say that `host` is at these addresses, or at none."""
        self._tell("clear-a", {"host": f"{host}."})
        if addresses:
            self._tell("add-a", {"host": f"{host}.", "addresses": addresses})

    def _tell(self, what, facts):
        url = f"http://127.0.0.1:{self.ports['dns_management']}/{what}"
        httpx.post(url, json=facts, timeout=GENEROUS_SECONDS, trust_env=False).raise_for_status()

    def root(self):
        """Return the certificate at which the chains of all that it issues end."""
        url = f"https://127.0.0.1:{self.ports['management']}/roots/0"
        return httpx.get(url, verify=self._context, timeout=GENEROUS_SECONDS, trust_env=False).text

    def answers(self):
        try:
            self.point("example.org")
            self.root()
        except httpx.TransportError:
            return False
        return True


@contextmanager
def issuing(folder, towards):
    """Run an authority that the machine at `towards` can reach, until the block ends; its files are in `folder`."""
    for program in ("openssl", "pebble", "pebble-challtestsrv"):
        assert shutil.which(program), MISSING.format(program)
    address = address_towards(towards)
    certificate, key = make_certificates(folder, address)
    authority = Authority(address, folder)
    ports = authority.ports
    settings = {
        "listenAddress": f"{address}:{ports['api']}",
        "managementListenAddress": f"127.0.0.1:{ports['management']}",
        "certificate": str(certificate),
        "privateKey": str(key),
        "httpPort": 80,
        "tlsPort": 443,
        "ocspResponderURL": "",
        "externalAccountBindingRequired": False,
    }
    (folder / "pebble.json").write_text(json.dumps({"pebble": settings}))
    dns = ["-dns01", f"127.0.0.1:{ports['dns']}", "-management", f"127.0.0.1:{ports['dns_management']}"]
    nothing_else = ["-http01", "", "-https01", "", "-tlsalpn01", "", "-defaultIPv4", "", "-defaultIPv6", ""]
    pebble = ["pebble", "-config", folder / "pebble.json", "-dnsserver", f"127.0.0.1:{ports['dns']}"]
    # No random waits and refusals, and what was proven once has to be proven again.
    steady = {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0", "PEBBLE_AUTHZREUSE": "0"}
    with (
        running(folder / "dns.log", ["pebble-challtestsrv", *dns, *nothing_else]),
        running(folder / "pebble.log", pebble, **steady) as process,
    ):
        deadline = time.monotonic() + GENEROUS_SECONDS
        while not authority.answers():
            is_starting = process.poll() is None and time.monotonic() < deadline
            assert is_starting, (folder / "pebble.log").read_text()
            time.sleep(0.1)
        yield authority


@contextmanager
def running(log, command, **environ):
    with log.open("wb") as output:
        variables = {"PATH": os.environ["PATH"], **environ}
        process = subprocess.Popen(command, env=variables, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(GENEROUS_SECONDS)


@contextmanager
def refusing(folder, authority):
    """Yield the URL of an authority that has issued too many certificates already: rare, and so made up here."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self):
            self.answer(200)

        def do_GET(self):
            names = ("newNonce", "newAccount", "newOrder", "revokeCert", "keyChange")
            self.answer(200, {name: f"{url}/{name}" for name in names} if self.path == "/dir" else {})

        def do_POST(self):
            detail = "too many new registrations (10) from this IP address in the last 3h0m0s, retry after 2026-11-22"
            self.answer(429, {"type": "urn:ietf:params:acme:error:rateLimited", "detail": detail, "status": 429})

        def answer(self, status, members=None):
            self.send_response_only(status)
            self.send_header("Replay-Nonce", "bm9uY2U")
            self.send_header("Content-Type", "application/problem+json" if status == 429 else "application/json")
            self.end_headers()
            if members is not None:
                self.wfile.write(json.dumps(members).encode())

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "api.pem", folder / "api.key")
    with ThreadingHTTPServer((authority.address, 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        url = f"https://{authority.address}:{server.server_address[1]}"
        with answering(server):
            yield f"{url}/dir"


@contextmanager
def somebody_else(at):
    """Have a web server stand at an address of this machine that knows nothing of any challenge."""
    with ThreadingHTTPServer((at, 80), BaseHTTPRequestHandler) as server, answering(server):
        yield


@contextmanager
def answering(server):
    thread = threading.Thread(target=server.serve_forever, args=[0.05])
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


def address_towards(address):
    """Return the address of this machine on the way to another one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((address, 9))
        return probe.getsockname()[0]


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def make_certificates(folder, address):
    """Make what the authority's own address needs: a certificate, its key, and `api-ca.pem`, which vouches for it."""
    ca, ca_key, certificate, key = (folder / name for name in ("api-ca.pem", "api-ca.key", "api.pem", "api.key"))
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    command = ["openssl", "req", "-x509", *kind]
    openssl(*command, "-subj", "/CN=acme-test-ca", "-out", ca, "-keyout", ca_key)
    names = ["-subj", "/CN=acme-test", "-addext", f"subjectAltName=IP:{address},IP:127.0.0.1"]
    leaf = ["-addext", "basicConstraints=critical,CA:FALSE", "-CA", ca, "-CAkey", ca_key]
    openssl(*command, *names, *leaf, "-out", certificate, "-keyout", key)
    return certificate, key


def openssl(*command):
    subprocess.run(command, check=True, capture_output=True)
