"""What is wrong with a release, told before anything has changed."""

import pytest
import yaml

from tests.cluster.kubernetes.commands.command import COMPLETE

pytestmark = pytest.mark.cluster

NOT_THERE = (1, 'Error from server (NotFound): secrets "slipway-backup" not found\n')
MAY_NOT = (1, "Error from server (Forbidden): secrets is forbidden\n")


def variable(name):
    path = "/spec/template/spec/containers/0/env"
    return "Deployment", {"op": "add", "path": path, "value": [{"name": name, "value": "x"}]}


def test_what_the_cluster_does_not_take_changes_nothing(release):
    done = release("production", told={r"apply --dry-run=server": (1, 'no matches for kind "Gateway" in v1')})
    assert done.returncode == 1
    assert "the cluster does not take this; nothing has changed" in done.stderr
    assert "Gateway is of the component gateway: install its operator, or take it out" in done.stderr
    assert release.changes() == []


def test_a_secret_that_a_pod_mounts_and_nobody_has_made_changes_nothing(release):
    done = release("production", told={**COMPLETE, r"get secret slipway-backup": NOT_THERE})
    assert done.returncode == 1
    assert "no such Secret in slipway: slipway-backup; nothing has changed" in done.stderr
    assert release.changes() == []
    asked = [call.split()[2] for call in release.calls() if call.startswith("get secret")]
    assert asked == ["slipway", "slipway-backup", "slipway-migration"]


def test_who_may_not_look_at_secrets_may_release(release):
    done = release("production", told={**COMPLETE, r"get secret": MAY_NOT})
    assert done.returncode == 0, done.stderr
    assert "may not be looked at" in done.stdout


def test_a_release_for_which_somebody_has_left_no_pods_is_refused(release):
    done = release("production", told={**COMPLETE, r"get deployment web .*spec.replicas": "0"})
    assert done.returncode == 1
    assert "somebody has scaled deployment/web to 0, so nobody would serve" in done.stderr
    assert "Next: kubectl --namespace=slipway scale deployment/web --replicas=2" in done.stderr
    assert release.changes() == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("LOG_LEVLE", "LOG_LEVLE is no setting; is it LOG_LEVEL?"),
        ("DATABASE_ULR_FILE", "DATABASE_ULR_FILE is no setting; is it DATABASE_URL_FILE?"),
        ("SOMETHING_ELSE", "SOMETHING_ELSE is no setting: .env.example has them all"),
    ],
)
def test_a_setting_that_is_none_is_refused_with_the_one_that_was_meant(release, name, said):
    for dry in ([], ["--dry-run"]):
        done = release(*dry, release.overlay(f"{name}=x") if dry == [] else release.folder / "overlay")
        assert done.returncode == 1
        assert said in done.stderr
        assert release.calls() == []


def test_a_variable_of_a_container_is_refused_when_it_is_nearly_a_setting(release):
    done = release("--dry-run", release.overlay("LOG_LEVEL=DEBUG", patches=[variable("LOG_FORMT")]))
    assert done.returncode == 1
    assert "LOG_FORMT is no setting; is it LOG_FORMAT?" in done.stderr


def test_a_variable_that_other_programs_read_is_not(release):
    done = release("--dry-run", release.overlay("SECRET_KEY_FALLBACKS_FILE=/x", patches=[variable("HTTPS_PROXY")]))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("address", ["example.org", "http://example.org", "https://example.org:8443", "https://a/b"])
def test_a_public_url_that_no_ingress_can_have_is_refused(release, address):
    done = release("--dry-run", release.overlay(f"PUBLIC_URL={address}"))
    assert done.returncode == 1
    assert f"PUBLIC_URL={address}: say https:// and a host, without a port" in done.stderr


@pytest.mark.parametrize(
    ("image", "seen"),
    [
        ("registry.example.org:5000/team/slipway:1.4.2", "registry.example.org:5000/team/slipway:1.4.2"),
        ("slipway:1.4.2", "slipway:1.4.2"),
        ("other/slipway@sha256:abc", "other/slipway@sha256:abc"),
        ("other/slipway:1.4.2@sha256:abc", "other/slipway@sha256:abc"),
        ("", "registry.example.org/slipway:unreleased"),
    ],
)
def test_a_dry_run_shows_what_would_be_applied_and_asks_nobody(release, image, seen):
    done = release("--dry-run", "production", *filter(None, [image]))
    assert done.returncode == 0, done.stderr
    shown = [each for each in yaml.safe_load_all(done.stdout) if each]
    deployed = [each for each in shown if each["kind"] in {"Deployment", "Job"}]
    assert {each["spec"]["template"]["spec"]["containers"][0]["image"] for each in deployed} == {seen}
    assert release.calls() == []


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ([], 2, "which overlay?"),
        (["nowhere"], 1, "there is no overlay nowhere"),
        (["production", "a", "b"], 2, "too many arguments"),
        (["--force", "production"], 2, "there is no option --force"),
        (["production", "registry.example.org:5000/slipway"], 1, "has no tag: which release is it?"),
        (["production", "slipway: 1.4.2"], 1, "'slipway: 1.4.2' is no name of an image"),
    ],
)
def test_what_it_does_not_understand_it_refuses(release, arguments, status, said):
    done = release(*arguments)
    assert (done.returncode, release.calls()) == (status, [])
    assert said in done.stderr


def test_help_is_the_head_of_the_script(release):
    assert "deploy/kubernetes/release [--dry-run] [--smoke-test URL] OVERLAY" in release("--help").stdout
