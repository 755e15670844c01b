"""How `flask db` meets the database: one runner at a time, all in one transaction, waiting for no lock for long."""

from collections.abc import Iterator
from contextlib import contextmanager

from alembic import context
from alembic.util import CommandError
from flask import current_app
from sqlalchemy import Connection, NullPool, create_engine, text
from sqlalchemy.exc import OperationalError

from app.core.data.database import db

ADVISORY_LOCK = 7_350_233_019  # any number will do, as long as nothing else in this database uses it
DDL_LOCK_TIMEOUT = "5s"  # a migration that waits for a table's lock makes every later query wait behind it


def run_online() -> None:
    """Run the command on a connection of its own, under the lock; a failing migration leaves nothing behind."""
    with connect() as connection, one_at_a_time(connection):
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            compare_server_default=True,
            transaction_per_migration=False,
        )
        with context.begin_transaction():
            context.run_migrations()


def run_offline() -> None:
    """Write the SQL instead of executing it: `flask db upgrade --sql`."""
    context.configure(dialect_name="postgresql", target_metadata=db.metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


@contextmanager
def connect() -> Iterator[Connection]:
    """Connect without the statement timeout that serves requests: a migration may take its time."""
    timeouts = f"-c statement_timeout=0 -c lock_timeout={DDL_LOCK_TIMEOUT}"
    seconds = current_app.config["DB_CONNECT_TIMEOUT_SECONDS"]
    engine = create_engine(
        db.engine.url, poolclass=NullPool, connect_args={"options": timeouts, "connect_timeout": seconds}
    )
    try:
        connection = engine.connect()
    except OperationalError as error:
        raise CommandError(f"the database cannot be reached: {error.orig}") from error
    with connection:
        yield connection


@contextmanager
def one_at_a_time(connection: Connection) -> Iterator[None]:
    """Hold an advisory lock; whoever else migrates meanwhile waits, and then finds nothing left to do.

    The lock belongs to the session, not to a transaction, so that it outlasts
    an autocommit block (CREATE INDEX CONCURRENTLY).
    """
    seconds = current_app.config["DB_MIGRATION_LOCK_TIMEOUT_SECONDS"]
    try:
        connection.execute(text(f"SET lock_timeout = '{seconds}s'"))
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": ADVISORY_LOCK})
    except OperationalError as error:
        raise CommandError(f"another migration has been running for {seconds} seconds; nothing was done") from error
    connection.execute(text(f"SET lock_timeout = '{DDL_LOCK_TIMEOUT}'"))
    connection.commit()
    try:
        yield
    finally:
        connection.rollback()
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": ADVISORY_LOCK})
        connection.commit()


if context.is_offline_mode():
    run_offline()
else:
    run_online()
