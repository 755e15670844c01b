import re

import pytest

from app.preflight.answers import policy
from tests.preflight.looking import found, not_checked, passes

CHECKS = [policy.csp, policy.csp_nonce]
CSP = "Content-Security-Policy"
STRICT = "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_the_service_as_it_is_passes(check, site):
    assert passes(check, site)


def saying(text):
    return lambda answer: answer.set(CSP, text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{STRICT}; script-src 'self' 'unsafe-inline'", "high: On /, script-src allows 'unsafe-inline'."),
        (f"{STRICT}; script-src 'self' 'unsafe-eval' data:", "high: On /, script-src allows 'unsafe-eval' data:."),
        (f"{STRICT}; script-src https:", "high: On /, script-src allows https:."),
        (f"{STRICT}; style-src 'unsafe-inline'", "medium: On /, style-src allows 'unsafe-inline'."),
        ("default-src 'none'", "medium: On / nothing is said of base-uri, form-action, frame-ancestors."),
        (
            "img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
            "high: On /, script-src allows *.",
        ),
    ],
)
def test_a_policy_with_a_hole_is_found(text, said, spoiled):
    assert said in found(policy.csp, spoiled(saying(text)))


def test_a_page_without_a_policy_is_found(spoiled):
    assert "high: On / there is none." in found(policy.csp, spoiled(lambda answer: answer.drop(CSP)))


def test_what_browsers_pass_over_beside_a_nonce_is_no_hole(spoiled):
    site = spoiled(saying(f"{STRICT}; script-src 'nonce-0123456789abcdef' 'unsafe-inline'; style-src 'self'"))
    assert passes(policy.csp, site)


def test_a_nonce_that_stays_the_same_is_found(spoiled):
    def keep(answer):
        for value in [value for name, value in answer.headers if name == CSP]:
            answer.set(CSP, re.sub(r"'nonce-[^']+'", "'nonce-AAAAAAAAAAAAAAAAAAAAAA'", value))

    assert found(policy.csp_nonce, spoiled(keep)) == ["high: Two answers have the same."]


def test_a_nonce_that_is_short_is_found(spoiled):
    def shorten(answer):
        for value in [value for name, value in answer.headers if name == CSP]:
            answer.set(CSP, re.sub(r"'nonce-([^']{6})[^']*'", r"'nonce-\1'", value))

    assert found(policy.csp_nonce, spoiled(shorten)) == ["high: It is shorter than 16 characters."]


def test_a_page_without_a_nonce_says_nothing_of_it(spoiled):
    assert "the page has no nonce" in not_checked(policy.csp_nonce, spoiled(saying(STRICT)))
