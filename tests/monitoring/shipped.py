"""What is shipped for monitoring, read from its files: rules, their cases, dashboards, and what an expression names."""

import json
import re

import yaml

from tests.conftest import PROJECT

DEPLOY = PROJECT / "deploy"
PROMETHEUS = DEPLOY / "prometheus"
GUIDE = (PROJECT / "docs/observe.md").read_text()

RULES = [
    rule
    for path in sorted((PROMETHEUS / "rules").glob("*.yml"))
    for group in yaml.safe_load(path.read_text())["groups"]
    for rule in group["rules"]
]
ALERTS = {rule["alert"]: rule for rule in RULES if "alert" in rule}
CASES = [
    (case, expectation)
    for path in sorted((PROMETHEUS / "tests").glob("*.yml"))
    for case in yaml.safe_load(path.read_text())["tests"]
    for expectation in case.get("alert_rule_test", [])
]
DASHBOARDS = {
    path.name: json.loads(path.read_text()) for path in sorted((DEPLOY / "grafana/dashboards").glob("*.json"))
}
PANELS = {
    f"{dashboard['title']}: {panel['title']}": panel
    for dashboard in DASHBOARDS.values()
    for panel in dashboard["panels"]
}

_KEYWORDS = {"and", "bool", "or", "unless", "offset"}
_LABEL_LISTS = re.compile(r"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)")
_RANGES = re.compile(r"\[[^\]]*\]")
_SELECTOR = re.compile(r"(?<![\w.:])([a-zA-Z_:][\w:]*)\s*(\{[^}]*\})?(?!\s*\(|[\w:])")


def selectors(expression: str) -> set[str]:
    """Return what `expression` looks up: the names of metrics, with the labels that it asks for."""
    text = _RANGES.sub("", _LABEL_LISTS.sub("", expression))
    return {name + (labels or "") for name, labels in _SELECTOR.findall(text) if name not in _KEYWORDS}
