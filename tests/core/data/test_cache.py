import pickle
import threading
from contextlib import suppress

import pytest
from prometheus_client import REGISTRY
from pydantic import BaseModel
from redis import Redis

from app.core.data import cache, redis_client
from app.core.data.cache import Region
from app.core.data.outages import Outage

RESULTS = ("hit", "miss", "error")


class Answer(BaseModel):
    number: int


def counts():
    return {result: REGISTRY.get_sample_value("cache_requests_total", {"result": result}) or 0 for result in RESULTS}


class Asked:
    """A region with what it is computed from, and how often that was asked."""

    def __init__(self, app, **options):
        self.app, self.region = app, Region("answers", Answer, **options)
        self.number = 1
        self.computed = 0
        self.before = counts()

    def compute(self):
        self.computed += 1
        return Answer(number=self.number)

    def get(self, key="key"):
        with self.app.app_context():
            return self.region.get(key, self.compute).number

    def change(self, number):
        self.number = number
        with self.app.app_context():
            return self.region.forget()

    def counted(self):
        after = counts()
        return tuple(after[result] - self.before[result] for result in RESULTS)


@pytest.fixture(autouse=True)
def _no_outage_of_another_test(monkeypatch):
    monkeypatch.setattr(cache, "_outage", Outage(cache._log, cache._outage._began, cache._outage._ended))


@pytest.fixture
def asked(redis, app):
    return Asked(app)


def test_a_value_is_computed_once(asked):
    assert [asked.get() for _ in range(3)] == [1, 1, 1]
    assert asked.computed == 1
    assert asked.counted() == (2, 1, 0)


@pytest.mark.parametrize("fails", [False, True])
def test_what_was_changed_is_read_anew_even_if_the_commit_seemed_to_fail(create, redis, fails):
    asked = Asked(create())

    @asked.region.changing()
    def commit():
        asked.number += 1
        if fails:
            raise ConnectionError

    for number in (1, 2, 3):
        assert asked.get() == number
        with asked.app.app_context(), suppress(ConnectionError):
            commit()


def test_each_key_has_its_own_value(asked):
    assert asked.get("of Ann") == 1
    asked.number = 2
    assert asked.get("of Ben") == 2
    assert asked.get("of Ann") == 1


def test_what_has_changed_is_computed_anew_by_every_process(asked, create):
    other = Asked(create())
    assert other.get() == asked.get() == 1
    assert asked.change(2)
    other.number = 2
    assert other.get() == asked.get() == 2


def test_a_value_that_was_computed_while_it_was_changed_is_not_believed(asked):
    slow, started, go_on = Asked(asked.app), threading.Event(), threading.Event()

    def compute_from_what_was():
        number = slow.number
        started.set()
        go_on.wait()
        return Answer(number=number)

    slow.compute = compute_from_what_was
    reader = threading.Thread(target=slow.get)
    reader.start()
    started.wait()
    asked.change(2)  # committed and told, before the reader stores what it read before
    go_on.set()
    reader.join()
    assert asked.get() == 2


def test_a_revision_that_redis_has_evicted_does_not_bring_old_values_back(asked, redis):
    asked.get()
    asked.change(2)
    with Redis.from_url(redis) as client:
        client.delete("slipway:cache:answers")
    asked.get()
    with Redis.from_url(redis) as client:
        client.delete("slipway:cache:answers")
    asked.number = 3
    assert asked.get() == 3


def test_what_another_release_has_stored_is_a_miss(asked, redis):
    asked.get()
    with Redis.from_url(redis) as client:
        revision = client.get("slipway:cache:answers")
        client.set("slipway:cache:answers:key", revision + b'\n{"letters": "abc"}')
    assert asked.get() == 1
    assert asked.computed == 2


def test_nothing_in_redis_is_ever_unpickled(asked, redis, tmp_path):
    asked.get()

    class Exploit:
        def __reduce__(self):
            return (open, (str(tmp_path / "executed"), "w"))

    with Redis.from_url(redis) as client:
        stored = b"".join(client.get(key) for key in client.scan_iter())
        for key in list(client.scan_iter()):
            client.set(key, b"!" + pickle.dumps(Exploit()))
    assert b'{"number":1}' in stored
    assert asked.get() == 1
    assert not (tmp_path / "executed").exists()


def test_everything_in_redis_is_under_the_services_name_and_ends_by_itself(create, redis):
    Asked(create(SERVICE_NAME="shop", CACHE_SECONDS="30")).get()
    with Redis.from_url(redis) as client:
        lifetimes = {key: client.ttl(key) for key in client.scan_iter()}
    assert set(lifetimes) == {b"shop:cache:answers", b"shop:cache:answers:key"}
    assert 0 < lifetimes[b"shop:cache:answers:key"] <= 30


def test_without_redis_what_must_not_be_old_is_always_computed(app):
    asked = Asked(app)
    assert asked.get() == 1
    assert asked.change(2)
    asked.number = 3
    assert asked.get() == 3
    assert asked.counted() == (0, 0, 0)


def test_without_redis_what_may_be_old_is_kept_in_the_process(app):
    asked = Asked(app, exact=False)
    assert asked.get() == 1
    asked.number = 2
    assert asked.get() == 1
    asked.change(3)
    assert asked.get() == 3
    assert asked.counted() == (1, 2, 0)


def test_a_cache_that_is_gone_costs_no_error_and_is_told_once(create, own_redis, capsys):
    asked = Asked(create(REDIS_URL=own_redis.url()))
    asked.get()
    own_redis.kill()
    assert [asked.get() for _ in range(3)] == [1, 1, 1]
    assert asked.counted() == (0, 1, 3)
    for number in range(5):
        assert not asked.change(number)
        assert asked.get() == number
    own_redis.start()
    assert capsys.readouterr().out.count("the cache is not usable") == 1


def test_a_change_that_could_not_be_told_is_told_before_the_cache_is_believed_again(
    create, own_redis, monkeypatch, capsys
):
    monkeypatch.setattr(redis_client, "PAUSE_SECONDS", 3_600)
    asked = Asked(create(REDIS_URL=own_redis.url()))
    asked.get()
    own_redis.stop()
    assert not asked.change(2)
    own_redis.start()  # and it remembers what it was told before
    assert asked.get() == 2
    redis_client._breaker(own_redis.url(), 3_600)._ask_again_at = 0
    assert asked.get() == 2
    before = asked.counted()
    assert asked.get() == 2
    assert asked.counted() == (before[0] + 1, before[1], before[2])
    assert capsys.readouterr().out.count("the cache is usable again") == 1


def test_a_full_redis_costs_speed_only(create, own_redis, capsys):
    asked = Asked(create(REDIS_URL=own_redis.url()))
    with Redis.from_url(own_redis.url()) as client:
        client.config_set("maxmemory", "1")
    for number in range(5):
        asked.change(number)
        assert asked.get() == number
    assert capsys.readouterr().out.count("the cache is not usable") == 1


def test_a_full_redis_that_can_be_read_is_an_error_of_each_look_up_that_finds_nothing_and_told_once(
    create, own_redis, capsys
):
    asked = Asked(create(REDIS_URL=own_redis.url()))
    asked.get()
    with Redis.from_url(own_redis.url()) as client:
        client.config_set("maxmemory", "1")
        for number in range(5):
            assert asked.get(f"another {number}") == asked.get() == 1
        assert asked.counted() == (5, 1, 5)
        client.config_set("maxmemory", "0")
    asked.get("another")
    assert asked.counted() == (5, 2, 5)
    logged = capsys.readouterr().out
    assert (logged.count("the cache is not usable"), logged.count("the cache is usable again")) == (1, 1)
