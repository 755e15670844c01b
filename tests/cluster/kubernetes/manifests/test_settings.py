"""The settings of each overlay are settings, fit together, and fit what the pods are given."""

import re
import secrets
from pathlib import Path

import pytest
import yaml

from app.config import load_config
from app.config.environments import ENVIRONMENTS
from app.config.setting import settings_of
from tests.cluster.kubernetes.rendering import KUBERNETES, environment, find, of, ours, pods, settings

pytestmark = pytest.mark.cluster

SECRETS = {
    "secret_key": secrets.token_hex(32),
    "database_url": "postgresql://slipway:x@db/slipway",
    "redis_url": "redis://redis:6379/0",
    "migrate_database_url": "postgresql://slipway_migrate:x@db/slipway",
}
# What others may hold, which somebody adds: long enough for a key, and a URL where one is wanted.
ANOTHER = "https://key@another.example.org/1234567890"


def test_every_variable_is_a_setting_and_all_of_them_are_a_configuration(overlay, tmp_path):
    for name in ours(overlay):
        given = environment(overlay, name)
        declared = settings_of(ENVIRONMENTS[given["APP_ENV"]])
        names = {each.variable or key for key, each in declared.items()}
        files = {f"{each.variable or key}_FILE" for key, each in declared.items() if each.secret}
        assert set(given) - {"APP_ENV"} <= names | files
        for key in set(given) & files:
            secret = tmp_path / Path(given[key]).name
            secret.write_text(SECRETS.get(secret.name, ANOTHER))
            assert given[key] == f"/run/secrets/{secret.name}"
            given[key] = str(secret)
        assert given["APP_ENV"] == load_config(given).ENVIRONMENT


def test_web_believes_one_proxy(overlay):
    assert {settings(overlay)[f"PROXY_HOPS_{header}"] for header in ("FOR", "PROTO")} == {"1"}


def test_the_ways_in_lead_to_the_host_of_the_public_url(everything):
    host = settings(everything)["PUBLIC_URL"].removeprefix("https://")
    ingress = find(everything, "Ingress")["spec"]
    assert [ingress["rules"][0]["host"]] == ingress["tls"][0]["hosts"] == [host]
    assert {listener["hostname"] for listener in find(everything, "Gateway")["spec"]["listeners"]} == {host}
    assert {str(each["spec"]["hostnames"]) for each in everything if each["kind"] == "HTTPRoute"} == {str([host])}


def test_a_gateway_lets_the_service_redirect(everything):
    """With 308, as it does everywhere; the Gateway's own filter knows 301 and 302 alone."""
    routes = [each["spec"] for each in everything if each["kind"] == "HTTPRoute"]
    assert [spec["parentRefs"] for spec in routes] == [[{"name": find(everything, "Gateway")["metadata"]["name"]}]]
    assert {listener["protocol"] for listener in find(everything, "Gateway")["spec"]["listeners"]} == {"HTTP", "HTTPS"}
    assert "RequestRedirect" not in str(routes)


def test_staging_is_not_at_the_address_of_production():
    told = [(KUBERNETES / "overlays" / name / "kustomization.yml").read_text() for name in ("staging", "production")]
    assert len({re.search(r"PUBLIC_URL=(\S+)", text)[1] for text in told}) == len(told)
    assert len({yaml.safe_load(text)["namespace"] for text in told}) == len(told)


def test_there_is_a_processor_for_each_worker(overlay):
    assert of(overlay, "web")[1]["resources"]["limits"]["cpu"] == settings(overlay)["WEB_CONCURRENCY"]


def test_postgresql_has_connections_for_all_pods_while_a_release_is_rolled_out(overlay):
    production, given = settings_of(ENVIRONMENTS["production"]), settings(overlay)
    size, more = (int(given.get(name, production[name].default)) for name in ("DB_POOL_SIZE", "DB_POOL_MAX_OVERFLOW"))
    assert size >= production["WEB_THREADS"].default
    assert more >= 1  # for the readiness check
    pods_at_once = 2 * find(overlay, "HorizontalPodAutoscaler")["spec"]["maxReplicas"]
    workers = sum(each["spec"].get("replicas", 0) for each in overlay if each["kind"] == "Deployment")
    wanted = pods_at_once * int(given["WEB_CONCURRENCY"]) * (size + more) + workers + 5
    assert wanted <= 100 - 3  # PostgreSQL's defaults: max_connections, superuser_reserved_connections
    if (pods_at_once, workers) == (8, 2):
        assert f"= {wanted}, " in (KUBERNETES / "base/scaling.yml").read_text()


def test_how_many_web_pods_there_are_is_the_autoscalers_to_say(overlay):
    scaler, web = find(overlay, "HorizontalPodAutoscaler")["spec"], find(overlay, "Deployment", "web")["spec"]
    assert scaler["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    assert "replicas" not in web
    assert scaler["minReplicas"] > find(overlay, "PodDisruptionBudget")["spec"]["maxUnavailable"]
    assert web["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}


def test_external_secrets_are_the_secrets_that_pods_mount(everything):
    offered = {
        each["metadata"]["name"]: {item["secretKey"] for item in each["spec"]["data"]}
        for each in everything
        if each["kind"] == "ExternalSecret"
    }
    volumes = [volume for _, template in pods(everything) for volume in template["spec"]["volumes"]]
    secrets_of_pods = [volume["secret"]["secretName"] for volume in volumes if "secret" in volume]
    sources = [source for volume in volumes for source in volume.get("projected", {}).get("sources", [])]
    mounted = {*secrets_of_pods, *(source["secret"]["name"] for source in sources if "secret" in source)}
    assert set(offered) == mounted
    wanted = {
        Path(value).name
        for name in ("web", "migration")
        for key, value in environment(everything, name).items()
        if key.endswith("_FILE")
    }
    assert offered["slipway"] | offered["slipway-migration"] == wanted
    assert offered["slipway-backup"] == {Path(environment(everything, "backup")["PGSERVICEFILE"]).name}
