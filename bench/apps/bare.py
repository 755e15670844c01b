"""Flask and nothing else: what all others are compared with. It has a key, as every application with a session has."""

from flask import Flask, Response, jsonify

app = Flask(__name__)
app.config["SECRET_KEY"] = "bare" * 16


@app.get("/v1/ping")
def ping() -> Response:
    """Answer."""
    return jsonify(message="pong")
