"""Reads of one statement, which is all that is sent: no transaction is begun for it, so none has to be ended."""

from collections.abc import Sequence
from typing import Any
from weakref import WeakSet

from sqlalchemy import Row, Select, UpdateBase
from sqlalchemy.sql import visitors
from sqlalchemy.sql.selectable import ForUpdateArg

from app.core.data.database import db

_checked: WeakSet[Select[*tuple[Any, ...]]] = WeakSet()  # looking through a statement takes 20 us


def fetch(statement: Select[*tuple[Any, ...]], **values: Any) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return the rows that `statement` finds, with `values` for its `bindparam`s; columns, also of a model.

    Two of them may see different states: what has to agree belongs in a transaction of `db.session`. If that one has
    begun, this is part of it. Raises `TypeError` for whatever locks or changes something; that a function which it
    calls in the database does neither is up to you. Building the statement once, in the module, saves 80 us a call.
    """
    _refuse_changes(statement)
    if db.session.registry.has() and db.session().in_transaction():
        db.session.flush()
        return db.session.connection().execute(statement, values).all()
    with db.engine.connect() as connection:
        return connection.execution_options(isolation_level="AUTOCOMMIT").execute(statement, values).all()


def _refuse_changes(statement: Select[*tuple[Any, ...]]) -> None:
    if statement in _checked:
        return
    if not isinstance(statement, Select) or any(
        isinstance(part, UpdateBase | ForUpdateArg) for part in visitors.iterate(statement)
    ):
        raise TypeError("fetch() reads: what locks or changes something belongs in a transaction of db.session")
    _checked.add(statement)
