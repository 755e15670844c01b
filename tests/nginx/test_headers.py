"""Every answer, whoever gives it, carries every header of the application's, once."""

import re

import pytest

from tests.nginx.sites import NAME

pytestmark = pytest.mark.nginx

OF_THIS_ANSWER = {
    "accept-ranges",
    "content-disposition",
    "content-length",
    "content-type",
    "date",
    "etag",
    "expires",
    "last-modified",
}
ANSWERS = {  # by Nginx or by the application, all over TLS
    "page": ("GET", "/", 200),
    "API": ("GET", "/v1/ping", 200),
    "redirect of the application": ("GET", "/v1/stack/redirect", 302),
    "error of the application": ("GET", "/v1/stack/error", 500),
    "404 of the application": ("GET", "/nothing", 404),
    "405 of the application": ("PUT", "/v1/ping", 405),
    "probe": ("GET", "/healthz", 200),
    "metrics": ("GET", "/metrics", 404),
    "static": ("GET", "/static/{css}", 200),
    "static, of the error pages": ("GET", "/static/error.css", 200),
    "no such static file": ("GET", "/static/nothing.css", 404),
    "static folder": ("GET", "/static/", 403),
    "static, not to be written to": ("POST", "/static/{css}", 405),
    "dotfile": ("GET", "/.git/config", 404),
    "page of errors, asked for itself": ("GET", "/slipway-error/page", 404),
    "problem details, asked for themselves": ("GET", "/slipway-error/problem", 404),
    "trace": ("TRACE", "/", 405),
}


@pytest.fixture(scope="session")
def css(static):
    [path] = static.glob("app.*.css")
    return path.name


@pytest.fixture
def expected(create, production):
    """The headers that the application puts on a static file, over TLS."""
    answer = create().test_client().get("/static/app.css", base_url=f"https://{NAME}", environ_base=FORWARDED)
    headers = {name.lower(): value for name, value in answer.headers.items()}
    assert headers["strict-transport-security"]
    return {name: value for name, value in headers.items() if name not in OF_THIS_ANSWER}


FORWARDED = {"HTTP_X_FORWARDED_PROTO": "https", "HTTP_X_FORWARDED_FOR": "203.0.113.9"}
CHOSEN = {"cache-control", "x-request-id"}  # differ from answer to answer


def check(answer, expected):
    """All headers are there, once, with the values of the application."""
    for name, value in expected.items():
        assert answer.header(name), f"{name} is missing: {answer.status} {answer.headers}"
        if name not in CHOSEN | {"content-security-policy"}:
            assert answer.header(name) == value
    assert answer.header("content-security-policy").startswith("default-src 'none'")
    assert re.fullmatch(r"[0-9a-f]{32}", answer.header("X-Request-ID"))
    assert answer.header("Server") == "nginx"


@pytest.mark.parametrize(("method", "path", "status"), ANSWERS.values(), ids=ANSWERS)
def test_every_answer_has_every_header_once(site, expected, css, method, path, status):
    answer = site.ask(method, path.format(css=css), b"" if method == "POST" else None)
    assert answer.status == status
    check(answer, expected)


def test_what_nginx_answers_by_itself_has_the_policy_of_the_application(site, expected, css):
    for path in (f"/static/{css}", "/static/nothing.css", "/.env"):
        assert site.get(path).header("Content-Security-Policy") == expected["content-security-policy"]


def test_an_unchanged_static_file_is_told_with_all_headers(site, expected, css):
    etag = site.get(f"/static/{css}").header("ETag")
    answer = site.get(f"/static/{css}", If_None_Match=etag)
    assert answer.status == 304
    check(answer, expected)


def test_the_nonce_of_a_page_reaches_the_browser_as_the_application_sent_it(site):
    answer = site.get("/")
    [nonce] = set(re.findall(r'nonce="([^"]+)"', answer.body.decode()))
    assert f"'nonce-{nonce}'" in answer.header("Content-Security-Policy")


def test_a_refusal_of_gunicorn_that_never_reached_the_application_has_them_too(site, expected):
    head = "".join(f"X-{number}: b\r\n" for number in range(70))
    received = site.raw(f"GET / HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n{head}\r\n".encode()).decode()
    assert received.startswith("HTTP/1.1 431 ")
    for name in expected:
        assert len(re.findall(rf"^{name}: .", received, re.MULTILINE | re.IGNORECASE)) == 1, name


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET / HTTP/9.9\r\n\r\n", 505),
        (b"nonsense\r\n\r\n", 400),
        (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nHost: " + NAME.encode() + b"\r\nA: " + b"a" * 20_000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: " + NAME.encode() + b"\r\nContent-Length: x\r\n\r\n", 400),
    ],
    ids=["version", "nonsense", "first line", "header", "no host", "length"],
)
def test_what_is_no_request_is_refused_with_all_headers(site, expected, request_, status):
    received = site.raw(request_).decode()
    assert re.match(rf"HTTP/1\.1 {status} ", received), received
    for name in expected:
        assert len(re.findall(rf"^{name}: .", received, re.MULTILINE | re.IGNORECASE)) == 1, name


def test_plain_http_to_the_port_of_tls_is_refused_with_all_headers_but_the_one_for_tls(site, expected):
    received = b"".join(iter_plain(site, "443")).decode()
    assert re.match(r"HTTP/1\.1 400 ", received)
    assert {name for name in expected if not re.search(rf"^{name}: ", received, re.MULTILINE | re.IGNORECASE)} <= {
        "strict-transport-security"
    }


def iter_plain(site, port):
    from tests.nginx.sites import Connection  # noqa: PLC0415

    connection = Connection(site.ports[port])
    connection.connect()
    with connection.sock as sock:
        sock.sendall(f"GET / HTTP/1.1\r\nHost: {NAME}\r\n\r\n".encode())
        while more := sock.recv(65_536):
            yield more


def test_plain_http_is_redirected_with_all_headers_but_the_one_for_tls(site, expected):
    answer = site.ask("GET", "/notes?page=2", port="80")
    assert answer.status == 308
    assert answer.header("Location") == f"https://{NAME}/notes?page=2"
    assert answer.header("Strict-Transport-Security") is None
    check(answer, {name: value for name, value in expected.items() if name != "strict-transport-security"})


def test_the_redirect_keeps_method_and_body_and_leads_to_our_name_only(site):
    answer = site.ask("POST", "/v1/notes", b"{}", port="80")
    assert (answer.status, answer.header("Location")) == (308, f"https://{NAME}/v1/notes")
    received = site.raw(
        f"GET http://{NAME}/x HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n".encode(), port="80"
    )
    assert b"evil" not in received


def test_a_static_file_is_kept_for_ever_as_the_application_says_and_an_error_never(site, create, production, css):
    ours = site.get(f"/static/{css}").header("Cache-Control")
    theirs = create().test_client().get(f"/static/{css}", base_url=f"https://{NAME}", environ_base=FORWARDED)
    assert set(ours.split(", ")) == set(theirs.headers["Cache-Control"].split(", "))
    assert "immutable" in ours
    assert site.get("/static/app.000000000000.css").header("Cache-Control") == "no-store"
    assert site.get("/static/error.css").header("Cache-Control") == "no-cache"
