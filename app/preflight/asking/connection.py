"""Connections on which nothing takes longer than it may: looking a name up, connecting, greeting, answering."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from app.preflight.checks import NoAnswerError

Address = tuple[int, Any]  # the family of a socket, and what it connects to


class Deadline:
    """A point in time that everything has to keep."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._ends = time.monotonic() + seconds

    def left(self, at_most: float) -> float:
        """Return the seconds that something may take; `NoAnswerError` when there are none left."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise NoAnswerError(f"not asked: the {self._seconds:g} seconds for all checks are over (--deadline)")
        return min(left, at_most)


def addresses(host: str, port: int, seconds: float) -> list[Address]:
    """Return where a host can be reached; raises `NoAnswerError`.

    The system may search for half a minute, and cannot be bounded: so it does that in a thread.
    """
    found: list[Address] = []
    errors: list[str] = []

    def look_up() -> None:
        try:
            infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.extend((info[0], info[4]) for info in infos)
        except OSError as error:
            errors.append(reason(error))
        except UnicodeError:
            errors.append("this is no name of a host")

    search = threading.Thread(target=look_up, daemon=True)
    search.start()
    search.join(seconds)
    if not found:
        raise NoAnswerError(f"the name {host} cannot be looked up: {next(iter(errors), f'nothing in {seconds:g} s')}")
    return found


def connected(found: list[Address], name: str, port: int, seconds: float) -> socket.socket:
    """Return a connection to the first address that accepts one; raises `NoAnswerError`."""
    deadline, reasons = time.monotonic() + seconds, []
    for family, address in found:
        left = deadline - time.monotonic()
        if left <= 0:
            break
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.settimeout(left)
        try:
            sock.connect(address)
        except OSError as error:
            sock.close()
            reasons.append(f"no answer within {seconds:g} s" if isinstance(error, TimeoutError) else reason(error))
        else:
            return sock
    raise NoAnswerError(f"{name} cannot be reached at port {port}: {'; '.join(dict.fromkeys(reasons))}")


def reason(error: OSError) -> str:
    """Return why, in the system's words without its numbers."""
    return (error.strerror or str(error) or type(error).__name__).lower()


@contextmanager
def ended_after(seconds: float, sock: socket.socket) -> Iterator[Callable[[], bool]]:
    """Shut the connection down after so long, whatever dribbles in; yields a function that says if that happened.

    A timeout of a socket counts from byte to byte.
    """
    over = threading.Event()

    def end() -> None:
        over.set()
        with suppress(OSError):
            socket.socket.shutdown(sock, socket.SHUT_RDWR)  # not TLS's own, which another thread is using

    sock.settimeout(seconds + 1)
    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield over.is_set
    finally:
        timer.cancel()
