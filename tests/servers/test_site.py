"""What the site answers, whoever serves: Gunicorn or uWSGI, under Supervisor and behind Nginx."""

from urllib.parse import urlsplit

import pytest

from tests.servers.asking import ask
from tests.servers.scraping import counted, samples
from tests.stack.conftest import until

pytestmark = pytest.mark.servers


def test_a_page_and_a_write_pass_through_nginx(site):
    _machine, client = site
    page = client.get("/")
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert page.headers["Strict-Transport-Security"]
    written = client.post("/v1/notes", json={"title": "Through Nginx", "body": "ü" * 1000})
    assert written.status_code == 201
    assert client.get(urlsplit(written.headers["Location"]).path).json() == written.json()


def test_each_request_has_one_access_line_of_json_with_the_clients_address_and_the_release(site):
    machine, client = site
    response = client.get("/v1/ping", headers={"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "http"})
    assert response.status_code == 200
    sent = response.headers["X-Request-ID"]
    lines = until(lambda: [line for line in machine.records("slipway-web-0") if line.get("request_id") == sent])
    assert [(line["client.address"], line["release"]) for line in lines if line["logger"] == "access"] == [
        ("127.0.0.1", "1.2.3")
    ]


def test_liveness_and_readiness_are_told_at_the_internal_address(site):
    machine, _client = site
    for path in ("/healthz", "/readyz"):
        assert machine.internal(path)[0] == 200
    assert machine.internal("/")[0] == 404


def test_the_counts_of_all_workers_are_added_up(site):
    machine, client = site
    before = counted(machine, "/v1/ping")
    assert set(ask(client, "/v1/ping", 300)) == {200}
    until(lambda: counted(machine, "/v1/ping") == before + 300)
    # Whichever worker is asked, the answer is the same.
    assert {counted(machine, "/v1/ping") for _ in range(20)} == {before + 300}
    assert samples(machine, "web_threads") == [8]
    assert samples(machine, "app_info", release="1.2.3", commit="abc") == [1]


def test_nothing_is_written_that_is_no_json_but_the_servers_own_lines(site):
    machine, client = site
    assert client.get("/v1/ping").status_code == 200
    until(lambda: machine.records("slipway-web-0"))
    own = machine.text("slipway-web-0.err")
    assert "Traceback" not in own
    assert (own == "") is not machine.uwsgi
