"""What belongs together though each request may go to another host: sessions, limits, counts, cache, jobs."""

import re
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from tests.conftest import PRODUCTION
from tests.stack.conftest import until
from tests.stack.workers import working

pytestmark = pytest.mark.cluster

TOKEN = re.compile(r'name="csrf_token"[^>]* value="([^"]+)"')


def form(host, cookies, **options):
    """Open the page with the form; return its token and the cookies after it."""
    page = host.ask("GET", "/notes", cookies, **options)
    assert page.status_code == 200
    return TOKEN.search(page.text)[1], {**cookies, **page.cookies}


@pytest.fixture(params=["cookie", "redis"])
def storing(request, hosts):
    """Both hosts, with sessions in signed cookies and then in Redis."""
    if request.param == "cookie":
        yield hosts
        return
    for host in hosts:
        host.stop()
        host.start(SESSION_STORE="redis")
    yield hosts
    for host in hosts:
        host.stop()


def test_a_form_of_one_host_is_taken_by_the_other_and_the_session_goes_along(storing):
    first, second = storing
    token, cookies = form(first, {})
    stored = second.ask("POST", "/notes", cookies, data={"csrf_token": token, "title": "Over there"})
    assert stored.status_code == 303
    cookies |= stored.cookies
    page = first.ask("GET", "/notes", cookies)
    assert "“Over there” is stored." in page.text


def test_a_token_of_a_host_with_another_key_is_refused(hosts):
    first, second = hosts
    second.stop()
    second.start(SECRET_KEY=secrets.token_hex(32))
    try:
        token, cookies = form(first, {})
        assert second.ask("POST", "/notes", cookies, data={"csrf_token": token, "title": "No"}).status_code == 400
    finally:
        second.stop()
    second.start()
    assert second.ask("POST", "/notes", cookies, data={"csrf_token": token, "title": "Yes"}).status_code == 303


def test_a_limit_counts_what_was_asked_of_all_hosts_together(hosts):
    statuses = [
        hosts[number % 2]
        .ask("POST", "/v1/notes", json={"title": "Counted"}, headers={"X-Forwarded-For": "203.0.113.77"})
        .status_code
        for number in range(32)
    ]
    assert statuses == [201] * 30 + [429] * 2


def test_the_client_whom_a_limit_counts_is_that_of_the_edge_on_every_kind_of_host(edge):
    with edge.client("127.0.2.1") as client, edge.client("127.0.2.2") as other:
        statuses = [client.post("/v1/notes", json={"title": "Counted"}).status_code for _ in range(32)]
        assert statuses == [201] * 30 + [429] * 2
        assert other.post("/v1/notes", json={"title": "Counted"}).status_code == 201


def test_a_note_is_seen_changed_on_one_host_as_soon_as_the_other_has_changed_it(hosts):
    first, second = hosts
    note = first.ask(
        "POST", "/v1/notes", json={"title": "As it was"}, headers={"X-Forwarded-For": "203.0.113.78"}
    ).json()

    def titles(host):
        return [one["title"] for one in host.ask("GET", "/v1/notes").json()["items"] if one["id"] == note["id"]]

    for number in range(20):  # the list is cached, and read before each change
        assert titles(first) == titles(second)
        changer, reader = hosts if number % 2 else reversed(hosts)
        changer.ask("PATCH", f"/v1/notes/{note['id']}", json={"title": f"Changed {number}"})
        assert titles(reader) == [f"Changed {number}"]
    assert sum(host.counted("cache_requests_total", result="hit") for host in hosts) > 0


def test_each_host_counts_for_itself_and_the_sum_is_what_was_sent(edge, hosts):
    labels = {"route": "/v1/ping", "status": "200", "method": "GET"}

    def counted():
        return [host.counted("http_request_duration_seconds_count", **labels) for host in hosts]

    before = counted()
    with edge.client() as client, ThreadPoolExecutor(4) as pool:
        assert {answer.status_code for answer in pool.map(lambda _: client.get("/v1/ping"), range(100))} == {200}
    grown = [after - earlier for after, earlier in zip(counted(), before, strict=True)]
    assert sum(grown) == 100
    assert min(grown) > 0, "one of them was never asked"


def test_a_request_has_one_name_at_the_edge_and_on_its_host(edge, hosts):
    with edge.client() as client:
        names = [client.get("/v1/ping").headers["X-Request-ID"] for _ in range(10)]
        assert client.get("/v1/ping", headers={"X-Request-ID": "given-by-the-client"}).headers["X-Request-ID"] == (
            "given-by-the-client"
        )
    at_the_edge = until(
        lambda: (lines := [one["request_id"] for one in edge.site.lines()]) and set(names) <= set(lines)
    )
    assert at_the_edge

    def on_hosts():
        return [one["request_id"] for host in hosts for one in host.records("access")]

    until(lambda: set(names) <= set(on_hosts()))
    assert [name for name in names if on_hosts().count(name) != 1] == []


def test_who_the_client_is_cannot_be_forged_on_the_way(edge, hosts):
    with edge.client("127.0.2.9") as client:
        for _ in range(4):
            seen = client.get(
                "/v1/stack/seen", headers={"X-Forwarded-For": "198.51.100.1", "X-Forwarded-Proto": "http"}
            )
            assert (seen.json()["address"], seen.json()["scheme"]) == ("127.0.2.9", "https")


def test_a_vps_opens_its_service_to_the_edge_alone(lan, hosts, machines):
    second = hosts[1]
    second._asker, asker = machines["first"], second._asker
    try:
        assert second.ask("GET", "/v1/ping").status_code == 403
    finally:
        second._asker = asker
    assert second.ask("GET", "/v1/ping").status_code == 200


def test_a_vps_without_a_service_says_so_in_the_form_of_the_service(hosts):
    hosts[1].kill()
    refused = hosts[1].ask("POST", "/v1/notes", json={"title": "No"}, headers={"X-Request-ID": "of-the-edge"})
    assert (refused.status_code, refused.headers["Content-Type"]) == (502, "application/problem+json")
    assert refused.json()["request_id"] == "of-the-edge"


def test_what_the_clock_asks_for_is_done_once_though_each_host_has_a_worker(stores, machines, tmp_path):
    environ = {**PRODUCTION, "DATABASE_URL": stores.url(), "REDIS_URL": stores.redis_url(1)}
    began = time.time()
    with ExitStack() as stack:
        workers = []
        for name in ("first", "second"):
            working_there = working(tmp_path / name, dict(environ), queue="clock")
            with machines[name].inside():
                workers.append(working_there.__enter__())
            stack.push(working_there)

        def ticks():
            return [record for worker in workers for record in worker.records() if record["message"] == "tick"]

        until(lambda: len(ticks()) >= 4 and all(worker.is_waiting() for worker in workers))
        done = ticks()
        assert len({record["job.id"] for record in done}) == len(done) <= time.time() - began + 1
