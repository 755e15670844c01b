import socket

import pytest

from app.preflight.edge import redirect
from tests.preflight.conftest import at
from tests.preflight.looking import found, not_checked, passes

CHECKS = [redirect.redirect, redirect.redirect_host, redirect.redirect_loop, redirect.hsts]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_the_service_as_it_is_passes(check, site):
    assert passes(check, site)


def leading_to(location, status=308):
    def spoil(answer):
        if answer.status == 308:
            answer.status = status
            answer.set("Location", location)

    return spoil


def test_plain_http_that_is_answered_is_found(spoiled):
    def serve(answer):
        if answer.status == 308:
            answer.status = 200

    [said] = found(redirect.redirect, spoiled(serve))
    assert said.startswith("high: GET http://localhost/v1/ping?by=preflight is answered with 200")


def test_a_redirect_to_another_address_is_found(spoiled, front):
    [said] = found(redirect.redirect, spoiled(leading_to(f"{front.url}/")))
    assert said.endswith(f"and not to {front.url}/v1/ping?by=preflight.")


def test_a_redirect_for_the_moment_is_a_warning(spoiled, front):
    [said] = found(redirect.redirect, spoiled(leading_to(f"{front.url}/v1/ping?by=preflight", 302)))
    assert said.startswith("low: ")


def test_a_port_that_nobody_listens_at_is_a_warning(front):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    [said] = found(redirect.redirect, at(front, http_port=port))
    assert said.startswith("low: localhost cannot be reached")


@pytest.mark.parametrize("check", [redirect.redirect, redirect.redirect_host], ids=lambda check: check.name)
def test_where_plain_http_is_answered_may_be_unknown(check, front):
    assert not_checked(check, at(front, http_port=None)).startswith("which port answers plain HTTP")


def test_a_redirect_to_the_claimed_host_is_found(site, front):
    def follow(answer):
        answer.status = 301
        answer.set("Location", "https://attacker.example/")

    front.spoil = follow
    assert found(redirect.redirect_host, site) == [
        "high: For the host attacker.example, plain HTTP is redirected there."
    ]


def test_a_service_that_does_not_hear_of_tls_is_found(behind):
    said = found(redirect.redirect_loop, behind(PROXY_HOPS_PROTO="2"))
    assert len(said) == 2
    assert all(line.startswith("critical: ") and line.endswith("again and again.") for line in said)


def test_hsts_that_is_missing_somewhere_is_found(spoiled):
    def drop(answer):
        if answer.path.startswith("/static/"):
            answer.drop("Strict-Transport-Security")

    [said] = found(redirect.hsts, spoiled(drop))
    assert said.startswith("medium: /static/")


def test_hsts_for_a_day_is_a_warning(spoiled):
    said = found(redirect.hsts, spoiled(lambda answer: answer.set("Strict-Transport-Security", "max-age=86400")))
    assert [line.partition(":")[0] for line in said] == ["low"] * 3


def test_hsts_of_two_minds_is_a_warning(spoiled):
    twice = ("Strict-Transport-Security", "max-age=1")
    said = found(redirect.hsts, spoiled(lambda answer: answer.headers.append(twice)))
    assert all("more than once" in line for line in said)
