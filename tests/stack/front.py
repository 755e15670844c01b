"""What stands in front of the service here: over TLS, over plain HTTP, or on a Unix socket; it can be told to lie."""

import http.client
import socket
import ssl
import subprocess
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

GENEROUS_SECONDS = 60
BUFFERED = 16 * 1024 * 1024


@dataclass
class Answer:
    """An answer of the service on its way to the client, for a test to change."""

    method: str
    path: str
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def drop(self, name):
        self.headers = [header for header in self.headers if header[0].lower() != name.lower()]

    def set(self, name, value):
        self.drop(name)
        self.headers.append((name, value))


class Front:
    """Where clients connect: `url` over TLS, `http_port` without, `socket` as they are, for a proxy does the rest."""

    def __init__(self, port, http_port, unix_socket, certificate):
        self.url = f"https://localhost:{port}"
        self.http_port = http_port
        self.socket = unix_socket
        self.certificate = certificate
        self.backend = 0  # the port of the service
        self.spoil = lambda _: None  # what is done to each answer
        self.passes_on = False  # what clients claim in X-Forwarded-*, as no proxy should


class Handler(BaseHTTPRequestHandler):
    """Passes a request on to the service, and its answer back."""

    protocol_version = "HTTP/1.1"

    def relay(self):
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length) if length <= BUFFERED else None  # of more than that, only the head
        backend = http.client.HTTPConnection("127.0.0.1", self.server.front.backend, timeout=GENEROUS_SECONDS)
        claimed = self.headers if self.server.front.passes_on else {}
        backend.request(self.command, self.path, body, {**self.headers, **self.server.forwarded, **claimed})
        response = backend.getresponse()
        answer = Answer(self.command, self.path, response.status, response.getheaders(), response.read())
        backend.close()
        self.server.front.spoil(answer)
        self.answer(answer)

    def answer(self, answer):
        answer.set("Connection", "close")
        if answer.body:
            answer.drop("Transfer-Encoding")
            answer.set("Content-Length", len(answer.body))
        self.send_response_only(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)
        self.close_connection = True

    do_GET = do_HEAD = do_POST = do_DELETE = relay  # noqa: N815  the names are the library's

    def log_message(self, *_):
        """Say nothing: what the test has asked for is what it looks at."""


class Server(ThreadingHTTPServer):
    """Answers on a socket that is open already; a client that has gone is no error."""

    daemon_threads = True

    def __init__(self, listener, front, forwarded):
        super().__init__(("", 0), Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.front = front
        self.forwarded = forwarded

    def handle_error(self, *_):
        pass


@contextmanager
def standing(folder, days=2, protocols=()):
    """Have a front stand until the block ends; its files are in `folder`, `protocols` is what it offers by ALPN."""
    certificate, key = make_certificate(folder, days)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    if protocols:
        context.set_alpn_protocols(protocols)
    with ExitStack() as opened:
        plain, tls = (opened.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(2))
        local = opened.enter_context(socket.socket(socket.AF_UNIX))
        local.bind(str(folder / "web.sock"))
        local.listen()
        front = Front(tls.getsockname()[1], plain.getsockname()[1], folder / "web.sock", certificate)
        over_tls = opened.enter_context(context.wrap_socket(tls, server_side=True))
        client = {"X-Forwarded-For": "203.0.113.9"}
        for listener, forwarded in [
            (over_tls, {**client, "X-Forwarded-Proto": "https"}),
            (plain, {**client, "X-Forwarded-Proto": "http"}),
            (local, {}),  # what comes here has to bring them along
        ]:
            server = Server(listener, front, forwarded)
            threading.Thread(target=server.serve_forever, args=[0.05], daemon=True).start()
            opened.callback(server.shutdown)
        yield front


def make_certificate(folder, days=2, name="localhost"):
    """Make a certificate for `name` that vouches for itself; return its file and that of its key."""
    certificate, key = folder / "localhost.pem", folder / "localhost.key"
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", str(days)]
    names = ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"]
    command = ["openssl", "req", "-x509", *kind, *names, "-out", certificate, "-keyout", key]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key
