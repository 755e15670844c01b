"""What a client may send, how slowly, and how much at once."""

import json
import shutil
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from tests.nginx.sites import NAME
from tests.stack.conftest import until

pytestmark = pytest.mark.nginx

LIMIT = 1_048_576  # of MAX_CONTENT_LENGTH
BY_ITSELF_SECONDS = 60  # how long Nginx waits for each of these if nobody says otherwise


@pytest.mark.parametrize("chunked", [False, True], ids=["sized", "chunked"])
def test_a_body_is_accepted_up_to_the_limit_of_the_application(site, chunked):
    framing = {"Transfer_Encoding": "chunked"} if chunked else {}

    def send(size):
        return site.ask("POST", "/v1/stack/echo", iter([b"x" * size]) if chunked else b"x" * size, **framing)

    assert send(LIMIT).json() == {"bytes": LIMIT}
    refused = send(LIMIT + 1)
    assert (refused.status, refused.header("Content-Type")) == (413, "application/problem+json")
    assert refused.json()["title"] == "Request Entity Too Large"


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl on this machine")
def test_a_body_that_is_too_large_gets_the_same_answer_over_http_2(site, tmp_path):
    (tmp_path / "body").write_bytes(b"x" * 2 * LIMIT)
    local = ["--connect-to", f"{NAME}::127.0.0.1:", "--cacert", site.root / "etc/slipway/tls/fullchain.pem"]
    address = f"https://{NAME}:{site.ports['443']}/v1/stack/echo"
    command = ["curl", "--silent", "--http2", "--include", "--data-binary", f"@{tmp_path / 'body'}", *local, address]
    head, _, body = subprocess.run(command, capture_output=True, text=True, check=False).stdout.partition("\n\n")
    assert head.startswith("HTTP/2 413")
    assert json.loads(body)["title"] == "Request Entity Too Large"


def test_a_body_that_is_too_large_never_reaches_the_application(start, recorder):
    site = start()
    site.serve(recorder.folder)
    assert site.ask("POST", "/", b"x" * (LIMIT + 1)).status == 413
    assert recorder.heads == []


@pytest.mark.parametrize("length", [3_900, 5_000])
def test_an_address_is_refused_before_gunicorn_would_and_with_a_page(site, length):
    answer = site.get("/" + "a" * length, Accept="text/html")
    assert answer.status == (404 if length < 4_000 else 414)
    assert f"<code>{answer.header('X-Request-ID')}</code>" in answer.body.decode()
    assert b"gunicorn" not in answer.body.lower()


def test_every_address_that_nginx_lets_through_is_one_that_gunicorn_takes(site):
    for length in range(3_998, 4_002):
        assert site.ask("OPTIONS", "/v1/" + "a" * (length - 4)).status == (404 if length < 4_000 else 414)


def test_a_header_of_the_largest_cookie_reaches_the_application_and_a_larger_one_is_refused_with_problem_details(site):
    assert site.get("/v1/ping", Cookie="a=" + "b" * 8_000).status == 200
    refused = site.get("/v1/ping", Cookie="a=" + "b" * 9_000)
    assert (refused.status, refused.json()["status"]) == (431, 431)


def trickle(site, port, stack):
    """Begin a request and do not end it."""
    connection = site.connection(port)
    connection.connect()
    sock = stack.enter_context(connection.sock)
    sock.sendall(f"GET / HTTP/1.1\r\nHost: {NAME}\r\n".encode())
    return sock


@pytest.mark.parametrize("port", ["80", "443"])
def test_forty_heads_that_trickle_hold_up_nobody_and_are_let_go(site, port):
    with ExitStack() as stack:
        slow = [trickle(site, port, stack) for _ in range(40)]
        began, asked = time.monotonic(), 0
        while slow and time.monotonic() < began + BY_ITSELF_SECONDS - 10:
            assert site.get("/v1/ping").status == 200
            asked += 1
            time.sleep(0.05)
            slow = [sock for sock in slow if still_open(sock)]
        assert slow == []
        assert asked > 10


def still_open(sock):
    """Send a little more, as long as the other side lets us."""
    try:
        sock.sendall(b"A: b\r\n")
        sock.settimeout(0.001)
        return sock.recv(1) != b""
    except TimeoutError:
        return True
    except OSError:
        return False


def test_bodies_that_trickle_never_reach_the_application_and_are_let_go(start, recorder):
    site = start()
    site.serve(recorder.folder)
    with ExitStack() as stack:
        slow = [trickle(site, "443", stack) for _ in range(40)]
        for sock in slow:
            sock.sendall(b"Content-Length: 1000\r\n\r\nx")
        assert site.get("/").status == 204
        for sock in slow:
            sock.settimeout(BY_ITSELF_SECONDS - 10)
            answered = bytearray()
            try:
                while more := sock.recv(65_536):
                    answered += more
            except ConnectionResetError:
                pass
            assert b" 200 " not in answered
        assert len(recorder.heads) == 1


def test_who_does_not_fetch_an_answer_is_let_go_with_all_that_waits_for_it(start):
    site, size = start(), 50_000_000
    folder = site.root / "var/lib/slipway/acme/.well-known/acme-challenge"
    folder.mkdir(parents=True)
    (folder / "large").write_bytes(b"x" * size)
    connection = site.connection("80")
    connection.connect()
    with connection.sock as sock:
        path = "/.well-known/acme-challenge/large"
        sock.sendall(f"GET {path} HTTP/1.1\r\nHost: {NAME}\r\nX-Request-ID: not-fetched\r\n\r\n".encode())
        line = site.line("not-fetched")
        assert line["http.response.body.bytes"] < size
        assert line["event.duration"] < (BY_ITSELF_SECONDS - 10) * 1_000_000_000
        with pytest.raises(ConnectionResetError):
            b"".join(iter(lambda: sock.recv(1_000_000), b""))


def test_what_a_form_sends_and_a_page_answers_is_kept_in_memory(start, recorder):
    site = start()
    page = b"x" * 200_000
    recorder.answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(page), page)
    site.serve(recorder.folder)
    connection = site.connection()
    connection.connect()
    with connection.sock as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        head = f"POST / HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\nContent-Length: 60000\r\n\r\n"
        sock.sendall(head.encode())
        for _ in range(60):
            sock.sendall(b"x" * 1_000)
        until(lambda: recorder.done)
        assert len(b"".join(iter(lambda: sock.recv(1_000_000), b""))) > len(page)
    assert "temporary file" not in site.errors()


def test_an_answer_with_more_headers_than_a_page_of_memory_holds_is_passed_on(start, recorder):
    site = start()
    recorder.answer = (
        b"HTTP/1.1 204 No Content\r\nSet-Cookie: a=" + b"b" * 4_080 + b"\r\nX: " + b"c" * 8_000 + b"\r\n\r\n"
    )
    site.serve(recorder.folder)
    assert site.get("/").status == 204


def test_one_address_does_not_take_every_place(start, recorder):
    site = start()
    site.serve(recorder.folder)
    recorder.speaking.clear()
    with ThreadPoolExecutor(101) as pool:
        waiting = [pool.submit(site.get, "/") for _ in range(100)]
        until(lambda: len(recorder.heads) == 100)
        refused = site.get("/v1/ping")
        recorder.speaking.set()
        assert {request.result().status for request in waiting} == {204}
    assert (refused.status, refused.header("Retry-After"), refused.json()["status"]) == (429, "1", 429)
    assert site.get("/").status == 204
