"""Crashes are mended and lose what was in flight alone; who is told to stop finishes; absent stores end nobody."""

import shlex
import time

import pytest

pytestmark = pytest.mark.vps

GENEROUS_SECONDS = 60
ASK = (
    "curl --silent --max-time 30 --unix-socket /run/slipway/{}/web.sock --header 'X-Forwarded-Proto: https'"
    " --header 'Host: app.test' --output /dev/null --write-out '%{{http_code}}\\n' http://app.test"
)
NOTE = """--header 'Content-Type: application/json' --data '{"title": "waits", "body": "one two three"}'"""


def until(condition):
    deadline = time.monotonic() + GENEROUS_SECONDS
    while not (found := condition()):
        assert time.monotonic() < deadline, "this did not become true"
        time.sleep(0.1)
    return found


@pytest.fixture
def held(service):
    """A function that holds the table of notes, so that whoever writes to it waits, and one that lets go."""

    def hold():
        lock = shlex.quote("BEGIN; LOCK TABLE notes IN SHARE ROW EXCLUSIVE MODE; SELECT pg_sleep(600)")
        service.machine.run(
            f"systemd-run --collect --unit=hold --uid=slipway_migrate psql --dbname=slipway --command {lock}"
        )
        until(lambda: service.sql("SELECT 1 FROM pg_locks WHERE mode = 'ShareRowExclusiveLock' AND granted"))

    def release():
        service.sql("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE mode = 'ShareRowExclusiveLock' AND granted")

    yield hold, release
    release()


def somebody_waits(service):
    return service.sql("SELECT 1 FROM pg_locks WHERE NOT granted")


def in_background(service, name, command):
    into = f"--property=StandardOutput=truncate:/run/{name}"
    service.machine.run(f"systemd-run --collect --unit={name} {into} sh -c {shlex.quote(command)}")


def test_a_restart_finishes_what_is_in_flight_and_lets_the_others_wait(service, held):
    hold, release = held
    unit = f"slipway-web@{service.live()[0]}.service"
    ask = ASK.format(service.live()[0])
    hold()
    in_background(service, "writer", f"{ask}/v1/notes {NOTE}")
    until(lambda: somebody_waits(service))
    service.machine.run(f"systemctl --no-block restart {unit}")
    until(lambda: service.show(unit, "ActiveState") == {"ActiveState": "deactivating"})
    in_background(service, "reader", f"{ask}/v1/ping")
    release()
    until(lambda: service.show("reader", "ActiveState")["ActiveState"] == "inactive")
    assert service.machine.run("cat /run/writer /run/reader").stdout.split() == ["201", "200"]


def test_a_worker_that_is_told_to_stop_finishes_its_job(service, held):
    hold, release = held
    worker = "slipway-worker@1.service"
    service.machine.run(f"systemctl stop {worker}")
    created = service.machine.run(f"{ASK.format(service.live()[0])}/v1/notes {NOTE}").stdout.strip()
    assert created == "201"
    hold()
    service.machine.run(f"systemctl start {worker}")
    until(lambda: somebody_waits(service))
    service.machine.run(f"systemctl --no-block restart {worker}")
    until(lambda: service.show(worker, "ActiveState") == {"ActiveState": "deactivating"})
    release()
    until(lambda: service.show(worker, "ActiveState") == {"ActiveState": "active"})
    assert service.sql("SELECT words FROM notes WHERE title = 'waits'") == ["3"]
    lines = service.journal("--output=cat", f"--unit={worker}")
    assert (lines.count("count_words: success"), lines.count("count_words: failure")) == (1, 0)


def test_a_worker_that_is_killed_is_back_for_the_next_job(service):
    worker = "slipway-worker@1.service"
    killed = main(service, worker)
    service.machine.run(f"kill -9 {killed}")
    assert service.machine.run(f"{ASK.format(service.live()[0])}/v1/notes {NOTE}").stdout.strip() == "201"
    until(lambda: service.sql("SELECT words FROM notes WHERE title = 'waits'") == ["3"])
    assert main(service, worker) not in {"0", killed}


@pytest.mark.parametrize("whom", ["the master", "a worker"])
def test_a_killed_process_is_replaced_and_only_what_was_in_flight_is_lost(service, whom):
    unit, visitors = f"slipway-web@{service.live()[0]}.service", 4
    ask = f"{ASK.format(service.live()[0])}/v1/ping"
    loop = f"for v in $(seq {visitors}); do for n in $(seq 50); do {ask}; done & done; wait"
    in_background(service, "visitors", loop)
    until(lambda: len(service.machine.run("cat /run/visitors").stdout.split()) > 20)
    victim = f"$(systemctl show --value --property=MainPID {unit})"
    service.machine.run(f"kill -9 {victim}" if whom == "the master" else f"kill -9 $(pgrep -P {victim} | head -1)")
    until(lambda: service.show("visitors", "ActiveState")["ActiveState"] == "inactive")
    answers = service.machine.run("cat /run/visitors").stdout.split()
    lost = [answer for answer in answers if answer != "200"]
    assert len(lost) <= visitors
    service.wait_until_ready()


def test_a_frozen_instance_is_replaced(service):
    unit = f"slipway-web@{service.live()[0]}.service"
    frozen = service.show(unit, "MainPID")
    service.machine.run(f"systemctl kill --signal=STOP {unit}")
    service.machine.run("systemctl start slipway-health.service", check=False)
    service.wait_until_ready()
    assert service.show(unit, "MainPID") != frozen


def test_a_crash_while_the_stores_are_away_is_mended_and_they_are_waited_for(service):
    unit, worker, machine = f"slipway-web@{service.live()[0]}.service", "slipway-worker@1.service", service.machine
    machine.run("systemctl stop postgresql.service redis-server@slipway.service")
    crashed = service.show(unit, "MainPID")["MainPID"]
    machine.run(f"kill -9 {crashed}")
    mended = until(lambda: (now := main(service, unit)) not in {"0", crashed} and now)
    until(lambda: service.show(unit, "ActiveState") == {"ActiveState": "active"})
    answer = machine.run(f"{ASK.format(service.live()[0])}/v1/notes").stdout.strip()
    assert answer == "503"
    machine.run("systemctl start postgresql.service redis-server@slipway.service")
    service.wait_until_ready()
    assert main(service, unit) == mended
    assert service.show(worker, "ActiveState", "NRestarts") == {"ActiveState": "active", "NRestarts": "0"}


def main(service, unit):
    return service.show(unit, "MainPID")["MainPID"]
