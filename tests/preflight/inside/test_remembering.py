import pytest
from redis import Redis

from app.preflight.inside import remembering
from tests.preflight.looking import found, not_checked, passes

CHECKS = [remembering.redis, remembering.eviction, remembering.persistence]


@pytest.fixture
def set_up(own_redis, here):
    """A function that returns a machine whose Redis has these settings."""

    def set_up(**settings):
        with Redis.from_url(own_redis.url(0)) as client:
            for name, value in settings.items():
                client.config_set(name.replace("_", "-"), value)
        return here(REDIS_URL=own_redis.url(0))

    return set_up


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_a_redis_as_it_is_shipped_passes(check, set_up):
    machine = set_up(appendonly="yes", maxmemory="256mb", maxmemory_policy="noeviction")
    assert passes(check, machine)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_where_there_is_no_redis_that_is_said(check, here):
    assert not_checked(check, here(REDIS_URL=None)) == "off: REDIS_URL is not set"


def test_a_redis_that_does_not_answer_is_found_once(here):
    machine = here(REDIS_URL="redis://127.0.0.1:1/0")
    [said] = found(remembering.redis, machine)
    assert said.startswith("high: It does not: ")
    assert not_checked(remembering.eviction, machine) == "Redis does not answer"


def test_a_redis_that_evicts_is_found(set_up):
    said = found(remembering.eviction, set_up(maxmemory="256mb", maxmemory_policy="allkeys-lru"))
    assert said == ["high: maxmemory-policy is allkeys-lru."]


def test_a_redis_without_a_bound_is_a_warning(set_up):
    [said] = found(remembering.eviction, set_up(maxmemory="0", maxmemory_policy="noeviction"))
    assert said.startswith("low: maxmemory is not set")


def test_a_redis_that_forgets_is_found(set_up):
    [said] = found(remembering.persistence, set_up(appendonly="no"))
    assert said.startswith("medium: appendonly is off")
