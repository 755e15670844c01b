"""The real Prometheus watches the real service under load: what rules and panels name exists, and shows something."""

import math
import os
import re
import signal
import time
from types import SimpleNamespace

import httpx
import pytest

from tests.conftest import PRODUCTION, PROJECT, scratch
from tests.monitoring.conftest import prometheus
from tests.monitoring.load import PATHS, visited
from tests.monitoring.shipped import ALERTS, PANELS, RULES, selectors
from tests.monitoring.sinks import CERTIFICATE_DAYS
from tests.redis_servers import OwnRedis
from tests.stack.conftest import running, until
from tests.stack.workers import working

pytestmark = pytest.mark.monitoring

EXPRESSIONS = [rule["expr"] for rule in RULES] + [
    target["expr"] for panel in PANELS.values() for target in panel["targets"]
]
SELECTORS = sorted(set().union(*map(selectors, EXPRESSIONS)))
SHOWN_SECONDS = 10
APPLICATION = "tests.monitoring.service:app"


@pytest.fixture(scope="module")
def redis_of_the_service():
    own = OwnRedis()
    yield own
    own.close()


@pytest.fixture(scope="module")
def watched(tmp_path_factory, server, template, redis_of_the_service, exporters, alertmanager):
    """The service with a worker, visitors, and everything that watches it; Redis has been away for a moment."""
    folder = tmp_path_factory.mktemp("watched")
    with scratch(server, template) as database:
        environ = {
            **PRODUCTION,
            "DATABASE_URL": server(database),
            "REDIS_URL": redis_of_the_service.url(),
            "WEB_CONCURRENCY": "2",
            "RELEASE": "1.2.3",
        }
        with (
            running(folder / "service", environ, APPLICATION) as service,
            working(folder / "worker", environ, "--app", APPLICATION) as worker,
        ):
            until(service.is_ready)
            until(worker.is_waiting)
            redis_of_the_service.freeze()
            assert service.get(PATHS[0]).status_code == 200
            redis_of_the_service.thaw()
            with (
                prometheus(folder / "prometheus", service, exporters, alertmanager) as address,
                visited(service),
            ):
                yield SimpleNamespace(service=service, prometheus=address, pages=alertmanager.pages)


@pytest.fixture
def ask(watched):
    """A function that returns what Prometheus answers at an address of its API."""

    def ask(path, **parameters):
        answer = httpx.get(f"{watched.prometheus}/api/v1/{path}", params=parameters, trust_env=False, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    return ask


def test_every_target_answers(ask):
    def healths():
        targets = ask("targets", state="active")["activeTargets"]
        return {target["labels"]["job"]: (target["health"], target["lastError"]) for target in targets}

    jobs = ["service", "node", "website", "prometheus", "alertmanager"]
    until(lambda: healths() == dict.fromkeys(jobs, ("up", "")))


def test_the_website_goes_by_its_own_address(ask, exporters):
    until(lambda: ask("series", **{"match[]": f'probe_success{{instance="{exporters.website}"}}'}))


@pytest.mark.parametrize("selector", SELECTORS)
def test_what_rules_and_panels_look_up_exists(ask, selector):
    until(lambda: ask("series", **{"match[]": selector}))


def test_the_reference_lists_the_metrics_of_the_service_and_no_others(watched):
    listed = set(re.findall(r"^\| `(\w+)` \|", (PROJECT / "docs/reference/metrics.md").read_text(), re.MULTILINE))

    def served():
        return set(re.findall(r"^# TYPE (\w+)", watched.service.internal("/metrics").text, re.MULTILINE))

    # A Redis that is late once, on a busy machine, answers for its queues at the next question.
    until(lambda: served() == listed)


def test_every_rule_is_evaluated_without_an_error(ask):
    def healths():
        return [
            (rule["name"], rule["health"], rule.get("lastError", ""))
            for group in ask("rules")["groups"]
            for rule in group["rules"]
        ]

    names = [rule.get("alert") or rule["record"] for rule in RULES]
    until(lambda: sorted(healths()) == sorted((name, "ok", "") for name in names))


@pytest.mark.parametrize("name", PANELS)
def test_every_line_of_a_panel_shows_something(ask, name):
    def shown(expression):
        now = time.time()
        span = {"start": now - SHOWN_SECONDS, "end": now, "step": 1}
        answer = ask("query_range", query=expression.replace("$__rate_interval", f"{SHOWN_SECONDS}s"), **span)
        values = [float(value) for series in answer["result"] for _, value in series["values"]]
        return any(map(math.isfinite, values))

    for target in PANELS[name]["targets"]:
        until(lambda expression=target["expr"]: shown(expression))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("sum(job:http_errors:rate5m / job:http_requests:rate5m)", pytest.approx(1 / len(PATHS), rel=0.3)),
        ("sum(web_threads)", 8),
        ('sum(probe_success{job="website"})', 1),
        (
            '(min(probe_ssl_earliest_cert_expiry{job="website"}) - time()) / 86400',
            pytest.approx(CERTIFICATE_DAYS, abs=1),
        ),
        ("max(job_queue_workers)", 1),
        ("sum(app_info)", 1),
    ],
)
def test_what_is_shown_is_true(ask, expression, expected):
    def value():
        [result] = ask("query", query=expression)["result"] or [{"value": (0, "nan")}]
        return float(result["value"][1])

    until(lambda: value() == expected)


def test_while_all_is_well_neither_the_service_nor_its_targets_are_reported(ask):
    quiet = {"ServiceDown", "ServiceMissing", "WebsiteDown", "TargetDown", "TargetMissing", "RedisDown"}
    quiet |= {"BackupOld", "BackupMissing", "BackupCopyOld", "RestoreDrillOld", "RestoreDrillMissing"}
    assert quiet <= set(ALERTS)
    until(lambda: quiet.isdisjoint(alert["labels"]["alertname"] for alert in ask("alerts")["alerts"]))


def test_when_the_service_is_killed_its_page_arrives_with_the_way_to_its_runbook(watched):
    # The last test: it leaves nothing to watch.
    os.killpg(watched.service.process.pid, signal.SIGKILL)

    def arrived():
        alerts = [alert for _, message in watched.pages for alert in message["alerts"]]
        return [alert for alert in alerts if alert["labels"]["alertname"] == "ServiceDown"]

    [alert, *_] = until(arrived)
    assert alert["status"] == "firing"
    assert alert["annotations"] == ALERTS["ServiceDown"]["annotations"]
