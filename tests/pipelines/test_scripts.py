"""What the pipelines run outside of this tree, with programs in the place of those that reach a registry or a machine.

docker, ssh and what releases into a cluster are stand-ins that note how they were called: the real ones need a
registry, a machine and a cluster that a test does not have. The suites of these run the other sides for real.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from tests.copies import AS_SOMEBODY

pytestmark = pytest.mark.pipelines

SMOKE_TEST = """#!/bin/sh
echo "asked: $*" >>"$SAID"
grep -q good "$STATE"
"""
SSH = """#!/bin/bash
printf 'ssh %s\\n' "$*" >>"$SAID"
while [[ $1 == -* ]]; do
  case $1 in
    -i) [[ $(stat -c %a "$2") == 600 ]] && printf 'key %s\\n' "$(cat "$2")" >>"$SAID" ;;
    UserKnownHostsFile=*) ;;
  esac
  [[ $2 == UserKnownHostsFile=* ]] && printf 'known %s\\n' "$(cat "${2#*=}")" >>"$SAID"
  shift 2
done
shift
PATH=$REMOTE:/usr/bin:/bin exec bash -c "$*"
"""
SLIPWAY = """#!/bin/bash
printf 'slipway %s\\n' "$*" >>"$SAID"
case $1 in
  release) tar -tf - >>"$SAID" && [[ $RELEASES != refused ]] && echo "$RELEASES" >"$STATE" ;;
  rollback) [[ $GOES_BACK == yes ]] && echo "$FORMER" >"$STATE" ;;
esac
"""
CLUSTER_RELEASE = """#!/bin/bash
printf 'release %s, by %s\\n' "$*" "$(cat "$KUBECONFIG")" >>"$SAID"
[[ $RELEASES != refused ]]
"""
DOCKER = """#!/bin/bash
printf 'docker %s\\n' "$*" >>"$SAID"
file() { while (($#)); do if [[ $1 == "$OPTION" ]]; then echo "$2"; fi; shift; done; }
case "$1 $2" in
  "login --username") printf 'token %s\\n' "$(cat)" >>"$SAID" ;;
  "buildx imagetools") [[ $4 == "$PRESENT" ]] ;;
  "buildx build")
    OPTION=--metadata-file
    printf '{\\n  "containerimage.digest": "sha256:%064d"\\n}\\n' 7 >"$(file "$@")" ;;
  "save --output") touch "$3" && [[ $4 != nothing ]] ;;
  "pull --quiet") [[ $REGISTRY != gone ]] ;;
  "run --rm") exit "$SCANNER" ;;
esac
"""


class Machine:
    """A small tree with the scripts, and what stands in for the world around it."""

    def __init__(self, folder: Path) -> None:
        self.tree = folder / "tree"
        self.said = folder / "said"
        self.state = folder / "state"
        self._programs = folder / "programs"
        self._remote = folder / "remote"
        for place in (self._programs, self._remote, self.tree / "deploy"):
            place.mkdir(parents=True)
        shutil.copytree(PROJECT / ".ci", self.tree / ".ci")
        self._put(self.tree / "deploy/smoke_test.sh", SMOKE_TEST)
        for name, text in {"ssh": SSH, "docker": DOCKER}.items():
            self._put(self._programs / name, text)
        self._put(self._remote / "slipway", SLIPWAY)
        (self.tree / "deploy/kubernetes").mkdir()
        self._put(self.tree / "deploy/kubernetes/release", CLUSTER_RELEASE)
        self.said.touch()
        self.state.write_text("good")
        for arguments in (["init", "--quiet"], ["add", "--all"], [*AS_SOMEBODY, "commit", "--quiet", "--message=all"]):
            subprocess.run(["git", *arguments], cwd=self.tree, check=True)

    def run(self, script: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        environ = {
            "PATH": f"{self._programs}:{os.environ['PATH']}",
            "HOME": str(self.tree.parent),
            "REMOTE": str(self._remote),
            "SAID": str(self.said),
            "STATE": str(self.state),
            "SSH_KEY": "the key",
            "SSH_KNOWN_HOSTS": "the host's line",
            "KUBE_CONFIG": "the configuration",
            "RELEASES": "good",
            "GOES_BACK": "yes",
            "FORMER": "good",
            "SCANNER": "0",
            "PRESENT": "",
            **variables,
        }
        command = [self.tree / ".ci" / script, *arguments]
        return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)

    def heard(self) -> list[str]:
        return self.said.read_text().splitlines()

    @staticmethod
    def _put(path: Path, text: str) -> None:
        path.write_text(text)
        path.chmod(0o755)


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def to_vps(machine, *options, **variables):
    return machine.run("deploy-vps", "root@app.test", "v1.4.0", "https://app.test", *options, **variables)


def to_cluster(machine, *options, **variables):
    image = "registry.test/it:v1.4.0"
    return machine.run("deploy-cluster", "production", image, "https://app.test", *options, **variables)


def test_a_commit_is_sent_to_the_vps_and_asked_from_outside(machine):
    done = to_vps(machine, "--insecure")
    assert done.returncode == 0, done.stderr
    heard = machine.heard()
    assert "StrictHostKeyChecking=yes" in heard[0]
    assert {"key the key", "known the host's line", "slipway release - --name v1.4.0", ".ci/deploy-vps"} <= set(heard)
    assert heard[-1] == "asked: --insecure https://app.test"
    assert done.stdout == "v1.4.0 serves at https://app.test.\n"


def test_a_release_that_the_vps_refuses_changes_nothing(machine):
    done = to_vps(machine, RELEASES="refused")
    assert done.returncode == 1
    assert "v1.4.0 is not in service" in done.stderr
    assert not [line for line in machine.heard() if line.startswith(("asked", "slipway rollback"))]


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({}, "back, and answer"),
        ({"FORMER": "bad"}, "answer either"),
        ({"GOES_BACK": "no"}, "going back has failed too"),
    ],
)
def test_a_release_that_does_not_answer_is_taken_back(machine, variables, says):
    done = to_vps(machine, RELEASES="bad", **variables)
    assert done.returncode == 1
    assert says in done.stderr
    assert [line for line in machine.heard() if "rollback" in line]


@pytest.mark.parametrize("host", ["-oProxyCommand=evil", "root@app.test; reboot", ""])
def test_a_host_is_a_host(machine, host):
    assert machine.run("deploy-vps", host, "v1.4.0", "https://app.test").returncode == 2
    assert machine.heard() == []


@pytest.mark.parametrize("release", ["v1; reboot", "$(reboot)", "--name", "v1 --no-fetch"])
def test_a_release_is_a_name(machine, release):
    assert machine.run("deploy-vps", "root@app.test", release, "https://app.test").returncode == 2
    assert machine.heard() == []


@pytest.mark.parametrize("missing", ["SSH_KEY", "SSH_KNOWN_HOSTS"])
def test_no_host_is_trusted_unseen(machine, missing):
    assert to_vps(machine, **{missing: ""}).returncode == 2
    assert machine.heard() == []


def test_an_image_is_released_to_the_cluster_and_asked_from_outside(machine):
    done = to_cluster(machine, "--insecure")
    assert done.returncode == 0, done.stderr
    words = "--smoke-test https://app.test production registry.test/it:v1.4.0 -- --insecure"
    assert machine.heard() == [f"release {words}, by the configuration"]


def test_an_image_that_the_cluster_does_not_keep_makes_the_job_red(machine):
    assert to_cluster(machine, RELEASES="refused").returncode == 1


def test_a_cluster_is_named(machine):
    assert to_cluster(machine, KUBE_CONFIG="").returncode == 2
    assert machine.heard() == []


def test_both_images_are_pushed_with_where_they_come_from(machine, tmp_path):
    output = tmp_path / "output"
    done = machine.run("publish", "ghcr.test/You/It", "v1.4.0", GITHUB_OUTPUT=str(output))
    assert done.returncode == 0, done.stderr
    digest = f"sha256:{7:064d}"
    assert output.read_text() == f"image=ghcr.test/you/it\nservice={digest}\nedge={digest}\n"
    images = [f"ghcr.test/you/it:v1.4.0@{digest}", f"ghcr.test/you/it-edge:v1.4.0@{digest}"]
    assert done.stdout.splitlines()[-2:] == images
    builds = [line for line in machine.heard() if line.startswith("docker buildx build")]
    assert [line.split("--target ")[1].split()[0] for line in builds] == ["service", "edge"]
    for line in builds:
        assert "--provenance mode=max --attest type=sbom,generator=docker/buildkit-syft-scanner:" in line
        assert "--build-arg RELEASE=v1.4.0" in line
    assert machine.heard()[-1].startswith("docker buildx rm")


def test_the_token_is_in_no_command_and_stays_nowhere(machine):
    done = machine.run("publish", "ghcr.test/it", "v1.4.0", REGISTRY_USER="me", REGISTRY_TOKEN="t0ken")
    assert done.returncode == 0, done.stderr
    assert "docker login --username me --password-stdin ghcr.test" in machine.heard()
    assert "token t0ken" in machine.heard()
    assert [line for line in machine.heard() if "t0ken" in line] == ["token t0ken"]
    assert not (machine.tree.parent / ".docker").exists()


@pytest.mark.parametrize("image", ["ghcr.test/it:v1.0.0", "ghcr.test/it-edge:v1.0.0"])
def test_a_release_is_not_replaced(machine, image):
    done = machine.run("publish", "ghcr.test/it", "v1.0.0", PRESENT=image)
    assert done.returncode == 1
    assert "is there already" in done.stderr
    assert not [line for line in machine.heard() if "build " in line]


def test_an_image_is_made_of_what_is_committed(machine):
    (machine.tree / "further").touch()
    assert "not committed" in machine.run("publish", "ghcr.test/it", "v1.4.0").stderr
    assert machine.heard() == []


@pytest.mark.parametrize(
    ("variables", "status", "says"),
    [
        ({}, 0, "nothing is known"),
        ({"SCANNER": "10"}, 1, "VULNERABLE"),
        ({"SCANNER": "1"}, 3, "UNAVAILABLE"),
        ({"SCANNER": "137"}, 3, "UNAVAILABLE"),
        ({"REGISTRY": "gone"}, 3, "UNAVAILABLE"),
    ],
)
def test_an_image_that_could_not_be_looked_up_is_no_success(machine, variables, status, says):
    done = machine.run("scan", "it:v1.4.0", **variables)
    assert done.returncode == status, done.stderr
    assert says in done.stdout + done.stderr


def test_without_an_image_the_one_of_this_tree_is_made(machine):
    assert machine.run("scan").returncode == 0
    assert any(line.startswith("docker build ") for line in machine.heard())
    assert "UNAVAILABLE" in machine.run("scan", "nothing").stderr


def test_the_key_of_a_pipeline_opens_nothing_but_releases(tmp_path):
    guide = (PROJECT / "docs/pipelines.md").read_text()
    [line] = [line for line in guide.splitlines() if line.startswith("restrict,command=")]
    command = json.loads('"' + line.split('command="')[1].split('" ssh-ed25519')[0] + '"')
    program = tmp_path / "slipway"
    program.write_text('#!/bin/sh\necho "ran: $*"\n')
    program.chmod(0o755)

    def asked(words):
        environ = {"PATH": f"{tmp_path}:/usr/bin:/bin", "SSH_ORIGINAL_COMMAND": words}
        return subprocess.run(["sh", "-c", command], env=environ, capture_output=True, text=True, check=False)

    assert asked("slipway release - --name v1.4.0").stdout == "ran: release - --name v1.4.0\n"
    assert asked("slipway rollback").stdout == "ran: rollback\n"
    for words in (
        "sh",
        "",
        "slipway restore x",
        "slipway rollback; id",
        "slipway release - --name v1; id",
        "slipway release - --name $(id)",
        "slipway release - --name v1\nid",
        "slipway release /etc/shadow",
    ):
        done = asked(words)
        assert (done.returncode, done.stdout) == (1, ""), words
