import json
import subprocess
import sys

import pytest
from prometheus_client import REGISTRY
from redis import Redis

from app.core.data.outages import Outage
from app.core.edge import limits
from app.core.edge.limits import counting
from app.core.web.access import public
from tests.conftest import PROJECT, TESTING

ANN, BEN = {"X-Forwarded-For": "192.0.2.1"}, {"X-Forwarded-For": "192.0.2.2"}


@pytest.fixture(autouse=True)
def _no_outage_of_another_test(monkeypatch):
    monkeypatch.setattr(counting, "_outage", Outage(counting._log, counting._outage._began, counting._outage._ended))


@pytest.fixture
def environment(environment):
    # A window of a day does not end while a test runs, unless it is midnight in a bad year.
    return environment | {"PROXY_HOPS_FOR": "1", "RATE_LIMIT": "3/day"}


@pytest.fixture
def client(redis, create):
    return create().test_client()


def statuses(client, path, times, **options):
    return [client.get(path, **options).status_code for _ in range(times)]


def total(name):
    return REGISTRY.get_sample_value(name)


def test_a_client_that_asks_too_often_is_refused(client):
    assert statuses(client, "/v1/ping", 5, headers=ANN) == [200, 200, 200, 429, 429]


def test_one_clients_requests_are_not_counted_as_anothers(client):
    assert statuses(client, "/v1/ping", 4, headers=ANN) == [200, 200, 200, 429]
    assert statuses(client, "/v1/ping", 4, headers=BEN) == [200, 200, 200, 429]


def test_all_addresses_count_together_and_all_instances(client, create):
    assert client.get("/", headers=ANN).status_code == 200
    assert client.get("/v1/ping", headers=ANN).status_code == 200
    other = create().test_client()
    assert other.get("/docs", headers=ANN).status_code == 200
    assert other.get("/", headers=ANN).status_code == 429


def test_a_refusal_is_a_problem_that_names_the_request_and_when_to_come_again(client):
    statuses(client, "/v1/ping", 3, headers=ANN)
    response = client.get("/v1/ping", headers=ANN)
    assert response.mimetype == "application/problem+json"
    assert response.json == {
        "type": "about:blank",
        "title": "Too Many Requests",
        "status": 429,
        "detail": counting.TOO_MANY,
        "instance": "/v1/ping",
        "request_id": response.headers["X-Request-ID"],
    }
    assert 0 < int(response.headers["Retry-After"]) <= 86_400
    assert response.headers["Cache-Control"] == "no-store"


def test_a_refusal_has_the_headers_of_every_answer_and_is_a_page_for_browsers(client):
    statuses(client, "/", 3, headers=ANN)
    response = client.get("/", headers=ANN | {"Accept": "text/html"})
    assert response.status_code == 429
    assert response.mimetype == "text/html"
    assert response.headers["X-Request-ID"] in response.text
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_every_answer_says_what_may_still_be_asked(client):
    for remaining in (2, 1, 0, 0):
        response = client.get("/v1/ping", headers=ANN)
        assert response.headers["RateLimit-Policy"] == '"default";q=3;w=86400'
        name, left, seconds = response.headers["RateLimit"].split(";")
        assert (name, left) == ('"default"', f"r={remaining}")
        assert 0 < int(seconds.removeprefix("t=")) <= 86_400
        assert not [name for name, _ in response.headers if name.startswith("X-RateLimit")]
    assert response.headers["Retry-After"] == seconds.removeprefix("t=")


def test_a_request_costs_one_exchange_with_redis(create, own_redis):
    client = create(REDIS_URL=own_redis.url(), RATE_LIMIT="300/day").test_client()
    client.get("/v1/ping", headers=ANN)
    with Redis.from_url(own_redis.url()) as desk:
        before = desk.info("stats")["total_reads_processed"]
        statuses(client, "/v1/ping", 7, headers=ANN)
        assert desk.info("stats")["total_reads_processed"] == before + 7 + 1  # the last is this question


def test_a_window_ends_by_itself(client, redis):
    statuses(client, "/v1/ping", 4, headers=ANN)
    with Redis.from_url(redis) as desk:
        [key] = desk.keys("slipway:limits:*")
        assert 0 < desk.ttl(key) <= 86_400
        assert b"192.0.2.1" in key
        desk.delete(key)
    assert client.get("/v1/ping", headers=ANN).status_code == 200


@pytest.fixture
def create_dear(redis, create):
    """A function that returns the client of an application with one view that may be asked twice a day."""

    def create_dear(everywhere, **changes):
        app = create(RATE_LIMIT=everywhere, **changes)

        @public
        @limits.limit("2/day")
        def view():
            return "dear"

        app.add_url_rule("/v1/dear", "v1.dear", view)
        return app.test_client()

    return create_dear


@pytest.fixture
def dear(create_dear):
    return create_dear("5/day")


def test_a_view_may_be_limited_more_and_counts_for_all_addresses_too(dear):
    first = dear.get("/v1/dear", headers=ANN)
    assert first.headers["RateLimit-Policy"] == '"default";q=5;w=86400, "route";q=2;w=86400'
    remaining = [part.rpartition(";")[0] for part in first.headers["RateLimit"].split(", ")]
    assert remaining == ['"default";r=4', '"route";r=1']
    assert statuses(dear, "/v1/dear", 2, headers=ANN) == [200, 429]
    assert statuses(dear, "/v1/ping", 3, headers=ANN) == [200, 200, 429]


def test_a_views_limit_is_each_clients_own(dear):
    assert statuses(dear, "/v1/dear", 3, headers=ANN) == [200, 200, 429]
    assert statuses(dear, "/v1/dear", 3, headers=BEN) == [200, 200, 429]


def test_a_limit_that_cannot_be_read_is_refused_where_it_is_written():
    with pytest.raises(ValueError, match="such as 300/minute"):
        limits.limit("often")


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/static/app.css"])
def test_probes_and_static_files_are_neither_counted_nor_refused(client, path):
    statuses(client, "/v1/ping", 4, headers=ANN)
    for _ in range(5):
        response = client.get(path, headers=ANN)
        assert response.status_code != 429
        assert "RateLimit" not in response.headers


def test_a_preflight_is_not_counted(client):
    assert {client.options("/v1/ping", headers=ANN).status_code for _ in range(5)} == {200}
    assert statuses(client, "/v1/ping", 3, headers=ANN) == [200, 200, 200]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("fe80::1%eth0", "fe80::1", True),
        ("nonsense", "other nonsense", True),
    ],
)
def test_a_client_is_an_address_or_the_ipv6_network_of_one_customer(client, one, other, same):
    statuses(client, "/v1/ping", 3, headers={"X-Forwarded-For": one})
    assert client.get("/v1/ping", headers={"X-Forwarded-For": other}).status_code == (429 if same else 200)


@pytest.mark.parametrize(("hops", "refused"), [("0", True), ("1", False), ("2", True)])
def test_the_address_is_the_one_that_the_hops_yield(redis, create, hops, refused):
    client = create(PROXY_HOPS_FOR=hops).test_client()
    seen = [
        client.get("/v1/ping", headers={"X-Forwarded-For": f"198.51.100.9, 192.0.2.{number}"}).status_code
        for number in range(5)
    ]
    assert (429 in seen) is refused


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nothing/{}", 404), ("GET", "/v1/nothing/{}", 404), ("DELETE", "/v1/ping", 405), ("GET", "/notes/", 404)],
)
def test_who_tries_addresses_out_is_counted(client, method, path, status):
    seen = [client.open(path.format(number), method=method, headers=ANN).status_code for number in range(4)]
    assert seen == [status, status, status, 429]
    assert client.get("/v1/ping", headers=ANN).status_code == 429


@pytest.mark.parametrize("changes", [{"REDIS_URL": ""}, {"RATE_LIMIT": "off"}])
def test_without_redis_or_a_rate_nothing_is_limited_nor_announced(redis, create, changes):
    client = create(**changes).test_client()
    assert statuses(client, "/v1/ping", 9, headers=ANN) == [200] * 9
    assert "RateLimit" not in client.get("/v1/ping", headers=ANN).headers


def test_without_a_rate_for_all_addresses_a_views_own_limit_stays(create_dear):
    client = create_dear("off")
    response = client.get("/v1/dear", headers=ANN)
    assert response.headers["RateLimit-Policy"] == '"route";q=2;w=86400'
    assert statuses(client, "/v1/dear", 3, headers=ANN) == [200, 429, 429]
    assert statuses(client, "/v1/ping", 9, headers=ANN) == [200] * 9


def test_every_application_has_the_limits_of_its_own_configuration(redis, create):
    generous, strict = create(RATE_LIMIT="9/day"), create(RATE_LIMIT="1/day")
    assert statuses(strict.test_client(), "/v1/ping", 2, headers=ANN) == [200, 429]
    assert statuses(generous.test_client(), "/v1/ping", 2, headers=BEN) == [200, 200]


def test_while_the_store_is_down_requests_are_let_through_and_the_log_says_so_once(create, own_redis, capsys):
    client = create(REDIS_URL=own_redis.url()).test_client()
    own_redis.kill()
    before = total("rate_limit_errors_total")
    assert statuses(client, "/v1/ping", 9, headers=ANN) == [200] * 9
    assert "RateLimit" not in client.get("/v1/ping", headers=ANN).headers
    assert total("rate_limit_errors_total") == before + 10
    assert capsys.readouterr().out.count("requests are not counted") == 1


def test_a_request_that_two_limits_could_not_count_is_one(create_dear, own_redis):
    client = create_dear("5/day", REDIS_URL=own_redis.url())
    own_redis.kill()
    before = total("rate_limit_errors_total")
    assert statuses(client, "/v1/dear", 3, headers=ANN) == [200] * 3
    assert total("rate_limit_errors_total") == before + 3


def test_while_the_store_is_down_requests_are_refused_if_that_was_chosen(create, own_redis):
    client = create(REDIS_URL=own_redis.url(), RATE_LIMIT_STORE_DOWN="refuse").test_client()
    own_redis.kill()
    response = client.get("/v1/ping", headers=ANN)
    assert response.status_code == 503
    assert response.json["request_id"] == response.headers["X-Request-ID"]
    assert response.headers["Retry-After"] == "5"
    assert client.get("/healthz", headers=ANN).status_code == 200


def test_a_store_that_is_back_counts_again(create, own_redis, monkeypatch, capsys):
    monkeypatch.setattr("app.core.data.redis_client.PAUSE_SECONDS", 3_600)
    client = create(REDIS_URL=own_redis.url()).test_client()
    own_redis.stop()
    assert statuses(client, "/v1/ping", 4, headers=ANN) == [200] * 4
    own_redis.start()
    counting.redis_client._breaker(own_redis.url(), 3_600)._ask_again_at = 0
    assert statuses(client, "/v1/ping", 4, headers=ANN) == [200, 200, 200, 429]
    assert capsys.readouterr().out.count("requests are counted again") == 1


def test_refusals_are_counted_for_the_operator_and_logged_by_the_access_line_alone(client, capsys):
    before = total("rate_limit_rejections_total")
    statuses(client, "/v1/ping", 5, headers=ANN)
    assert total("rate_limit_rejections_total") == before + 2
    lines = capsys.readouterr().out.splitlines()
    assert len([line for line in lines if json.loads(line).get("http.response.status_code") == 429]) == 2
    assert "ratelimit" not in "".join(lines)


def test_a_view_without_a_limit_is_not_counted_and_redis_is_not_asked(create, own_redis, environment):
    del environment["RATE_LIMIT"]
    client = create(REDIS_URL=own_redis.url()).test_client()
    with Redis.from_url(own_redis.url()) as desk:
        before = desk.info("stats")["total_reads_processed"]
        assert statuses(client, "/v1/ping", 7, headers=ANN) == [200] * 7
        assert statuses(client, "/v1/nothing", 2, headers=ANN) == [404] * 2
        assert desk.info("stats")["total_reads_processed"] == before + 1  # this question
        assert desk.keys() == []


@pytest.mark.parametrize(("variables", "loaded"), [({}, False), ({"REDIS_URL": "redis://127.0.0.1:1"}, True)])
def test_what_counts_is_loaded_before_the_first_request_and_only_where_it_is_used(variables, loaded):
    code = "import sys, wsgi; print('limits' in sys.modules, 'app.core.edge.limits.counting' in sys.modules)"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=TESTING | variables, cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == f"{loaded} {loaded}"
