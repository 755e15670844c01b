"""What the service says to bytes that are no proper request, and to clients that send more than it reads."""

import json
import re
import socket

import pytest

from tests.stack.conftest import GENEROUS_SECONDS

PROXIED = b"Host: example.org\r\nX-Forwarded-Proto: https\r\n"
ECHO = b"POST /v1/stack/echo HTTP/1.1\r\n" + PROXIED
MEGABYTE = 1_048_576
LIMIT = MEGABYTE  # of MAX_CONTENT_LENGTH


def status_of(answer):
    return int(re.match(rb"HTTP/1\.[01] (\d{3}) ", answer)[1])


@pytest.mark.parametrize(
    "line",
    [
        b"GET /v1/stack/worker",
        b"GET  /v1/stack/worker HTTP/1.1",
        b"GET /v1/stack/worker HTTP/1.1 extra",
        b"GET /v1/stack/worker HTTP/9.9",
        b"GET /v1/stack/worker HTTP/0.9",
        b"PRI * HTTP/2.0",
        b"get /v1/stack/worker HTTP/1.1",
        b"G\0T /v1/stack/worker HTTP/1.1",
        b"GET /v1/stack/\x01 HTTP/1.1",
        b"GET /v1/stack/\xff HTTP/1.1",
        b"GET  HTTP/1.1",
        b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03",
    ],
)
def test_a_malformed_request_line_is_refused(service, line):
    answer = service.raw(line + b"\r\n" + PROXIED + b"\r\n")
    assert status_of(answer) == 400
    assert b"Connection: close" in answer


@pytest.mark.parametrize(
    "header",
    [
        b"Host: evil.example",
        b"No colon",
        b"White space : a",
        b"A: b\r\n folded",
        b"A: \0",
        b"A: b\rc",
        b"A: b\nHost: c",
        b": a",
        b"A(): b",
    ],
)
def test_a_malformed_header_is_refused(service, header):
    answer = service.raw(b"GET /v1/stack/worker HTTP/1.1\r\n" + PROXIED + header + b"\r\n\r\n")
    assert status_of(answer) == 400


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /" + b"a" * 5_000 + b" HTTP/1.1\r\n" + PROXIED + b"\r\n", 414),
        (b"GET / HTTP/1.1\r\n" + PROXIED + b"A: " + b"b" * 9_000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + PROXIED + b"A: b\r\n" * 70 + b"\r\n", 431),
    ],
    ids=["line", "header", "headers"],
)
def test_a_head_that_is_too_large_is_refused(service, request_, status):
    assert status_of(service.raw(request_)) == status


@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
def test_a_request_without_a_host_is_refused_unless_it_is_a_probe(service, version):
    rest = b" HTTP/" + version + b"\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n\r\n"
    assert status_of(service.raw(b"GET /v1/stack/worker" + rest)) == 400
    assert status_of(service.raw(b"GET /healthz" + rest)) == 200


def test_the_host_of_an_absolute_target_does_not_replace_the_header(service):
    target = b"GET http://example.org/v1/stack/worker HTTP/1.1\r\nHost: evil.example\r\n"
    assert status_of(service.raw(target + b"X-Forwarded-Proto: https\r\nConnection: close\r\n\r\n")) == 400


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding: chunked\r\nContent-Length: 5",
        b"Content-Length: 5\r\nContent-Length: 6",
        b"Content-Length: 5\r\nContent-Length: 5",
        b"Content-Length: 5, 5",
        b"Content-Length: +5",
        b"Content-Length: 0x5",
        b"Content-Length: -5",
        b"Content-Length: five",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        b"Transfer-Encoding: chunked, identity",
        b"Transfer-Encoding: xchunked",
        b"Transfer-Encoding: \x0bchunked",
        b"Transfer-Encoding : chunked",
        b"Transfer_Encoding: chunked\r\nContent-Length: x",
    ],
)
def test_a_body_whose_end_could_be_read_in_two_ways_is_refused_and_what_follows_is_no_request(service, framing):
    smuggled = b"GET /v1/stack/worker HTTP/1.1\r\n" + PROXIED + b"Connection: close\r\n\r\n"
    answer = service.raw(ECHO + framing + b"\r\n\r\n0\r\n\r\n" + smuggled)
    assert status_of(answer) in {400, 501}
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b'"pid"' not in answer


@pytest.mark.parametrize(
    "chunk", [b"x\r\nhello\r\n", b"5\r\nhelloworld\r\n", b"-5\r\nhello\r\n", b"5\nhello\n", b"0x5\r\nhello\r\n"]
)
def test_a_malformed_chunk_is_refused_and_what_follows_is_no_request(service, chunk):
    smuggled = b"GET /v1/stack/worker HTTP/1.1\r\n" + PROXIED + b"Connection: close\r\n\r\n"
    answer = service.raw(ECHO + b"Transfer-Encoding: chunked\r\n\r\n" + chunk + b"0\r\n\r\n" + smuggled)
    assert 400 <= status_of(answer) < 500
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b'"pid"' not in answer


def test_a_chunked_body_is_read_to_its_end(service):
    head = ECHO + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    answer = service.raw(head + b"5\r\nhello\r\n" * 1_000 + b"0\r\n\r\n")
    assert status_of(answer) == 200
    assert json.loads(answer.partition(b"\r\n\r\n")[2]) == {"bytes": 5_000}


@pytest.mark.parametrize("size", [LIMIT, LIMIT + 1, 5 * MEGABYTE])
@pytest.mark.parametrize("chunked", [False, True], ids=["sized", "chunked"])
def test_a_body_is_accepted_up_to_the_limit_however_its_size_is_told(service, size, chunked):
    body = b"x" * size
    response = service.client.post("/v1/stack/echo", content=iter([body]) if chunked else body)
    assert response.status_code == (200 if size <= LIMIT else 413)


@pytest.mark.parametrize("connection", [b"close", b"keep-alive"])
@pytest.mark.parametrize(
    "framing", [b"Content-Length: 5242880", b"Transfer-Encoding: chunked"], ids=["sized", "chunked"]
)
@pytest.mark.parametrize(
    ("line", "status"),
    [
        (b"POST /v1/nothing", 404),
        (b"POST /nothing", 404),
        (b"PUT /v1/stack/echo", 405),
        (b"POST /v1/stack/echo", 413),
    ],
)
def test_an_answer_that_comes_before_the_body_was_read_reaches_a_client_that_sends_all_of_it_first(
    service, line, status, framing, connection
):
    head = line + b" HTTP/1.1\r\n" + PROXIED + framing + b"\r\nConnection: " + connection + b"\r\n\r\n"
    body = b"x" * 5 * MEGABYTE
    if b"chunked" in framing:
        body = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
        body = body * 80 + b"0\r\n\r\n"
    with socket.create_connection(("127.0.0.1", service.port), timeout=GENEROUS_SECONDS) as client:
        client.sendall(head + body)
        answer = read_answer(client)
        assert status_of(answer) == status
        if b"Connection: keep-alive" in answer:
            # What was promised holds: the same connection takes the next request.
            client.sendall(b"GET /v1/stack/worker HTTP/1.1\r\n" + PROXIED + b"Connection: close\r\n\r\n")
            assert status_of(read_answer(client)) == 200
        assert client.recv(1) == b""


def read_answer(client):
    answer = b""
    while b"\r\n\r\n" not in answer:
        received = client.recv(65_536)
        assert received, answer
        answer += received
    head, _, content = answer.partition(b"\r\n\r\n")
    missing = int(re.search(rb"Content-Length: (\d+)", head)[1]) - len(content)
    while missing > 0:
        received = client.recv(missing)
        assert received, answer
        answer, missing = answer + received, missing - len(received)
    return answer
