"""The application factory: what the service is made of, from the edge inwards."""

from flask import Flask

from app import api, preflight
from app.config import Config, load_config_or_exit
from app.core.api import docs, serialization
from app.core.background import jobs, mail
from app.core.data import cache, database, migrations, redis_client, uploads
from app.core.edge import chunked, cors, headers, hosts, https, limits, proxy
from app.core.observability import error_reports, health, logs, metrics, tracing, tracking
from app.core.web import access, assets, csrf, errors, sessions
from app.core.web.service import Service


def create_app(config: Config | None = None) -> Flask:
    """Return the application for `config`, or for the environment; connects to nothing, starts nothing."""
    app = Service(__name__, static_folder=None)
    app.config.from_mapping((config or load_config_or_exit()).mapping())

    logs.init_app(app)
    error_reports.init_app(app)
    proxy.init_app(app)
    headers.init_app(app)
    hosts.init_app(app)
    https.init_app(app)
    limits.init_app(app)
    cors.init_app(app)
    access.init_app(app)
    chunked.init_app(app)
    sessions.init_app(app)
    csrf.init_app(app)
    errors.init_app(app)
    health.init_app(app)
    metrics.init_app(app)
    tracing.init_app(app)
    database.init_app(app)
    migrations.init_app(app)
    redis_client.init_app(app)
    cache.init_app(app)
    jobs.init_app(app)
    mail.init_app(app)
    uploads.init_app(app)
    serialization.init_app(app)
    assets.init_app(app)
    api.init_app(app)
    preflight.init_app(app)
    docs.init_app(app)
    tracking.init_app(app)  # outermost, so the last to wrap
    return app
