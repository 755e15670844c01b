import pytest

from app.preflight.edge import limits
from tests.preflight.conftest import at
from tests.preflight.looking import found, not_checked, passes

CHECKS = [limits.rate_limit, limits.forged_client]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_the_service_as_it_is_passes(check, site):
    assert passes(check, site)


def test_a_limit_that_nobody_is_told_of_is_not_known(spoiled):
    site = spoiled(lambda answer: answer.drop("RateLimit-Policy"))
    assert "has a limit" in not_checked(limits.rate_limit, site)


def test_a_limit_that_tells_half_is_a_warning(spoiled):
    assert found(limits.rate_limit, spoiled(lambda answer: answer.drop("RateLimit"))) == [
        "low: The limit is told, and not what is left of it."
    ]


def test_a_client_that_is_counted_by_the_address_that_it_claims_is_found(front):
    front.passes_on = True
    assert found(limits.forged_client, at(front)) == ["high: Each address that is claimed has a limit of its own."]


def test_without_a_limit_nobody_knows_how_a_client_is_counted(spoiled):
    site = spoiled(lambda answer: answer.drop("RateLimit"))
    assert "no answer tells how a client is counted" in not_checked(limits.forged_client, site)
