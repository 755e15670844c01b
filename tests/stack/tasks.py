"""Tasks that only these tests enqueue; `flask --app tests.stack.tasks:make_app jobs worker` runs them."""

import logging
import os
import subprocess
import time
from pathlib import Path

from flask import current_app
from sqlalchemy import text

from app import create_app
from app.core.background import jobs
from app.core.data.database import db
from app.core.web.access import public


def make_app():
    app = create_app()
    app.add_url_rule("/v1/stack/enqueue", view_func=public(lambda: [ask_the_database.enqueue()]))
    return app


def _sign(name):
    """Leave a file that says which process has come by."""
    path = Path(os.environ["GATE"]) / f"{name}.{os.getpid()}"
    path.touch()
    return path


@jobs.task(retry_seconds=(1, 1), timeout=600)
def stay(name):
    """Stay until the gate is open; then leave the word `done`."""
    path = _sign(name)
    while not (path.parent / "open").exists():
        time.sleep(0.01)
    path.with_suffix(".done").touch()


@jobs.task(retry_seconds=(), timeout=600)
def stay_once(name):
    """As `stay`, but never tried again."""
    stay(name)


@jobs.task(retry_seconds=(1, 1))
def fail():
    _sign("fail")
    key, url = current_app.config["SECRET_KEY"], current_app.config["DATABASE_URL"]
    raise RuntimeError(f"failed with {key} and {url}; password=t0p-s3cret")


@jobs.task(retry_seconds=(), timeout=1)
def never_end():
    time.sleep(600)


@jobs.task()
def ask_the_database():
    backend = db.session.execute(text("SELECT pg_backend_pid()")).scalar()
    logging.getLogger("stack").warning("backend %d", backend)


@jobs.task()
def start_a_program():
    """Leave the signals that a program started by a job ignores (proc(5)): none, as if it were started by hand."""
    status = subprocess.run(["cat", "/proc/self/status"], capture_output=True, text=True, check=True).stdout
    logging.getLogger("stack").warning("%s", next(line for line in status.splitlines() if line.startswith("SigIgn")))


@jobs.task(queue="clock", every=1)
def tick():
    logging.getLogger("stack").warning("tick")
