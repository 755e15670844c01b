import pytest

ORIGIN = "https://shop.example.org"


@pytest.fixture
def client(create):
    return create(CORS_ORIGINS=f"{ORIGIN}, https://other.example.org").test_client()


def test_without_origins_no_site_is_let_in(app):
    response = app.test_client().get("/v1/ping", headers={"Origin": ORIGIN})
    assert not [name for name, _ in response.headers if name.startswith("Access-Control")]


def test_a_configured_origin_may_call_the_api(client):
    response = client.get("/v1/ping", headers={"Origin": ORIGIN})
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Origin" in response.headers["Vary"]
    assert "Access-Control-Allow-Credentials" not in response.headers


def test_a_preflight_names_what_is_allowed(client):
    headers = {"Origin": ORIGIN, "Access-Control-Request-Method": "PATCH"}
    response = client.options("/v1/ping", headers=headers)
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "PATCH" in response.headers["Access-Control-Allow-Methods"]


def test_an_error_can_be_read_by_the_origin_too(client):
    assert client.get("/v1/nothing", headers={"Origin": ORIGIN}).headers["Access-Control-Allow-Origin"] == ORIGIN


@pytest.mark.parametrize(
    "origin", ["https://evil.example", f"{ORIGIN}.evil.example", "null", "http://shop.example.org"]
)
def test_any_other_origin_is_kept_out(client, origin):
    assert "Access-Control-Allow-Origin" not in client.get("/v1/ping", headers={"Origin": origin}).headers


def test_pages_are_never_shared(client):
    assert "Access-Control-Allow-Origin" not in client.get("/", headers={"Origin": ORIGIN}).headers
