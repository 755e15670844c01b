"""A real SMTP server that speaks STARTTLS, or TLS at once, asks for a password, and keeps what it is given."""

import email
import email.policy
import gc
import logging
import socket
import ssl
import subprocess
import warnings
from contextlib import contextmanager

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

USER, PASSWORD = "slipway", "canary-of-the-mail"


class MailServer:
    """Where it listens, what it has taken, and what it answers to a message."""

    def __init__(self, port):
        self.port = port
        self.deliveries = []
        self.answer = "250 taken"

    async def handle_DATA(self, _server, session, envelope):  # noqa: N802  aiosmtpd's name
        content = email.message_from_string(
            envelope.content.decode().replace("\r\n", "\n"), policy=email.policy.default
        )
        self.deliveries.append(
            (envelope.mail_from, envelope.rcpt_tos, content, bool(session.ssl), session.authenticated)
        )
        return self.answer

    def settings(self):
        return {
            "MAIL_SERVER": "localhost",
            "MAIL_PORT": str(self.port),
            "MAIL_USERNAME": USER,
            "MAIL_PASSWORD": PASSWORD,
            "MAIL_FROM": "Slipway <no-reply@example.org>",
        }


class Listening(Controller):
    """A controller that serves on a socket which is open already."""

    listener: socket.socket

    def _create_server(self):
        return self.loop.create_server(self._factory_invoker, sock=self.listener, ssl=self.ssl_context)


def make_certificate(folder, name="localhost"):
    """Make a certificate for `name` that vouches for itself; return its file and that of its key."""
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    command = ["openssl", "req", "-x509", "-nodes", "-days", "2"]
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    names = ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"]
    subprocess.run([*command, *kind, *names, "-out", certificate, "-keyout", key], check=True, capture_output=True)
    return certificate, key


def check_password(_server, _session, _envelope, _mechanism, credentials):
    given = credentials.login.decode(), credentials.password.decode()
    return AuthResult(success=given == (USER, PASSWORD), handled=False)


@contextmanager
def serving(certificate, key, *, tls="starttls", port=0):
    """Run a server until the block ends. `tls`: `starttls`, `at once` or `none`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    listener = socket.create_server(("127.0.0.1", port))
    server = MailServer(listener.getsockname()[1])
    controller = Listening(
        server,
        hostname="127.0.0.1",
        port=server.port,
        ssl_context=context if tls == "at once" else None,
        tls_context=context if tls == "starttls" else None,
        require_starttls=tls == "starttls",
        auth_required=tls == "starttls",
        auth_require_tls=tls == "starttls",
        authenticator=check_password,
    )
    controller.listener = listener
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # its own view of what a test does to it
    controller.start()
    try:
        yield server
    finally:
        controller.stop()
        listener.close()
        with warnings.catch_warnings():  # it leaves a connection that is open to the garbage collector
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()
