"""`flask jobs`: run a worker, look at what waits and at what failed, and try it again."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import click
from flask import current_app
from flask.cli import AppGroup
from redis import RedisError

from app.core.background.jobs.tasks import QUEUE, TASKS

if TYPE_CHECKING:
    from rq.job import Job
    from rq.registry import FailedJobRegistry

    from app.core.background.jobs.queues import Queues

LISTED = 100

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
        for name in queues.names():
            queue = queues[name]
            for state, ids in {
                "started": queue.started_job_registry.get_job_ids(cleanup=False),
                "queued": queue.job_ids,
                "scheduled": queue.scheduled_job_registry.get_job_ids(cleanup=False),
            }.items():
                for job in _fetch(queues, ids[:LISTED]):
                    click.echo(f"{job.id}  {_when(job.enqueued_at)}  {name}  {state:<9}  {job.description}")
                if len(ids) > LISTED:
                    click.echo(f"... and {len(ids) - LISTED} more of {name} that are {state}")


@group.command()
@click.argument("job_id", required=False)
def failed(job_id: str | None) -> None:
    """Show the jobs that failed for good: id, when, function, and the error; of one job all of it."""
    with _answering() as queues:
        for job, _ in _failed(queues, job_id):
            result = job.latest_result()
            error = (result and result.exc_string) or "nothing is known"
            click.echo(error if job_id else f"{job.id}  {_when(job.ended_at)}  {job.description}  {_essence(error)}")


@group.command()
@click.argument("job_id", required=False)
@click.option("--all", "everything", is_flag=True, help="All that failed.")
def retry(job_id: str | None, everything: bool) -> None:  # noqa: FBT001  click's way of calling
    """Put a failed job back into its queue, with as many tries as a new one."""
    with _chosen(job_id, everything=everything) as chosen:
        for job, registry in chosen:
            job.retries_left = len(job.retry_intervals or []) or None
            registry.requeue(job)
            click.echo(f"{job.id} {job.description}: queued")


@group.command()
@click.argument("job_id", required=False)
@click.option("--all", "everything", is_flag=True, help="All that failed.")
def drop(job_id: str | None, everything: bool) -> None:  # noqa: FBT001  click's way of calling
    """Forget a failed job."""
    with _chosen(job_id, everything=everything) as chosen:
        for job, _ in chosen:
            job.delete()
            click.echo(f"{job.id} {job.description}: dropped")


@group.command()
def schedule() -> None:
    """Show the tasks that are enqueued by themselves, and for when they were last."""
    with _answering() as queues:
        last: Any = queues.connection.hgetall(queues.schedule_key)
        for name, task in sorted(TASKS.items()):
            if task.every is not None:
                every = f"every {task.every} s" if isinstance(task.every, int) else f"at {task.every} UTC"
                seconds = last.get(name.encode())
                click.echo(f"{_when(datetime.fromtimestamp(int(seconds), UTC) if seconds else None)}  {name}  {every}")


@contextmanager
def _chosen(job_id: str | None, *, everything: bool) -> "Iterator[list[tuple[Job, FailedJobRegistry]]]":
    """Yield the failed jobs that the command line means, which has to say so."""
    if bool(job_id) == everything:
        raise click.UsageError("give the id of one job, as `flask jobs failed` shows it, or --all")
    with _answering() as queues:
        yield list(_failed(queues, job_id))


def _failed(queues: "Queues", job_id: str | None) -> "Iterator[tuple[Job, FailedJobRegistry]]":
    found = False
    for name in queues.names():
        registry = queues[name].failed_job_registry
        for job in _fetch(queues, registry.get_job_ids(cleanup=False)):
            if job_id in {None, job.id}:
                found = True
                yield job, registry
    if job_id and not found:
        raise click.ClickException(f"no failed job has the id {job_id}")


def _fetch(queues: "Queues", ids: Iterable[str]) -> "Iterator[Job]":
    from rq.job import Job  # noqa: PLC0415  the other commands of the service do without
    from rq.serializers import JSONSerializer  # noqa: PLC0415  likewise

    jobs = Job.fetch_many(list(ids), connection=queues.connection, serializer=JSONSerializer)
    return (job for job in jobs if job is not None)


def _essence(error: str) -> str:
    """Return the line of a traceback that names the exception; what follows may be more lines of its message."""
    lines = error.strip().splitlines()
    named = [line for before, line in pairwise(lines) if before.startswith("    ") and not line.startswith(" ")]
    return named[-1] if named else lines[-1]


def _when(moment: datetime | None) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else "never".ljust(20)


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
    except RedisError as error:
        raise click.ClickException(f"Redis does not answer: {error}") from error
