"""Databases on a development server."""

from contextlib import suppress

import psycopg
from psycopg import errors, sql

from devtools.postgres import Server


def create(server: Server, name: str) -> None:
    """Create the database unless it is there already."""
    with psycopg.connect(server.uri("postgres"), autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            return
        with suppress(errors.DuplicateDatabase, errors.UniqueViolation):  # another process was faster
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def drop(server: Server, name: str) -> None:
    """Drop the database, whoever is connected to it."""
    with psycopg.connect(server.uri("postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
