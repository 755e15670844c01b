import re

import pytest

from tests.monitoring.shipped import ALERTS, CASES, DEPLOY, GUIDE

RUNBOOK = GUIDE.partition("\n## Runbook\n")[2].partition("\n## ")[0]
SECTIONS = dict(re.findall(r"^### (\w+)\n(.*?)(?=^### |\Z)", RUNBOOK, re.MULTILINE | re.DOTALL))
FILES = [path for folder in ("alertmanager", "grafana", "prometheus") for path in (DEPLOY / folder).rglob("*.yml")]
LABELS = {"severity", "subject"}


@pytest.mark.parametrize("name", ALERTS)
def test_every_alert_has_a_case_in_which_it_fires_and_one_in_which_it_is_silent(name):
    cases = [(case, expectation.get("exp_alerts")) for case, expectation in CASES if expectation["alertname"] == name]
    assert any(expected for _, expected in cases), "no case in which it fires"
    assert any(case["input_series"] and not expected for case, expected in cases), "no case in which it is silent"


def test_no_case_is_about_an_alert_that_does_not_exist():
    assert {expectation["alertname"] for _, expectation in CASES} == set(ALERTS)


@pytest.mark.parametrize("name", ALERTS)
def test_every_alert_says_what_happened_whom_it_calls_and_where_its_runbook_is(name):
    alert = ALERTS[name]
    assert alert["labels"]["severity"] in {"page", "ticket"}
    assert set(alert["labels"]) == LABELS
    assert alert["annotations"]["summary"]
    assert alert["annotations"]["runbook_url"] == f"docs/observe.md#{name.lower()}"


def test_the_runbook_has_a_section_for_each_alert_and_no_other():
    assert set(SECTIONS) == set(ALERTS)


@pytest.mark.parametrize("name", ALERTS)
def test_a_section_of_the_runbook_says_what_it_means_what_to_look_at_and_what_to_do(name):
    for part in ("**Means**", "**Look**", "**Do**"):
        assert part in SECTIONS[name]


def test_the_guide_lists_every_alert_with_its_severity():
    listed = dict(re.findall(r"^\| \[(\w+)\]\(#\w+\) \| (\w+) \|", GUIDE, re.MULTILINE))
    assert listed == {name: alert["labels"]["severity"] for name, alert in ALERTS.items()}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(DEPLOY)))
def test_every_file_opens_with_its_place_and_its_check(path):
    opening = path.read_text().partition("\n\n")[0].partition("\n-")[0]
    assert re.search(r"Installed as /|Not installed", opening)
    assert re.search(r"Check: |Run: ", opening)
