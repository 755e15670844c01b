"""The service as it is, with operations that only these tests call: `gunicorn --pythonpath tests/stack service:app`."""

import logging
import os
import sys
import threading
import time
from pathlib import Path

from flask import Response, after_this_request, current_app, jsonify, redirect, request, session
from sqlalchemy import Integer, bindparam, select, text

from app import create_app
from app.core.data.database import db
from app.core.data.reading import fetch
from app.core.web.access import public

NUMBER = select(bindparam("number", type_=Integer).label("number"))

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


@operation("read/<int:number>")
def read(number):
    return jsonify(number=fetch(NUMBER, number=number)[0].number)


@operation("hold/<name>")
def hold_connection(name):
    """Hold a connection of the pool until the gate opens."""
    db.session.execute(text("SELECT 1"))
    return wait_at_gate(name)


@operation("things/<int:number>")
def refuse_thing(number):
    return "", 404


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


@operation("error-in-worker")
def error_in_worker():
    """Fail, and say which worker does, to the client as to whoever is told of the error."""
    import sentry_sdk  # noqa: PLC0415  a service without error reports must not import it

    sentry_sdk.set_tag("worker", str(os.getpid()))
    after_this_request(lambda response: response.headers.set("X-Worker", str(os.getpid())) or response)
    raise RuntimeError("failed on purpose")


@operation("noted/<name>")
def note_for_reports(name):
    """Leave word for a report of this request, in each of the ways there are, and fail if asked to."""
    import sentry_sdk  # noqa: PLC0415  likewise

    sentry_sdk.set_user({"id": name})
    sentry_sdk.set_tag("noted", name)
    sentry_sdk.get_current_scope().set_tag("noted-closer", name)
    logging.getLogger("stack").warning("noted %s", name)
    return fail_with("after notes") if "fail" in request.args else ("", 204)


@operation("breaks-off")
def break_off():
    """Fail when the answer has begun already."""

    def body():
        yield b"so far"
        raise RuntimeError("broken off")

    return Response(body(), content_type="text/plain")


@operation("caught")
def log_caught_error():
    try:
        1 / 0  # noqa: B018  the error is the point
    except ZeroDivisionError:
        logging.getLogger("stack").exception("caught")
    return "", 204


@operation("secrets/<failure>", methods=["GET", "POST"])
def fail_with_secrets(failure):
    """Fail as asked, or not, with everything the client has sent in variables, and with secrets in the message."""
    sent = [request.get_json(silent=True), request.form.to_dict(), request.args.to_dict(), dict(request.headers)]
    named, value = request.headers["X-Named"], str(sent)
    if failure == "none":
        session["held"] = named
        db.session.execute(text("SELECT CAST(:value AS text)"), {"value": value}).all()
        return "", 204
    if failure == "value":
        db.session.execute(text("SELECT CAST(:value AS integer)"), {"value": value})
    if failure == "statement":
        db.session.execute(text("SELECT :value FROM nowhere"), {"value": value})
    labelled = f"password={named} {{'api_key': '{named}'}} Authorization: Bearer {named} https://user:{named}@host/"
    message = f"{request.headers['X-Plain']} {labelled} {current_app.config['SECRET_VALUES']}"
    if failure == "log":
        logging.getLogger("stack").error(message, extra={"client_secret": named}, stack_info=True)
    if failure == "thread":
        thread = threading.Thread(target=fail_with, args=(message,))
        thread.start()
        thread.join()
    sys.stderr.write(request.headers["X-Plain"] + "\n")
    return fail_with(message)


def fail_with(message):
    raise RuntimeError(message)
