"""Rate limits where they are counted: over several workers, by the address that the proxy tells."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.stack.conftest import until

ANN, BEN = {"X-Forwarded-For": "203.0.113.1"}, {"X-Forwarded-For": "203.0.113.2"}


@pytest.fixture
def start_limited(start, own_redis):
    """A function that starts a service which counts in a Redis of this test's own."""
    return lambda **changes: start(**{"REDIS_URL": own_redis.url(), "RATE_LIMIT": "20/day"} | changes)


def ask(service, times, headers):
    def once(_):
        with service.new_client(**headers) as client:
            return client.get("/v1/stack/worker")

    with ThreadPoolExecutor(8) as threads:
        return list(threads.map(once, range(times)))


def test_workers_count_together_and_each_client_for_itself(start_limited):
    service = start_limited()
    answers = ask(service, 60, ANN)
    assert Counter(answer.status_code for answer in answers) == {200: 20, 429: 40}
    assert len({answer.json()["pid"] for answer in answers if answer.status_code == 200}) == 2
    for answer in answers:
        if answer.status_code == 429:
            assert answer.json()["request_id"] == answer.headers["X-Request-ID"]
            assert int(answer.headers["Retry-After"]) > 0
            assert answer.headers["Strict-Transport-Security"]
    assert ask(service, 1, BEN)[0].headers["RateLimit"].startswith('"default";r=19;t=')


def test_what_a_client_claims_of_itself_beyond_the_hops_is_not_believed(start_limited):
    service = start_limited(RATE_LIMIT="5/day")
    claims = [{"X-Forwarded-For": f"198.51.100.{number}, 203.0.113.1"} for number in range(10)]
    statuses = [service.get("/v1/ping", **claim).status_code for claim in claims]
    assert statuses == [200] * 5 + [429] * 5


def test_a_client_that_is_refused_learns_nothing_of_probes_and_harms_none(start_limited):
    service = start_limited(RATE_LIMIT="1/day")
    assert [service.get("/", **ANN).status_code for _ in range(3)] == [200, 429, 429]
    assert {service.get(path, **ANN).status_code for path in ("/healthz", "/readyz", "/static/app.css")} <= {200, 503}
    assert {service.internal(path).status_code for path in ("/healthz", "/metrics") * 2} == {200}


@pytest.mark.parametrize("outage", ["freeze", "kill"])
def test_while_redis_does_not_answer_everybody_is_let_in_and_afterwards_counted_again(start_limited, own_redis, outage):
    service = start_limited(WEB_CONCURRENCY="1", REDIS_TIMEOUT_MS="1000")
    assert service.get("/v1/ping", **ANN).headers["RateLimit"].startswith('"default";r=19;')
    getattr(own_redis, outage)()
    answers = [service.get("/v1/ping", **ANN) for _ in range(60)]
    assert {answer.status_code for answer in answers} == {200}
    own_redis.thaw() if outage == "freeze" else own_redis.start()
    until(lambda: "RateLimit" in service.get("/v1/ping", **ANN).headers)
    until(lambda: service.get("/v1/ping", **ANN).status_code == 429)
    logged = [record["message"] for record in service.records()]
    for message in ("requests are not counted", "requests are counted again"):
        assert sum(message in line for line in logged) == 1


def test_while_redis_does_not_answer_all_but_probes_are_refused_if_that_was_chosen(start_limited, own_redis):
    service = start_limited(RATE_LIMIT_STORE_DOWN="refuse")
    own_redis.kill()
    for _ in range(5):
        answer = service.get("/v1/ping", **ANN)
        assert (answer.status_code, answer.json()["request_id"]) == (503, answer.headers["X-Request-ID"])
        assert service.get("/healthz").status_code == 200
    own_redis.start()
    until(lambda: service.get("/v1/ping", **ANN).status_code == 200)
