"""Prometheus' own tools about what is shipped."""

import pytest

from tests.monitoring.programs import run
from tests.monitoring.shipped import DEPLOY, PROMETHEUS

pytestmark = pytest.mark.monitoring

CASES = sorted((PROMETHEUS / "tests").glob("*.yml"))
ALERTMANAGER = DEPLOY / "alertmanager/alertmanager.yml"


def test_prometheus_accepts_its_configuration_and_the_rules():
    said = run("promtool", "check", "config", PROMETHEUS / "prometheus.yml")
    rules = list((PROMETHEUS / "rules").glob("*.yml"))
    assert f"{len(rules)} rule files found" in said


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_alerts_fire_and_are_silent_as_their_cases_say(path):
    assert "SUCCESS" in run("promtool", "test", "rules", path)


def test_the_blackbox_exporter_accepts_its_configuration():
    run("blackbox_exporter", f"--config.file={PROMETHEUS / 'blackbox.yml'}", "--config.check")


def test_alertmanager_accepts_its_configuration():
    run("amtool", "check-config", ALERTMANAGER)


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [(["severity=page"], "page"), (["severity=ticket"], "ticket"), (["severity=unheard-of"], "ticket"), ([], "ticket")],
)
def test_pages_wake_somebody_and_all_else_is_a_ticket(labels, receiver):
    said = run("amtool", "config", "routes", "test", f"--config.file={ALERTMANAGER}", *labels)
    assert receiver in said.splitlines()
