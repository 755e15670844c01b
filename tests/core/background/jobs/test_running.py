"""A worker's life is told by tests/stack/test_jobs.py; here, what ends it before it has begun."""

import pytest


def test_a_queue_that_no_task_uses_has_no_worker(create, redis):
    result = create().test_cli_runner().invoke(args=["jobs", "worker", "--queue", "speling"])
    assert result.exit_code == 2
    assert "no task is declared for it; there are: " in result.output


@pytest.mark.parametrize("command", ["worker", "list", "failed", "schedule", "retry --all", "drop --all"])
def test_without_redis_every_command_says_that_jobs_are_off(app, command):
    result = app.test_cli_runner().invoke(args=["jobs", *command.split()])
    assert (result.exit_code, result.output) == (1, "Error: jobs are off: REDIS_URL is not set\n")
