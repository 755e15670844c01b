"""Gunicorn's settings. Run `gunicorn` in this folder: the configuration is checked before anything is forked."""

import gc
import os
import sys
import tempfile
import time
from contextlib import suppress
from typing import Any

from gunicorn.http.errors import ParseException  # type: ignore[import-untyped]
from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

# Files that are written often and need not last are kept in memory, where the system has such a place.
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108  made under names that nobody guesses

# Before the imports below: when prometheus_client is loaded, it decides whether processes keep their counts in
# memory, each its own, or in files that a scrape adds up. A hang-up has this file read again, and keeps the folder.
if "prometheus_client" not in sys.modules:
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="flask-metrics-", dir=MEMORY)

gc.disable()  # for the reason that wsgi.py gives

from sqlalchemy.orm import configure_mappers

from app.config import load_config_or_exit
from app.core.observability.logs import dict_config
from app.core.observability.metrics import address, files

gc.freeze()
gc.enable()

metric_files = files.of_this_master()
settings = load_config_or_exit()

wsgi_app = "wsgi:app"
bind = settings.BIND
proc_name = settings.SERVICE_NAME


class DrainingWorker(ThreadWorker):  # type: ignore[misc]
    """Gunicorn's worker with threads (gthread), which lets go of the listening sockets when it begins to drain.

    Gunicorn keeps them to the end: for as long as the slowest client takes, the kernel would go on taking connections
    that nobody answers. Refused, a proxy asks another instance at once. One that systemd holds stays open there.
    """

    def set_accept_enabled(self, enabled: bool) -> None:  # noqa: FBT001  Gunicorn's signature
        """Take connections, or no more of them."""
        super().set_accept_enabled(enabled)
        if not enabled and not self.alive:
            for listener in self.sockets:
                listener.close()


# As many processes as processors that we may use (affinity and cgroup quota), each with a few threads for waiting in.
workers = settings.WEB_CONCURRENCY
worker_class = DrainingWorker
threads = settings.WEB_THREADS

# Load the application once and fork it: a third of the memory, and a release that does not import never starts.
# With --preload a HUP keeps the old code, so new code comes by a new master; while developing, workers reload.
preload_app = not settings.DEBUG
reload = settings.DEBUG
if reload:
    # Reading the settings has imported the application into the master, and every worker would inherit that code; and
    # with it the metrics, which cannot be declared twice.
    for name in list(sys.modules):
        if name.partition(".")[0] in {"app", "prometheus_client", "prometheus_flask_exporter"}:
            del sys.modules[name]

# A heartbeat, not a limit on requests: a worker whose main thread is stuck for so long is replaced.
timeout = settings.WEB_TIMEOUT_SECONDS
# How long what is in flight may take to finish after SIGTERM; supervisors must wait a little longer.
graceful_timeout = settings.WEB_GRACEFUL_TIMEOUT_SECONDS
# Longer than a proxy keeps idle connections (ours 5 s, others a minute), so that the proxy is the one to close them.
keepalive = 75

# A worker is replaced after so many requests, against slow leaks; the jitter keeps them from leaving together.
max_requests = settings.WEB_MAX_REQUESTS
max_requests_jitter = settings.WEB_MAX_REQUESTS_JITTER

# A proxy's limits should be the same or tighter; these hold when there is none.
limit_request_line = 4094
limit_request_fields = 64
limit_request_field_size = 8190


def post_request(_worker: Any, request: Any) -> None:
    """Read what the application left of the body, within bounds, before the connection is closed or used again.

    A client that is still sending would be reset otherwise, and lose an answer that came early (404, 405, 413):
    behind Nginx that is a 502 now and then. Gunicorn by itself reads 64 KiB.
    """
    if getattr(request.body.reader, "length", None) == 0:
        return  # there was none, or all of it is read: nearly always, and then it costs no system call
    connection, unread = request.unreader.sock, 16 * settings.MAX_CONTENT_LENGTH
    deadline = time.monotonic() + 5
    connection.settimeout(5)
    with suppress(OSError, ParseException):  # gone, silent, or sending nonsense: Gunicorn closes the connection
        while unread > 0 and time.monotonic() < deadline and (data := request.body.read(65_536)):
            unread -= len(data)
    connection.settimeout(None)


# The application alone decides which forwarded headers to believe (PROXY_HOPS_*), so the server believes none: by
# default it would let whoever connects from this machine set the path (SCRIPT_NAME) and claim to have come by https.
forwarder_headers = ""
secure_scheme_headers: dict[str, str] = {}

# The control socket would be opened in the home directory, which an unprivileged user does not have.
control_socket_disable = True

# Heartbeats are files too: on a slow disk a healthy worker would look like a stuck one.
worker_tmp_dir = MEMORY

# Metrics and probes have an address of their own, which the master opens and the workers answer.
internal_address = address.of_this_master()


def on_starting(_server: Any) -> None:
    """Open the internal address, or end: an instance that nobody can watch is not what was asked for."""
    if problem := open_internal_address():
        sys.exit(problem)


def when_ready(server: Any) -> None:
    """Do once what each worker would do by itself at its first page and query: 50 ms, and 2 MiB that are shared so."""
    if preload_app:
        templates = server.app.wsgi().jinja_env
        for name in templates.list_templates():
            templates.get_template(name)
        configure_mappers()
        gc.freeze()


def on_reload(server: Any) -> None:
    """Open it anew if a hang-up has changed it; if that fails, the former stays."""
    if problem := open_internal_address():
        server.log.error(problem)


def open_internal_address() -> str | None:
    """Return what is wrong with METRICS_BIND, if it is."""
    try:
        internal_address.listen(settings.METRICS_BIND)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
        return f"METRICS_BIND: cannot listen at {settings.METRICS_BIND}: {reason}"
    return None


def post_worker_init(worker: Any) -> None:
    """Answer at the internal address from every worker."""
    internal_address.serve(worker.wsgi)


def worker_exit(_server: Any, _worker: Any) -> None:
    """Finish what was asked there, before the worker goes."""
    internal_address.close()


def child_exit(_server: Any, worker: Any) -> None:
    """Keep the counts of a worker that is gone, in fewer files."""
    metric_files.fold(worker.pid)


# One access line per request is the application's; Gunicorn's own lines take the same form.
accesslog = None
logconfig_dict = dict_config(settings.mapping())
