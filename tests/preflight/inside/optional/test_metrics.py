from app.preflight.inside.optional import metrics
from tests.preflight.looking import found, passes


def test_metrics_at_an_inner_address_pass(here):
    assert passes(metrics.metrics_address, here(METRICS_BIND="127.0.0.1:8001"))


def test_no_metrics_are_a_warning(here):
    assert found(metrics.metrics_address, here(METRICS_BIND=None)) == ["low: METRICS_BIND is not set."]


def test_metrics_for_everybody_are_a_warning(here):
    assert found(metrics.metrics_address, here(METRICS_BIND="0.0.0.0:8001")) == ["low: METRICS_BIND is 0.0.0.0:8001."]
