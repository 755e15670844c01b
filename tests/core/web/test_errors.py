import pytest
from jinja2 import TemplateError
from werkzeug.exceptions import abort
from werkzeug.routing import BuildError

from app.core.web import errors
from app.core.web.access import public

STATUSES = [400, 401, 403, 404, 405, 406, 409, 410, 413, 415, 422, 429, 500, 503]


@pytest.fixture
def client(app):
    def fail(status):
        abort(status)

    def crash():
        raise RuntimeError("internal detail")

    app.add_url_rule("/form", "form", public(lambda: "taken"), methods=["POST"])
    for prefix, endpoint in (("", ""), ("/v1", "v1.")):
        app.add_url_rule(f"{prefix}/fail/<int:status>", f"{endpoint}fail", public(fail))
        app.add_url_rule(f"{prefix}/crash", f"{endpoint}crash", public(crash))
    return app.test_client()


@pytest.mark.parametrize("status", STATUSES)
def test_the_api_answers_every_error_as_problem_details(client, status):
    response = client.get(f"/v1/fail/{status}", headers={"Accept": "text/html", "X-Request-ID": "request-1"})
    assert response.status_code == status
    assert response.content_type == "application/problem+json"
    assert set(response.json) == {"type", "title", "status", "detail", "instance", "request_id"}
    assert response.json["status"] == status
    assert response.json["instance"] == f"/v1/fail/{status}"
    assert response.json["request_id"] == response.headers["X-Request-ID"] == "request-1"


@pytest.mark.parametrize("status", STATUSES)
def test_a_browser_gets_every_error_as_a_page(client, status):
    response = client.get(f"/fail/{status}", headers={"X-Request-ID": "request-1"})
    assert response.status_code == status
    assert response.content_type == "text/html; charset=utf-8"
    assert "request-1" in response.text


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("", "text/html; charset=utf-8"),
        ("*/*", "text/html; charset=utf-8"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html; charset=utf-8"),
        ("application/json", "application/problem+json"),
        ("application/problem+json", "application/problem+json"),
        ("application/json, text/html;q=0.5", "application/problem+json"),
    ],
)
def test_outside_the_api_the_client_chooses(client, accept, content_type):
    assert client.get("/nothing", headers={"Accept": accept}).content_type == content_type


@pytest.mark.parametrize("path", ["/crash", "/v1/crash"])
def test_a_crash_tells_the_client_nothing_but_the_requests_id(client, path, capsys):
    response = client.get(path, headers={"X-Request-ID": "request-1"})
    assert response.status_code == 500
    for secret in ("RuntimeError", "internal detail", "Traceback", "test_errors"):
        assert secret not in response.text
    assert "request-1" in response.text


def test_a_wrong_method_is_told_the_right_ones(client):
    response = client.post("/v1/ping")
    assert response.status_code == 405
    assert {"GET", "HEAD", "OPTIONS"} == set(response.headers["Allow"].split(", "))


def test_an_error_is_not_kept_by_any_cache(client):
    assert client.get("/v1/nothing").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("fault", [TemplateError("no such template"), BuildError("gone.page", {}, "GET")], ids=repr)
def test_an_error_page_that_is_broken_itself_still_tells_status_and_id(client, monkeypatch, fault):
    def broken(*_args, **_kwargs):
        raise fault

    monkeypatch.setattr(errors, "render_template", broken)
    response = client.get("/nothing", headers={"X-Request-ID": "request-1"})
    assert response.status_code == 404
    assert response.text == "404 Not Found\nRequest request-1\n"


def test_a_path_full_of_markup_is_shown_as_text(client):
    response = client.get("/<script>alert(1)</script>")
    assert "<script>alert" not in response.text


def test_too_many_form_parts_or_too_large_a_field_is_refused(client):
    def send(**fields):
        return client.post("/form", data=fields, content_type="multipart/form-data").status_code

    assert send(**{f"f{number}": "x" for number in range(101)}) == 413
    assert send(title="x" * 300_000) == 413
    assert send(title="x") == 400  # no token, but read
