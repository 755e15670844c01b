"""The order of a release, and what it does when something fails; live/ has the same in a real cluster."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.cluster.kubernetes.rendering import KUBERNETES, kubectl

pytestmark = pytest.mark.cluster

COMPLETE = {r"get job migration-\d+ ": "Complete"}
REVISIONS = {r"get deployment web ": "3", r"get deployment worker ": "7"}


class Command:
    """The command, and a kubectl that is told what to answer."""

    def __init__(self, folder):
        self.folder = folder
        standin = folder / "kubectl"
        standin.write_text(f'#!/bin/sh\nexec {sys.executable} {Path(__file__).with_name("standin.py")} "$@"\n')
        standin.chmod(0o755)

    def __call__(self, *arguments, **answers):
        """Run it; the cluster answers as told, and says yes to everything else."""
        told = {
            pattern: [
                {"says": each if isinstance(each, str) else "", "status": each if isinstance(each, int) else 0}
                for each in (said if isinstance(said, list) else [said])
            ]
            for pattern, said in answers.get("told", {}).items()
        }
        (self.folder / "answers.json").write_text(json.dumps(told))
        (self.folder / "calls").write_text("")
        environ = os.environ | {
            "PATH": f"{self.folder}:{os.environ['PATH']}",
            "STANDIN": str(self.folder),
            "STANDIN_KUBECTL": kubectl(),
        }
        command = [KUBERNETES / "release", *arguments]
        return subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=120)

    def calls(self):
        return (self.folder / "calls").read_text().splitlines()

    def changes(self):
        """Return what was asked to change something, in order."""
        return [
            re.sub(r"--namespace=\S+ ", "", call)
            for call in self.calls()
            if re.search(r"\b(apply|delete|undo|scale|patch)\b", call) and "--dry-run" not in call
        ]


@pytest.fixture
def release(tmp_path):
    return Command(tmp_path)


GROUND = "apply --filename --selector=!app.kubernetes.io/component"
MIGRATION = "apply --filename --selector=app.kubernetes.io/component in (migration)"
BACK = ["rollout undo deployment/web --to-revision=3", "rollout undo deployment/worker --to-revision=7"]
PODS = "apply --filename --selector=app.kubernetes.io/component notin (migration)"


def test_the_ground_comes_first_then_the_migration_then_the_pods(release):
    done = release("production", "registry.example.org/slipway:1.4.2", told=COMPLETE)
    assert done.returncode == 0, done.stderr
    assert release.changes() == [GROUND, MIGRATION, PODS]
    assert "Release registry.example.org/slipway:1.4.2 serves in slipway." in done.stdout
    waited = [call for call in release.calls() if "rollout status" in call]
    assert [re.search(r"deployment/(\w+)", call)[1] for call in waited] == ["web", "worker"]


def test_what_the_cluster_does_not_take_changes_nothing(release):
    done = release("production", told={r"apply --dry-run=server": 1})
    assert done.returncode == 1
    assert "the cluster does not take this; nothing has changed" in done.stderr
    assert release.changes() == []


def test_a_migration_that_fails_stops_it_and_its_log_is_shown(release):
    told = {r"get job": ["", "FailureTarget Failed"], r" logs ": "division by zero\n"}
    done = release("production", told=told)
    assert done.returncode == 1
    assert "division by zero" in done.stderr
    assert "the migration failed; the former release serves on" in done.stderr
    assert release.changes() == [GROUND, MIGRATION]


@pytest.mark.parametrize(
    "state", ["Pending ImagePullBackOff", "Pending InvalidImageName", "Pending CreateContainerConfigError"]
)
def test_a_migration_that_cannot_start_is_taken_away(release, state):
    done = release("production", told={r"get job": "", r"get pods": state})
    assert done.returncode == 1
    assert "the migration does not start" in done.stderr
    [deleted] = release.changes()[2:]
    assert re.fullmatch(r"delete job migration-\d{14} --wait=false", deleted)


def test_pods_that_do_not_become_ready_are_taken_back_to_where_they_were(release):
    done = release("production", told={**COMPLETE, **REVISIONS, r"status deployment/web": [1, 0]})
    assert done.returncode == 1
    assert "web did not become ready" in done.stderr
    assert release.changes() == [GROUND, MIGRATION, PODS, *BACK]


def test_what_the_cluster_takes_in_part_only_is_taken_back(release):
    done = release("production", told={**COMPLETE, **REVISIONS, r"notin \(migration\)": 1})
    assert done.returncode == 1
    assert "the cluster did not take all of it" in done.stderr
    assert release.changes() == [GROUND, MIGRATION, PODS, *BACK]


def test_one_that_does_not_go_back_does_not_keep_the_others_from_it(release):
    told = {**COMPLETE, **REVISIONS, r"status deployment/worker": 1, r"undo deployment/web": 1}
    done = release("production", told=told)
    assert done.returncode == 1
    assert "Not everything went back" in done.stderr
    assert release.changes()[3:] == BACK


def test_a_first_release_has_nothing_to_go_back_to(release):
    done = release("production", told={**COMPLETE, r"status deployment/web": 1})
    assert done.returncode == 1
    assert "There was no web before" in done.stderr
    assert release.changes()[3:] == []


def test_each_release_has_a_migration_of_its_own(release):
    release("production", told=COMPLETE)
    [asked] = {name for call in release.calls() for name in re.findall(r"migration-\d{14}", call)}
    assert asked


@pytest.mark.parametrize(
    ("image", "seen"),
    [
        ("registry.example.org:5000/team/slipway:1.4.2", "registry.example.org:5000/team/slipway:1.4.2"),
        ("registry.example.org:5000/slipway", "registry.example.org:5000/slipway:latest"),
        ("slipway:1.4.2", "slipway:1.4.2"),
        ("other/slipway@sha256:abc", "other/slipway@sha256:abc"),
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
    ],
)
def test_what_it_does_not_understand_it_refuses(release, arguments, status, said):
    done = release(*arguments)
    assert (done.returncode, release.calls()) == (status, [])
    assert said in done.stderr


def test_without_a_cluster_it_says_so(release):
    done = release("production", told={"current-context": 1})
    assert done.returncode == 1
    assert "kubectl is set to no cluster" in done.stderr
    assert release.changes() == []


def test_help_is_the_head_of_the_script(release):
    assert "deploy/kubernetes/release [--dry-run] OVERLAY [IMAGE]" in release("--help").stdout
