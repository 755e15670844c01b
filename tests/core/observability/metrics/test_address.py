import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar

import pytest

from app.core.observability.metrics.address import Address, Gate
from app.core.observability.tracking import INTERNAL
from tests.conftest import PROJECT

REQUEST = b"GET %s HTTP/1.0\r\nHost: x\r\n\r\n"


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{environ['PATH_INFO']} {environ[INTERNAL]} {environ['REMOTE_ADDR']}".encode()]


def ask(family, address, path=b"/healthz"):
    with socket.socket(family) as connection:
        connection.settimeout(60)
        connection.connect(address)
        connection.sendall(REQUEST % path)
        return b"".join(iter(lambda: connection.recv(65_536), b""))


@pytest.fixture
def serve():
    """A function that serves the application at an address."""
    opened = []

    def serve(bind):
        address = Address()
        address.listen(bind)
        address.serve(application)
        opened.append(address)

    yield serve
    for address in opened:
        address.close()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def test_it_is_served_on_a_port(serve):
    port = free_port()
    serve(f"127.0.0.1:{port}")
    assert ask(socket.AF_INET, ("127.0.0.1", port)).endswith(b"/healthz True 127.0.0.1")


def test_it_is_served_on_a_port_of_ipv6(serve):
    port = free_port()
    serve(f"[::1]:{port}")
    assert ask(socket.AF_INET6, ("::1", port)).endswith(b"/healthz True ::1")


def test_it_is_served_on_a_unix_socket_whatever_was_left_there(serve, tmp_path):
    path = tmp_path / "internal.sock"
    with socket.socket(socket.AF_UNIX) as former:
        former.bind(str(path))
    serve(f"unix:{path}")
    assert ask(socket.AF_UNIX, str(path)).endswith(b"/healthz True ")


def test_at_a_unix_socket_it_needs_no_other_family_of_addresses(tmp_path):
    """As where a sandbox denies them (systemd's RestrictAddressFamilies=AF_UNIX)."""
    refusing = """
import socket, sys
def hook(event, arguments):
    if event == "socket.__new__" and arguments[1] not in {socket.AF_UNIX, -1}:
        raise OSError(97, "Address family not supported by protocol")
sys.addaudithook(hook)
from app.core.observability.metrics.address import Address
address = Address()
address.listen(sys.argv[1])
address.serve(None)
address.close()
print("served")
"""
    command = [sys.executable, "-c", refusing, f"unix:{tmp_path}/internal.sock"]
    assert subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False).stdout == "served\n"


def test_a_unix_socket_that_is_in_use_is_not_taken_away(tmp_path):
    path = tmp_path / "internal.sock"
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        other.listen()
        with pytest.raises(OSError, match="in use"):
            Address().listen(f"unix:{path}")
    assert path.is_socket()


def test_a_file_in_the_place_of_a_socket_is_not_removed(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("precious")
    with pytest.raises(OSError, match="in use"):
        Address().listen(f"unix:{path}")
    assert path.read_text() == "precious"


def test_what_is_sampled_is_asked_for_again_and_again(tmp_path):
    taken = threading.Semaphore(0)

    class Application:
        extensions: ClassVar = {"metrics_samples": [taken.release]}

        def __call__(self, environ, start_response): ...

    address = Address()
    address.listen(f"unix:{tmp_path / 'internal.sock'}")
    address.serve(Application())
    try:
        assert all(taken.acquire(timeout=60) for _ in range(3))
    finally:
        address.close()


def test_another_address_takes_the_place_of_the_first():
    first, second = free_port(), free_port()
    address = Address()
    address.listen(f"127.0.0.1:{first}")
    address.listen(f"127.0.0.1:{first}")  # the same again is nothing
    address.listen(f"127.0.0.1:{second}")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", first))
    socket.create_connection(("127.0.0.1", second)).close()
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        address.listen(f"127.0.0.1:{taken.getsockname()[1]}")
    socket.create_connection(("127.0.0.1", second)).close()
    address.listen(None)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", second))


def test_it_is_served_on_a_socket_that_a_supervisor_opened(serve):
    listener = socket.create_server(("127.0.0.1", 0))
    address = listener.getsockname()
    serve(f"fd://{listener.detach()}")
    assert ask(socket.AF_INET, address).endswith(b"/healthz True 127.0.0.1")


def test_what_has_been_accepted_is_answered_before_it_closes():
    port, asked, answer = free_port(), threading.Event(), threading.Event()

    def slow(environ, start_response):
        asked.set()
        answer.wait(60)
        return application(environ, start_response)

    address = Address()
    address.listen(f"127.0.0.1:{port}")
    address.serve(slow)
    with ThreadPoolExecutor(2) as pool:
        asking = pool.submit(ask, socket.AF_INET, ("127.0.0.1", port))
        assert asked.wait(60)
        closing = pool.submit(address.close)
        threading.Timer(0.5, answer.set).start()
        closing.result(60)
        assert answer.is_set()
        assert asking.result(60).endswith(b"/healthz True 127.0.0.1")


def test_a_client_that_says_nothing_holds_up_nobody(serve):
    port = free_port()
    serve(f"127.0.0.1:{port}")
    with socket.create_connection(("127.0.0.1", port)):
        assert ask(socket.AF_INET, ("127.0.0.1", port)).endswith(b"/healthz True 127.0.0.1")


@pytest.mark.parametrize("path", [b"/", b"/v1/notes", b"/healthz/", b"/metrics/..", b"/%2e"])
def test_nothing_else_is_let_in(serve, path):
    port = free_port()
    serve(f"127.0.0.1:{port}")
    assert b"404 Not Found" in ask(socket.AF_INET, ("127.0.0.1", port), path)


def test_an_address_that_is_taken_is_an_error():
    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.raises(OSError, match="in use"):
        Address().listen(f"127.0.0.1:{listener.getsockname()[1]}")


def test_no_address_is_nothing():
    address, running = Address(), threading.enumerate()
    address.listen(None)
    address.serve(application)
    assert threading.enumerate() == running


def test_the_gate_marks_what_it_lets_in():
    environ = {"PATH_INFO": "/metrics", "REMOTE_ADDR": ""}
    assert Gate(application)(environ, lambda *_: None) == [b"/metrics True "]
