"""The profile `monitoring` with the real Prometheus and Alertmanager. Grafana is not started here."""

import json

import pytest

from tests.containers.compose.stack import until

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
def monitored(stack):
    stack.compose("--profile=monitoring", "up", "--detach", "--no-build", "--no-recreate", "prometheus", "alertmanager")
    yield stack
    stack.compose("--profile=monitoring", "rm", "--force", "--stop", "--volumes", "prometheus", "alertmanager")


def ask(stack, path, who="prometheus:9090"):
    """Return what Prometheus or Alertmanager answers; from web, which is in their network."""
    code = f"import urllib.request; print(urllib.request.urlopen('http://{who}{path}', timeout=5).read().decode())"
    result = stack.compose("exec", "--no-TTY", "web", "python", "-c", code, check=False)
    return json.loads(result.stdout) if result.returncode == 0 else {}


def targets(stack):
    found = ask(stack, "/api/v1/targets?state=active").get("data", {}).get("activeTargets", [])
    return {(target["labels"]["job"], target["labels"]["instance"]): target["health"] for target in found}


def values(stack, query):
    return [found["value"][1] for found in ask(stack, f"/api/v1/query?query={query}").get("data", {}).get("result", [])]


def names_of_alerts(stack):
    return {alert["labels"]["alertname"] for alert in ask(stack, "/api/v2/alerts", "alertmanager:9093")}


def test_their_own_checkers_accept_the_files(monitored):
    until(lambda: targets(monitored))
    told = monitored.run("prometheus", "promtool", "check", "config", "/etc/prometheus/prometheus.yml")
    assert "SUCCESS" in told
    assert "FAILED" not in told
    told = monitored.run("alertmanager", "amtool", "check-config", "/etc/alertmanager/alertmanager.yml")
    assert "SUCCESS" in told


def test_every_replica_of_web_is_found_and_so_are_prometheus_and_alertmanager(monitored):
    monitored.settle(web=2)
    until(
        lambda: (
            sorted(job for (job, _), health in targets(monitored).items() if health == "up")
            == ["alertmanager", "prometheus", "service", "service"]
        )
    )
    monitored.settle(web=1)
    until(lambda: [job for job, _ in targets(monitored)].count("service") == 1)


def test_the_worker_is_seen_through_web(monitored):
    until(lambda: values(monitored, "max(job_queue_workers)") == ["1"])
    until(lambda: values(monitored, "min(job_queue_up)") == ["1"])


def test_an_alert_is_kept_by_alertmanager_which_prometheus_has_found(monitored):
    until(lambda: ask(monitored, "/api/v2/status", "alertmanager:9093"))
    monitored.run(
        "alertmanager",
        "amtool",
        "alert",
        "add",
        "--alertmanager.url=http://127.0.0.1:9093",
        "OfTheTest",
        "subject=test",
    )
    until(lambda: "OfTheTest" in names_of_alerts(monitored))
    found = ask(monitored, "/api/v1/alertmanagers")["data"]["activeAlertmanagers"]
    assert [each["url"] for each in found] == ["http://alertmanager:9093/api/v2/alerts"]
