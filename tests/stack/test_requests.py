"""Who asked, and under which id: what the service believes of a request's headers."""

import re

import httpx
import pytest

from tests.stack.conftest import PROXIED

FORGED = {
    "X-Forwarded-For": "6.6.6.6, 7.7.7.7",
    "X-Forwarded-Proto": "http, https",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Port": "666",
    "X-Forwarded-Prefix": "/evil",
    "X-Real-IP": "6.6.6.6",
    "Forwarded": "for=6.6.6.6;host=evil.example;proto=https",
}

ANSWERS = [
    ("GET", "/v1/stack/worker", {}, 200),
    ("GET", "/healthz", {}, 200),
    ("GET", "/static/app.css", {}, 200),
    ("GET", "/v1/stack/redirect", {}, 302),
    ("GET", "/v1/stack/worker", {"X-Forwarded-Proto": "http"}, 308),
    ("GET", "/", {"Host": "evil.example"}, 400),
    ("GET", "/nothing", {}, 404),
    ("GET", "/v1/nothing", {}, 404),
    ("GET", "/static/nothing.css", {}, 404),
    ("DELETE", "/v1/stack/worker", {}, 405),
    ("POST", "/v1/stack/echo", {"Content-Length": "99999999"}, 413),
    ("GET", "/v1/stack/error", {}, 500),
]


def ask(service, method, path, **headers):
    content = b"x" * 3_000_000 if "Content-Length" in headers else None
    headers.pop("Content-Length", None)
    return service.client.request(method, path, headers=headers, content=content)


@pytest.mark.parametrize(("method", "path", "headers", "status"), ANSWERS)
def test_every_answer_carries_the_id_of_its_request(service, method, path, headers, status):
    response = ask(service, method, path, **headers, **{"X-Request-ID": "id.of-the_edge1"})
    assert response.status_code == status
    assert response.headers.get_list("X-Request-ID") == ["id.of-the_edge1"]


@pytest.mark.parametrize("status", [200, 404, 500])
def test_a_request_without_an_id_is_given_one_of_its_own(service, status):
    method, path, headers, _ = next(row for row in ANSWERS if row[3] == status)
    given = [ask(service, method, path, **headers).headers["X-Request-ID"] for _ in range(2)]
    assert all(re.fullmatch(r"[0-9a-f]{32}", request_id) for request_id in given)
    assert given[0] != given[1]


@pytest.mark.parametrize(
    "forged", ["short", "x" * 129, "with space", "<script>alert(1)</script>", "a,b,c,d,e,f", "ümläut-ümläut"]
)
def test_an_id_that_is_not_well_formed_is_replaced(service, forged):
    headers = {**PROXIED, "X-Request-ID": forged.encode()}
    response = service.client.get("/v1/stack/worker", headers=headers)
    assert re.fullmatch(r"[0-9a-f]{32}", response.headers["X-Request-ID"])


def test_an_error_of_the_api_names_the_id_in_its_body_too(service):
    response = service.get("/v1/stack/error", **{"X-Request-ID": "id-of-the-edge"})
    assert response.json()["request_id"] == "id-of-the-edge"


def test_nothing_that_is_forwarded_is_believed_while_no_proxy_is_counted(start):
    plain = {"APP_ENV": "testing", "PUBLIC_URL": "http://example.org", "TRUSTED_HOSTS": "example.org"}
    service = start(**plain, PROXY_HOPS_FOR="0", PROXY_HOPS_PROTO="0")
    expected = {"address": "127.0.0.1", "scheme": "http", "host": "example.org", "root": ""}
    for claim in (FORGED, {**FORGED, "X-Forwarded-Proto": "https"}, {"X-Forwarded-Ssl": "on"}):
        assert service.get("/v1/stack/seen", **claim, **{"SCRIPT-NAME": "/evil"}).json() == expected
    assert service.stop() == 0
    lines = [record for record in service.records() if record.get("url.path") == "/v1/stack/seen"]
    assert [line["client.address"] for line in lines] == ["127.0.0.1"] * 3


def test_of_what_is_forwarded_exactly_the_last_hop_is_believed_when_one_is_counted(service):
    expected = {"address": "7.7.7.7", "scheme": "https", "host": "example.org", "root": ""}
    assert service.get("/v1/stack/seen", **FORGED).json() == expected


@pytest.mark.parametrize("header", ["X-Forwarded-Ssl", "X-Forwarded-Protocol", "Front-End-Https", "X-Url-Scheme"])
def test_other_spellings_of_https_are_not_believed(service, header):
    response = service.get("/v1/stack/seen", **{"X-Forwarded-Proto": "http", header: "on"})
    assert (response.status_code, response.headers["Location"]) == (308, "https://example.org/v1/stack/seen")


def test_a_redirect_to_tls_ignores_the_host_that_is_forwarded(service):
    response = service.get("/v1/stack/seen?a=b", **{**FORGED, "X-Forwarded-Proto": "https, http"})
    assert response.headers["Location"] == "https://example.org/v1/stack/seen?a=b"


def test_the_path_of_a_mount_is_not_taken_from_a_header(service):
    for header in ("SCRIPT-NAME", "SCRIPT_NAME", "Path-Info"):
        response = service.get("/v1/stack/seen", **{header: "/evil"})
        assert response.status_code in {httpx.codes.OK, httpx.codes.BAD_REQUEST}
        assert "/evil" not in response.text
