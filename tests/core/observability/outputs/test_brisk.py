import fcntl
import multiprocessing
import os
import sys
import threading
import time
from contextlib import contextmanager

import pytest

from app.core.observability.outputs.brisk import BriskPipe

LINE = b"x" * 400 + b"\n"


@pytest.fixture
def ends():
    """The two ends of a pipe; a test may close either."""
    ends = list(os.pipe())
    yield ends
    for end in ends:
        os.close(end)


def test_what_fits_is_written_whole(ends):
    pipe = BriskPipe(ends[1])
    assert pipe.write(LINE)
    assert pipe.write(LINE)
    assert os.read(ends[0], 65_536) == LINE * 2


def test_what_does_not_fit_is_not_begun_and_waits_for_nobody(ends):
    pipe = BriskPipe(ends[1])
    written = 0
    while pipe.write(LINE):
        written += 1
    assert written > 0
    assert os.read(ends[0], 1_000_000) == LINE * written
    assert pipe.write(LINE)


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
    pipe = BriskPipe(ends[1])
    with locked_elsewhere(ends[1]):
        assert not pipe.write(LINE)
    assert pipe.write(LINE)
    assert os.read(ends[0], 65_536) == LINE


def test_the_lock_is_let_go_of(ends):
    BriskPipe(ends[1]).write(LINE)
    with locked_elsewhere(ends[1]):
        pass


def test_a_reader_that_is_gone_is_an_error_or_left_to_who_can_tell_it(ends):
    os.close(ends[0])
    ends[0] = os.dup(ends[1])
    assert not BriskPipe(ends[1]).write(LINE)


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
        pipe, before = BriskPipe(ends[1]), turns[0]
        assert all(pipe.write(LINE) for _ in range(100))
        assert turns[0] == before
    finally:
        over.set()
        sys.setswitchinterval(interval)
        thread.join()
