"""What hosts share, though each request may go to another one: sessions, forms, limits, what is cached."""

import re
import secrets

import pytest

pytestmark = pytest.mark.cluster

TOKEN = re.compile(r'name="csrf_token"[^>]* value="([^"]+)"')


def form(host, cookies, **options):
    """Open the page with the form; return its token and the cookies after it."""
    page = host.ask("GET", "/notes", cookies, **options)
    assert page.status_code == 200
    return TOKEN.search(page.text)[1], {**cookies, **page.cookies}


def send_over(first, second):
    """Open the form on one host, send it to the other, and look at the page of the first again."""
    token, cookies = form(first, {})
    stored = second.ask("POST", "/notes", cookies, data={"csrf_token": token, "title": "Over there"})
    assert stored.status_code == 303
    return first.ask("GET", "/notes", cookies | dict(stored.cookies)).text


def test_a_form_of_one_host_is_taken_by_the_other_and_the_session_goes_along(hosts):
    assert "“Over there” is stored." in send_over(*hosts)


def test_sessions_in_redis_are_those_of_all_hosts(hosts):
    for host in hosts:
        host.stop()
        host.start(SESSION_STORE="redis")
    try:
        assert "“Over there” is stored." in send_over(*hosts)
    finally:
        for host in hosts:
            host.stop()


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


@pytest.fixture
def limited(hosts):
    """Both hosts, with a limit that does not end while a test runs."""
    for host in hosts:
        host.stop()
        host.start(RATE_LIMIT="20/day")
    yield hosts
    for host in hosts:
        host.stop()


def test_a_limit_counts_what_was_asked_of_all_hosts_together(limited, edge):
    client = {"X-Forwarded-For": "203.0.113.77"}
    statuses = [limited[number % 2].ask("GET", "/v1/ping", headers=client).status_code for number in range(22)]
    assert statuses == [200] * 20 + [429] * 2
    with edge.client("127.0.2.1") as client, edge.client("127.0.2.2") as other:  # whom the edge calls so, on any host
        assert [client.get("/v1/ping").status_code for _ in range(22)] == statuses
        assert other.get("/v1/ping").status_code == 200


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
