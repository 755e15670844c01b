"""Reports of unexpected errors to Sentry: what broke and where, nothing of what a user sent, and nobody waits for it.

Reported is each log line of level ERROR that carries a traceback, once: so every exception that is answered with
500, which Flask logs, and every one that somebody catches and logs. What is answered with 4xx writes no such line,
nor does an outage that is answered with 503; alerts are for that. What a report says of its request is gathered when
there is one to write: a request that succeeds pays for little more than a place where its own data would be kept.
"""

import logging
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, partial
from typing import TYPE_CHECKING, Any, cast

from flask import Flask, request
from werkzeug.datastructures import EnvironHeaders
from werkzeug.exceptions import HTTPException

from app.core.observability.redaction import Redactor
from app.core.observability.tracking import PROBES, request_id

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from sentry_sdk._types import DataCollectionUserOptions
    from sentry_sdk.integrations import Integration
    from sentry_sdk.transport import HttpTransport
    from sentry_sdk.types import Event, Hint

SEND_SECONDS = 5  # for one report, in a thread of its own
QUEUE_SIZE = 100  # reports that wait for that thread; more are dropped
SHUTDOWN_SECONDS = 2  # that a process which ends gives the reports still waiting

HEADERS = {"accept", "accept-language", "content-length", "content-type", "user-agent"}
# Each spelled out: what is left out of this mapping is collected.
COLLECTED: "DataCollectionUserOptions" = {
    "user_info": False,
    "cookies": {"mode": "off"},
    "http_headers": {"request": {"mode": "allowlist", "terms": sorted(HEADERS)}},
    "http_bodies": [],
    "url_query_params": {"mode": "off"},
    "graphql": {"document": False, "variables": False},
    "gen_ai": {"inputs": False, "outputs": False},
    "database_query_data": False,
    "queues": False,
    "stack_frame_variables": False,
    "frame_context_lines": 5,
}

_log = logging.getLogger(__name__)
_environ: ContextVar["WSGIEnvironment | None"] = ContextVar("environ", default=None)


def init_app(app: Flask) -> None:
    """Report the errors of this process and of those it forks, where `SENTRY_DSN` says to whom.

    To be called before `proxy`, which then stands outside: reports see scheme and host as the client does.
    """
    if app.config["SENTRY_DSN"]:
        _start(app)
        _follow_requests(app)


def _start(app: Flask) -> None:
    import sentry_sdk  # noqa: PLC0415  who does not report does not pay for it

    config = app.config
    logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)  # a line per attempt; `Transport` says it once
    clean = cleaner(Redactor(config["SECRET_VALUES"]), {"commit": config["GIT_SHA"]}, partial(_of_the_request, app))
    sentry_sdk.init(
        dsn=config["SENTRY_DSN"],
        release=f"{config['SERVICE_NAME']}@{config['RELEASE']}",  # the form in which Sentry can order releases
        environment=config["ENVIRONMENT"],
        server_name=socket.gethostname(),
        default_integrations=False,  # they would send command line and packages, and patch HTTP clients and threads
        auto_enabling_integrations=False,
        integrations=_integrations(tracing=config["SENTRY_TRACES_SAMPLE_RATE"] > 0),
        data_collection=COLLECTED,
        include_local_variables=False,  # asked for apart, by lines that are logged with stack_info
        max_request_body_size="never",
        before_send=clean,
        before_send_transaction=clean,
        traces_sampler=sampler(config["SENTRY_TRACES_SAMPLE_RATE"]),
        transport=_transport(),
        transport_queue_size=QUEUE_SIZE,
        shutdown_timeout=SHUTDOWN_SECONDS,
        auto_session_tracking=False,
        enable_backpressure_handling=False,
        spotlight=False,
        debug=False,
    )


def _integrations(*, tracing: bool) -> "list[Integration]":
    from sentry_sdk.integrations import atexit, dedupe, sqlalchemy  # noqa: PLC0415  as above
    from sentry_sdk.integrations import logging as logs  # noqa: PLC0415

    for ignore in (logs.ignore_logger, logs.ignore_logger_for_sentry_logs):
        ignore("access")  # one line a request, which would cost it 30 us, and be on nobody's report
    chosen: list[Integration] = [
        logs.LoggingIntegration(level=logging.INFO, event_level=logging.ERROR, sentry_logs_level=None),
        dedupe.DedupeIntegration(),  # an exception may be logged by several on its way up
        atexit.AtexitIntegration(callback=lambda _pending, _timeout: None),  # the default writes to stderr
    ]
    return [*chosen, sqlalchemy.SqlalchemyIntegration()] if tracing else chosen


def _follow_requests(app: Flask) -> None:
    """Give each request a scope of its own.

    The SDK's WSGI layer, which takes each request apart before anything has failed, follows them only where they may
    be traced. Its Flask integration would patch the class of all applications, and read bodies and cookies.
    """
    application = app.wsgi_app
    if app.config["SENTRY_TRACES_SAMPLE_RATE"]:
        from sentry_sdk.integrations.wsgi import SentryWsgiMiddleware  # noqa: PLC0415  as above

        application = SentryWsgiMiddleware(application)
        app.before_request(_name_the_trace)
    app.wsgi_app = partial(Followed, application)  # type: ignore[method-assign]


def _name_the_trace() -> None:
    import sentry_sdk  # noqa: PLC0415  as above

    route = request.url_rule.rule if request.url_rule else "none"
    sentry_sdk.get_current_scope().set_transaction_name(route, source="route")


class Followed:
    """The answer to one request; until it is closed, what is reported is about that request, and has its data."""

    def __init__(
        self, application: "WSGIApplication", environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> None:
        environ.pop("HTTP_SENTRY_TRACE", None)  # with it a client could have all its requests traced
        self._body: Iterable[bytes] = ()
        self._request = _request(environ)
        self._request.__enter__()
        try:
            self._body = application(environ, start_response)
        except BaseException as error:
            _report(error)
            self.close()  # nobody else can
            raise

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._body
        except Exception as error:
            _report(error)
            raise

    def close(self) -> None:
        """Close the answer, and forget the request."""
        try:
            if hasattr(self._body, "close"):
                self._body.close()
        except Exception as error:
            _report(error)
            raise
        finally:
            self._request.__exit__(None, None, None)


@contextmanager
def _request(environ: "WSGIEnvironment") -> Iterator[None]:
    """Keep what is noted for reports until the block ends apart from all other requests."""
    import sentry_sdk  # noqa: PLC0415  as above

    token = _environ.set(environ)
    try:
        with sentry_sdk.isolation_scope() as scope:
            scope.clear()
            scope.set_new_propagation_context()  # else all reports would seem to be of one trace
            yield
    finally:
        _environ.reset(token)


def _report(error: BaseException) -> None:
    """Report what nobody in the application has caught; the server logs it after the request, and knows it no more."""
    import sentry_sdk  # noqa: PLC0415  as above

    if isinstance(error, Exception):
        sentry_sdk.capture_exception(error)


def _of_the_request(app: Flask) -> dict[str, Any]:
    """Return what a report says of the request that is going on: address without its query, route, a few headers."""
    from sentry_sdk.integrations.wsgi import get_request_url  # noqa: PLC0415  as above

    if not (environ := _environ.get()):
        return {}
    try:
        rule, _ = app.url_map.bind_to_environ(environ).match(return_rule=True)
    except HTTPException:
        route = "none"
    else:
        route = rule.rule
    headers = {name: value for name, value in EnvironHeaders(environ) if name.lower() in HEADERS}
    asked = {"url": get_request_url(environ), "method": environ["REQUEST_METHOD"], "headers": headers}
    return {"request": asked, "transaction": route, "transaction_info": {"source": "route"}}


def cleaner(
    redactor: Redactor, tags: dict[str, str], describe: Callable[[], dict[str, Any]] = dict
) -> "Callable[[Event, Hint], Event | None]":
    """Return what every report passes last: it drops the expected, adds `describe()` and `tags`, takes secrets out."""

    def clean(event: "Event", hint: "Hint") -> "Event | None":
        if "log_record" in hint and "exc_info" not in hint:
            return None  # somebody has dealt with the error, or there was none
        content = cast("dict[str, Any]", redactor.value({**event, **describe()}))
        if headers := content.get("request", {}).get("headers"):
            # The SDK takes a header whose name merely contains an allowed word, and sends the names of all others.
            content["request"]["headers"] = {name: headers[name] for name in headers if name.lower() in HEADERS}
        current = request_id.get()
        content["tags"] = {**content.get("tags", {}), **tags, **({"request_id": current} if current else {})}
        return cast("Event", content)

    return clean


def sampler(rate: float) -> "Callable[[dict[str, Any]], float] | None":
    """Return the function that says how likely a request is traced; None when none is."""

    def sample(context: dict[str, Any]) -> float:
        return 0.0 if context.get("wsgi_environ", {}).get("PATH_INFO") in PROBES else rate

    return sample if rate > 0 else None


def _transport() -> "type[HttpTransport]":
    from sentry_sdk.transport import HttpTransport  # noqa: PLC0415  as above

    class Transport(HttpTransport):
        """Sends within a time that we choose, and does not lose reports in silence."""

        TIMEOUT = SEND_SECONDS

        def on_dropped_event(self, reason: str) -> None:
            """Say that a report is lost; called by the thread that sends, or by the one that reports."""
            _warn_of_loss(reason)

    return Transport


@cache
def _warn_of_loss(reason: str) -> None:
    """Log each reason once in the life of a process."""
    _log.warning("error reports are lost, Sentry cannot be reached or does not accept them: %s", reason)
