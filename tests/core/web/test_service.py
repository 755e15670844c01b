import pytest
from flask import Blueprint, Flask, Request, request, url_for

from app.core.web.service import Service


@pytest.fixture
def service():
    service = Service("service")
    service.add_url_rule("/", "index", lambda: "view")
    return service


def test_checks_run_in_order_ahead_of_hooks_and_are_given_the_request(service):
    ran = []

    def check(name):
        def look(request):
            assert type(request) is Request
            ran.append(f"{name} {request.path}")

        return look

    service.before_request(lambda: ran.append("hook"))
    service.before_views(check("first"))
    service.before_views(check("second"))
    assert service.test_client().get("/").text == "view"
    assert ran == ["first /", "second /", "hook"]


def test_what_a_check_returns_is_the_answer_and_nothing_runs_after_it(service):
    service.before_views(lambda _request: ("refused", 403))
    service.before_views(lambda _request: pytest.fail("ran"))
    service.before_request(lambda: pytest.fail("ran"))
    answer = service.test_client().get("/")
    assert (answer.status_code, answer.text) == (403, "refused")


def test_hooks_of_blueprints_run_as_ever(service):
    bp = Blueprint("bp", __name__)
    bp.before_request(lambda: "from the hook")
    bp.add_url_rule("/bp", "view", lambda: "view")
    service.register_blueprint(bp)
    assert service.test_client().get("/bp").text == "from the hook"


def test_functions_and_methods_are_called_as_they_are(service):
    class Views:
        def method(self): ...

    for function in (lambda: None, Views().method, len, Views):
        assert service.ensure_sync(function) == function


def test_a_coroutine_is_still_noticed(service):
    async def view(): ...

    class Views:
        async def method(self): ...

    for coroutine in (view, Views().method):
        with pytest.raises(RuntimeError, match="async"):  # Flask tells what to install
            service.ensure_sync(coroutine)


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/page?a=1&b=%C3%A9", {}),
        ("/folder", {}),  # is redirected, to the host that was asked
        ("/folder?a=b%26c&d=%C3%A9", {}),
        ("//twice//the//slash", {}),
        ("/caf%C3%A9/x", {}),
        ("/%ff", {}),
        ("/nothing", {}),
        ("/page", {"Host": "EXAMPLE.org:8443"}),
        ("/page", {"Host": "[::1]:80"}),
        ("/page", {"Host": "b\u00fccher.example"}),
        ("/page", {"Host": "evil example"}),
        ("/page", {"Host": ""}),
        ("/folder", {"SCRIPT_NAME": "/mounted"}),
        ("/folder", {"SCRIPT_NAME": "/mounted/"}),
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_addresses_lead_where_flask_leads_them(path, headers, scheme):
    def answer(kind):
        app = kind("app")
        for rule in ("/page", "/folder/", "/twice/the/slash", "/<name>/x"):
            app.add_url_rule(rule, rule, lambda **values: [request.endpoint, values, url_for("/page", _external=True)])
        environ = {"SCRIPT_NAME": headers["SCRIPT_NAME"]} if "SCRIPT_NAME" in headers else {}
        sent = {name: value for name, value in headers.items() if name != "SCRIPT_NAME"}
        response = app.test_client().get(
            path, base_url=f"{scheme}://localhost", headers=sent, environ_overrides=environ
        )
        return response.status, response.location, response.data

    assert answer(Service) == answer(Flask)


def test_who_wants_subdomains_still_has_them():
    app = Service("app", subdomain_matching=True)
    app.config["SERVER_NAME"] = "example.org"
    app.add_url_rule("/", "there", lambda: "there", subdomain="there")
    assert app.test_client().get("/", base_url="http://there.example.org").text == "there"
    assert app.test_client().get("/", base_url="http://example.org").status_code == 404
