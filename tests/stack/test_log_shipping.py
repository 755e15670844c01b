"""The real logrotate and the real rsyslog, by the files that are shipped, with a TCP receiver in Logstash's place."""

import gzip
import json
import logging
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.conftest import PROJECT
from tests.stack.conftest import GENEROUS_SECONDS, until
from tests.stack.elastic import FOLDER, document, is_of_type, line_of_nginx, mapped, renames_of_logstash

pytestmark = pytest.mark.logging


def program(name):
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    assert found, f"{name} is not on this machine: apt-get install rsyslog logrotate"
    return found


def installed(name, where, replaced):
    """Write a shipped file to `where` with its places and names replaced, each of which must be in it."""
    text = (FOLDER / name).read_text()
    for old, new in replaced.items():
        assert old in text, old
        text = text.replace(old, str(new))
    where.write_text(text)
    return where


BURST = """
import logging, logging.config, os, sys
from tests.conftest import TESTING
from app.config import load_config
from app.core.observability.logs import dict_config
logging.config.dictConfig(dict_config(load_config({**TESTING, "LOG_FILE": sys.argv[1]}).mapping()))
for _ in range(2):
    os.fork()
for number in range(150):
    logging.getLogger("burst").info("line", extra={"writer": os.getpid(), "number": number, "filling": "x" * 10_000})
"""


def test_logrotate_loses_and_tears_no_line_of_workers_and_of_a_burst_of_processes(start, tmp_path):
    folder = tmp_path / "var"
    folder.mkdir()
    file, count = folder / "service.log", 600
    # All that was rotated is counted, so all is kept.
    replaced = {"/var/log/slipway": folder, "rotate 14": "rotate 1000"}
    config = installed("logrotate.conf", tmp_path / "logrotate.conf", replaced)
    rotate = [program("logrotate"), "--force", "--state", tmp_path / "state", config]
    service = start(LOG_FILE=str(file), WEB_CONCURRENCY="4")
    ended = threading.Event()

    def rotating():
        rotations = 0
        while not ended.wait(1.1):  # a name has the second in it
            subprocess.run(rotate, check=True)
            rotations += 1
        return rotations

    command = [sys.executable, "-c", BURST, str(file)]
    with ThreadPoolExecutor(9) as pool:
        rotations = pool.submit(rotating)
        with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE) as burst:
            answers = list(pool.map(service.get, [f"/missing/{number}" for number in range(count)]))
            burst.stdout.read()  # until the last of the processes has ended
        ended.set()
    assert service.stop() == 0
    assert rotations.result() > 1
    assert {answer.status_code for answer in answers} == {404}
    texts = []
    for path in folder.iterdir():
        assert path.name.startswith("service.log")
        assert not path.name.endswith(".backup")  # what logrotate makes of a file that should not have been there
        texts.append(gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text())
    records = [json.loads(line) for text in texts for line in text.splitlines()]
    paths = [record["url.path"] for record in records if record["logger"] == "access"]
    assert sorted(paths) == sorted(f"/missing/{number}" for number in range(count))
    written = [(record["writer"], record["number"]) for record in records if record["logger"] == "burst"]
    assert len(set(written)) == len(written) == 4 * 150


class Receiver:
    """Takes lines by TCP as the codec json_lines does: one event to each newline."""

    def __init__(self):
        self.data = b""
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self._listener = None
        self._connections = []

    def start(self):
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()

    def _accept(self):
        with ThreadPoolExecutor() as pool:
            while True:
                try:
                    connection, _ = self._listener.accept()
                except OSError:
                    return
                self._connections.append(connection)
                pool.submit(self._read, connection)

    def _read(self, connection):
        with connection:
            while data := connection.recv(65_536):
                self.data += data

    def stop(self):
        """Be away: nobody listens at the port."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                logging.getLogger("receiver").debug("closed by the other side already")
        self._connections.clear()
        self._thread.join()

    def lines(self):
        whole, _, _ = self.data.rpartition(b"\n")
        return whole.decode().split("\n") if whole else []


@pytest.fixture
def receiver():
    receiver = Receiver()
    receiver.start()
    yield receiver
    receiver.stop()


class Rsyslog:
    """The real daemon with the shipped rules, and as much around them as they need."""

    def __init__(self, folder, port):
        self.file, self.socket, self._folder = folder / "service.log", folder / "log", folder
        self.nginx = folder / "nginx.log"
        (folder / "spool").mkdir()
        places = {
            "/var/spool/rsyslog": folder / "spool",
            "/var/log/slipway/service.log": self.file,
            "/var/log/nginx/slipway.log": self.nginx,
            "logstash.internal": "127.0.0.1",
            '"5045"': f'"{port}"',
            'resumeInterval="5"': 'resumeInterval="1"',
            'resumeIntervalMax="60"': 'resumeIntervalMax="1"',
        }
        rules = installed("rsyslog.conf", folder / "60-slipway.conf", places)
        (folder / "rsyslog.conf").write_text(
            'module(load="imuxsock" sysSock.use="off")\n'
            f'input(type="imuxsock" socket="{self.socket}")\n'
            f'include(file="{rules}")\n'
        )

    def start(self):
        config, pid = self._folder / "rsyslog.conf", self._folder / "pid"
        with (self._folder / "said").open("ab") as said:
            self._process = subprocess.Popen([program("rsyslogd"), "-n", "-f", config, "-i", pid], stderr=said)
        until(self.socket.is_socket)

    def said(self):
        return (self._folder / "said").read_text()

    def stop(self):
        self._process.terminate()
        assert self._process.wait(GENEROUS_SECONDS) == 0


@pytest.fixture
def rsyslog(tmp_path, receiver):
    folder = tmp_path / "rsyslog"
    folder.mkdir()
    rsyslog = Rsyslog(folder, receiver.port)
    rsyslog.start()
    yield rsyslog
    rsyslog.stop()


def is_storable(line):
    stored = document(line, renames_of_logstash())
    return all(is_of_type(value, mapped(name)["type"]) for name, value in stored.items() if mapped(name))


def test_the_shipped_rules_are_accepted_by_rsyslog_and_logrotate():
    for command in (
        [program("rsyslogd"), "-N1", "-f", FOLDER / "rsyslog.conf"],
        [program("logrotate"), "--debug", FOLDER / "logrotate.conf"],
    ):
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr
        assert "error" not in result.stderr.lower()


def test_every_line_of_the_file_arrives_as_one_event_though_the_receiver_is_away_for_a_while(
    start, tmp_path, receiver, rsyslog
):
    # One worker: a second one might say that it boots while the receiver leaves, which plain TCP does not notice.
    service = start(LOG_FILE=str(rsyslog.file), WEB_CONCURRENCY="1")
    assert service.get("/v1/stack/error").status_code == 500
    until(lambda: len(receiver.lines()) >= len(service.stdout().splitlines()))
    receiver.stop()

    def is_noticed():
        service.get("/leaving")  # sent to a receiver that has left; plain TCP says so only to the next
        return "cannot connect" in rsyslog.said()

    until(is_noticed)
    for number in range(100):
        service.get(f"/away/{number}")
    rsyslog.file.rename(rsyslog.file.with_suffix(".log-1"))  # what logrotate does
    assert service.get("/v1/stack/error").status_code == 500
    time.sleep(5)  # until the queue has something in it, and the old file is read
    rsyslog.stop()  # even a restart of the shipper keeps it
    service.get("/stopped")
    rsyslog.start()
    service.get("/started")
    receiver.start()
    assert service.stop() == 0
    expected = {line for line in service.stdout().splitlines() if '"/leaving"' not in line}
    until(lambda: expected <= set(receiver.lines()))
    assert set(receiver.lines()) <= set(service.stdout().splitlines())
    assert all(is_storable(line) for line in receiver.lines())
    traces = [json.loads(line).get("error.stack_trace", "") for line in receiver.lines()]
    assert len([trace for trace in traces if trace.count("\n") > 5]) == 2


def test_what_nginx_saw_of_a_request_arrives_too_and_after_its_file_was_rotated(receiver, rsyslog):
    written = []
    for name in ("before", "after"):
        for number in range(20):
            written.append(line_of_nginx(slipway_request_id=f"{name}-{number}"))
            with rsyslog.nginx.open("a") as log:
                log.write(written[-1] + "\n")
        until(lambda: len(receiver.lines()) >= len(written))
        if name == "before":
            rsyslog.nginx.rename(rsyslog.nginx.with_suffix(".log.1"))
    assert sorted(receiver.lines()) == sorted(written)
    assert all(is_storable(line) for line in receiver.lines())


def test_syslog_brings_the_same_lines_and_its_restart_costs_no_request(start, receiver, rsyslog):
    service = start(LOG_SYSLOG=str(rsyslog.socket))
    assert service.get("/v1/stack/error").status_code == 500
    service.client.get(
        "/v1/stack/message", params={"text": "x" * 3_900}
    )  # twice in the line: more than rsyslog's 8 KiB
    until(lambda: len(receiver.lines()) >= len(service.stdout().splitlines()))
    assert sorted(receiver.lines()) == sorted(service.stdout().splitlines())
    rsyslog.stop()
    for number in range(20):
        assert service.get(f"/gone/{number}").status_code == 404
    rsyslog.start()
    assert service.get("/back").status_code == 404
    until(lambda: any('"/back"' in line for line in receiver.lines()))
    assert service.stop() == 0
    assert all(is_storable(line) for line in receiver.lines())
    assert len(service.stderr().splitlines()) <= 3
