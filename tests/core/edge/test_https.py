import pytest
from flask import session

from app.core.web.access import public

SECURE = {"X-Forwarded-Proto": "https"}


@pytest.fixture
def client(production, create):
    app = create()

    class FromProxy(app.test_client_class):
        def open(self, path, **kwargs):
            return super().open(path, base_url="http://example.org", **kwargs)  # plain HTTP is all a proxy speaks

    app.test_client_class = FromProxy
    return app.test_client()


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_plain_http_is_redirected_with_method_path_and_query(client, method):
    response = client.open("/v1/ping?x=1", method=method)
    assert (response.status_code, response.location) == (308, "https://example.org/v1/ping?x=1")


def test_a_redirect_never_leads_to_the_host_that_a_client_claims(client):
    response = client.get("/", headers={"Host": "evil.example"})
    assert response.status_code == 400
    response = client.get("//evil.example/x")
    assert response.location.startswith("https://example.org/")


def test_a_redirect_from_another_host_of_ours_or_another_port_leads_to_the_public_one(production, create):
    production["TRUSTED_HOSTS"] = "example.org, www.example.org"
    client = create().test_client()
    for host in ("www.example.org", "example.org:8080"):
        response = client.get("/v1/ping", base_url=f"http://{host}")
        assert (response.status_code, response.location) == (308, "https://example.org/v1/ping")


def test_probes_are_answered_over_plain_http(client):
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 503


def test_in_development_nothing_is_redirected(create):
    client = create(APP_ENV="development", PUBLIC_URL="").test_client()
    response = client.get("/")
    assert response.status_code == 200


def test_the_session_cookie_is_bound_to_the_host_and_to_tls(production, create):
    app = create()

    @app.get("/remember", endpoint="remember")
    @public
    def remember():
        session["user"] = 1
        return "done"

    cookie = app.test_client().get("/remember", base_url="https://example.org", headers=SECURE).headers["Set-Cookie"]
    assert cookie.startswith("__Host-session=")
    assert set(cookie.split("; ")[1:]) == {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"}
