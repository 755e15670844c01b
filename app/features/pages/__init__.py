"""The home page."""

from app.features.pages.routes import bp

__all__ = ["bp"]
