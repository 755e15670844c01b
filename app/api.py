"""What the service publishes: pages at the root, operations under `/v1`. A new feature is added here."""

from flask import Blueprint, Flask

from app.features import pages, ping
from app.features.notes import pages as notes_pages
from app.features.notes import routes as notes_routes

PAGES: list[Blueprint] = [
    pages.bp,
    notes_pages.bp,
]
OPERATIONS = [
    ping.bp,
    notes_routes.bp,
]


def init_app(app: Flask) -> None:
    """Publish the pages, and the operations of version 1; features carry no version of their own."""
    v1 = Blueprint("v1", __name__, url_prefix="/v1")
    for operations in OPERATIONS:
        v1.register_blueprint(operations)
    for bp in [*PAGES, v1]:
        app.register_blueprint(bp)
