"""The database: it answers, at this code's schema, has room for us, and gives us no more rights than we need."""

import time
from collections.abc import Iterator

from sqlalchemy import exc

from app.preflight.checks import Severity, Wrong, check
from app.preflight.inside.here import Here

LARGEST_DIFFERENCE = 5  # seconds between our clock and the database's


@check(
    "database",
    "critical",
    promise="The database answers.",
    why="The service is not ready, and answers 503.",
)
def database(here: Here) -> Iterator[Wrong]:
    """Ask it what the other checks want to know."""
    config = here.config
    try:
        _ = here.facts
    except exc.SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        seconds = config["DB_CONNECT_TIMEOUT_SECONDS"]
        yield Wrong(f"It does not: {reason}", f"psql with DATABASE_URL, from here; it was given {seconds} seconds.")


@check(
    "migrations",
    "critical",
    promise="The schema is what this code was written for.",
    why="Requests fail that need what is not there; the service is not ready.",
)
def schema(here: Here) -> Iterator[Wrong]:
    """Compare the database's revision with the newest of migrations/; one that is ahead is a later release's."""
    from app.core.data import migrations  # noqa: PLC0415  it is imported by who has a database

    _ = here.database
    with here.app.app_context():
        try:
            migrations.check()
        except migrations.SchemaBehindError as error:
            yield Wrong(f"It is {error}.", "flask db upgrade, as the role that owns the schema.")


@check(
    "connections",
    "high",
    promise="All connections that all workers of all instances may open fit into max_connections.",
    why="At the worst moment the database refuses connections, to backups and to you as well.",
)
def connections(here: Here) -> Iterator[Wrong]:
    """Count those of two instances by default: a release starts one beside the other."""
    config, facts = here.config, here.database
    each = config["WEB_CONCURRENCY"] * (config["DB_POOL_SIZE"] + config["DB_POOL_MAX_OVERFLOW"])
    wanted, allowed = each * here.instances, facts.allowed
    if wanted > allowed and not here.pooled:  # it lends a few to many
        sum_ = (
            f"{here.instances} x WEB_CONCURRENCY {config['WEB_CONCURRENCY']}"
            f" x (DB_POOL_SIZE {config['DB_POOL_SIZE']} + DB_POOL_MAX_OVERFLOW {config['DB_POOL_MAX_OVERFLOW']})"
        )
        severity: Severity = "critical" if each > allowed else "high"
        mend = "Less of these, a larger max_connections, or a pooler (docs/scale-out.md)."
        yield Wrong(f"{sum_} = {wanted} connections, and the server allows {allowed}.", mend, severity)


@check(
    "role",
    "medium",
    promise="The role that serves can read and write rows, and change nothing of the schema.",
    why="Whoever gets SQL into a request could drop every table.",
)
def role(here: Here) -> Iterator[Wrong]:
    """Look at what the role may, and owns."""
    facts = here.database
    mend = "A role of its own for migrations: deploy/vps/lib/preparing/privileges.sql."
    if facts.superuser:
        yield Wrong(f"{facts.role} is a superuser.", mend, "high")
        return
    if facts.grants:
        yield Wrong(f"{facts.role} may create databases or roles.", mend)
    if facts.creates:
        yield Wrong(f"{facts.role} may create tables or schemas.", mend)
    if facts.owns:
        yield Wrong(f"{facts.role} owns {facts.owns} tables, and so may change and drop them.", mend)


@check(
    "statement-timeout",
    "medium",
    promise="The database ends a statement that takes too long.",
    why="Nobody waits for its answer any more, and it goes on using the database.",
)
def statement_timeout(here: Here) -> Iterator[Wrong]:
    """Ask what holds for our connections: a pooler may have dropped it."""
    told, wanted = here.database.timeout_ms, here.config["DB_STATEMENT_TIMEOUT_MS"]
    if not 0 < told <= wanted:
        so = "none" if told == 0 else f"{told} ms"
        yield Wrong(
            f"statement_timeout is {so}, and DB_STATEMENT_TIMEOUT_MS {wanted}.",
            "ALTER ROLE ... SET statement_timeout; a pooler does not pass it on (deploy/pgbouncer/roles.sql).",
        )


@check(
    "database-clock",
    "medium",
    promise="The database's clock shows the same time as ours.",
    why="What the database dates and what we date cannot be put in order.",
)
def database_clock(here: Here) -> Iterator[Wrong]:
    """Compare them now; the way there and back takes less than is allowed for."""
    began = time.time()
    told, ours = here.asked_anew().clock, (began + time.time()) / 2
    if abs(told - ours) > LARGEST_DIFFERENCE:
        ahead = "ahead of" if told > ours else "behind"
        yield Wrong(f"It is {abs(told - ours):.0f} seconds {ahead} ours.", "timedatectl, on both: is NTP at work?")


@check(
    "database-tls",
    "low",
    promise="The way to a database on another machine is encrypted.",
    why="Rows and passwords can be read on the network in between.",
)
def database_tls(here: Here) -> Iterator[Wrong]:
    """Ask the server what it speaks with us."""
    if here.database.remote and not here.database.tls:
        yield Wrong(
            "It is on another machine, and speaks plain text.", "?sslmode=verify-full at the end of DATABASE_URL."
        )
