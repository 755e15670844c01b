"""Lets pages of the origins in `CORS_ORIGINS` call the API; with none, browsers keep every other site out."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Answer preflights and mark answers under /v1 for the configured origins, without credentials."""
    if origins := app.config["CORS_ORIGINS"]:
        from flask_cors import CORS  # noqa: PLC0415  4 ms that a start without them is spared

        CORS(
            app,
            resources={r"/v\d+/.*": {"origins": list(origins)}},
            methods=["GET", "POST", "PATCH", "DELETE"],
            allow_headers=["Content-Type", "X-Request-ID"],
            expose_headers=["X-Request-ID", "Location", "ETag", "Retry-After", "RateLimit", "RateLimit-Policy"],
            supports_credentials=False,
            max_age=600,
        )
