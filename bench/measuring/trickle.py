"""Clients that are slow on purpose: each sends a byte of its request's head now and then, and never ends it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import cycle

HEAD = b"GET /v1/ping HTTP/1.1\r\nHost: example.org\r\nX-Slow: "
INTERVAL_SECONDS = 0.5


@contextmanager
def trickling(port: int, clients: int) -> Iterator[None]:
    """Have so many of them at a port of the loopback address, for as long as the block lasts."""
    over = threading.Event()
    with ExitStack() as stack:
        connections = []
        for _ in range(clients):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            connection.sendall(HEAD)
            connections.append(connection)
        sender = threading.Thread(target=_send, args=[connections, over])
        sender.start()
        stack.callback(sender.join)
        stack.callback(over.set)
        yield


def _send(connections: list[socket.socket], over: threading.Event) -> None:
    for connection in cycle(connections):
        with suppress(OSError):  # the server has had enough of it
            connection.send(b"x")
        if over.wait(INTERVAL_SECONDS / len(connections)):
            return
