import logging
import re

import pytest

from tests.cluster.kubernetes.rendering import KUBERNETES, OVERLAYS
from tests.conftest import PROJECT

pytestmark = pytest.mark.cluster

OLDEST, NEWEST = "1.30", "1.37"
# Kinds that others define: there is no schema of Kubernetes' own for them.
OTHERS = {
    "external-secrets.io/v1": {"ExternalSecret"},
    "gateway.networking.k8s.io/v1": {"Gateway", "HTTPRoute"},
    "monitoring.coreos.com/v1": {"PrometheusRule", "ServiceMonitor"},
}


def wrong(objects, version):
    import kubernetes_validate  # noqa: PLC0415  requirements-cluster.txt: whoever only collects tests may lack it

    logging.getLogger("referencing").setLevel(logging.ERROR)
    for each in objects:
        if each["kind"] in OTHERS.get(each["apiVersion"], ()):
            continue
        try:
            kubernetes_validate.validate(each, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            yield f"{each['kind']} {each['metadata']['name']}: {error.message}"


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_every_object_is_valid_in_the_oldest_and_the_newest_kubernetes(everything, overlay, version):
    assert list(wrong([*everything, *overlay], version)) == []


@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("Deployment", ("spec", "replica"), 2),
        ("HorizontalPodAutoscaler", ("spec", "maxReplicas"), "many"),
        ("PodDisruptionBudget", ("spec", "selector"), ["web"]),
        ("NetworkPolicy", ("spec", "ingres"), []),
    ],
)
def test_a_mistake_would_be_seen(everything, kind, path, value):
    chosen = dict(next(each for each in everything if each["kind"] == kind))
    chosen[path[0]] = {**chosen[path[0]], path[1]: value}
    assert list(wrong([chosen], NEWEST))


def test_what_no_schema_knows_is_what_we_know_of(everything):
    foreign = {each["apiVersion"] for each in everything if re.search(r"\.(com|io)/v", each["apiVersion"])}
    known = {"networking.k8s.io/v1"}
    assert foreign == set(OTHERS) | known


def test_the_guide_and_the_command_name_the_oldest():
    assert f"kubectl {OLDEST} or later" in (KUBERNETES / "release").read_text()
    assert f"Kubernetes {OLDEST} to {NEWEST}" in (PROJECT / "docs/deploy-kubernetes.md").read_text()


@pytest.mark.parametrize("name", OVERLAYS)
def test_an_overlay_has_one_way_in(name):
    text = (KUBERNETES / "overlays" / name / "kustomization.yml").read_text()
    assert len(re.findall(r"\.\./\.\./(ingress|gateway)\b", text)) == 1
