"""What Supervisor does for the workers and the logs, which is the same whoever serves."""

import os
import signal
from pathlib import Path

import pytest

from tests.stack import tasks
from tests.stack.conftest import until

pytestmark = pytest.mark.servers

WORKERS = ("slipway-worker:worker-0", "slipway-worker:worker-1")


@pytest.fixture
def enqueue(create, environment, stored, queue):
    """A function that enqueues a task as a view would."""
    environment |= {"DATABASE_URL": stored, "REDIS_URL": queue}
    app = create()

    def enqueue(task, *args):
        with app.app_context():
            assert task.enqueue(*args)

    return enqueue


def stands_at(gate, name):
    """Return the processes that have come to run that job."""
    return {int(path.suffix[1:]) for path in gate.glob(f"{name}.*") if path.suffix[1:].isdecimal()}


def test_a_job_is_finished_before_its_worker_stops(gunicorn, enqueue):
    gunicorn.leave_out("slipway-web")
    gunicorn.soon_content()
    gunicorn.start()
    pids = {program: gunicorn.pid(program) for program in WORKERS}
    enqueue(tasks.stay, "long")
    [job] = until(lambda: stands_at(gunicorn.gate, "long"))
    [program] = [program for program in WORKERS if job in gunicorn.children(pids[program])]
    gunicorn.control("signal", "TERM", program)
    os.kill(job, 0)
    (gunicorn.gate / "open").touch()
    until(lambda: gunicorn.status(program)[0] == "EXITED")
    assert (gunicorn.gate / "long.done").exists()
    assert stands_at(gunicorn.gate, "long") == {job}


def test_stopping_all_waits_for_jobs_and_signals_none_of_them(gunicorn, enqueue):
    gunicorn.leave_out("slipway-web")
    gunicorn.soon_content()
    gunicorn.start()
    for program in WORKERS:
        gunicorn.pid(program)
    enqueue(tasks.stay, "last")
    [job] = until(lambda: stands_at(gunicorn.gate, "last"))
    gunicorn.process.send_signal(signal.SIGTERM)
    until(lambda: "waiting for" in gunicorn.text("supervisord.log"))
    os.kill(job, 0)
    (gunicorn.gate / "open").touch()
    assert gunicorn.process.wait(180) == 0
    assert stands_at(gunicorn.gate, "last") == {job}
    assert (gunicorn.gate / "last.done").exists()
    ended = gunicorn.text("supervisord.log")
    assert "SIGKILL" not in ended


def test_a_worker_that_is_killed_is_back_and_its_job_is_run_again(install, enqueue):
    with install("gunicorn", JOB_LOST_SECONDS="3") as machine:
        machine.leave_out("slipway-web")
        machine.soon_content()
        machine.start()
        pids = {program: machine.pid(program) for program in WORKERS}
        enqueue(tasks.stay, "again")
        [job] = until(lambda: stands_at(machine.gate, "again"))
        [program] = [program for program in WORKERS if job in machine.children(pids[program])]
        os.kill(pids[program], signal.SIGKILL)
        until(lambda: machine.status(program)[1] not in {0, pids[program]})
        [second] = until(lambda: stands_at(machine.gate, "again") - {job})
        assert not Path(f"/proc/{job}").exists()
        (machine.gate / "open").touch()
        until((machine.gate / "again.done").exists)
        assert second != job


def test_no_line_is_lost_when_the_files_of_the_log_are_turned(gunicorn, front):
    gunicorn.change("etc/supervisor/conf.d/slipway.conf", "^stdout_logfile_maxbytes=.*", "stdout_logfile_maxbytes=20KB")
    gunicorn.change("etc/supervisor/conf.d/slipway.conf", "^stdout_logfile_backups=.*", "stdout_logfile_backups=100")
    gunicorn.alone()
    gunicorn.start()
    until(gunicorn.is_ready)
    client = front(gunicorn)
    sent = [client.get("/v1/ping").headers["X-Request-ID"] for _ in range(300)]
    until(lambda: sent[-1] in gunicorn.text("slipway-web-0.log"))
    lines = [line for line in gunicorn.records("slipway-web-0") if line["logger"] == "access"]
    assert [line["request_id"] for line in lines if line["url.path"] == "/v1/ping"] == sent
    assert len(list(gunicorn.logs.glob("slipway-web-0.log.*"))) > 3
