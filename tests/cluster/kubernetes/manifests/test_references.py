"""What names something else in the manifests names what is there."""

import re
import subprocess

import pytest
import yaml

from tests.cluster.kubernetes.rendering import KUBERNETES, containers, find, pods
from tests.conftest import PROJECT

pytestmark = pytest.mark.cluster


def test_what_selects_pods_finds_them(everything):
    there = [(template["metadata"]["labels"], template) for _, template in pods(everything)]
    for each in everything:
        spec = each.get("spec", {})
        selector = spec.get("podSelector") if each["kind"] == "NetworkPolicy" else spec.get("selector")
        wanted = selector and (selector.get("matchLabels", {}) if each["kind"] != "Service" else selector)
        if wanted and each["kind"] != "ServiceMonitor":
            found = [template for labels, template in there if wanted.items() <= labels.items()]
            assert len(found) == 1, (each["kind"], each["metadata"]["name"])
            known = {port["name"] for container in containers(found[0]) for port in container.get("ports", [])}
            asked = {port["targetPort"] for port in spec.get("ports", [])} if each["kind"] == "Service" else set()
            asked |= (
                {port["port"] for rule in spec.get("ingress", []) for port in rule["ports"]}
                if each["kind"] == "NetworkPolicy"
                else set()
            )
            assert asked <= known


def test_prometheus_finds_the_metrics_under_the_name_that_its_rules_know(everything):
    monitor = find(everything, "ServiceMonitor")["spec"]
    service = find(everything, "Service", "web-internal")
    assert monitor["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert monitor["endpoints"][0]["port"] == service["spec"]["ports"][0]["name"]
    shipped = yaml.safe_load((PROJECT / "deploy/prometheus/prometheus.yml").read_text())
    assert {"targetLabel": "job", "replacement": shipped["scrape_configs"][0]["job_name"]} in monitor["endpoints"][0][
        "relabelings"
    ]


def test_alerts_are_those_of_prometheus():
    made = subprocess.run([KUBERNETES / "prometheus/generate"], capture_output=True, text=True, check=True).stdout
    assert (KUBERNETES / "prometheus/rules.yml").read_text() == made, "run deploy/kubernetes/prometheus/generate"
    for each in yaml.safe_load_all(made):
        shipped = (PROJECT / f"deploy/prometheus/rules/{each['metadata']['name']}.yml").read_text()
        assert each["spec"] == yaml.safe_load(shipped)


def test_each_alert_has_its_runbook():
    guide = (PROJECT / "docs/observe.md").read_text().lower()
    for path in (KUBERNETES / "prometheus").glob("*.yml"):
        for anchor in re.findall(r"runbook_url: docs/observe.md#(\S+)", path.read_text()):
            assert f"\n### {anchor}\n" in guide


def test_a_backup_is_late_two_hours_after_the_next_one_was_due(everything):
    cron = find(everything, "CronJob")["spec"]
    assert re.fullmatch(r"\d+ \d+ \* \* \*", cron["schedule"])
    rules = find(everything, "PrometheusRule", "backup")["spec"]["groups"][0]["rules"]
    assert f"> {24 + 2} * 3600" in rules[0]["expr"]
    assert cron["concurrencyPolicy"] == "Forbid"
