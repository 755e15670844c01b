"""The pipelines of GitHub and GitLab, and Renovate's configuration: well formed, tight, and alike."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.conftest import PROJECT
from tests.pipelines.conftest import GITLAB, SETUP, WORKFLOWS, github_commands, gitlab, gitlab_commands, workflow

pytestmark = pytest.mark.pipelines
BIN = Path(sys.executable).parent
PINNED = re.compile(r"uses: ([\w./-]+)@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)$")
WITH_DIGEST = re.compile(r"[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}")
SCHEMAS = {
    **{path: ["vendor.github-workflows"] for path in WORKFLOWS},
    GITLAB: ["vendor.gitlab-ci", "--data-transform=gitlab-ci"],
    PROJECT / "renovate.json": ["vendor.renovate"],
}


def weaknesses(folder: Path) -> str:
    command = [BIN / "zizmor", "--offline", "--no-progress", "--persona=pedantic", "--format=plain", folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout


def errors(path: Path, schema: str, *options: str) -> str:
    command = [BIN / "check-jsonschema", f"--builtin-schema={schema}", *options, path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout


def test_no_weakness_is_known_in_the_workflows():
    assert weaknesses(PROJECT / ".github") == ""


@pytest.mark.parametrize(
    ("before", "after", "weakness"),
    [
        (r"checkout@[0-9a-f]{40} # v.*", "checkout@v7", "unpinned-uses"),
        (r"run: make audit", "run: echo ${{ github.event.pull_request.title }}", "template-injection"),
        (r"\n +persist-credentials: false", "\n          clean: true", "artipacked"),
        (r"\npermissions: \{\}\n", "\npermissions: write-all\n", "excessive-permissions"),
        (r"pull_request:", "pull_request_target:", "dangerous-triggers"),
    ],
)
def test_a_weakness_is_seen(tmp_path, before, after, weakness):
    text = (PROJECT / ".github/workflows/ci.yml").read_text()
    broken, times = re.subn(before, after, text, count=1)
    assert times == 1
    (tmp_path / ".github/workflows").mkdir(parents=True)
    (tmp_path / ".github/workflows/ci.yml").write_text(broken)
    assert weakness in weaknesses(tmp_path / ".github")


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.name)
def test_each_file_is_what_its_reader_expects(path, tmp_path):
    assert errors(path, *SCHEMAS[path]) == ""
    shutil.copy(path, tmp_path)
    broken = tmp_path / path.name
    broken.write_text(re.sub(r"(\n  jobs|\njobs|\nlint:\n|\"extends\": \[)", r"\1 [", path.read_text(), count=1))
    assert errors(broken, *SCHEMAS[path])


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_no_job_can_run_for_hours(path):
    assert errors(path, "custom.github-workflows-require-timeout") == ""


def test_actions_are_pinned_by_their_commit_and_each_by_one():
    uses = [line for path in WORKFLOWS for line in path.read_text().splitlines() if "uses: " in line]
    foreign = [line.strip().removeprefix("- ") for line in uses if "uses: ./" not in line]
    found = [PINNED.fullmatch(line) for line in foreign]
    assert foreign
    assert all(found), [line for line, pin in zip(foreign, found, strict=True) if not pin]
    actions = {pin[1] for pin in found}
    assert len({pin.groups() for pin in found}) == len(actions)
    assert {action.split("/")[0] for action in actions} == {"actions"}, "nobody else's code runs beside our secrets"


def images_in(text: str) -> set[str]:
    """What a key or a variable says is an image, or a list of a matrix has as one."""
    place = r"^\s*(?:- )?(?:image: |name: |- |[A-Z_]+=)"
    return set(re.findall(place + r"([a-z][\w./-]*:v?\d[\w.-]*(?:@\S+)?)$", text, re.MULTILINE))


@pytest.mark.parametrize("path", [*WORKFLOWS, GITLAB, PROJECT / ".ci/publish", PROJECT / ".ci/scan"], ids=str)
def test_images_are_pinned_by_their_digest(path):
    images = images_in(path.read_text())
    assert images or path.stem in {"deploy", "release"}
    assert [image for image in images if not WITH_DIGEST.fullmatch(image)] == []


def test_renovate_knows_each_image_that_only_a_script_or_a_matrix_names():
    [manager] = json.loads((PROJECT / "renovate.json").read_text())["customManagers"]
    found = [re.compile(pattern.replace("(?<", "(?P<")) for pattern in manager["matchStrings"]]
    paths = [re.compile(pattern.strip("/").replace("\\/", "/")) for pattern in manager["managerFilePatterns"]]
    for path in [GITLAB, *WORKFLOWS, *(PROJECT / ".ci").iterdir()]:
        text, name = path.read_text(), str(path.relative_to(PROJECT))
        if "@sha256:" in text:
            assert any(each.search(name) for each in paths), name
            assert sum(len(each.findall(text)) for each in found) == text.count("@sha256:")


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_job_may_do_what_it_needs_and_no_more(path):
    content = yaml.safe_load(path.read_text())
    assert content["permissions"] == {}
    for name, job in content["jobs"].items():
        writes = {what for what, how in job["permissions"].items() if how == "write"}
        allowed = {"publish": {"packages", "id-token", "attestations"}, "hand-over": {"actions"}}
        assert writes == allowed.get(name, set()), name
        for step in job.get("steps", []):
            if "checkout" in step.get("uses", ""):
                assert step["with"]["persist-credentials"] is False


def test_secrets_are_of_the_environment_that_they_are_for():
    assert "secrets." not in "".join(path.read_text() for path in WORKFLOWS if path.stem != "deploy")
    for name, job in workflow("deploy")["jobs"].items():
        assert job["environment"]["name"] == "${{ inputs.environment }}", name
        assert "ref_type == 'tag'" in job["if"]
    assert workflow("deploy")["concurrency"]["cancel-in-progress"] is False
    deploying = gitlab()[".deploy"]
    assert (deploying["resource_group"], deploying["environment"]["name"]) == ("production", "production")
    assert deploying["interruptible"] is False


COMMANDS = sorted({*github_commands(), *gitlab_commands()})


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: f"{command.job}: {command.line[:40]}")
def test_what_a_job_runs_is_there_for_everybody(command):
    if command.line.startswith(SETUP):
        return
    program, *arguments = shlex.split(command.line)
    if program == "make":
        targets = re.findall(r"^([a-z][\w-]*):", (PROJECT / "Makefile").read_text(), re.MULTILINE)
        assert arguments[0] in targets or arguments[0].startswith(".venv/bin/.installed-")
        given = [PROJECT / path for path in " ".join(arguments[1:]).removeprefix("TESTS=").split()]
        assert [path for path in given if not path.exists()] == []
        subprocess.run(["make", "--dry-run", *arguments], cwd=PROJECT, check=True, capture_output=True)
    else:
        assert (PROJECT / program).stat().st_mode & 0o100, program


def test_both_forges_run_the_same():
    def ours(commands):
        return {re.sub(r' (".*|production .*)$', "", line) for _, line in commands if not line.startswith(SETUP)}

    only_github = {
        'make docker-test TESTS="tests/containers/image tests/containers/edge"'
    }  # GitLab's engine is elsewhere
    github = {line.split(" TESTS=")[0] if "docker" in line else line for line in ours(github_commands())}
    only_github = {line.split(" TESTS=")[0] for line in only_github}
    assert github - only_github == ours(gitlab_commands())


def test_what_make_check_does_is_what_ci_begins_with():
    dry = subprocess.run(["make", "--dry-run", "check"], cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    for target in ("lint", "test"):
        steps = subprocess.run(["make", "-n", target], cwd=PROJECT, capture_output=True, text=True, check=True).stdout
        assert set(steps.splitlines()) <= set(dry.splitlines())
        assert f"make {target}" in {line for _, line in github_commands()}


def test_ci_tries_each_python_that_the_project_allows():
    versions = workflow("ci")["jobs"]["test"]["strategy"]["matrix"]["python"]
    assert f">={versions[0]}" in (PROJECT / "pyproject.toml").read_text()
    numbers = [int(version.removeprefix("3.")) for version in versions]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    [row] = gitlab()["test"]["parallel"]["matrix"]
    assert [re.match(r"python:(3\.\d+)-", image)[1] for image in row["PYTHON"]] == versions


def test_one_name_stands_for_all_of_ci():
    jobs = workflow("ci")["jobs"]
    assert set(jobs["passed"]["needs"]) == set(jobs) - {"passed"}
    [step] = jobs["passed"]["steps"]
    for results, status in [("success success", 0), ("success failure", 1), ("cancelled", 1), ("skipped success", 1)]:
        done = subprocess.run(["bash", "-c", step["run"]], env={"RESULTS": results}, check=False)
        assert done.returncode == status, results
