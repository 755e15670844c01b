"""The service as it is, with operations that only these tests call: `gunicorn --pythonpath tests/stack service:app`."""

import logging
import os
import time
from pathlib import Path

from flask import current_app, jsonify, redirect, request
from sqlalchemy import text

from app import create_app
from app.core.data.database import db
from app.core.web.access import public

app = create_app()

if connections := int(os.environ.get("CONNECT_BEFORE_FORK", "0")):
    # What the guide forbids: the master opens connections, and every worker inherits them.
    with app.app_context():
        opened = [db.engine.connect() for _ in range(connections)]
        for connection in opened:
            connection.scalar(text("SELECT 1"))
            connection.close()


def operation(path, **options):
    def add(view):
        # An endpoint of the API: no token is asked for, and errors are problem details.
        app.add_url_rule(f"/v1/stack/{path}", f"v1.stack.{view.__name__}", public(view), **options)
        return view

    return add


@operation("worker")
def worker():
    return jsonify(pid=os.getpid())


@operation("gate/<name>")
def wait_at_gate(name):
    """Answer when the file `open` appears in the folder GATE; until then `name` stands there."""
    gate = Path(os.environ["GATE"])
    (gate / name).touch()
    while not (gate / "open").exists():
        time.sleep(0.01)
    return jsonify(name=name)


@operation("backend/<int:number>")
def backend(number):
    row = db.session.execute(text("SELECT pg_backend_pid(), :number, pg_sleep(0.01)"), {"number": number}).one()
    return jsonify(worker=os.getpid(), backend=row[0], number=row[1])


@operation("echo", methods=["POST"])
def echo():
    return jsonify(bytes=len(request.get_data()))


@operation("seen")
def seen():
    return jsonify(address=request.remote_addr, scheme=request.scheme, host=request.host, root=request.script_root)


@operation("redirect")
def redirect_elsewhere():
    return redirect("/v1/stack/worker")


@operation("message")
def log_message():
    logging.getLogger("stack").warning(request.args["text"], extra={"given": request.args["text"]})
    return "", 204


@operation("error")
def error():
    key, url = current_app.config["SECRET_KEY"], current_app.config["DATABASE_URL"]
    raise RuntimeError(f"failed with {key} and {url}; password=t0p-s3cret")
