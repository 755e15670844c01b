import pytest
from flask import Response
from prometheus_client.parser import text_string_to_metric_families

from app.core.observability.tracking import INTERNAL
from app.core.web.access import public


@pytest.fixture
def app(create):
    app = create(METRICS_BIND="127.0.0.1:9", WEB_CONCURRENCY="3", WEB_THREADS="5", SERVICE_NAME="orders")

    @app.get("/v1/stream")
    @public
    def stream():
        return Response(iter([b"a", b"b"]))

    @app.get("/v1/things/<int:number>")
    @public
    def thing(number):
        return "", 503

    return app


@pytest.fixture
def scrape(client):
    def scrape(query=""):
        response = client.get(f"/metrics{query}", environ_overrides={INTERNAL: True})
        assert response.status_code == 200
        families = text_string_to_metric_families(response.text)
        return {
            (sample.name, *sorted(sample.labels.values())): sample.value
            for family in families
            for sample in family.samples
        }

    return scrape


def count(samples, *labels):
    return samples.get(("http_request_duration_seconds_count", *sorted(labels)), 0)


def test_a_request_is_observed_once_with_its_route_and_not_its_path(client, scrape):
    before = count(scrape(), "GET", "/v1/things/<int:number>", "503")
    assert client.get("/v1/things/17").status_code == 503
    assert count(scrape(), "GET", "/v1/things/<int:number>", "503") == before + 1


@pytest.mark.parametrize(
    ("method", "path", "labels"),
    [
        ("GET", "/nothing/here", ("GET", "none", "404")),
        ("BREW", "/v1/ping", ("other", "none", "405")),
        ("DELETE", "/v1/ping", ("DELETE", "none", "405")),
    ],
)
def test_what_a_client_invents_becomes_no_label(client, scrape, method, path, labels):
    before = count(scrape(), *labels)
    client.open(path, method=method)
    after = scrape()
    assert count(after, *labels) == before + 1
    assert not [key for key in after if "BREW" in key or "/nothing/here" in key]


def test_the_time_ends_with_the_last_byte(client, scrape):
    before = count(scrape(), "GET", "/v1/stream", "200")
    with client.get("/v1/stream", buffered=False) as response:
        assert count(scrape(), "GET", "/v1/stream", "200") == before
        assert scrape()["http_requests_in_progress",] == 1
        assert response.data == b"ab"
    assert count(scrape(), "GET", "/v1/stream", "200") == before + 1
    assert scrape()["http_requests_in_progress",] == 0


def test_the_objective_of_half_a_second_is_a_bucket(client, scrape):
    client.get("/v1/ping")
    assert [key for key in scrape() if key[0] == "http_request_duration_seconds_bucket" and "0.5" in key]


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_are_not_observed(client, scrape, path):
    client.get(path)
    assert not [key for key in scrape() if path in key]


def test_capacity_clock_and_release_are_told(scrape):
    samples = scrape()
    assert samples["web_threads",] == 15
    assert samples["app_time_seconds",] > 1_700_000_000
    assert samples["app_info", *sorted(["orders", "unreleased", "unknown", "testing"])] == 1


def test_a_scrape_may_ask_for_some_names_only(scrape):
    assert set(scrape("?name[]=web_threads")) == {("web_threads",)}


def test_metrics_are_not_found_by_the_public_address(client):
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={INTERNAL: "1"}).status_code == 404


def test_metrics_are_answered_by_any_name_over_plain_http(production, create):
    client = create(METRICS_BIND="127.0.0.1:9").test_client()
    overrides = {INTERNAL: True, "HTTP_HOST": "10.0.0.7:9000", "wsgi.url_scheme": "http"}
    assert client.get("/metrics", environ_overrides=overrides).status_code == 200


def test_there_are_no_metrics_where_no_internal_address_is_named(production, create):
    app = create()
    assert "metrics" not in app.blueprints
    assert app.test_client().get("/metrics", environ_overrides={INTERNAL: True}).status_code != 200
