"""The cached list of notes, read and changed through several workers, with a Redis that freezes, stops and refuses."""

import itertools
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from redis import Redis

from app.core.data import redis_client
from tests.stack.conftest import until

NOTES = "/v1/notes?limit=5"
ADDRESSES = itertools.count(1)  # each note is somebody else's: one may write thirty a minute
# What a process does without for, when it got no answer within a second.
PAUSE_SECONDS = redis_client.CONNECT_SECONDS + redis_client.ANSWERS


@pytest.fixture
def start_cached(start, own_redis):
    """A function that starts a service which caches in a Redis of this test's own."""

    def start_cached(**changes):
        return start(REDIS_URL=own_redis.url(), RATE_LIMIT="off", REDIS_TIMEOUT_MS="1000", **changes)

    return start_cached


@contextmanager
def client_of_each_worker(service, count):
    """Clients whose kept-alive connections lead to different workers."""
    clients = {}

    def another():
        client = service.new_client()
        worker = client.get("/v1/stack/worker").json()["pid"]
        if clients.setdefault(worker, client) is not client:
            client.close()
        return len(clients) == count

    until(another)
    yield list(clients.values())
    for client in clients.values():
        client.close()


def newest(client):
    response = client.get(NOTES)
    assert response.status_code == 200, response.text
    return response.json()["items"][0]["title"]


def add(client, title):
    address = f"2001:db8:{next(ADDRESSES):x}::1"
    response = client.post("/v1/notes", json={"title": title}, headers={"X-Forwarded-For": address})
    assert response.status_code == 201, response.text
    return response.headers["Location"]


def times_logged(service, message):
    return sum(message in record["message"] for record in service.records())


def received(server, *commands):
    """Return how often the server was told any of these commands."""
    with Redis.from_url(server.url()) as desk:
        statistics = desk.info("commandstats")
    return sum(statistics.get(f"cmdstat_{name}", {"calls": 0})["calls"] for name in commands)


def is_cached(service, server, title):
    """Whether a look at the list is a look-up in Redis, and stores nothing."""
    lookups, stored = received(server, "mget"), received(server, "set")
    assert newest(service.client) == title
    return (received(server, "mget"), received(server, "set")) == (lookups + 1, stored)


def test_a_change_made_through_one_worker_is_seen_through_the_other_at_once(start_cached, own_redis):
    service = start_cached()
    add(service.client, "There already")
    with client_of_each_worker(service, 2) as (one, other):
        for number in range(20):
            address = add(one, f"Note {number}")
            assert newest(other) == newest(one) == f"Note {number}"
            other.patch(address, json={"title": f"Changed {number}"})
            assert newest(one) == newest(other) == f"Changed {number}"
            assert f"Changed {number}" in one.get("/notes").text
            other.delete(address)
            assert newest(one) == newest(other) == "There already"
    until(lambda: is_cached(service, own_redis, "There already"))
    assert times_logged(service, "Redis does not answer") == 0


def test_nobody_misses_a_note_of_their_own_while_many_write_and_read(start_cached):
    service = start_cached()

    def write_and_read(number):
        with service.new_client() as writer, service.new_client() as reader:
            for turn in range(15):
                address = add(writer, f"Note {number}, {turn}")
                items = reader.get("/v1/notes?limit=100").json()["items"]
                assert address in [f"/v1/notes/{item['id']}" for item in items]
                writer.delete(address)

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(write_and_read, range(6)))


@pytest.mark.parametrize("outage", ["freeze", "kill"])
def test_a_redis_that_does_not_answer_costs_a_process_one_wait_in_a_while_and_no_request(
    start_cached, own_redis, outage
):
    service = start_cached(WEB_CONCURRENCY="1")
    add(service.client, "before")
    until(lambda: is_cached(service, own_redis, "before"))
    before, began = received(own_redis, "hello", "mget", "set"), time.monotonic()
    getattr(own_redis, outage)()
    for number in range(60):
        add(service.client, f"meanwhile {number}")
        assert newest(service.client) == f"meanwhile {number}"
        assert service.get("/notes").status_code == 200
    pauses = (time.monotonic() - began) / PAUSE_SECONDS
    if outage == "freeze":
        own_redis.thaw()  # only now does it see what it was asked
        waits = received(own_redis, "hello", "mget", "set") - before - 1  # one is this question's own
        assert waits <= 1 + pauses
    else:
        own_redis.start()
    until(lambda: is_cached(service, own_redis, "meanwhile 59"))
    for message in ("Redis does not answer", "Redis answers again", "the cache is not usable", "the cache is usable"):
        assert times_logged(service, message) == 1


def test_a_redis_that_was_never_there_costs_no_request(start, own_redis):
    own_redis.kill()
    service = start(REDIS_URL=own_redis.url())
    for number in range(10):
        add(service.client, f"Note {number}")
        assert newest(service.client) == f"Note {number}"
    ready = service.get("/readyz")
    assert (ready.status_code, ready.json()["degraded"]) == (200, ["redis"])
