"""The file and the syslog of a running service: full, frozen, gone and back, while it answers as if nothing were."""

import json
import os
import socket
import threading

import pytest

from tests.stack.conftest import running, until

LARGEST = 1 << 20


class Daemon:
    """Reads datagrams at a path, as a syslog daemon does."""

    def __init__(self, path):
        self.path, self.messages = path, []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._thread = threading.Thread(target=self._read)

    def read(self):
        self._thread.start()
        return self

    def _read(self):
        while message := self._socket.recv(LARGEST):
            self.messages.append(message.decode().partition(": ")[2])

    def stop(self):
        if self._thread.ident:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
                last.sendto(b"", str(self.path))
            self._thread.join()
        self._socket.close()
        self.path.unlink()


@pytest.fixture
def daemon(tmp_path):
    daemon = Daemon(tmp_path / "log")
    yield daemon
    if daemon.path.exists():
        daemon.stop()


@pytest.fixture
def file(tmp_path):
    return tmp_path / "service.log"


def access_lines(text):
    return [record["url.path"] for record in map(json.loads, text.splitlines()) if record["logger"] == "access"]


def test_all_outputs_have_the_same_lines_without_secrets(start, daemon, file, stack_environment):
    daemon.read()
    service = start(LOG_FILE=str(file), LOG_SYSLOG=str(daemon.path))
    assert service.get("/v1/stack/error").status_code == 500
    for number in range(20):
        service.get(f"/missing/{number}")
    assert service.stop() == 0
    shown = service.stdout().splitlines()
    until(lambda: len(daemon.messages) >= len(shown))
    assert sorted(shown) == sorted(file.read_text().splitlines()) == sorted(daemon.messages)
    for text in (file.read_text(), "\n".join(daemon.messages)):
        assert "[redacted]" in text
        for secret in (stack_environment["SECRET_KEY"], stack_environment["DATABASE_URL"], "t0p-s3cret"):
            assert secret not in text
    assert service.stderr() == ""


def test_a_full_disk_stops_no_request_and_no_other_output(start, file):
    file.symlink_to("/dev/full")
    service = start(LOG_FILE=str(file))
    for number in range(50):
        assert service.get(f"/missing/{number}").status_code == 404
    room = file.with_name("room")
    file.unlink()
    file.symlink_to(room)
    service.get("/missing/room")
    assert service.stop() == 0
    assert access_lines(service.stdout()) == [f"/missing/{number}" for number in [*range(50), "room"]]
    complaints = service.stderr().splitlines()
    assert 1 <= len(complaints) <= 3  # one of each process: the first one and two workers
    assert all(f"LOG_FILE {file}: log lines cannot be written (No space left" in line for line in complaints)
    assert access_lines(room.read_text()) == ["/missing/room"]
    assert "earlier lines could not be written" in room.read_text()


def test_a_frozen_and_then_restarted_syslog_stops_no_request(start, daemon, tmp_path):
    service = start(LOG_SYSLOG=str(daemon.path))
    for number in range(300):  # more than the queue of a socket holds
        assert service.get(f"/frozen/{number}").status_code == 404
    daemon.stop()
    assert service.get("/gone").status_code == 404
    back = Daemon(tmp_path / "log").read()
    try:
        assert service.get("/back").status_code == 404
        until(lambda: "/back" in access_lines("\n".join(back.messages)))
        assert service.stop() == 0
    finally:
        back.stop()
    assert len(access_lines(service.stdout())) == 302
    assert 1 <= len(service.stderr().splitlines()) <= 3


@pytest.fixture
def pipe(tmp_path):
    """A named pipe where a service has its standard output, and its reading end, which nobody reads."""
    (tmp_path / "piped").mkdir()
    os.mkfifo(tmp_path / "piped" / "stdout")
    return os.open(tmp_path / "piped" / "stdout", os.O_RDONLY | os.O_NONBLOCK)


def test_a_reader_of_standard_output_that_is_gone_stops_no_request(tmp_path, stack_environment, file, pipe):
    with running(tmp_path / "piped", stack_environment | {"LOG_FILE": str(file)}) as service:
        until(service.is_ready)
        os.close(pipe)
        for number in range(20):
            assert service.get(f"/missing/{number}").status_code == 404
        assert service.stop() == 0
        complaints = service.stderr()
    assert access_lines(file.read_text()) == [f"/missing/{number}" for number in range(20)]
    assert 1 <= complaints.count("Broken pipe") == len(complaints.splitlines()) <= 3


def test_a_reader_of_standard_output_that_is_frozen_stops_no_request(tmp_path, stack_environment, file, pipe):
    with running(tmp_path / "piped", stack_environment | {"LOG_FILE": str(file)}) as service:
        until(service.is_ready)
        for number in range(250):
            assert service.get(f"/missing/{number}").status_code == 404
        read = os.read(pipe, LARGEST)
        assert service.get("/missing/last").status_code == 404
        assert service.stop() == 0
        read += os.read(pipe, LARGEST)
        complaints = service.stderr()
    os.close(pipe)
    seen = access_lines(read.decode())
    assert len(seen) < 250
    assert seen[-1] == "/missing/last"
    assert "standard output: " in read.decode()
    assert len(access_lines(file.read_text())) == 251
    assert 1 <= complaints.count("nobody reads them") == len(complaints.splitlines()) <= 3
