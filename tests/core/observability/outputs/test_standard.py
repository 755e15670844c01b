"""Real pipes, with real processes at both ends."""

import json
import os
import subprocess
import sys
import time

import pytest

from tests.conftest import PROJECT

GENEROUS_SECONDS = 60
CHILD = """
import logging, logging.config, os, sys
from tests.conftest import TESTING
from app.config import load_config
from app.core.observability.logs import dict_config
from app.core.observability.outputs import output
output.PATIENCE_SECONDS = float(os.environ.get("PATIENCE", output.PATIENCE_SECONDS))
logging.config.dictConfig(dict_config(load_config(TESTING).mapping()))
log = logging.getLogger("child")
def write(count, size):
    for number in range(count):
        log.info("line", extra={"writer": os.getpid(), "number": number, "filling": "x" * size})
def said(word):
    os.write(2, word.encode() + b"\\n")
    sys.stdin.readline()
"""
COMPLAINT = "standard output: log lines cannot be written"


@pytest.fixture
def child():
    """A function that starts a Python process with `log` and the functions above; its standard output is a pipe."""
    started = []

    def start(code, **variables):
        process = subprocess.Popen(
            [sys.executable, "-c", CHILD + code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | variables,
            cwd=PROJECT,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            pipe.close()


def available(pipe):
    """Return what is in the pipe now."""
    os.set_blocking(pipe.fileno(), False)
    data = pipe.read() or b""
    os.set_blocking(pipe.fileno(), True)
    return data


def test_lines_longer_than_a_pipe_takes_at_once_stay_whole_under_many_processes(child):
    process = child("for _ in range(3): os.fork()\nwrite(20, 20_000)", PATIENCE=str(GENEROUS_SECONDS))
    time.sleep(1)  # so that the pipe is full, and every writer has to wait
    lines = process.stdout.read().decode().splitlines()
    assert [line[:60] for line in lines if not (line.startswith('{"timestamp"') and line.endswith("}"))] == []
    records = [json.loads(line) for line in lines]
    assert len(records) == 8 * 20
    assert len({(record["writer"], record["number"]) for record in records}) == 8 * 20


def test_short_lines_never_land_within_long_ones(child):
    process = child(
        "for _ in range(2): os.fork()\nfor _ in range(30): write(20, 100); write(1, 30_000)",
        PATIENCE=str(GENEROUS_SECONDS),
    )
    lines = process.stdout.read().decode().splitlines()
    records = [json.loads(line) for line in lines]
    assert sorted(len(record["filling"]) for record in records) == [100] * 4 * 600 + [30_000] * 4 * 30


@pytest.mark.parametrize("size", [1_000, 20_000])
def test_a_reader_that_stops_reading_stops_nobody(child, size):
    process = child(f"write(300, {size}); said('written'); log.info('after')")
    process.stderr.readline()  # the complaint; nothing of standard output was read until here
    assert process.stderr.readline() == b"written\n"
    before = available(process.stdout)
    shown, errors = process.communicate(b"\n", timeout=GENEROUS_SECONDS)
    assert errors == b""
    *lines, after, gap = (before + shown).decode().splitlines()
    if size > 4096:
        cut = lines.pop()  # what was being written when the reader stopped
        assert cut.startswith('{"timestamp"')
    whole = [json.loads(line) for line in lines]
    assert json.loads(after)["message"] == "after"
    assert json.loads(gap)["message"] == f"standard output: {300 - len(whole)} earlier lines could not be written"


def test_a_reader_that_is_gone_is_said_once(child):
    process = child("said('started'); write(50, 10)")
    process.stderr.readline()
    process.stdout.close()
    process.stdin.write(b"\n")
    process.stdin.close()
    assert process.wait(GENEROUS_SECONDS) == 0
    assert process.stderr.read().decode() == f"{COMPLAINT} (Broken pipe); they are being counted\n"


def test_a_device_that_somebody_else_has_locked_is_written_to():
    master, slave = os.openpty()
    code = "import fcntl, sys; it = open(sys.argv[1], 'r+'); fcntl.lockf(it, fcntl.LOCK_EX); print(flush=True); input()"
    locking = [sys.executable, "-c", code, os.ttyname(slave)]
    with subprocess.Popen(locking, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as locker:
        locker.stdout.readline()
        command = [sys.executable, "-c", CHILD + "write(3, 10)"]
        subprocess.run(command, stdout=slave, cwd=PROJECT, check=True, timeout=GENEROUS_SECONDS)
        locker.communicate(b"\n")
    with os.fdopen(master, "rb", 0) as terminal:
        assert available(terminal).count(b'"writer"') == 3
    os.close(slave)
