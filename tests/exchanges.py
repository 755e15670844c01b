"""What goes between a test and PostgreSQL, counted in libpq's own record of it."""

import re
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field

from psycopg.pq import Trace
from sqlalchemy import Engine


@dataclass
class Exchanges:
    """What one connection has said: known when the recording is over."""

    statements: list[str] = field(default_factory=list)  # their first words; `;` is the pool's question
    answers: int = 0  # and as often somebody has waited


@contextmanager
def recorded(engine: Engine):
    """Record the connection that `engine` gives out next, as it does again and again to one who takes one at a time."""
    exchanges = Exchanges()
    with tempfile.TemporaryFile("w+") as record:
        with engine.connect() as connection:
            server = connection.connection.driver_connection.pgconn
        server.trace(record.fileno())
        server.set_trace_flags(Trace.SUPPRESS_TIMESTAMPS)
        yield exchanges
        server.untrace()  # which writes the rest
        record.seek(0)
        text = record.read()
    exchanges.statements = re.findall(r'^F\t\d+\t(?:Query\t|Parse\t "[^"]*") "([^\s"]+)', text, re.MULTILINE)
    exchanges.answers = len(re.findall(r"^B\t\d+\tReadyForQuery\t", text, re.MULTILINE))
