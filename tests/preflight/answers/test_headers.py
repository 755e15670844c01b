import pytest

from app.preflight.answers import headers
from tests.preflight.looking import found, passes

CHECKS = [headers.headers, headers.banner, headers.request_id]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_the_service_as_it_is_passes(check, site):
    assert passes(check, site)


@pytest.mark.parametrize("name", headers.PROMISED)
def test_a_header_that_is_missing_from_static_files_is_found(name, spoiled):
    def drop(answer):
        if answer.path.startswith("/static/"):
            answer.drop(name)

    assert found(headers.headers, spoiled(drop)) == [f"medium: On a static file there is no {name}."]


@pytest.mark.parametrize("status", [404, 200])
def test_headers_that_are_missing_from_errors_or_pages_are_found(status, spoiled):
    def drop(answer):
        if answer.status == status:
            answer.drop("X-Content-Type-Options")

    said = found(headers.headers, spoiled(drop))
    assert len(said) == (2 if status == 404 else 3)
    assert all(line.endswith("there is no X-Content-Type-Options.") for line in said)


def test_a_header_that_is_there_twice_is_found(spoiled):
    said = found(headers.headers, spoiled(lambda answer: answer.headers.append(("X-Frame-Options", "SAMEORIGIN"))))
    assert "medium: On a page, X-Frame-Options is there 2 times." in said


@pytest.mark.parametrize(
    ("name", "value"),
    [("X-Frame-Options", "ALLOWALL"), ("X-Content-Type-Options", "sniff"), ("Referrer-Policy", "unsafe-url")],
)
def test_a_header_that_protects_nobody_is_found(name, value, spoiled):
    said = found(headers.headers, spoiled(lambda answer: answer.set(name, value)))
    assert f"medium: On a page, {name} is {value!r}." in said


def test_a_server_that_tells_its_version_is_a_warning(spoiled):
    site = spoiled(lambda answer: answer.set("Server", "nginx/1.22.1"))
    assert found(headers.banner, site) == ["low: Server: nginx/1.22.1"]


def test_an_id_that_does_not_come_back_is_a_warning(spoiled):
    said = found(headers.request_id, spoiled(lambda answer: answer.drop("X-Request-ID")))
    assert len(said) == 4
    assert said[0].startswith("low: On a page it is none, where preflight-")
