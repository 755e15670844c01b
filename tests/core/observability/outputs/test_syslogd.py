"""Real datagram sockets, with a receiver that is restarted, frozen and gone."""

import json
import logging
import os
import socket
from contextlib import contextmanager

import pytest

from app.core.observability.outputs import Syslog
from app.core.observability.outputs.syslogd import LONGEST_BYTES, shortened

LARGEST = 1 << 20


def listening(path):
    receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    receiver.bind(str(path))
    receiver.settimeout(60)
    return receiver


@pytest.fixture
def path(tmp_path):
    return tmp_path / "log"


@pytest.fixture
def daemon(path):
    with listening(path) as receiver:
        yield receiver


@contextmanager
def logging_to(address):
    log, handler = logging.Logger("shop"), Syslog(str(address), "slip way")  # noqa: LOG001  no other handler hears it
    log.addHandler(handler)
    yield log
    handler.close()


@pytest.fixture
def log(path):
    with logging_to(path) as log:
        yield log


def received(receiver):
    """Return all messages that are waiting, without their heads."""
    messages = []
    receiver.settimeout(0)
    while True:
        try:
            messages.append(receiver.recv(LARGEST).decode().partition(": ")[2])
        except BlockingIOError:
            return messages


def test_a_local_daemon_gets_priority_name_and_process_as_from_the_c_library(log, daemon):
    log.error("failed")
    assert daemon.recv(LARGEST).decode() == f"<11>slip-way[{os.getpid()}]: failed"
    for level, severity in {"debug": 7, "info": 6, "warning": 4, "critical": 2}.items():
        getattr(log, level)("line")
        assert daemon.recv(LARGEST).startswith(b"<%d>" % (8 + severity))


def test_a_distant_host_gets_the_form_of_rfc_5424():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(60)
        with logging_to(f"127.0.0.1:{receiver.getsockname()[1]}") as log:
            log.info("far away")
            message = receiver.recv(LARGEST).decode()
            receiver.close()
            log.info("nobody listens, which UDP need not tell")
    assert message == f"<14>1 - {socket.gethostname()} slip-way {os.getpid()} - - far away"


def test_a_restarted_daemon_costs_no_line(log, path):
    with listening(path) as daemon:
        log.info("before")
        assert received(daemon) == ["before"]
    path.unlink()
    with listening(path) as daemon:
        log.info("after")
        assert received(daemon) == ["after"]


def test_a_daemon_that_is_away_costs_the_lines_meanwhile_and_is_said_once(log, path, capfd):
    for number in range(3):
        log.info("nobody hears %d", number)
    with listening(path) as daemon:
        log.info("after")
        assert received(daemon) == ["after", f"LOG_SYSLOG {path}: 3 earlier lines could not be written"]
    [complaint] = capfd.readouterr().err.splitlines()
    assert "No such file or directory" in complaint


def test_a_frozen_daemon_holds_nobody_up_and_gets_lines_again_when_it_reads(log, path, daemon, capfd):
    count = 5_000  # more than any queue of datagrams holds
    for number in range(count):
        log.info("line %d", number)
    [complaint] = capfd.readouterr().err.splitlines()
    assert complaint.endswith("(the daemon does not read them); they are being counted")
    kept = received(daemon)
    assert kept == [f"line {number}" for number in range(len(kept))]
    log.info("after")
    assert received(daemon) == ["after", f"LOG_SYSLOG {path}: {count - len(kept)} earlier lines could not be written"]


def test_a_line_longer_than_a_datagram_is_shortened_in_the_middle(log, daemon):
    fields = {"message": "x" * 200_000, "level": "ERROR", "error.stack_trace": "Traceback" + "é\n" * 99_999 + "the end"}
    log.error(json.dumps(fields))
    [message] = received(daemon)
    line = json.loads(message)
    assert line["level"] == "ERROR"
    assert line["error.stack_trace"].startswith("Traceback")
    assert line["error.stack_trace"].endswith("the end")
    assert "characters left out" in line["message"]


@pytest.mark.parametrize(
    "line",
    [
        json.dumps({"message": "m", **{f"field-{number}": "y" * 100 for number in range(10_000)}}),
        json.dumps({"message": "m", "list": list(range(100_000))}),
        json.dumps({"message": "\U0001f600" * 30_000}, ensure_ascii=False),
        json.dumps(["no", "object"] * 10_000),
        "é" * 100_000,
        "\ud800" * 100_000,
    ],
    ids=["fields", "list", "characters", "array", "text", "surrogates"],
)
def test_what_is_shortened_fits_and_can_be_read(line):
    short = shortened(line, LONGEST_BYTES).decode()
    assert len(short.encode()) <= LONGEST_BYTES
    if line.startswith("{"):
        assert json.loads(short)["message"][0] in "m\U0001f600"


def test_what_fits_is_left_as_it_is():
    assert shortened('{"message": "é"}', 100) == '{"message": "é"}'.encode()
