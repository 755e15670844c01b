"""A worker's life: it runs jobs until it is asked to stop, and waits for Redis where that does not answer."""

import logging
import os
import signal
import sys
import time
from contextlib import suppress
from typing import Any, Never

from flask import Flask
from gunicorn.systemd import sd_notify  # type: ignore[import-untyped]
from redis import Redis, RedisError

from app.core.background.jobs.execution import DeclaredJob
from app.core.background.jobs.queues import Queues
from app.core.background.jobs.worker import JobWorker, answer_seconds
from app.core.data import redis_client
from app.core.observability.redaction import Redactor

LONGEST_WAIT_SECONDS = 10

_log = logging.getLogger("jobs")


def run(app: Flask, queue: str) -> Never:
    """Run jobs of `queue` until SIGTERM or SIGINT.

    The job that runs is finished first. A second signal kills it, and it is run again by another worker.
    """
    for name in ("rq.worker", "rq.job", "rq.registry", "rq.queue"):
        logging.getLogger(name).setLevel(logging.ERROR)  # what they tell below that is said here, in fields
    lost_seconds = app.config["JOB_LOST_SECONDS"]
    connection = redis_client.connect(app.config, answer_seconds(lost_seconds))
    queues = Queues(connection, app.config["SERVICE_NAME"], DeclaredJob)
    redactor = Redactor(app.config["SECRET_VALUES"])
    if others := [name for name in queues.names() if name != queue]:
        _log.warning(
            "worker %s takes no jobs of %s: each queue needs a worker of its own", os.getpid(), ", ".join(others)
        )
    # To systemd, if that has started it: the code is loaded. A Redis that is away is no reason to call it a failure.
    sd_notify("READY=1", _log, unset_environment=True)
    while True:
        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, _leave)  # until the worker has handlers of its own
        _wait_for(connection)
        worker = None
        with suppress(RedisError):
            worker = JobWorker(queues, queue, lost_seconds, redactor)
            _log.info("worker %s waits for jobs of queue %s", worker.pid, queue)
            worker.work()
        if worker and worker.stop_was_asked_for:
            _leave()
        time.sleep(1)  # whatever it was, RQ has logged it; it may still be there


def _leave(*_: Any) -> Never:
    _log.info("worker %s has stopped", os.getpid())
    sys.exit(0)


def _wait_for(connection: Redis) -> None:
    seconds = 1
    while True:
        try:
            connection.ping()
        except RedisError as error:
            if seconds == 1:
                _log.error("Redis does not answer, the worker waits for it: %s", error)
            time.sleep(seconds)
            seconds = min(LONGEST_WAIT_SECONDS, seconds * 2)
        else:
            return
