"""The service from its own machine: its settings, and what they lead to, asked once for all checks."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import Row, exc, text

from app.config import Config, ConfigError, load_config
from app.config.sources import read_settings
from app.core.observability.redaction import REDACTED, SHORTEST_SECRET
from app.preflight.checks import NotHereError

BACKUPS = Path("/var/lib/slipway/metrics")  # where deploy/vps/backup publishes its figures

_FACTS = text("""
    SELECT current_user AS role, rolsuper AS superuser, rolcreatedb OR rolcreaterole AS grants,
        has_schema_privilege('public', 'CREATE') OR has_database_privilege(current_database(), 'CREATE') AS creates,
        (SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
            AND pg_has_role(relowner, 'USAGE')) AS owns,
        current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS allowed,
        (1000 * extract(epoch FROM current_setting('statement_timeout')::interval))::int AS timeout_ms,
        current_setting('server_version_num')::int / 10000 AS version,
        extract(epoch FROM clock_timestamp())::float8 AS clock,
        coalesce(inet_server_addr() <> inet_client_addr(), false) AS remote,
        (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()) AS tls,
        pg_backend_pid() AS process
    FROM pg_roles WHERE rolname = current_user
""")


class Here:
    """What this machine knows; `environ` is where settings are read from.

    `instances` is how many run at once, the one that takes over included; `backups` where figures of backups are.
    """

    def __init__(self, environ: Mapping[str, str], *, instances: int = 2, backups: Path = BACKUPS) -> None:
        self.environ = environ
        self.instances = instances
        self.backups = backups
        self.problems: dict[str, str] = {}
        self.pooled = False  # whether the database is behind a pooler, once it has answered
        self._loaded: Config | None = None
        try:
            self._loaded = load_config(environ)
        except ConfigError as error:
            self.problems = error.problems

    @property
    def config(self) -> dict[str, Any]:
        """All settings by name; `NotHereError` if they are refused."""
        if self._loaded is None:
            raise NotHereError("the settings are refused", "mend the findings of `settings` first")
        return self._loaded.mapping()

    @property
    def public_url(self) -> str:
        """The address of the service, refused settings included; empty if none is named."""
        if self._loaded is not None:
            return self._loaded.PUBLIC_URL
        said = read_settings(Path(self.environ["APP_CONFIG_FILE"])).values if "APP_CONFIG_FILE" in self.environ else {}
        return (self.environ.get("PUBLIC_URL") or said.get("PUBLIC_URL", "")).rstrip("/").lower()

    def without_secrets(self, said: str) -> str:
        """Return a text without the values of our secrets; libraries may have quoted one."""
        # By value alone: a redactor of logs would hide what is said of SECRET_KEY as well.
        for secret in self._loaded.SECRET_VALUES if self._loaded else ():
            said = said.replace(secret, REDACTED) if len(secret) >= SHORTEST_SECRET else said
        return said

    @cached_property
    def app(self) -> Flask:
        """An application with the database, and nothing else."""
        from app.core.data import database  # noqa: PLC0415  what speaks of a refused configuration alone needs none

        app = Flask("preflight")
        app.config.from_mapping(self.config)
        database.init_app(app)
        return app

    @cached_property
    def facts(self) -> Row[Any]:
        """What the database says of itself and of us; raises `SQLAlchemyError` when it does not answer."""
        from app.core.data.database import db  # noqa: PLC0415  as above

        with self.app.app_context(), db.engine.connect() as connection:
            facts = connection.execute(_FACTS).one()
            # A client is told one process at its beginning; behind a pooler another one answers.
            told = connection.connection.dbapi_connection.info.backend_pid  # type: ignore[union-attr]
            self.pooled = told != facts.process
            return facts

    @property
    def database(self) -> Row[Any]:
        """What the database says; `NotHereError` when it does not answer."""
        try:
            return self.facts
        except exc.SQLAlchemyError as error:
            raise NotHereError("the database does not answer", "mend the finding of `database` first") from error

    def asked_anew(self) -> Row[Any]:
        """Return what the database says now; `NotHereError` when it does not answer."""
        self.__dict__.pop("facts", None)
        return self.database

    def close(self) -> None:
        """End the connections to the database."""
        from app.core.data.database import db  # noqa: PLC0415  as above

        if "app" in self.__dict__:
            with self.app.app_context():
                db.engine.dispose()
