"""`GET /v1/ping`."""

from flask import Blueprint
from pydantic import BaseModel

from app.core.api.operations import operation
from app.core.web.access import public

bp = Blueprint("ping", __name__)


class Pong(BaseModel):
    """The answer to a ping."""

    message: str


@bp.get("/ping")
@public
@operation()
def ping() -> Pong:
    """Answer, without touching anything else."""
    return Pong(message="pong")
