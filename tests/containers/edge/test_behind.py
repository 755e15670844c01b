"""Who is behind the edge comes and goes."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.containers.edge.conftest import ECHO
from tests.containers.engine import until
from tests.nginx.test_forwarding import FORGED

pytestmark = pytest.mark.docker

BELIEVED = """
set_real_ip_from 0.0.0.0/0;
real_ip_header X-Forwarded-For;
geo $realip_remote_addr $slipway_fronted {
    default 1;
}
"""


def address(engine, container):
    [network] = engine.inspect(container)["NetworkSettings"]["Networks"].values()
    return network["IPAddress"]


def sent(edge, **headers):
    """Return the headers that reach whoever is behind it."""
    _, pairs = edge.get("/", **headers).json()
    found = {name.lower(): value for name, value in pairs}
    assert len(found) == len(pairs)
    return found


def test_every_forwarded_header_of_a_client_is_overwritten_or_dropped(place, engine, edge_image):
    place.put("python", "-c", ECHO)
    edge = place.open(edge_image)
    until(lambda: edge.get("/").status_code == 200)
    found = sent(
        edge, **{name.replace("-", "_"): value for name, value in FORGED.items()}, X_Request_ID="of-the-client"
    )
    assert found["x-request-id"] == "of-the-client"
    assert found["x-forwarded-proto"] == "http"
    assert found["x-forwarded-host"] == found["host"] == "localhost"
    assert found["x-forwarded-for"] == found["x-real-ip"]
    assert found["x-forwarded-for"] not in FORGED["X-Forwarded-For"]
    assert found.keys() & {name.lower() for name in FORGED} == {
        "x-forwarded-for",
        "x-forwarded-proto",
        "x-forwarded-host",
        "x-forwarded-port",
        "x-real-ip",
    }


def test_who_terminates_tls_in_front_is_believed_where_it_is_named(place, edge_image, tmp_path):
    front = tmp_path / "front.conf"
    front.write_text(BELIEVED)
    front.chmod(0o644)
    place.put("python", "-c", ECHO)
    edge = place.open(edge_image, f"--volume={front}:/etc/nginx/slipway/front.conf:ro")
    until(lambda: edge.get("/").status_code == 200)
    found = sent(edge, X_Forwarded_For="203.0.113.9", X_Forwarded_Proto="https")
    assert found["x-forwarded-proto"] == "https"
    assert found["x-forwarded-for"] == "203.0.113.9"
    assert sent(edge, X_Forwarded_For="203.0.113.9")["x-forwarded-proto"] == "http"
    static = edge.get("/static/error.css", X_Forwarded_Proto="https")
    assert static.headers["strict-transport-security"]


def test_it_starts_and_serves_what_it_has_when_nobody_is_behind_it(place, edge_image):
    edge = place.open(edge_image)
    page = edge.get("/", Accept="text/html")
    assert page.status_code == 502
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["retry-after"] == "5"
    assert page.headers["x-request-id"] in page.text
    problem = edge.get("/v1/ping")
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json()["status"] == 502
    assert edge.get("/static/error.css").status_code == 200


def test_a_service_that_comes_back_at_another_address_is_found(place, engine, edge_image):
    first = place.serve()
    edge = place.open(edge_image)
    until(lambda: edge.answers(200))
    former = address(engine, first)
    engine("rm", "--force", first)
    until(lambda: edge.answers(502))
    place.put("sleep", "infinity", alias="placeholder")  # takes the address that has become free
    second = place.serve()
    assert address(engine, second) != former
    until(lambda: edge.answers(200))


def test_of_two_one_may_be_killed_and_only_what_it_had_begun_to_answer_is_lost(place, engine, edge_image, say):
    first, second = place.serve(), place.serve()
    for web in (first, second):  # before the edge: it would not ask one again for a while that has refused it
        until(lambda web=web: "Booting worker" in web.logs())
    edge = place.open(edge_image)
    until(lambda: edge.answers(200))

    def ask(number):
        if number == 50:
            engine("kill", first)
        try:
            return edge.get("/v1/ping").status_code
        except httpx.RemoteProtocolError:  # the head of an answer had come, and its body did not
            return 0

    with ThreadPoolExecutor(4) as clients:
        statuses = list(clients.map(ask, range(400)))
    say(f"{statuses.count(200)} of {len(statuses)} answered with 200 while one of two was killed")
    assert set(statuses) <= {200, 0}
    assert statuses.count(0) <= 4  # as many as are under way at once
    assert '"url.path":"/v1/ping"' in second.logs()


def test_what_is_in_flight_is_answered_when_the_edge_is_told_to_stop(place, engine, edge_image):
    echo = place.put("python", "-c", ECHO)
    edge = place.open(edge_image)
    until(lambda: edge.get("/").status_code == 200)
    with ThreadPoolExecutor(1) as client:
        waiting = client.submit(edge.get, "/slow")
        until(lambda: "asked for /slow" in echo.logs())
        engine("kill", "--signal=QUIT", edge)
        answer = waiting.result()
    assert answer.status_code == 200
    assert answer.json()[0] == "/slow"
    assert edge.wait() == 0
