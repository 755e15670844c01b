"""One job as a worker's child runs it: in the application's context, under the id of the request that asked for it."""

import ctypes
import logging
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from flask import current_app
from rq.job import Job

from app.core.background.jobs.tasks import TASKS
from app.core.observability.tracking import request_id

PR_SET_PDEATHSIG = 1  # linux/prctl.h; see prctl(2)

_log = logging.getLogger("jobs")


class UndeclaredError(Exception):
    """The job names a function that is no task of this release."""


class DeclaredJob(Job):
    """A job of a declared task. Whatever else Redis may name, functions or addresses, is never called."""

    reported = False  # whether a log line has told of its failure

    @property
    def func(self) -> Any:
        """Return the task's function, or raise `UndeclaredError`."""
        if self.func_name not in TASKS:
            raise UndeclaredError(f"{self.func_name} is no task: renamed, removed, or of another release")
        return TASKS[self.func_name].function

    def restore(self, raw_data: Mapping[Any, Any]) -> None:
        """Read what is stored, but no callbacks: they are names of functions too."""
        super().restore(raw_data)
        self._success_callback_name = self._failure_callback_name = self._stopped_callback_name = None
        self.webhooks = []

    def perform(self) -> Any:
        """Run the task, and write one line about it; its session is removed, as after a request."""
        started = time.perf_counter_ns()
        with named_in_every_line(self):
            try:
                with current_app.app_context():
                    result = super().perform()
            except BaseException:
                self.reported = True
                write_line(self, "failure", time.perf_counter_ns() - started, exc_info=True)
                raise
            write_line(self, "success", time.perf_counter_ns() - started)
            return result


def write_line(job: Job, outcome: str, nanoseconds: int | None, why: str = "", *, exc_info: bool = False) -> None:
    """Log how a job ended, in the names of the Elastic Common Schema where it has one."""
    fields = {"event.outcome": outcome, "event.duration": nanoseconds, "job.name": job.func_name}
    if outcome == "success":
        _log.info("%s: success", job.func_name, extra=fields)
        return
    then = f"to be tried again, {job.retries_left} left" if job.retries_left else "kept among the failed jobs"
    _log.error("%s: failure%s; %s", job.func_name, why, then, extra=fields, exc_info=exc_info)


@contextmanager
def named_in_every_line(job: Job) -> Iterator[None]:
    """Put the ids of the job and of its request into whatever is logged meanwhile."""
    make = logging.getLogRecordFactory()

    def record(*args: Any, **kwargs: Any) -> logging.LogRecord:
        made = make(*args, **kwargs)
        vars(made)["job.id"] = job.id
        return made

    token = request_id.set(job.meta.get("request_id"))
    logging.setLogRecordFactory(record)
    try:
        yield
    finally:
        logging.setLogRecordFactory(make)
        request_id.reset(token)


def live_and_die_with(worker_pid: int | None) -> None:
    """Leave it to the worker when this process ends: by its will, or by its death (Linux only).

    A supervisor sends SIGTERM to all processes at once, a terminal SIGINT: the job is to finish first. Handlers that
    do nothing, because programs that the job starts would inherit a signal that is ignored. A job whose worker was
    killed is run again elsewhere, so it must not go on here.
    """
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: None)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != worker_pid:  # it died before the kernel knew of the wish
            os._exit(1)
