"""The application with all that publishes something switched on, for the pages to look at; it connects to nothing."""

from flask import Flask

from app import create_app
from app.config import load_config

SETTINGS = {
    "APP_ENV": "testing",
    "SECRET_KEY": "only-for-looking-at-the-application",
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
    "PUBLIC_URL": "http://localhost",
    "METRICS_BIND": "127.0.0.1:1",
    "LOG_FORMAT": "json",
}


def application() -> Flask:
    """Return the application."""
    return create_app(load_config(SETTINGS))
