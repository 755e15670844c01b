"""What becomes of requests when processes are forked, end, are killed, or cannot start."""

import itertools
import os
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.stack.conftest import GENEROUS_SECONDS, running, until

SOCKETS = Path("/proc/net/tcp")  # proc(5)


def accepted(port):
    """Return how many connections to `port` are open, without those that no worker has taken from the kernel yet."""
    rows = [line.split() for line in SOCKETS.read_text().splitlines()]
    ours = [(row[3], int(row[4].partition(":")[2], 16)) for row in rows if row[1].endswith(f":{port:04X}")]
    waiting = next(queue for state, queue in ours if state == "0A")
    return sum(state == "01" for state, _ in ours) - waiting


@pytest.mark.skipif(not SOCKETS.exists(), reason="this system does not tell which connections were accepted")
def test_a_terminated_service_answers_everything_that_it_has_accepted_also_what_is_queued(start):
    service = start(WEB_CONCURRENCY="2", WEB_THREADS="4")
    with ThreadPoolExecutor(12) as pool:
        requests = [pool.submit(service.get, f"/v1/stack/gate/{number}", Connection="close") for number in range(12)]
        try:
            until(lambda: accepted(service.port) >= 12)
            service.process.send_signal(signal.SIGTERM)
            until(lambda: "Handling signal: term" in service.stdout())
            assert len(list(service.gate.iterdir())) <= 8
            assert not any(request.done() for request in requests)
        finally:
            (service.gate / "open").touch()
        assert [request.result().status_code for request in requests] == [200] * 12
    assert service.process.wait(GENEROUS_SECONDS) == 0


def test_who_drains_refuses_connections_while_a_slow_client_is_waited_for(tmp_path, stack_environment):
    bound, also = tmp_path / "web.sock", tmp_path / "also.sock"
    with (
        running(tmp_path / "service", stack_environment | {"BIND": f"unix:{bound}"}) as service,
        socket.socket(socket.AF_UNIX) as slow,
    ):
        until(lambda: bound.exists() and ask(bound))
        also.hardlink_to(bound)  # the master unlinks its own
        slow.connect(str(also))
        slow.sendall(b"GET /v1/ping HTTP/1.1\r\n")
        assert ask(also).startswith(b"HTTP/1.1 200")  # so the one before has been accepted as well
        service.process.send_signal(signal.SIGTERM)
        until(lambda: not ask(also))
        assert service.process.poll() is None
        slow.sendall(REST)
        assert slow.recv(100).startswith(b"HTTP/1.1 200")
        assert service.process.wait(GENEROUS_SECONDS) == 0


REST = b"Host: example.org\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n\r\n"


def ask(path):
    """Return the beginning of an answer; nothing if the connection is refused, or reset on its way."""
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(str(path))
            connection.sendall(b"GET /v1/ping HTTP/1.1\r\n" + REST)
            return connection.recv(100)
        except (ConnectionRefusedError, ConnectionResetError, BrokenPipeError):
            return b""


def test_no_two_processes_share_a_connection_even_if_the_master_opened_some_before_the_fork(start):
    service = start(WEB_CONCURRENCY="4", CONNECT_BEFORE_FORK="4")
    numbers = itertools.count()

    def ask():
        number = next(numbers)
        response = service.get(f"/v1/stack/backend/{number}", Connection="close")
        assert response.status_code == 200
        assert response.json()["number"] == number
        return response.json()["backend"], response.json()["worker"]

    pairs = set()

    def all_workers_have_answered():
        with ThreadPoolExecutor(32) as pool:
            pairs.update(pool.map(lambda _: ask(), range(160)))
        return len({worker for _, worker in pairs}) == 4

    until(all_workers_have_answered)
    assert len({backend for backend, _ in pairs}) == len(pairs)


def test_a_worker_that_is_killed_is_replaced_while_the_other_one_serves(start):
    service = start()
    first = until(lambda: len(service.workers()) == 2 and service.workers())
    os.kill(max(first), signal.SIGKILL)

    def answered_by_a_new_one():
        response = service.get("/v1/stack/worker", Connection="close")
        assert response.status_code == 200
        return response.json()["pid"] not in first

    until(answered_by_a_new_one)
    assert service.stop() == 0


def test_code_that_does_not_import_never_starts(tmp_path, stack_environment):
    (tmp_path / "broken.py").write_text("import nothing_of_this_name\n")
    environ = {**stack_environment, "PYTHONPATH": str(tmp_path)}
    with running(tmp_path / "service", environ, application="broken:app") as service:
        assert service.process.wait(GENEROUS_SECONDS) not in {0, None}
        assert "nothing_of_this_name" in service.stderr()
        assert service.workers() == set()
