import pytest


@pytest.fixture
def client(create):
    return create(TRUSTED_HOSTS="example.org, .example.com").test_client()


@pytest.mark.parametrize("host", ["example.org", "EXAMPLE.org:8443", "example.com", "a.b.example.com"])
def test_its_own_hosts_are_served(client, host):
    assert client.get("/v1/ping", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "example.org.evil.example", "notexample.com", "127.0.0.1", "", "example.org:99999", "a b"]
)
def test_any_other_host_is_refused_without_being_repeated(client, host):
    response = client.get("/v1/ping", headers={"Host": host})
    assert response.status_code == 400
    assert "evil" not in response.text


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.parametrize("host", ["10.0.0.7:8000", ""])
def test_probes_are_answered_by_any_name(client, path, host):
    assert client.get(path, headers={"Host": host}).status_code in {200, 503}


def test_the_host_of_the_public_url_is_what_is_served_when_nothing_is_said(create):
    client = create(TRUSTED_HOSTS="", APP_ENV="staging", PUBLIC_URL="https://example.org", PROXY_HOPS_PROTO="1")
    headers = {"X-Forwarded-Proto": "https"}
    client = client.test_client()
    assert client.get("/v1/ping", headers={**headers, "Host": "example.org"}).status_code == 200
    assert client.get("/v1/ping", headers={**headers, "Host": "localhost"}).status_code == 400
