"""The application as uWSGI loads it, with what gunicorn.conf.py brings for Gunicorn: summed counts, internal address.

uWSGI imports this in its master, before it forks.
"""

import os
import sys
import tempfile

import uwsgi
from sqlalchemy.orm import configure_mappers

# Before the imports below, as in gunicorn.conf.py: prometheus_client decides at its import.
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108  made under names that nobody guesses
os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="flask-metrics-", dir=MEMORY)

from app.core.observability.metrics import address, files
from wsgi import app

metric_files = files.of_this_master()
internal_address = address.of_this_master()
try:
    internal_address.listen(app.config["METRICS_BIND"])
except OSError as error:
    sys.exit(f"METRICS_BIND: cannot listen at {app.config['METRICS_BIND']}: {os.strerror(error.errno or 0)}")

for name in app.jinja_env.list_templates():
    app.jinja_env.get_template(name)
configure_mappers()


def begin() -> None:
    """Answer at the internal address from this worker, and keep the counts of those that are gone, in fewer files.

    uWSGI's master calls nobody when a worker has ended, so its successor does this.
    """
    for pid in gone():
        metric_files.fold(pid)
    internal_address.serve(app)


def gone() -> set[int]:
    """Return the numbers of processes that have counted something, and are neither the master nor its workers."""
    written = {int(path.stem.rpartition("_")[2]) for path in metric_files.folder.glob("*_*.db")}
    return written - {0, uwsgi.masterpid(), *(worker["pid"] for worker in uwsgi.workers())}


uwsgi.post_fork_hook = begin
uwsgi.atexit = internal_address.close
