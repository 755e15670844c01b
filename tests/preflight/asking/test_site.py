import socket
import threading
from contextlib import contextmanager, suppress

import pytest

from app.preflight.asking.site import Site
from app.preflight.checks import NoAnswerError
from tests.preflight.conftest import at


def test_the_port_of_plain_http_is_known_where_the_url_has_none():
    assert Site("https://example.org").http_port == 80
    assert Site("https://example.org:8443").http_port is None
    assert Site("https://example.org:8443", http_port=8080).http_port == 8080


def test_a_page_is_asked_for_once(site, front):
    first = site.page()
    front.backend = 1
    assert site.page() is first


def test_all_that_is_asked_carries_one_id(site):
    assert site.get("/v1/ping").header("X-Request-ID") == site.id == site.page().header("X-Request-ID")


def test_pages_are_those_that_the_home_page_leads_to(site):
    paths = [answer.asked.removeprefix(f"GET {site.url}") for answer in site.pages()]
    assert paths[0] == "/"
    assert "/docs" in paths
    assert not [path for path in paths if path.startswith("/static/")]


def test_another_page_may_stand_for_the_home_page(front):
    assert at(front, home="/docs").page().asked.endswith("/docs")


def test_a_host_may_be_looked_for_elsewhere(front):
    site = Site(
        f"https://nowhere.invalid:{front.url.rpartition(':')[2]}", address="127.0.0.1", cafile=front.certificate
    )
    site.distrust = "it is for localhost"
    assert site.ask("/healthz").status == 200


@contextmanager
def answering(content):
    """A server that answers a request with these bytes, and then waits; yields its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            connection, _ = listener.accept()
            with connection, suppress(OSError):
                connection.recv(65_536)
                connection.sendall(content)
                connection.recv(1)

        serving = threading.Thread(target=serve)
        serving.start()
        yield listener.getsockname()[1]
        serving.join()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "not complete within 1 s"),
        (b"HTTP/1.1 200 OK\r\nContent-", "not complete within 1 s"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "that is no HTTP (BadStatusLine)"),
    ],
    ids=["half a body", "half a head", "another protocol"],
)
def test_what_is_no_answer_is_told(content, said):
    with answering(content) as port:
        site = Site("https://localhost", address="127.0.0.1", http_port=port, seconds=1)
        with pytest.raises(NoAnswerError, match="GET http://localhost/ is not answered") as silence:
            site.ask("/", plain=True)
    assert said in str(silence.value)


def test_after_the_deadline_nobody_is_asked(front):
    with pytest.raises(NoAnswerError, match="--deadline"):
        at(front, deadline=0).ask("/")


def test_a_nowhere_is_nowhere(site):
    assert site.get(site.nowhere("/v1")).status == 404
