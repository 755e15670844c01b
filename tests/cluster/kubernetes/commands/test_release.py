"""The order of a release, and what it does when something fails; live/ has the same in a real cluster."""

import re

import pytest

from tests.cluster.kubernetes.commands.command import BACK, COMPLETE, FORMER, GROUND, MIGRATION, PODS, REST

pytestmark = pytest.mark.cluster

SERVED = {**COMPLETE, **FORMER}


def test_one_thing_comes_after_the_other_and_what_is_around_the_pods_last(release):
    done = release("production", "registry.example.org/slipway:1.4.2", told=COMPLETE)
    assert done.returncode == 0, done.stderr
    assert release.changes() == [GROUND, MIGRATION, *PODS, REST]
    assert "Release registry.example.org/slipway:1.4.2 serves in slipway." in done.stdout
    steps = [call for call in release.calls() if call in PODS or call.startswith("rollout status")]
    assert [re.search(r"deployment.(\w+)", call)[1] for call in steps][::2] == [
        re.search(r"deployment.(\w+)", call)[1] for call in steps
    ][1::2]
    assert steps[0] == PODS[0]
    assert release.applied("ground") == {
        "ConfigMap",
        "Namespace",
        "NetworkPolicy",
        "PersistentVolumeClaim",
        "ServiceAccount",
    }
    assert release.applied("migration") == {"Job"}
    assert release.applied("deployment-web") == {"Deployment"}
    assert release.applied("rest") >= {"CronJob", "HorizontalPodAutoscaler", "Ingress", "Service"}


def test_a_migration_that_fails_stops_it_and_its_log_is_shown(release):
    told = {**FORMER, r"get job": ["", "FailureTarget Failed"], r"logs ": "division by zero\n"}
    done = release("production", told=told)
    assert done.returncode == 1
    assert "division by zero" in done.stderr
    assert "the migration failed; the former release serves on, and nothing is to be undone" in done.stderr
    assert release.changes() == [GROUND, MIGRATION]


@pytest.mark.parametrize(
    "state", ["Pending ImagePullBackOff", "Pending InvalidImageName", "Pending CreateContainerConfigError"]
)
def test_a_migration_that_cannot_start_is_taken_away(release, state):
    done = release("production", told={r"get job": "", r"get pods": state})
    assert done.returncode == 1
    assert "the migration does not start; no release has served here yet" in done.stderr
    [deleted] = release.changes()[2:]
    assert re.fullmatch(r"delete job migration-\d{14} --wait=false", deleted)


def test_pods_that_do_not_become_ready_are_taken_back_to_what_was_applied_before(release):
    done = release("production", told={**SERVED, r"status deployment/web": [1, 0]})
    assert done.returncode == 1
    assert "web did not become ready; the former release serves on, and nothing is to be undone" in done.stderr
    assert "release again: " in done.stderr
    assert release.changes() == [GROUND, MIGRATION, PODS[0], BACK[-1]]


def test_a_worker_that_does_not_become_ready_takes_all_pods_back_and_nothing_around_them_has_changed(release):
    done = release("production", told={**SERVED, r"status deployment/worker": [1, 0]})
    assert done.returncode == 1
    assert "worker did not become ready; the former release serves on" in done.stderr
    assert release.changes() == [GROUND, MIGRATION, *PODS, *BACK]


def test_a_worker_that_does_not_go_back_does_not_keep_the_others_from_it(release):
    done = release("production", told={**SERVED, r"status deployment/worker": 1, r"filename=former-worker": 1})
    assert done.returncode == 1
    assert "Not everything went back" in done.stderr
    assert release.changes()[-2:] == BACK


def test_pods_that_serve_stay_when_the_cluster_does_not_take_what_is_around_them(release):
    done = release("production", told={**SERVED, r"filename=rest": 1})
    assert done.returncode == 1
    assert "the pods of this release serve, but the cluster did not take all that is around them" in done.stderr
    assert release.changes() == [GROUND, MIGRATION, *PODS, REST]


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        ("", "no release has served here yet"),
        (" 20260101000000", "no release has served here yet"),  # it never became ready
        ("20260101000000 20251231000000", "put there by hand: release the tag that is to run"),
    ],
)
def test_what_has_not_served_is_nothing_to_go_back_to(release, ids, said):
    told = {**SERVED, r"status deployment/web": 1, r"get deployment \w+ .*slipway/served": ids}
    done = release("production", told=told)
    assert done.returncode == 1
    assert "There is nothing of web to go back to" in done.stderr
    assert said in done.stderr
    assert release.changes()[3:] == []


def test_one_that_became_ready_is_noted_as_one_to_go_back_to(release):
    release("production", told=COMPLETE)
    noted = [call for call in release.calls() if call.startswith("annotate")]
    assert len(noted) == len(PODS)
    [own] = {name for call in release.calls() for name in re.findall(r"migration-(\d{14})", call)}
    assert all(f"slipway/served={own}" in call for call in noted)
    assert f'slipway/release: "{own}"' in (release.folder / "applied/deployment-web.yml").read_text()


def test_what_pods_said_is_shown_without_the_questions_of_probes(release):
    log = '{"message": "no such table"}\n' + '{"url.path": "/readyz"}\n' * 20
    done = release("production", told={**SERVED, r"status deployment/web": [1, 0], r"logs .*--previous": log})
    assert "no such table" in done.stderr
    assert "readyz" not in done.stderr


def test_without_a_cluster_it_says_so(release):
    done = release("production", told={"current-context": 1})
    assert done.returncode == 1
    assert "kubectl is set to no cluster" in done.stderr
    assert release.changes() == []


def test_settings_that_nobody_can_come_back_to_are_deleted(release):
    told = {
        **COMPLETE,
        r"configMapRef": "settings-new settings-former",
        r"get configmaps": "configmap/settings-new\nconfigmap/settings-former\nconfigmap/settings-old\nconfigmap/x\n",
    }
    release("production", told=told)
    assert release.changes()[-1] == "delete configmap settings-old"
    assert len([call for call in release.changes() if call.startswith("delete")]) == 1


def test_what_is_not_well_is_told_at_the_end(release):
    told = {**COMPLETE, r"get persistentvolumeclaims": "backups", r"exec deployment/web": '{"degraded":["something"]}'}
    done = release("production", told=told)
    assert done.returncode == 0
    assert "WARNING: the claim backups has no volume yet" in done.stderr
    assert 'WARNING: it serves without "something"' in done.stderr
