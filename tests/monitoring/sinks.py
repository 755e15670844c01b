"""Where messages and probes end: a pager, a mailbox and a website over TLS, each in a thread of the test."""

import json
import ssl
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from tests.monitoring.programs import run

CERTIFICATE_DAYS = 30


@contextmanager
def _served(handler, context=None):
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, args=[0.05])
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def answer(self, body=b""):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def pager():
    """Yield the URL of a webhook, and the list of what it was sent: token and message."""
    received = []

    class Pager(Handler):
        def do_POST(self):
            message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            received.append((self.headers["Authorization"], message))
            self.answer()

    with _served(Pager) as port:
        yield f"http://127.0.0.1:{port}/alerts", received


@contextmanager
def website(folder):
    """Yield the URL of a page over TLS which says that it is ready, and the file of its certificate."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", str(CERTIFICATE_DAYS)]
    name = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    run("openssl", "req", *kind, *name, "-keyout", key, "-out", certificate)

    class Website(Handler):
        def do_GET(self):
            self.answer(b'{"status":"ok"}\n')

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with _served(Website, context) as port:
        yield f"https://127.0.0.1:{port}/readyz", certificate


@contextmanager
def mailbox(port):
    """Yield the list of what arrives by SMTP on `port`: password, recipients and text."""
    received = []

    class Mailbox:
        async def handle_DATA(self, _server, session, envelope):  # noqa: N802  the library's name
            received.append((session.auth_data, envelope.rcpt_tos, envelope.content.decode()))
            return "250 OK"

    def authenticate(_server, _session, _envelope, _mechanism, login):
        return AuthResult(success=True, auth_data=login.password.decode())

    controller = Controller(
        Mailbox(),
        hostname="127.0.0.1",
        port=port,
        authenticator=authenticate,
        auth_require_tls=False,
        auth_exclude_mechanism=["LOGIN"],  # Alertmanager and aiosmtpd disagree about its words
    )
    controller.start()
    try:
        yield received
    finally:
        controller.stop()
