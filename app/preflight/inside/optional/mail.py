"""Mail: its server takes a connection, over TLS."""

import smtplib
from collections.abc import Iterator

from app.core.background.mail import connection
from app.preflight.checks import NotHereError, Wrong, check
from app.preflight.inside.here import Here


@check(
    "mail",
    "high",
    promise="The server of outgoing mail answers, over TLS, and takes our name and password.",
    why="Messages wait in the queue, and fail after some hours.",
)
def mail(here: Here) -> Iterator[Wrong]:
    """Greet it as a worker does, and send nothing."""
    config = here.config
    if not config["MAIL_SERVER"]:
        raise NotHereError("off: MAIL_SERVER is not set", "set it if the service is to send mail")
    try:
        with connection(config) as server:
            if config["MAIL_USERNAME"]:
                server.login(config["MAIL_USERNAME"], config["MAIL_PASSWORD"])
            server.noop()
    except (OSError, smtplib.SMTPException) as error:
        where = f"{config['MAIL_SERVER']}:{config['MAIL_PORT']}"
        yield Wrong(f"{where}: {error}", "See MAIL_* in .env.example; on a VPS also: provision --outside.")
