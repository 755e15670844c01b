"""Whom the site answers, and what it keeps to itself."""

import socket
import ssl
from contextlib import suppress

import pytest

from tests.nginx import copies
from tests.nginx.sites import NAME

pytestmark = pytest.mark.nginx


OTHERS = ["evil.example", "127.0.0.1", f"www.{NAME}", f"{NAME}.evil.example"]


@pytest.mark.parametrize("host", [*OTHERS, ""])
def test_another_host_gets_no_answer(site, host):
    assert site.raw(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode(), port="80") == b""


@pytest.mark.parametrize("host", OTHERS)
def test_another_host_after_a_handshake_for_ours_is_misdirected(site, host):
    answer = site.get("/v1/ping", Host=host)
    assert answer.status == 421
    assert answer.header("Strict-Transport-Security")


@pytest.mark.parametrize("name", ["evil.example", f"www.{NAME}", None])
def test_a_handshake_for_another_name_is_refused_before_a_certificate_is_shown(site, name):
    connection = socket.create_connection(("127.0.0.1", site.ports["443"]))
    with connection, pytest.raises(ssl.SSLError, match="UNRECOGNIZED_NAME"):
        unverified().wrap_socket(connection, server_hostname=name)


def unverified():
    """Return how to speak TLS with anybody: what is looked at is whether the other side does."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


@pytest.mark.skipif(not copies.has_ipv6(), reason="this machine has no IPv6")
@pytest.mark.parametrize(("host", "answered"), [(NAME, True), ("evil.example", False)])
def test_it_is_the_same_over_ipv6(site, host, answered):
    request = f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
    with socket.create_connection(("::1", site.ports["80"])) as connection:
        connection.sendall(request)
        received = b""
        with suppress(ConnectionResetError):
            received = connection.recv(65_536)
        assert bool(received) is answered
    with socket.create_connection(("::1", site.ports["443"])) as connection:
        try:
            unverified().wrap_socket(connection, server_hostname=host).close()
        except ssl.SSLError:
            assert not answered
        else:
            assert answered


def test_our_name_is_ours_in_any_case_and_with_a_port(site):
    assert site.get("/v1/ping", Host=NAME.upper()).status == 200
    assert site.get("/v1/ping", Host=f"{NAME}:443").status == 200


@pytest.mark.parametrize("path", ["/metrics", "//metrics", "/%6detrics", "/./metrics", "/x/../metrics", "/metrics?x"])
def test_metrics_are_closed_to_the_public_and_nobody_is_asked(site, start, recorder, path):
    answer = site.get(path)
    assert answer.status == 404
    assert b"http_request" not in answer.body
    before_another = start()
    before_another.serve(recorder.folder)
    assert before_another.get(path).status == 404
    assert recorder.heads == []


def test_prometheus_gets_metrics_and_probes_on_loopback_and_nothing_else(site):
    answer = site.ask("GET", "/metrics", port="8001")
    assert answer.status == 200
    assert b"\napp_info{" in answer.body
    assert site.ask("GET", "/readyz", port="8001").status == 200
    assert site.ask("GET", "/healthz", port="8001").status == 200
    for path in ("/", "/index.html", "/v1/ping", "/metrics/", "/static/error.css"):
        assert site.ask("GET", path, port="8001").status == 404
    assert answer.header("Server") == "nginx"
    assert (
        "/metrics" not in (site.root / "var/log/nginx/access.log").read_text()
    )  # four lines a minute that tell nothing


def test_probes_are_public(site):
    assert site.get("/healthz").json() == {"status": "ok"}
    assert site.get("/readyz").status == 200


@pytest.mark.parametrize(
    "path", ["/.git/config", "/.env", "/%2eenv", "/a/.htpasswd", "/static/.secret", "/static/../.env", "//.env"]
)
def test_what_begins_with_a_dot_is_not_there(start, recorder, path):
    site = start()
    site.serve(recorder.folder)
    for folder in ("", "static/"):
        (site.root / "srv/slipway" / folder / ".secret").write_text("secret")
    assert site.get(path).status == 404
    assert recorder.heads == []


def test_what_is_well_known_is_the_application_s(start, recorder):
    site = start()
    site.serve(recorder.folder)
    assert site.get("/.well-known/security.txt").status == 204


@pytest.mark.parametrize("port", ["80", "443"])
def test_trace_is_refused_and_echoes_nothing(start, recorder, port):
    site = start()
    site.serve(recorder.folder)
    received = site.raw(f"TRACE / HTTP/1.1\r\nHost: {NAME}\r\nCookie: secret\r\n\r\n".encode(), port=port)
    assert received.startswith(b"HTTP/1.1 405 ")
    assert b"secret" not in received
    assert recorder.heads == []


def test_certbot_s_answers_are_found_without_tls_and_nothing_beside_them(site):
    folder = site.root / "var/lib/slipway/acme/.well-known/acme-challenge"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "token").write_text("token.thumbprint")
    answer = site.ask("GET", "/.well-known/acme-challenge/token", port="80")
    assert (answer.status, answer.body) == (200, b"token.thumbprint")
    assert answer.header("Content-Type") == "text/plain"
    assert site.ask("GET", "/.well-known/acme-challenge/other", port="80").status == 404
    assert site.ask("GET", "/.well-known/acme-challenge/../../live", port="80").status == 308
