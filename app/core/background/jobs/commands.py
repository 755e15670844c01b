"""`flask jobs`: run a worker, look at what waits and at what failed, and try it again."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

import click
from flask import current_app
from flask.cli import AppGroup

from app.core.background.jobs import failures
from app.core.background.jobs.failures import Failure, when
from app.core.background.jobs.tasks import QUEUE, TASKS
from app.core.data import redis_client

if TYPE_CHECKING:
    from app.core.background.jobs.queues import Queues

LISTED = 100
NONE_FAILED = "no failed jobs"

group = AppGroup("jobs", help="Jobs behind the requests: their workers, and what became of them.")


@group.command()
@click.option("--queue", default=QUEUE, show_default=True, help="The queue to take jobs from.")
def worker(queue: str) -> None:
    """Run jobs until SIGTERM or SIGINT; the one that runs is finished first."""
    names = _queues().names()
    if queue not in names:
        raise click.BadParameter(f"no task is declared for it; there are: {', '.join(names)}", param_hint="--queue")
    from app.core.background.jobs.running import run  # noqa: PLC0415  it imports RQ

    run(current_app._get_current_object(), queue)  # type: ignore[attr-defined]  # noqa: SLF001  Flask's documented way


@group.command("list")
def list_jobs() -> None:
    """Show what runs, what waits, and what is to be tried again."""
    with _answering() as queues:
        _show(_unfinished(queues), "no jobs")


@group.command()
@click.argument("job_id", required=False)
def failed(job_id: str | None) -> None:
    """Show the jobs that failed for good: id, when, function, and the error; of one job all that is known."""
    with _answering() as queues:
        if job_id:
            click.echo(_one(queues, job_id).page())
            return
        _show((failure.line() for failure in islice(failures.every(queues), LISTED)), NONE_FAILED)
        if (more := failures.count(queues) - LISTED) > 0:
            click.echo(f"... and {more} more")


@group.command()
@click.argument("job_id", required=False)
@click.option("--all", "everything", is_flag=True, help="All that failed.")
def retry(job_id: str | None, everything: bool) -> None:  # noqa: FBT001  click's way of calling
    """Put a failed job back into its queue, with as many tries as a new one."""
    _each(job_id, Failure.retry, "queued", everything=everything)


@group.command()
@click.argument("job_id", required=False)
@click.option("--all", "everything", is_flag=True, help="All that failed.")
def drop(job_id: str | None, everything: bool) -> None:  # noqa: FBT001  click's way of calling
    """Forget a failed job."""
    _each(job_id, lambda failure: failure.job.delete(), "dropped", everything=everything)


@group.command()
def schedule() -> None:
    """Show the tasks that are enqueued by themselves, and for when they were last."""
    with _answering() as queues:
        _show(_scheduled(queues), "no task is enqueued by itself")


def _unfinished(queues: "Queues") -> Iterator[str]:
    for name in queues.names():
        queue = queues[name]
        for state, ids in {
            "started": queue.started_job_registry.get_job_ids(cleanup=False),
            "queued": queue.job_ids,
            "scheduled": queue.scheduled_job_registry.get_job_ids(cleanup=False),
        }.items():
            for job in queues.fetch(ids[:LISTED]):
                yield f"{job.id}  {when(job.enqueued_at)}  {name}  {state:<9}  {job.description}"
            if len(ids) > LISTED:
                yield f"... and {len(ids) - LISTED} more of {name} that are {state}"


def _scheduled(queues: "Queues") -> Iterator[str]:
    last: Any = queues.connection.hgetall(queues.schedule_key)
    for name, task in sorted(TASKS.items()):
        if task.every is not None:
            every = f"every {task.every} s" if isinstance(task.every, int) else f"at {task.every} UTC"
            seconds = last.get(name.encode())
            yield f"{when(datetime.fromtimestamp(int(seconds), UTC) if seconds else None)}  {name}  {every}"


def _show(lines: Iterable[str], nothing: str) -> None:
    """Print the lines; that there are none is said where a script does not take it for one."""
    shown = False
    for line in lines:
        shown = True
        click.echo(line)
    if not shown:
        click.echo(nothing, err=True)


def _each(job_id: str | None, act: Callable[[Failure], object], done: str, *, everything: bool) -> None:
    """Do it with the failed jobs that the command line means, which has to say so."""
    if bool(job_id) == everything:
        raise click.UsageError("give the id of one job, as `flask jobs failed` shows it, or --all")

    def say(failure: Failure) -> str:
        act(failure)
        return f"{failure.job.id} {failure.job.description}: {done}"

    with _answering() as queues:
        _show(map(say, [_one(queues, job_id)] if job_id else failures.every(queues)), NONE_FAILED)


def _one(queues: "Queues", job_id: str) -> Failure:
    failure = failures.one(queues, job_id)
    if failure is None:
        raise click.ClickException(f"no failed job has the id {job_id}")
    return failure


def _queues() -> "Queues":
    if "jobs" not in current_app.extensions:
        raise click.ClickException("jobs are off: REDIS_URL is not set")
    queues: Queues = current_app.extensions["jobs"]
    return queues


@contextmanager
def _answering() -> "Iterator[Queues]":
    """Yield the queues; a Redis that fails or is silent is a message and exit status 1."""
    try:
        yield _queues()
    except redis_client.failures() as error:
        raise click.ClickException(f"Redis does not answer: {error}") from error
