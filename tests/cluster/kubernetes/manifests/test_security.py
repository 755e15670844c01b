import json
import re
import subprocess
from copy import deepcopy

import pytest
import yaml

from tests.cluster.kubernetes.manifests.restricted import violations
from tests.cluster.kubernetes.rendering import containers, find, kubectl, pods
from tests.conftest import PROJECT

pytestmark = pytest.mark.cluster

CHECKOV = PROJECT / ".dev/checkov/bin/checkov"
# What checkov finds, and why it stays: the check, and the objects that it may say it of.
EXPLAINED = {
    # A release is a tag that nobody moves, or a digest, which `release` takes as well; the overlay's is an example.
    "CKV_K8S_43": {"Deployment.web", "Deployment.worker", "Job.migration", "CronJob.backup", "Job.restore"},
    # With tags that stay, to ask the registry at each start gains nothing, and a registry that is away stops nobody.
    "CKV_K8S_15": {"Deployment.web", "Deployment.worker", "Job.migration", "CronJob.backup", "Job.restore"},
    # A worker answers nobody: there is no port to ask. It ends when it cannot go on, and is started again; the alert
    # JobWorkersMissing asks the queue who works.
    "CKV_K8S_8": {"Deployment.worker"},
    "CKV_K8S_9": {"Deployment.worker"},
    # 999 is postgres in PostgreSQL's own image: initdb wants a user that has a name.
    "CKV_K8S_40": {"CronJob.backup", "Job.restore"},
}


def test_the_namespace_admits_restricted_pods_only(overlay):
    labels = find(overlay, "Namespace")["metadata"]["labels"]
    assert {labels[f"pod-security.kubernetes.io/{mode}"] for mode in ("enforce", "audit", "warn")} == {"restricted"}
    assert {each["metadata"]["namespace"] for each in overlay if each["kind"] != "Namespace"} == {
        find(overlay, "Namespace")["metadata"]["name"]
    }


def test_every_pod_is_restricted(everything):
    assert len(list(pods(everything))) >= 3
    for each, template in pods(everything):
        assert list(violations(template)) == [], each["metadata"]["name"]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"hostNetwork": True}, "hostNetwork"),
        ({"securityContext": {"seccompProfile": {"type": "RuntimeDefault"}}}, "runAsNonRoot"),
        ({"securityContext": {"runAsNonRoot": True}}, "seccompProfile"),
        ({"volumes": [{"name": "x", "hostPath": {"path": "/"}}]}, "volume hostPath"),
        ({"containers": [{"name": "x"}]}, "capabilities"),
    ],
)
def test_what_is_not_restricted_would_be_seen(everything, change, found):
    template = deepcopy(next(template for each, template in pods(everything) if each["metadata"]["name"] == "web"))
    template["spec"].update(change)
    assert found in set(violations(template))


def test_pods_write_nowhere_but_to_memory_and_to_backups(everything):
    for each, template in pods(everything):
        volumes = {volume["name"]: volume for volume in template["spec"]["volumes"]}
        for container in containers(template):
            assert container["securityContext"]["readOnlyRootFilesystem"] is True
            for mount in container["volumeMounts"]:
                volume = volumes[mount["name"]]
                if "emptyDir" in volume:
                    assert volume["emptyDir"]["medium"] == "Memory"
                    assert volume["emptyDir"]["sizeLimit"]
                elif not mount.get("readOnly"):
                    assert each["metadata"]["name"] in {"backup", "restore"}
                    assert mount["mountPath"] == "/backups"


def test_pods_have_no_token_and_no_variables_of_services(everything):
    assert find(everything, "ServiceAccount")["automountServiceAccountToken"] is False
    for _, template in pods(everything):
        assert template["spec"]["automountServiceAccountToken"] is False
        assert template["spec"]["enableServiceLinks"] is False
        assert template["spec"]["serviceAccountName"] == "slipway"


def test_secrets_are_files_and_their_values_are_nowhere(everything):
    assert "Secret" not in {each["kind"] for each in everything}
    for _, template in pods(everything):
        for container in containers(template):
            assert all("valueFrom" not in variable for variable in container.get("env", []))
            assert all("secretRef" not in source for source in container.get("envFrom", []))
        for volume in template["spec"]["volumes"]:
            if volume["name"] == "secrets":
                assert (volume.get("secret") or volume["projected"])["defaultMode"] == 0o440


def test_only_the_migration_and_backups_know_the_role_that_owns_the_schema(everything):
    known = {
        each["metadata"]["name"]: re.findall(r"slipway-\w+", json.dumps(template))
        for each, template in pods(everything)
    }
    backups = {"backup": ["slipway-backup"], "restore": ["slipway-backup"]}
    assert known == {"web": [], "worker": [], "migration": ["slipway-migration"], **backups}


def test_nobody_may_talk_to_anybody_who_is_not_named(overlay):
    policies = {each["metadata"]["name"]: each["spec"] for each in overlay if each["kind"] == "NetworkPolicy"}
    assert policies.pop("nobody") == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    for name, policy in policies.items():
        for rule in [*policy.get("ingress", []), *policy.get("egress", [])]:
            assert rule.get("from") or rule.get("to"), name
            assert rule["ports"], name


def test_a_policy_scan_finds_nothing_that_is_not_explained(everything, tmp_path):
    manifests = tmp_path / "everything.yml"
    manifests.write_text(yaml.safe_dump_all(everything))
    assert CHECKOV.exists(), "there is no checkov: make cluster-test installs one"
    command = [CHECKOV, "--file", manifests, "--framework", "kubernetes", "--output", "json", "--skip-download"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    report = json.loads(done.stdout)
    assert report["summary"]["passed"] > 200, done.stderr
    assert report["summary"]["parsing_errors"] == 0
    found = {}
    for each in report["results"]["failed_checks"]:
        kind, _, name = each["resource"].split(".")
        found.setdefault(each["check_id"], set()).add(f"{kind}.{name}")
    there = {f"{each['kind']}.{each['metadata']['name']}" for each in everything}
    assert found == {check: names & there for check, names in EXPLAINED.items() if names & there}


def test_kubectl_is_what_renders():
    assert (
        "Kustomize Version: v5"
        in subprocess.run([kubectl(), "version", "--client"], capture_output=True, text=True, check=True).stdout
    )
