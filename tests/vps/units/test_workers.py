"""A worker of the job queue: no job is lost by stopping it, by killing it, or by a Redis that is away."""

import pytest

from tests.vps.units.instance import NOTE, asking, held, main_process, somebody_waits, until

pytestmark = pytest.mark.vps

WORKER = "slipway-worker@1.service"


def create_note(service):
    assert service.machine.run(f"{asking(service, '/v1/notes')} {NOTE}").stdout.strip() == "201"


def counted(service):
    return service.sql("SELECT words FROM notes WHERE title = 'waits'") == ["3"]


def test_a_worker_that_is_told_to_stop_finishes_its_job(service):
    service.machine.run(f"systemctl stop {WORKER}")
    create_note(service)
    with held(service, "notes"):
        service.machine.run(f"systemctl start {WORKER}")
        until(lambda: somebody_waits(service))
        service.machine.run(f"systemctl --no-block restart {WORKER}")
        until(lambda: service.show(WORKER, "ActiveState") == {"ActiveState": "deactivating"})
    until(lambda: service.show(WORKER, "ActiveState") == {"ActiveState": "active"})
    assert counted(service)
    lines = service.journal("--output=cat", f"--unit={WORKER}")
    assert (lines.count("count_words: success"), lines.count("count_words: failure")) == (1, 0)


def test_a_worker_that_is_killed_is_back_for_the_next_job(service):
    killed = main_process(service, WORKER)
    service.machine.run(f"kill -9 {killed}")
    create_note(service)
    until(lambda: counted(service))
    assert main_process(service, WORKER) not in {"0", killed}


def test_a_worker_waits_for_a_redis_that_is_away(service):
    waiting = main_process(service, WORKER)
    service.machine.run("systemctl stop redis-server@slipway.service")
    until(lambda: "the worker waits for it" in service.journal("--output=cat", f"--unit={WORKER}"))
    service.machine.run("systemctl start redis-server@slipway.service")
    create_note(service)
    until(lambda: counted(service))
    assert main_process(service, WORKER) == waiting
