"""The smallest operation there can be: a client's proof that it reaches the API."""

from app.features.ping.routes import bp

__all__ = ["bp"]
