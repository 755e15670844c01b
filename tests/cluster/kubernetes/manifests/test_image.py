"""What the manifests say of the image is what the Dockerfile and the service say."""

import re

import pytest

from app.config.environments import ENVIRONMENTS
from app.config.setting import settings_of
from app.core.observability import health
from tests.cluster.kubernetes.rendering import of, ours, settings
from tests.conftest import PROJECT

pytestmark = pytest.mark.cluster

DOCKERFILE = (PROJECT / "Dockerfile").read_text().partition("\nFROM python AS service\n")[2]


def in_image(variable):
    return re.search(rf"\b{variable}=(\S+)", DOCKERFILE)[1]


def test_ports_are_those_of_the_image(overlay):
    _, web = of(overlay, "web")
    named = {port["name"]: port["containerPort"] for port in web["ports"]}
    assert in_image("BIND") == f"0.0.0.0:{named['http']}"
    assert in_image("METRICS_BIND") == f"0.0.0.0:{named['http-internal']}"
    exposed = re.search(r"^EXPOSE (.*)$", DOCKERFILE, re.MULTILINE)[1].split()
    assert {str(port) for port in named.values()} <= set(exposed)


def test_pods_run_as_the_user_of_the_image(overlay):
    user = re.search(r"^USER (\S+)$", DOCKERFILE, re.MULTILINE)[1]
    for name in ours(overlay):
        context = of(overlay, name)[0]["securityContext"]
        assert f"{context['runAsUser']}:{context['runAsGroup']}" == user


def test_every_image_is_one_that_the_project_runs_elsewhere(everything):
    assert len({of(everything, name)[1]["image"] for name in ours(everything)}) == 1
    elsewhere = (PROJECT / "docker-compose.yml").read_text()
    kept = {of(everything, name)[1]["image"] for name in ("backup", "restore")}
    assert len(kept) == 1
    assert f"image: {min(kept)}\n" in elsewhere


def test_web_is_what_the_image_runs_by_itself(overlay):
    assert re.search(r'^CMD \["gunicorn"\]$', DOCKERFILE, re.MULTILINE)
    assert {"args", "command"} & set(of(overlay, "web")[1]) == set()


def test_commands_are_the_services(overlay, app):
    for name in set(ours(overlay)) - {"web"}:
        flask, *words = of(overlay, name)[1]["args"]
        assert flask == "flask"
        command = app.cli
        for word in words:
            command = command.commands[word] if word != "db" else _migrate()
        assert command.name == words[-1]


def _migrate():
    from flask_migrate.cli import db  # noqa: PLC0415  Flask finds it by its entry point

    return db


def test_probes_ask_what_the_service_answers_and_wait_for_it(overlay, app):
    _, web = of(overlay, "web")
    probes = {kind: web[f"{kind}Probe"] for kind in ("startup", "readiness", "liveness")}
    paths = {rule.rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("probes.")}
    assert {probe["httpGet"]["path"] for probe in probes.values()} == paths
    assert [kind for kind, probe in probes.items() if probe["httpGet"]["path"] == "/readyz"] == ["readiness"]
    assert {probe["httpGet"]["port"] for probe in probes.values()} == {"http-internal"}
    assert all(probe["timeoutSeconds"] > health.DEADLINE_SECONDS for probe in probes.values())


def test_the_grace_is_the_pause_and_the_drain_and_ten_seconds(overlay):
    spec, web = of(overlay, "web")
    drain = settings_of(ENVIRONMENTS["production"])["WEB_GRACEFUL_TIMEOUT_SECONDS"].default
    assert "WEB_GRACEFUL_TIMEOUT_SECONDS" not in settings(overlay)
    assert "graceful_timeout = settings.WEB_GRACEFUL_TIMEOUT_SECONDS" in (PROJECT / "gunicorn.conf.py").read_text()
    assert spec["terminationGracePeriodSeconds"] == web["lifecycle"]["preStop"]["sleep"]["seconds"] + drain + 10


def test_a_worker_has_the_time_that_it_has_on_a_vps(overlay):
    unit = (PROJECT / "deploy/systemd/slipway-worker@.service").read_text()
    seconds = of(overlay, "worker")[0]["terminationGracePeriodSeconds"]
    assert f"\nTimeoutStopSec={seconds}\n" in unit
