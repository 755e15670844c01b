import pytest

from tests.monitoring.shipped import RULES, selectors

LOOKED_UP = {
    'sum by (job) (rate(http_total{job="a",status=~"5.."}[5m]))': {'http_total{job="a",status=~"5.."}'},
    "up == 0 and on (job) max by (job) (up) == 1": {"up"},
    "a:b:rate5m > 14.4 * 0.001 * a:b:rate1h": {"a:b:rate5m", "a:b:rate1h"},
    "absent(x_seconds) or time() - y_bytes > 26 * 3600 offset 5m": {"x_seconds", "y_bytes"},
    'histogram_quantile(0.95, sum by (le) (rate(z_bucket{le!="+Inf"}[$__rate_interval])))': {'z_bucket{le!="+Inf"}'},
    "topk(10, a / (b > bool 1e3)) unless ignoring(c) d": {"a", "b", "d"},
}


@pytest.mark.parametrize("expression", LOOKED_UP)
def test_what_an_expression_looks_up_is_found(expression):
    assert selectors(expression) == LOOKED_UP[expression]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.get("alert") or rule["record"])
def test_every_rule_looks_something_up(rule):
    assert selectors(rule["expr"])
