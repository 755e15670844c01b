import pytest

from app.preflight.edge import believing
from tests.preflight.conftest import at
from tests.preflight.looking import found, passes

CHECKS = [believing.forged_headers, believing.forged_scheme, believing.hosts]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_the_service_as_it_is_passes(check, site):
    assert passes(check, site)


def test_a_proxy_that_passes_the_scheme_on_is_found(front):
    front.passes_on = True
    [said] = found(believing.forged_headers, at(front))
    assert said.startswith("high: With X-Forwarded-Proto: http, the page is answered with 308")


def test_a_proxy_that_passes_the_host_on_is_found(behind):
    [said] = found(believing.forged_headers, behind(PROXY_HOPS_HOST="1"))
    assert said.startswith("high: With X-Forwarded-Host: attacker.example, the page is answered with 400")


def test_a_proxy_that_passes_the_prefix_on_is_found(behind):
    [said] = found(believing.forged_headers, behind(PROXY_HOPS_PREFIX="1"))
    assert said == "high: With X-Forwarded-Prefix: /attacker-example, the answer repeats it."


def test_a_client_that_claims_tls_in_plain_text_and_is_served_is_found(front):
    front.passes_on = True
    [said] = found(believing.forged_scheme, at(front))
    assert said.startswith("high: With X-Forwarded-Proto: https, the page is answered with 200")


def test_a_host_that_is_not_ours_and_is_answered_is_found(behind):
    [said] = found(believing.hosts, behind(TRUSTED_HOSTS="localhost,attacker.example"))
    assert said.startswith("high: For the host attacker.example, the page is answered with 200")
