"""A request on its way through the edge to whichever host: its name, its client, and that it is counted once."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.stack.conftest import until

pytestmark = pytest.mark.cluster


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
    refused = hosts[1].ask("POST", "/v1/stack/echo", headers={"X-Request-ID": "of-the-edge"})
    assert (refused.status_code, refused.headers["Content-Type"]) == (502, "application/problem+json")
    assert refused.json()["request_id"] == "of-the-edge"
