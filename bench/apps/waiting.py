"""The loads on which models of workers differ: one that computes, and one that waits."""

import time

from flask import Flask, Response, jsonify

WAIT_SECONDS = 0.05
LOOPS = 20_000  # about a millisecond of Python

app = Flask(__name__)


@app.get("/v1/ping")
def ping() -> Response:
    """Answer at once."""
    return jsonify(message="pong")


@app.get("/computes")
def compute() -> Response:
    """Answer after some work that holds the interpreter."""
    total = 0
    for number in range(LOOPS):
        total += number
    return jsonify(total=total)


@app.get("/waits")
def wait() -> Response:
    """Answer after a wait, as for a dependency."""
    time.sleep(WAIT_SECONDS)
    return jsonify(message="pong")
