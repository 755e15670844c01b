"""What the application is told of a client is what Nginx knows, whatever the client says."""

import re

import pytest

from tests.nginx.sites import NAME

pytestmark = pytest.mark.nginx

FORGED = {
    "X-Forwarded-For": "10.0.0.1, 10.0.0.2",
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Port": "666",
    "X-Forwarded-Prefix": "/evil",
    "X-Forwarded-Server": "evil.example",
    "X-Forwarded-Ssl": "off",
    "X-Forwarded-Protocol": "http",
    "X-Forwarded-Scheme": "http",
    "X-Real-IP": "10.0.0.1",
    "Forwarded": "for=10.0.0.1;host=evil.example;proto=http",
    "Proxy": "http://evil.example",
}


def test_every_forwarded_header_of_a_client_is_overwritten_or_dropped(start, recorder):
    site = start()
    site.serve(recorder.folder)
    assert site.get("/", **FORGED).status == 204
    head = recorder.head()
    assert head.pop("x-request-id")
    assert head == {
        "host": NAME,
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-proto": "https",
        "x-forwarded-host": NAME,
        "x-forwarded-port": str(site.ports["443"]),
        "x-real-ip": "127.0.0.1",
    }


@pytest.mark.parametrize("name", [name.replace("-", "_") for name in FORGED if "-" in name])
def test_a_header_that_would_be_the_same_to_wsgi_is_not_passed_on(start, recorder, name):
    site = start()
    site.serve(recorder.folder)
    request = f"GET / HTTP/1.1\r\nHost: {NAME}\r\n{name}: evil\r\nConnection: close\r\n\r\n"
    assert b" 204 " in site.raw(request.encode())
    assert b"evil" not in recorder.heads[-1]


def test_the_application_sees_the_client_and_tls_and_nothing_that_was_forged(site):
    seen = site.get("/v1/stack/seen", **FORGED).json()
    assert seen == {"address": "127.0.0.1", "scheme": "https", "host": NAME, "root": ""}


def test_the_application_counts_one_hop(site, instance):
    answer = site.get("/v1/stack/seen", **FORGED)
    assert instance.line(answer.header("X-Request-ID"))["client.address"] == "127.0.0.1"


@pytest.mark.parametrize("given", ["of-the-client_1.2", "a" * 128])
@pytest.mark.parametrize("path", ["/v1/ping", "/static/nothing.css"])
def test_a_well_formed_request_id_is_kept(site, path, given):
    assert site.get(path, X_Request_ID=given).header("X-Request-ID") == given


@pytest.mark.parametrize("given", ["short", "a" * 129, "with blanks in it", '"quoted-and-long"', "line%0abreak", ""])
@pytest.mark.parametrize("path", ["/v1/ping", "/static/nothing.css"])
def test_any_other_request_id_is_replaced(site, path, given):
    assert re.fullmatch(r"[0-9a-f]{32}", site.get(path, X_Request_ID=given).header("X-Request-ID"))


def test_a_request_has_one_id_however_many_the_client_sends(site, instance):
    head = f"GET /v1/ping HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n"
    received = site.raw(f"{head}X-Request-ID: first-one\r\nX-Request-ID: second-one\r\n\r\n".encode()).decode()
    [request_id] = re.findall(r"^X-Request-ID: (\S+)\r$", received, re.MULTILINE)
    assert site.line(request_id)
    assert instance.line(request_id)
