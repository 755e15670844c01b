from app.preflight.inside.optional import limits
from tests.preflight.looking import found, passes


def test_limits_that_are_counted_pass(here):
    assert passes(limits.limits, here())


def test_limits_that_nobody_counts_are_a_warning(here):
    [said] = found(limits.limits, here(REDIS_URL=None))
    assert said.startswith("low: REDIS_URL is not set")


def test_limits_that_refuse_all_without_redis_are_a_warning(here):
    [said] = found(limits.limits, here(RATE_LIMIT_STORE_DOWN="refuse"))
    assert said.startswith("low: RATE_LIMIT_STORE_DOWN is refuse")
