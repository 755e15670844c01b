"""What becomes of requests when processes end, whoever serves: Gunicorn or uWSGI, under Supervisor and behind Nginx."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.servers.asking import ask
from tests.servers.scraping import counted
from tests.stack.conftest import until

pytestmark = pytest.mark.servers


def test_what_is_in_flight_is_answered_when_the_service_is_stopped(machine, front, locked):
    machine.alone()
    machine.start()
    until(machine.is_ready)
    _, pid = machine.status("slipway-web:web-0")
    client = front(machine)
    with ThreadPoolExecutor(6) as pool:
        with locked() as waiting:
            note = {"title": "In flight", "body": "while the service is told to stop"}
            asked = [pool.submit(client.post, "/v1/notes", json=note) for _ in range(5)]
            until(lambda: waiting() == 5)
            stopping = pool.submit(machine.control, "stop", "slipway-web:web-0")
            until(lambda: machine.status("slipway-web:web-0")[0] == "STOPPING")
            os.kill(pid, 0)
            assert waiting() == 5
        assert [response.result().status_code for response in asked] == [201] * 5
        assert "stopped" in stopping.result().stdout
    assert machine.status("slipway-web:web-0")[0] == "STOPPED"


def test_a_worker_that_is_killed_is_replaced_and_what_it_has_counted_stays(machine, front):
    machine.alone()
    machine.soon_content()
    machine.start()
    until(machine.is_ready)
    _, master = machine.status("slipway-web:web-0")
    client = front(machine)
    assert set(ask(client, "/v1/ping", 100)) == {200}
    until(lambda: counted(machine, "/v1/ping") == 100)  # it is counted when the client has its answer already
    for _ in range(3):
        workers = until(lambda: len(machine.children(master)) == 2 and machine.children(master))
        for pid in workers:
            os.kill(pid, signal.SIGKILL)
        until(lambda workers=workers: len(machine.children(master) - workers) == 2)
        until(machine.is_ready)
    assert counted(machine, "/v1/ping") == 100
    assert set(ask(client, "/v1/ping", 50)) == {200}
    until(lambda: counted(machine, "/v1/ping") == 150)
    assert machine.pid("slipway-web:web-0") == master


def test_a_master_that_is_killed_is_back_and_nothing_of_the_former_one_is_left(machine, front):
    machine.alone()
    machine.soon_content()
    machine.start()
    master = machine.pid("slipway-web:web-0")
    client = front(machine)
    workers = until(lambda: len(machine.children(master)) == 2 and machine.children(master))
    os.kill(master, signal.SIGKILL)
    until(lambda: machine.status("slipway-web:web-0")[1] not in {0, master})
    assert machine.pid("slipway-web:web-0") != master
    until(lambda: client.get("/v1/ping").status_code == 200)
    until(lambda: machine.is_ready(0))
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))


def test_a_new_master_waits_for_the_orphans_of_a_killed_one_and_they_answer_what_they_have_begun(
    install, front, locked
):
    with install("gunicorn", WEB_GRACEFUL_TIMEOUT_SECONDS="600") as machine, ThreadPoolExecutor(1) as pool:
        machine.alone()
        machine.soon_content()
        machine.start()
        master = machine.pid("slipway-web:web-0")
        until(machine.is_ready)
        client = front(machine)
        with locked() as waiting:
            asked = pool.submit(
                client.post, "/v1/notes", json={"title": "Begun", "body": "by a process without a master"}
            )
            until(lambda: waiting() == 1)
            os.kill(master, signal.SIGKILL)
            successor = until(lambda: {machine.status("slipway-web:web-0")[1]} - {0, master}).pop()
            until(lambda: Path(f"/proc/{successor}/comm").read_text() == "flock\n")
        assert asked.result().status_code == 201
        until(machine.is_ready)


def test_a_service_that_is_frozen_as_a_whole_is_restarted(machine, front):
    machine.alone()
    machine.soon_content()
    programs = "etc/supervisor/conf.d/slipway.conf"
    machine.change(programs, "^events=TICK_60", r"events=TICK_5\nautostart=false")
    machine.change(programs, "^stopwaitsecs=40", "stopwaitsecs=2")
    machine.change("usr/local/lib/slipway/health-listener", "--max-time 10", "--max-time 1")
    machine.start()
    master = machine.pid("slipway-web:web-0")
    until(machine.is_ready)
    client = front(machine)
    machine.control("start", "slipway-health")
    frozen = {master, *machine.children(master)}
    for pid in frozen:
        os.kill(pid, signal.SIGSTOP)
    until(lambda: machine.status("slipway-web:web-0")[1] not in {0, *frozen})
    machine.control("stop", "slipway-health")  # the minute that it would give to the new one are seconds here
    assert machine.text("slipway-health.err").count("does not answer, and is restarted") == 1
    until(lambda: client.get("/v1/ping").status_code == 200)
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in frozen))


def test_a_configuration_that_is_refused_stays_down_and_says_why_once(machine, settings):
    machine.set({name: value for name, value in settings.items() if name != "PUBLIC_URL"})
    # What ends is told at once; that it takes long to load, here, is no question.
    machine.change("etc/supervisor/conf.d/slipway.conf", "^startsecs=10", "startsecs=600")
    machine.start()
    programs = [
        "slipway-web:web-0",
        "slipway-web:web-1",
        "slipway-worker:worker-0",
        "slipway-worker:worker-1",
    ]
    for program in programs:
        until(lambda program=program: machine.is_down(program))
    refused = machine.control("start", "slipway-web:web-0", check=False)
    assert "ERROR" in refused.stdout
    assert all(map(machine.is_down, programs))
    why = "PUBLIC_URL: missing or empty"
    assert machine.text("slipway-web-0.err").count(why) == 2  # it was asked for twice
    assert machine.text("slipway-worker-1.err").count(why) == 1
