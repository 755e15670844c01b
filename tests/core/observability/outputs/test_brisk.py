import fcntl
import multiprocessing
import os
import socket
import sys
import threading
import time
from contextlib import contextmanager, suppress

import pytest

from app.core.observability.outputs.brisk import Brisk

LINE = b"x" * 400 + b"\n"


@pytest.fixture
def ends():
    """The two ends of a pipe; a test may close either."""
    ends = list(os.pipe())
    yield ends
    for end in ends:
        os.close(end)


def test_what_fits_is_written_whole(ends):
    pipe = Brisk(ends[1])
    assert pipe.write(LINE) == len(LINE)
    assert pipe.write(LINE) == len(LINE)
    assert os.read(ends[0], 65_536) == LINE * 2


def test_what_does_not_fit_is_not_begun_and_waits_for_nobody(ends):
    pipe = Brisk(ends[1])
    written = 0
    while pipe.write(LINE):
        written += 1
    assert written > 0
    assert os.read(ends[0], 1_000_000) == LINE * written
    assert pipe.write(LINE) == len(LINE)


@contextmanager
def locked_elsewhere(descriptor):
    """Another process holds the lock until the block ends."""

    def hold():
        fcntl.lockf(descriptor, fcntl.LOCK_EX)
        held.set()
        let_go.wait()

    context = multiprocessing.get_context("fork")
    held, let_go = context.Event(), context.Event()
    other = context.Process(target=hold)
    other.start()
    try:
        assert held.wait(60)
        yield
    finally:
        let_go.set()
        other.kill()
        other.join()


def test_while_another_process_writes_nothing_is_written_and_nobody_waited_for(ends):
    pipe = Brisk(ends[1])
    with locked_elsewhere(ends[1]):
        assert pipe.write(LINE) == 0
    assert pipe.write(LINE) == len(LINE)
    assert os.read(ends[0], 65_536) == LINE


def test_the_lock_is_let_go_of(ends):
    Brisk(ends[1]).write(LINE)
    with locked_elsewhere(ends[1]):
        pass


def test_a_reader_that_is_gone_is_an_error(ends):
    pipe = Brisk(ends[1])
    os.close(ends[0])
    ends[0] = os.dup(ends[1])
    with pytest.raises(BrokenPipeError):
        pipe.write(LINE)


def test_no_other_thread_gets_the_interpreter_meanwhile(ends):
    turns, over, interval = [0], threading.Event(), sys.getswitchinterval()

    def take_turns():
        while not over.is_set():
            turns[0] += 1
            time.sleep(0)

    thread = threading.Thread(target=take_turns)
    sys.setswitchinterval(60)  # from here on a thread runs until it lets another one
    thread.start()
    try:
        while not turns[0]:
            time.sleep(0)
        pipe, before = Brisk(ends[1]), turns[0]
        assert all(pipe.write(LINE) for _ in range(100))
        assert turns[0] == before
    finally:
        over.set()
        sys.setswitchinterval(interval)
        thread.join()


def test_others_who_have_the_pipe_still_wait_when_they_write(ends):
    Brisk(ends[1])
    assert os.get_blocking(ends[1])


def test_a_writer_who_takes_no_lock_cannot_make_it_wait(ends):
    pipe = Brisk(ends[1])
    os.set_blocking(ends[1], False)
    with suppress(BlockingIOError):
        while True:
            os.write(ends[1], b"x" * 4096)
    assert pipe.write(LINE) == 0


def test_a_socket_is_written_to_likewise():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        brisk = Brisk(ours.fileno())
        written = 0
        while brisk.write(LINE):
            written += 1
        assert written > 0
        assert ours.getblocking()
        assert theirs.recv(4 * len(LINE)) == LINE * 4
        theirs.close()
        with pytest.raises(BrokenPipeError):
            brisk.write(LINE)


def test_a_file_is_left_to_others(tmp_path):
    with (tmp_path / "log").open("wb") as file, pytest.raises(OSError, match="neither"):
        Brisk(file.fileno())
