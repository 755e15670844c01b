import socket
import threading
import time
from contextlib import suppress

import pytest

from app.preflight.asking.connection import Deadline, addresses, connected, ended_after
from app.preflight.checks import NoAnswerError
from tests.stack.conftest import GENEROUS_SECONDS


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def test_nothing_may_take_longer_than_is_left_of_all():
    assert Deadline(100).left(at_most=10) == 10
    assert Deadline(5).left(at_most=10) <= 5
    with pytest.raises(NoAnswerError, match="0 seconds for all checks are over"):
        Deadline(0).left(at_most=10)


def test_a_name_is_looked_up():
    assert ("127.0.0.1", 80) in [address for _, address in addresses("127.0.0.1", 80, GENEROUS_SECONDS)]


@pytest.mark.parametrize("name", ["nowhere.invalid", "a..b", "x" * 64 + ".org"])
def test_a_name_that_leads_nowhere_is_told(name):
    with pytest.raises(NoAnswerError, match="cannot be looked up"):
        addresses(name, 443, GENEROUS_SECONDS)


def test_a_search_that_does_not_end_is_given_up(monkeypatch):
    """The system's own search cannot be had to hang on demand, so another stands in its place."""
    never = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: never.wait(GENEROUS_SECONDS) and [])
    with pytest.raises(NoAnswerError, match=r"nothing in 0\.1 s"):
        addresses("example.org", 443, 0.1)
    never.set()


def test_the_next_address_is_tried_where_the_first_refuses(listener):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        refusing = closed.getsockname()
    found = [(socket.AF_INET, refusing), (socket.AF_INET, listener.getsockname())]
    with connected(found, "localhost", 443, GENEROUS_SECONDS) as sock:
        assert sock.getpeername() == listener.getsockname()


def test_where_nobody_listens_that_is_told():
    with pytest.raises(NoAnswerError, match="localhost cannot be reached at port 443: connection refused"):
        connected([(socket.AF_INET, ("127.0.0.1", 1))], "localhost", 443, GENEROUS_SECONDS)


def test_what_dribbles_in_does_not_prolong_an_answer(listener):
    gone = threading.Event()

    def dribble():
        connection, _ = listener.accept()
        with connection, suppress(OSError):
            while not gone.wait(0.05):
                connection.send(b"x")

    dribbling = threading.Thread(target=dribble)
    dribbling.start()
    with socket.create_connection(listener.getsockname()) as sock, ended_after(1, sock) as ended:
        began = time.monotonic()
        with suppress(OSError):
            while sock.recv(1_024):
                pass
        took = time.monotonic() - began
        assert ended()
    gone.set()
    dribbling.join()
    assert took < GENEROUS_SECONDS


def test_a_connection_that_was_quick_is_left_alone(listener):
    with socket.create_connection(listener.getsockname()) as sock:
        with ended_after(GENEROUS_SECONDS, sock) as ended:
            pass
        assert not ended()
        sock.send(b"x")
