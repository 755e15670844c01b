"""Outgoing mail: `mail.send` returns at once; a job hands the message to `MAIL_SERVER`, and tries again if that fails.

Without a server nothing is sent: in development the message is shown in the terminal, elsewhere a warning is logged.
"""

import logging
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid, parseaddr
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click
from flask import Flask, current_app

from app.config.setting import text as printable
from app.core.background import jobs

if TYPE_CHECKING:
    from smtplib import SMTP

ANSWER_SECONDS = 10  # for each answer of the server
JOB_SECONDS = 60  # for all of them
RETRY_SECONDS = (30, 120, 600, 3_600, 14_400)  # five hours: a server that is being mended is waited for
SUBMISSIONS = 465  # here TLS is spoken from the first byte on (RFC 8314); on other ports it begins with STARTTLS

_log = logging.getLogger(__name__)


def init_app(app: Flask) -> None:
    """Decide what becomes of a message: a job, a look at it, or a warning."""
    config = app.config
    app.extensions["mail"] = deliver.enqueue if config["MAIL_SERVER"] else _show if config["MAIL_SHOWN"] else _drop


def send(to: str, subject: str, text: str) -> bool:
    """Have `text` sent to one address, such as `ann@example.org`; return whether it is going to be tried.

    To be called after the commit. A server that is dead is never the request's
    problem. Raises `ValueError` for what is not one address, and for a subject
    with control characters: it could become a header of its own.
    """
    _, sender = parseaddr(_sender())
    date, message_id = format_datetime(datetime.now(UTC)), make_msgid(domain=sender.rpartition("@")[2])
    compose(to, subject, text, date, message_id)  # what is wrong is told now, not in the job
    taken: bool = current_app.extensions["mail"](to, subject, text, date, message_id)
    return taken


def compose(to: str, subject: str, text: str, date: str, message_id: str) -> EmailMessage:
    """Return the message; raises `ValueError` as `send` does."""
    try:
        recipient = Address(addr_spec=printable(to))
    except (ValueError, IndexError, HeaderParseError) as error:  # each for another kind of nonsense
        raise ValueError("not one address, such as ann@example.org") from error
    message = EmailMessage()
    message["From"] = _sender()
    message["To"] = recipient
    message["Subject"] = printable(subject)
    message["Date"] = date
    message["Message-ID"] = message_id
    message.set_content(text)
    return message


@jobs.task(timeout=JOB_SECONDS, retry_seconds=RETRY_SECONDS)
def deliver(to: str, subject: str, text: str, date: str, message_id: str) -> None:
    """Hand one message to the server; raises what `smtplib` raises, and `OSError`.

    Should the connection break after the server has taken it, it is taken twice, with one and the same Message-ID.
    """
    config = current_app.config
    message = compose(to, subject, text, date, message_id)
    with connection(config) as server:
        if config["MAIL_USERNAME"]:
            server.login(config["MAIL_USERNAME"], config["MAIL_PASSWORD"])
        server.send_message(message)


def connection(config: Mapping[str, Any]) -> "SMTP":
    """Return a connection to the server, under TLS as configured: the certificate is verified, or nothing is sent.

    Raises what `smtplib` raises, and `OSError`.
    """
    import smtplib  # noqa: PLC0415  1 ms that only workers need

    context = ssl.create_default_context()
    host, port, name = config["MAIL_SERVER"], config["MAIL_PORT"], urlsplit(config["PUBLIC_URL"]).hostname
    if config["MAIL_USE_TLS"] and port == SUBMISSIONS:
        return smtplib.SMTP_SSL(host, port, name, timeout=ANSWER_SECONDS, context=context)
    server = smtplib.SMTP(host, port, name, timeout=ANSWER_SECONDS)
    if config["MAIL_USE_TLS"]:
        try:
            server.starttls(context=context)  # raises where it is not offered
        except (smtplib.SMTPException, OSError):
            server.close()
            raise
    return server


def _show(*content: str) -> bool:
    click.echo(f"--- There is no MAIL_SERVER, so this message is only shown.\n{compose(*content)}---", err=True)
    return True


def _sender() -> str:
    return current_app.config["MAIL_FROM"] or "nobody@localhost"


def _drop(*_content: str) -> bool:
    _log.warning("a message is not sent: there is no MAIL_SERVER")
    return False
