"""The PostgreSQL database: typed models, and a connection pool in which nothing can wait for ever."""

import logging
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from flask import Flask, current_app
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import MetaData, exc, text
from sqlalchemy.orm import DeclarativeBase
from werkzeug.exceptions import Conflict, ServiceUnavailable
from werkzeug.wrappers import Response

from app.core.data import connections
from app.core.data.pool import Capacity, MeasuredPool, sample
from app.core.observability import health

RETRY_AFTER_SECONDS = 5
PREPARED_FROM = 5  # times that a connection has sent the same statement

_FACTS = text(
    "SELECT pg_backend_pid(),"
    " current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,"
    " (1000 * extract(epoch FROM current_setting('statement_timeout')::interval))::int"
)

_log = logging.getLogger(__name__)


class Base(DeclarativeBase):
    """What all models share: names for constraints, so that migrations can speak of them.

    What the database computes is told by the statement that stores a row, by UPDATE too, and need not be asked for.
    """

    __mapper_args__ = {"eager_defaults": True}  # noqa: RUF012  SQLAlchemy's to declare
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


db = SQLAlchemy(model_class=Base)

if TYPE_CHECKING:
    Model = Base
else:
    Model = db.Model


def init_app(app: Flask) -> None:
    """Prepare the engine without connecting; answer 503 when the database does not, 409 when it objects."""
    statement_seconds = app.config["DB_STATEMENT_TIMEOUT_MS"] / 1000
    app.config["SQLALCHEMY_DATABASE_URI"] = app.config["DATABASE_URL"]
    # Here and nowhere else: the old SQLALCHEMY_POOL_* keys are silently ignored.
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(app.config)
    db.init_app(app)
    with app.app_context():
        engine = db.engine
    connections.protect(engine, answer_seconds=statement_seconds + 1)
    health.register(app, "database", ping)
    app.extensions.setdefault("metrics_collectors", []).append(_capacity(app.config))
    app.extensions.setdefault("metrics_samples", []).append(partial(sample, engine))
    for failure in (exc.OperationalError, exc.InterfaceError, exc.TimeoutError):
        app.register_error_handler(failure, _unavailable)
    app.register_error_handler(exc.IntegrityError, _conflict)


def engine_options(config: dict[str, Any]) -> dict[str, Any]:
    """Return the pool's size and its deadlines: for a place in the pool, a new connection, and each statement."""
    settings = {"statement_timeout": config["DB_STATEMENT_TIMEOUT_MS"], "idle_in_transaction_session_timeout": 60_000}
    return {
        "poolclass": MeasuredPool,
        "pool_size": config["DB_POOL_SIZE"],
        "max_overflow": config["DB_POOL_MAX_OVERFLOW"],
        "pool_timeout": config["DB_POOL_TIMEOUT_SECONDS"],
        "pool_recycle": config["DB_POOL_RECYCLE_SECONDS"],
        "pool_use_lifo": True,  # the one used last is known to live, and the server's caches know it
        "skip_autocommit_rollback": True,  # nothing was begun
        "hide_parameters": True,  # what users wrote has no place in a log
        "connect_args": {
            "connect_timeout": config["DB_CONNECT_TIMEOUT_SECONDS"],
            "application_name": config["SERVICE_NAME"],
            "prepare_threshold": PREPARED_FROM if config["DB_PREPARED_STATEMENTS"] else None,
            "options": " ".join(f"-c {name}={value}" for name, value in settings.items()),
        },
    }


def ping() -> None:
    """Ask the database something; raises SQLAlchemy's `OperationalError` or `TimeoutError` when it does not answer.

    It tells as well what cannot hold: more connections than it allows, unless a pooler is in between, which lends a
    few to many; and a timeout that did not arrive, for a pooler drops what it cannot keep for each client.
    """
    with db.engine.connect() as connection:
        process, allowed, timeout = connection.execute(_FACTS).one()
        pooled = process != connection.connection.dbapi_connection.info.backend_pid  # type: ignore[union-attr]
    wanted = _capacity(current_app.config).limit
    if wanted > allowed and not pooled:
        _warn_of_capacity(wanted, allowed)
    if not 0 < timeout <= current_app.config["DB_STATEMENT_TIMEOUT_MS"]:
        _warn_of_timeout(timeout, current_app.config["DB_STATEMENT_TIMEOUT_MS"])


def _capacity(config: dict[str, Any]) -> Capacity:
    workers, size = config["WEB_CONCURRENCY"], config["DB_POOL_SIZE"]
    return Capacity(workers * size, workers * (size + config["DB_POOL_MAX_OVERFLOW"]))


@cache
def _warn_of_capacity(wanted: int, allowed: int) -> None:
    """Say once that this instance alone could exhaust the server; others share it."""
    _log.warning(
        "workers x (DB_POOL_SIZE + DB_POOL_MAX_OVERFLOW) is %d connections, but the server allows %d", wanted, allowed
    )


@cache
def _warn_of_timeout(milliseconds: int, wanted: int) -> None:
    """Say once that a statement may go on for longer than this service waits for it."""
    _log.warning(
        "the database's statement_timeout is %d ms, and DB_STATEMENT_TIMEOUT_MS %d: a pooler does not pass it on;"
        " set it for the role",
        milliseconds,
        wanted,
    )


def _unavailable(error: exc.SQLAlchemyError) -> Response:
    _log.error("the database is not available: %s", error)
    db.session.rollback()
    return current_app.make_response(
        current_app.handle_user_exception(
            ServiceUnavailable("The database is not available. Try again shortly.", retry_after=RETRY_AFTER_SECONDS)
        )
    )


def _conflict(error: exc.IntegrityError) -> Response:
    diagnosis = getattr(error.orig, "diag", None)  # its text would quote the values
    _log.info("the database refused a change: %s", getattr(diagnosis, "constraint_name", None))
    db.session.rollback()
    return current_app.make_response(
        current_app.handle_user_exception(Conflict("This change conflicts with what is stored already."))
    )
