import pytest

from app import create_app
from app.config import load_config
from tests.conftest import TESTING

RULES = list(create_app(load_config(TESTING)).url_map.iter_rules())


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_every_route_declares_who_may_reach_it(app, rule):
    assert callable(getattr(app.view_functions[rule.endpoint], "guard", None))


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.endpoint.startswith("v1.")], ids=str)
def test_every_operation_of_the_api_is_described_and_versioned(app, rule):
    view = app.view_functions[rule.endpoint]
    assert rule.rule.startswith("/v1/")
    assert view.operation
    assert view.__doc__


def test_what_every_service_of_this_kind_has_is_there(app):
    published = {rule.rule for rule in RULES}
    assert {"/", "/healthz", "/readyz", "/v1/ping", "/openapi.json", "/docs"} <= published
