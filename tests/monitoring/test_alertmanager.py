"""The real Alertmanager with the shipped routes: who is told what, and what is not said twice."""

import httpx
import pytest

from tests.monitoring.shipped import ALERTS
from tests.stack.conftest import until

pytestmark = pytest.mark.monitoring


@pytest.fixture
def send(alertmanager):
    """A function that reports alerts as Prometheus would, with the labels of their rules and what is given."""

    def send(*names, **labels):
        alerts = [
            {
                "labels": {"alertname": name, **ALERTS[name]["labels"], **labels},
                "annotations": {"summary": f"{name}.", "runbook_url": ALERTS[name]["annotations"]["runbook_url"]},
            }
            for name in names
        ]
        httpx.post(f"{alertmanager.address}/api/v2/alerts", json=alerts, trust_env=False).raise_for_status()

    return send


@pytest.fixture
def inhibited(alertmanager):
    """A function that returns the names of the alerts of `instance` that are kept back, and of those that are not."""

    def inhibited(instance):
        alerts = httpx.get(
            f"{alertmanager.address}/api/v2/alerts", params={"filter": f'instance="{instance}"'}, trust_env=False
        ).json()
        names = {True: set(), False: set()}
        for alert in alerts:
            names[bool(alert["status"]["inhibitedBy"])].add(alert["labels"]["alertname"])
        return names[True], names[False]

    return inhibited


def test_a_page_reaches_the_pager_with_its_token_and_the_mailbox_too(alertmanager, send):
    send("RedisDown", job="service")
    until(lambda: alertmanager.pages)
    token, message = alertmanager.pages[0]
    assert token == "Bearer of-the-pager"
    [alert] = message["alerts"]
    assert (alert["status"], alert["labels"]["alertname"]) == ("firing", "RedisDown")
    assert alert["annotations"]["runbook_url"] == "docs/observe.md#redisdown"
    until(lambda: any(to == ["on-call@example.org"] for _, to, _ in alertmanager.mails))


def test_a_ticket_is_mail_to_whoever_works_in_the_morning_and_wakes_nobody(alertmanager, send):
    send("JobsFailed", job="service", queue="default")
    password, _, text = until(
        lambda: next((mail for mail in alertmanager.mails if mail[1] == ["operations@example.org"]), None)
    )
    assert password == "of the mail server"
    assert "JobsFailed" in text
    named = [alert["labels"]["alertname"] for _, page in alertmanager.pages for alert in page["alerts"]]
    assert "JobsFailed" not in named


def test_a_page_silences_the_tickets_about_the_same(alertmanager, send, inhibited):
    send("DiskAlmostFull", "DiskFilling", job="node", instance="one", mountpoint="/")
    send("DiskFilling", job="node", instance="two", mountpoint="/")
    until(lambda: inhibited("one") == ({"DiskFilling"}, {"DiskAlmostFull"}))
    assert inhibited("two") == (set(), {"DiskFilling"})


def test_a_service_that_is_down_silences_all_else_about_it(alertmanager, send, inhibited):
    send("ServiceDown", "ErrorsBurnFast", "WebThreadsBusy", "JobsFailed", job="service", instance="three")
    send("WebsiteDown", job="website", instance="three")
    send("CertificateExpiresNow", job="website", instance="three")
    of_the_service = {"ErrorsBurnFast", "WebThreadsBusy", "JobsFailed", "WebsiteDown"}
    until(lambda: inhibited("three") == (of_the_service, {"ServiceDown", "CertificateExpiresNow"}))
