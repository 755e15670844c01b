import re

import pytest
from flask import stream_with_context

from app.core.web.access import public

EXPECTED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Permitted-Cross-Domain-Policies": "none",
}


def policy_of(response) -> dict[str, str]:
    directives = response.headers["Content-Security-Policy"].split("; ")
    return dict(directive.split(" ", 1) for directive in directives)


@pytest.fixture
def client(app):
    def crash():
        raise RuntimeError

    app.add_url_rule("/crash", "crash", public(crash))
    app.add_url_rule("/folder/", "folder", public(lambda: "x"), methods=["GET", "POST"])
    return app.test_client()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("HEAD", "/", 200),
        ("OPTIONS", "/", 200),
        ("GET", "/docs", 200),
        ("GET", "/v1/ping", 200),
        ("GET", "/healthz", 200),
        ("GET", "/readyz", 503),
        ("GET", "/openapi.json", 200),
        ("GET", "/static/app.css", 200),
        ("GET", "/folder", 308),
        ("GET", "/nothing", 404),
        ("GET", "/v1/nothing", 404),
        ("POST", "/v1/ping", 405),
        ("POST", "/folder/", 400),
        ("GET", "/crash", 500),
    ],
)
def test_every_answer_carries_every_header(client, method, path, status):
    with client.open(path, method=method) as response:
        assert response.status_code == status
        assert {name: response.headers.get(name) for name in EXPECTED} == EXPECTED
        assert "camera=()" in response.headers["Permissions-Policy"]
        assert policy_of(response)["default-src"] == "'none'"
        assert policy_of(response)["frame-ancestors"] == "'none'"
        assert response.headers["X-Request-ID"]
        assert "X-XSS-Protection" not in response.headers
        for name, _ in response.headers:
            assert len(response.headers.getlist(name)) == 1, name


def test_an_answer_to_a_host_that_is_not_served_carries_them_too(client):
    response = client.get("/", headers={"Host": "evil.example"})
    assert response.status_code == 400
    assert {name: response.headers.get(name) for name in EXPECTED} == EXPECTED


def test_no_directive_allows_what_a_policy_is_there_to_forbid(client):
    policy = client.get("/").headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert not re.search(r"(?:^|\s)(\*|https?:|data:)", policy)


def test_scripts_and_styles_of_a_page_carry_the_nonce_of_its_answer_and_no_two_answers_share_one(client):
    nonces = set()
    for _ in range(3):
        page = client.get("/")
        for directive in ("script-src", "style-src"):
            nonce = re.search(r"'nonce-([^']{22,})'", policy_of(page)[directive])[1]
            assert f'nonce="{nonce}"' in page.text
        nonces.add(nonce)
    assert len(nonces) == 3


def test_a_view_may_choose_its_own_caching(client):
    assert client.get("/healthz").headers["Cache-Control"] == "no-store"
    assert client.get("/").headers["Cache-Control"] == "no-cache"


def test_an_answer_without_a_script_has_no_nonce(client):
    assert "nonce" not in client.get("/v1/ping").headers["Content-Security-Policy"]


def test_a_nonce_that_is_asked_for_when_its_policy_is_sent_is_refused_in_words(app, client):
    def stream():
        yield "begun"
        with pytest.raises(RuntimeError, match="the headers are sent"):
            app.jinja_env.globals["csp_nonce"]()

    app.add_url_rule("/stream", "stream", public(lambda: stream_with_context(stream())))
    assert client.get("/stream").text == "begun"


def test_a_page_that_streams_may_ask_for_its_nonce_before(app, client):
    def stream():
        nonce = app.jinja_env.globals["csp_nonce"]()
        return stream_with_context(iter([nonce]))

    app.add_url_rule("/stream", "stream", public(stream))
    answer = client.get("/stream")
    assert f"'nonce-{answer.text}'" in policy_of(answer)["script-src"]


def test_a_view_may_choose_a_policy_of_its_own_and_keeps_the_other_headers(app, client):
    own = {"Content-Security-Policy": "sandbox", "x-frame-options": "SAMEORIGIN"}
    app.add_url_rule("/own", "own", public(lambda: ("x", own)))
    for _ in range(2):
        answer = client.get("/own")
        assert {name: answer.headers.getlist(name) for name in own} == {name: [value] for name, value in own.items()}
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_options_that_talisman_knows_by_view_are_of_that_view_alone(app, client):
    def framed():
        return "x"

    framed.talisman_view_options = {"frame_options": "SAMEORIGIN"}
    app.add_url_rule("/framed", "framed", public(framed))
    for path, expected in {"/framed": "SAMEORIGIN", "/": "DENY", "/nothing": "DENY"}.items():
        assert client.get(path).headers["X-Frame-Options"] == expected
        assert client.get(path).headers["X-Frame-Options"] == expected


def test_browsers_are_told_over_tls_only_to_remember_tls(production, create):
    client = create().test_client()

    def told(path, **headers):
        return client.get(path, base_url="http://example.org", headers=headers).headers.get("Strict-Transport-Security")

    for _ in range(2):
        assert told("/v1/ping", **{"X-Forwarded-Proto": "https"}) == "max-age=31536000; includeSubDomains"
        assert told("/", **{"X-Forwarded-Proto": "https"}) == "max-age=31536000; includeSubDomains"
        assert told("/v1/ping") is None
        assert told("/healthz") is None


def test_in_development_browsers_are_never_told_to_remember_tls(create):
    client = create(APP_ENV="development", PUBLIC_URL="").test_client()
    assert "Strict-Transport-Security" not in client.get("/", base_url="https://localhost").headers
