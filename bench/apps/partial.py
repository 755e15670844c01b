"""Bare Flask with the first so many pieces of our stack, as `BENCH_PIECES` says: each adds its cost to the former."""

import os
from importlib import import_module
from importlib.util import find_spec

from flask import Flask, Response, jsonify

from app.config import load_config_or_exit
from app.core.web.access import public
from app.core.web.service import Service
from bench.apps.pieces import PIECES


def build(count: int) -> Flask:
    """Return the application with the first `count` pieces."""
    made = Service(__name__, static_folder=None)
    made.config.from_mapping(load_config_or_exit().mapping())
    made.add_url_rule("/v1/ping", "v1.ping", public(ping))
    concerns = [f"app.core.{name}" for names in list(PIECES.values())[:count] for name in names]
    concerns.sort(key=lambda name: name.endswith(".tracking"))  # the outermost is the last to wrap
    for concern in filter(find_spec, concerns):
        import_module(concern).init_app(made)
    return made


def ping() -> Response:
    """Answer."""
    return jsonify(message="pong")


app = build(int(os.environ["BENCH_PIECES"]))
