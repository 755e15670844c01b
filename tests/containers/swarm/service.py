"""The service as it is, in place of its wsgi.py, with operations that these tests call."""

import os
import time
from pathlib import Path

from flask import jsonify, request, session

from app import create_app
from app.core.observability import health
from app.core.web.access import public

app = create_app()

if os.environ.get("NEVER_READY"):
    health.register(app, "never", lambda: 1 / 0)


def operation(path, **options):
    def add(view):
        app.add_url_rule(f"/v1/swarm/{path}", f"v1.swarm.{view.__name__}", public(view), **options)
        return view

    return add


@operation("release")
def release():
    return jsonify(release=os.environ["RELEASE"])


@operation("echo", methods=["POST"])
def echo():
    return jsonify(bytes=len(request.get_data()))


@operation("gate/<name>")
def wait_at_gate(name):
    """Answer when the file /tmp/gate/open appears; until then `name` stands there."""
    gate = Path("/tmp/gate")
    gate.mkdir(exist_ok=True)
    (gate / name).touch()
    while not (gate / "open").exists():
        time.sleep(0.01)
    return jsonify(name=name)


@operation("name/<name>", methods=["POST"])
def remember(name):
    session["name"] = name
    return "", 204


@operation("name")
def remembered():
    return jsonify(name=session.get("name"))
