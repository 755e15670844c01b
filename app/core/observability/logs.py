"""One JSON object a line on stdout, or readable lines in development; nobody can forge one, no secret is in one."""

import json
import logging
import logging.config
import re
import threading
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from flask import Flask
from pythonjsonlogger.orjson import OrjsonFormatter

from app.core.observability.outputs import LogFile, StandardOutput, Syslog
from app.core.observability.redaction import Redactor, names_a_secret
from app.core.observability.tracking import AccessRecord

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")  # all but the tab
_WITHOUT_TEXT = {int, float, bool, type(None)}


def init_app(app: Flask) -> None:
    """Send every log line of this process, Flask's and the libraries' included, through our handlers."""
    logging.config.dictConfig(dict_config(app.config))
    logging.captureWarnings(capture=True)
    # No line of ours shows them, and finding them out takes 1 us a line (Python's logging HOWTO, "Optimization").
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
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
    """Formats a record as one JSON object; docs/reference/log-fields.md lists the fields."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__()
        self._always = {"service": config["SERVICE_NAME"], "release": config["RELEASE"]}
        self._redactor = Redactor(config["SECRET_VALUES"])

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; the library gathers the same by options, in twice the time (6 us)."""
        if isinstance(record, AccessRecord):
            extra = record.fields
        else:
            extra = {name: value for name, value in record.__dict__.items() if name not in self.reserved_attrs}
        moment = timestamp(record.created)
        fields = {
            "timestamp": moment,
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **self._always,
            **extra,
        }
        if record.exc_info or record.exc_text:
            fields["error.stack_trace"] = record.exc_text or self.formatException(record.exc_info)
        if record.stack_info:
            fields["stack_info"] = self.formatStack(record.stack_info)
        if self._may_hold_secrets(fields, moment):
            fields = {name: self._redactor.field(name, value) for name, value in fields.items()}
        return self.jsonify_log_record(fields)

    def _may_hold_secrets(self, fields: dict[str, Any], moment: str) -> bool:
        """Look at all values but our own `moment` at once: most lines hold none, and a look at each takes 60 us."""
        if _name_a_secret(tuple(fields)):
            return True
        texts = [value for value in fields.values() if type(value) not in _WITHOUT_TEXT and value is not moment]
        try:
            return self._redactor.suspects("\n".join(texts))
        except TypeError:  # one is no text; there may be some deeper in it
            return True

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


@lru_cache(maxsize=256)  # lines of one kind have the same names
def _name_a_secret(keys: tuple[str, ...]) -> bool:
    return any(map(names_a_secret, keys))


def timestamp(seconds: float) -> str:
    """Return a Unix time as UTC with milliseconds: 2026-01-31T12:00:00.123Z."""
    whole, milliseconds = divmod(int(seconds * 1000), 1000)
    return f"{_second(whole)}.{milliseconds:03d}Z"


@lru_cache(maxsize=4)  # many lines are of one second
def _second(whole: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole))
