"""One JSON object a line on stdout, or readable lines in development; nobody can forge one, no secret is in one."""

import json
import logging
import logging.config
import re
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask import Flask
from pythonjsonlogger.orjson import OrjsonFormatter

from app.core.observability.outputs import LogFile, StandardOutput, Syslog
from app.core.observability.redaction import Redactor

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")  # all but the tab


def init_app(app: Flask) -> None:
    """Send every log line of this process, Flask's and the libraries' included, through our handlers."""
    logging.config.dictConfig(dict_config(app.config))
    logging.captureWarnings(capture=True)
    threading.excepthook = _log_failed_thread


def _log_failed_thread(failure: threading.ExceptHookArgs) -> None:
    """Log what has ended a thread; Python would write it to stderr as it is, secrets included."""
    if failure.exc_value and not isinstance(failure.exc_value, SystemExit):
        name = failure.thread.name if failure.thread else "unknown"
        logging.getLogger(__name__).error("the thread %s has failed", name, exc_info=failure.exc_value)


def dict_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the configuration for `logging.config`, which Gunicorn takes too."""
    formatter = JsonLines if config["LOG_FORMAT"] == "json" else ConsoleLines
    handlers = _handlers(config)
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"()": formatter, "config": config}},
        "handlers": handlers,
        "root": {"level": config["LOG_LEVEL"], "handlers": list(handlers)},
        "loggers": {
            "gunicorn.error": {"handlers": [], "propagate": True},
            # Gunicorn's access log would repeat ours without the request's id; werkzeug's likewise.
            "gunicorn.access": {"handlers": [], "propagate": False},
            "werkzeug": {"level": "WARNING"},
            "alembic.runtime.plugins": {"level": "WARNING"},  # six lines at each autogenerate, about itself
        },
    }


def _handlers(config: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    handlers: dict[str, dict[str, Any]] = {"stdout": {"()": StandardOutput}}
    if path := config["LOG_FILE"]:
        handlers["file"] = {"()": LogFile, "path": path}
    if address := config["LOG_SYSLOG"]:
        handlers["syslog"] = {"()": Syslog, "address": address, "service": config["SERVICE_NAME"]}
    return {name: {**handler, "formatter": "lines"} for name, handler in handlers.items()}


class JsonLines(OrjsonFormatter):
    """Formats a record as one JSON object; docs/architecture.md lists the fields."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__(
            ["levelname", "name", "message"],
            rename_fields={"levelname": "level", "name": "logger", "exc_info": "error.stack_trace"},
            static_fields={"service": config["SERVICE_NAME"], "release": config["RELEASE"]},
        )
        self._redactor = Redactor(config["SECRET_VALUES"])

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        """Take the secrets out of every field."""
        return {key: self._redactor.field(key, value) for key, value in log_data.items()}

    def add_fields(self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
        """Put the time first: UTC with milliseconds (RFC 3339)."""
        log_data["timestamp"] = timestamp(record.created)
        super().add_fields(log_data, record, message_dict)

    def jsonify_log_record(self, log_data: dict[str, Any]) -> str:
        """Return the line; what orjson refuses (lone surrogates, huge integers) is escaped rather than lost."""
        try:
            line = super().jsonify_log_record(log_data)
        except TypeError:
            return json.dumps(log_data, default=str)
        # JSON allows them inside a string, but some readers take them for the end of the line.
        return line if line.isascii() else _CONTROL.sub(lambda match: f"\\u{ord(match.group()):04x}", line)


class ConsoleLines(logging.Formatter):
    """Formats a record for a person: time, level, logger, message, then the request's id."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__("%(asctime)s %(levelname)-8s %(name)s: %(message)s", "%H:%M:%S")
        self._redactor = Redactor(config["SECRET_VALUES"])

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  logging's own name
        """Escape control characters, with which a message could pass for two or colour the terminal."""
        request_id = getattr(record, "request_id", None)
        suffix = f" [{request_id}]" if request_id else ""
        return _CONTROL.sub(lambda match: repr(match.group())[1:-1], super().formatMessage(record)) + suffix

    def format(self, record: logging.LogRecord) -> str:
        """Take the secrets out of the whole, traceback included; half a character must not lose the line."""
        return self._redactor.text(super().format(record)).encode(errors="backslashreplace").decode()


def timestamp(seconds: float) -> str:
    """Return a Unix time as UTC with milliseconds: 2026-01-31T12:00:00.123Z."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
