import re

import pytest

from app.core.background import jobs
from app.core.background.jobs.tasks import TASKS, Task

ERROR = """Traceback (most recent call last):
  File "somewhere.py", line 1, in <module>
    look()
ValueError: no
[more of it]
  and more"""


@pytest.fixture
def run(create, redis, monkeypatch):
    app = create()
    runner = app.test_cli_runner()

    def run(*arguments):
        return runner.invoke(args=["jobs", *arguments])

    run.queues = app.extensions["jobs"]
    return run


@pytest.fixture
def waiting(run):
    """The id of a job that waits."""
    with run.queues.connection.pipeline() as pipeline:
        job = run.queues.put(Task(print, "module.function", "default", 60, (), None), pipeline, ["secret"])
        pipeline.execute()
    return job.id


@pytest.fixture
def failed(run, waiting):
    """The id of a job that has failed."""
    queue = run.queues["default"]
    job = queue.fetch_job(waiting)
    queue.remove(waiting)
    with run.queues.connection.pipeline() as pipeline:
        job._handle_failure(ERROR, pipeline)
        pipeline.execute()
    return waiting


def test_what_waits_is_listed_without_its_arguments(run, waiting):
    result = run("list")
    assert re.fullmatch(rf"{waiting}  20..-..-..T..:..:..Z  default  queued     module.function\n", result.output)


def test_a_long_queue_is_not_listed_to_its_end(run, waiting, monkeypatch):
    monkeypatch.setattr(jobs.commands, "LISTED", 0)
    assert run("list").output == "... and 1 more of default that are queued\n"


def test_what_failed_is_listed_with_the_line_that_names_its_error(run, failed):
    assert re.fullmatch(rf"{failed}  .{{20}}  module.function  ValueError: no\n", run("failed").output)


def test_one_that_failed_is_shown_with_its_whole_error(run, failed):
    output = run("failed", failed).output
    assert output.startswith(f"id          {failed}\n")
    assert output.endswith(f"\n\n{ERROR}\n")


def test_many_that_failed_are_not_listed_to_their_end(run, failed, monkeypatch):
    monkeypatch.setattr(jobs.commands, "LISTED", 0)
    assert run("failed").stdout == "... and 1 more\n"


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("list", "no jobs\n"),
        ("failed", "no failed jobs\n"),
        ("retry --all", "no failed jobs\n"),
        ("drop --all", "no failed jobs\n"),
        ("schedule", "no task is enqueued by itself\n"),
    ],
)
def test_that_there_is_nothing_is_said_but_not_where_a_script_reads(run, monkeypatch, command, words):
    monkeypatch.setattr(jobs.commands, "TASKS", {})
    result = run(*command.split())
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", words)


@pytest.mark.parametrize("which", ["its id", "--all"])
def test_what_failed_can_be_put_back_into_the_queue(run, failed, which):
    result = run("retry", failed if which == "its id" else which)
    assert result.output == f"{failed} module.function: queued\n"
    assert run.queues["default"].job_ids == [failed]
    assert run("failed").stdout == ""


def test_what_failed_can_be_forgotten(run, failed):
    assert run("drop", failed).output == f"{failed} module.function: dropped\n"
    assert not run.queues.connection.exists(f"rq:job:{failed}")
    assert run("failed").stdout == ""


@pytest.mark.parametrize("command", ["failed", "retry", "drop"])
def test_an_id_that_is_not_there_is_a_message(run, command, waiting):
    result = run(command, waiting)
    assert (result.exit_code, result.output) == (1, f"Error: no failed job has the id {waiting}\n")


@pytest.mark.parametrize("command", ["retry", "drop"])
@pytest.mark.parametrize("arguments", [[], ["some-id", "--all"]])
def test_what_is_meant_has_to_be_said(run, command, arguments):
    result = run(command, *arguments)
    assert result.exit_code == 2
    assert "give the id of one job" in result.output


def test_the_schedule_shows_when_something_was_enqueued_last(run, monkeypatch):
    monkeypatch.setitem(TASKS, "a.nightly", Task(print, "a.nightly", "default", 60, (), "0 3 * * *"))
    monkeypatch.setitem(TASKS, "a.often", Task(print, "a.often", "default", 60, (), 60))
    run.queues.connection.hset(run.queues.schedule_key, "a.often", "1767268800")
    lines = run("schedule").output.splitlines()
    assert "2026-01-01T12:00:00Z  a.often  every 60 s" in lines
    assert "never                 a.nightly  at 0 3 * * * UTC" in lines


@pytest.mark.parametrize("how", ["stop", "freeze"])
def test_a_redis_that_is_away_is_a_message(create, own_redis, how):
    app = create(REDIS_URL=own_redis.url(), REDIS_TIMEOUT_MS="100")
    getattr(own_redis, how)()
    result = app.test_cli_runner().invoke(args=["jobs", "failed"])
    assert result.exit_code == 1
    assert "Error: Redis does not answer: " in result.output
    if how == "freeze":
        own_redis.thaw()
