"""What is behind Nginx: the real Gunicorn on the sockets of an instance, or a stand-in that records what it gets."""

import socket
import threading
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path

from tests.nginx.copies import scratch_root
from tests.stack import conftest as stack
from tests.stack.conftest import GENEROUS_SECONDS, until

CONNECTED, LISTENING = "03", "01"  # proc(5), /proc/net/unix


class Instance:
    """A Gunicorn and the folder with its two sockets."""

    def __init__(self, folder, service):
        self.folder, self.service = folder, service

    def is_ready(self):
        assert self.service.process.poll() is None, self.service.stdout() + self.service.stderr()
        with suppress(OSError):
            return over(self.folder / "web.sock", "/healthz") == 200
        return False

    def line(self, request_id):
        """Return the access line of a request, which is written when the answer has left."""

        def found():
            records = self.service.records()
            return [one for one in records if one["logger"] == "access" and one["request_id"] == request_id]

        return until(found)[-1]

    def connections(self):
        """Return how many connections somebody has to its public socket."""
        rows = [line.split() for line in Path("/proc/net/unix").read_text().splitlines()]
        return sum(row[5] == CONNECTED and row[-1] == str(self.folder / "web.sock") for row in rows)


def over(path, target):
    """Return the status of a GET through a Unix socket."""
    connection = HTTPConnection("localhost", timeout=GENEROUS_SECONDS)
    with socket.socket(socket.AF_UNIX) as connection.sock:
        connection.sock.connect(str(path))
        connection.request("GET", target)
        return connection.getresponse().status


@contextmanager
def instance(environ):
    """Run the service on sockets in a folder of its own until the block ends."""
    with scratch_root() as folder:
        binds = {"BIND": f"unix:{folder}/web.sock", "METRICS_BIND": f"unix:{folder}/metrics.sock"}
        with stack.running(folder / "files", environ | binds) as service:
            instance = Instance(folder, service)
            until(instance.is_ready)
            yield instance


class Recorder:
    """Answers every connection once, with `answer`, and keeps the heads that it was sent."""

    def __init__(self, folder):
        self.folder, self.heads, self.done = folder, [], 0
        self.answer = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"
        self.speaking = threading.Event()
        self.speaking.set()

    def head(self):
        """Return the headers of the last request."""
        return headers(self.heads[-1])

    def take(self, connection):
        with connection, connection.makefile("rb") as received, suppress(OSError):
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                if not (line := received.readline()):
                    return
                head += line
            self.heads.append(head)
            # A body that is left unread would have the kernel tear the connection down, answer and all.
            received.read(int(headers(head).get("content-length", 0)))
            self.speaking.wait()
            connection.sendall(self.answer)
            self.done += 1


def headers(head):
    """Return the values by the names in lower case; each is there once."""
    _, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    pairs = [line.split(": ", 1) for line in lines]
    assert len({name.lower() for name, _ in pairs}) == len(pairs), pairs
    return {name.lower(): value for name, value in pairs}


@contextmanager
def recorder():
    """Run a recorder in the place of an instance until the block ends."""
    with scratch_root() as folder, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{folder}/web.sock")
        listener.listen(128)
        recording = Recorder(folder)

        def accept():
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    threading.Thread(target=recording.take, args=[connection], daemon=True).start()

        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield recording
        finally:
            recording.speaking.set()
            listener.shutdown(socket.SHUT_RDWR)
            accepting.join()
