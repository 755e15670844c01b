"""The service with one operation that uses all it has, and one that fails: they outlive the example."""

from flask import jsonify
from pydantic import BaseModel
from sqlalchemy import text

from app import create_app
from app.core.background import jobs
from app.core.data.cache import Region
from app.core.data.database import db
from app.core.web.access import public

app = create_app()


class Answer(BaseModel):
    number: int


_answers = Region("monitoring", Answer)


@jobs.task(retry_seconds=())
def ask():
    db.session.execute(text("SELECT 1"))


def use_everything():
    """Ask the queue, the database and the cache."""
    ask.enqueue()
    number = db.session.scalars(text("SELECT 1")).one()
    _answers.get("answer", lambda: Answer(number=number))
    return jsonify(number=number)


def fail():
    raise RuntimeError("failed on purpose")


for view in (use_everything, fail):
    app.add_url_rule(f"/v1/monitoring/{view.__name__}", f"v1.monitoring.{view.__name__}", public(view))
