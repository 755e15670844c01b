"""Jobs behind the requests: `@jobs.task()` declares one, `.enqueue()` asks for it, `flask jobs worker` runs it."""

from flask import Flask

from app.core.background.jobs.commands import group
from app.core.background.jobs.tasks import Task, task
from app.core.data import redis_client

__all__ = ["Task", "init_app", "task"]


def init_app(app: Flask) -> None:
    """Add the commands, and turn jobs on where `REDIS_URL` is set; RQ is not even imported where it is not."""
    app.cli.add_command(group)
    if app.config["REDIS_URL"]:
        from app.core.background.jobs.figures import QueueFigures  # noqa: PLC0415  it imports RQ
        from app.core.background.jobs.queues import Queues  # noqa: PLC0415  likewise

        queues = Queues(redis_client.connect(app.config), app.config["SERVICE_NAME"])
        app.extensions["jobs"] = queues
        app.extensions.setdefault("metrics_collectors", []).append(QueueFigures(queues))
