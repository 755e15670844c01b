"""Services that are made of this tree: what they are, what is left of the template in them, and that they are sound."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from devtools.removal import parts
from tests.conftest import PROJECT
from tests.template.services import CHOICES, DESK, MAXIMAL, MINIMAL, after, chosen_by, git, made, tried

pytestmark = pytest.mark.template

QUESTIONS = yaml.safe_load((PROJECT / "copier.yml").read_text())
# What only the maker of services needs, and what a service begins for itself.
MAKER = ("copier.yml", ".copier-answers.yml.jinja", "devtools/template/", "tests/template/", "tests/devtools/template/")
SELECTIONS = {"minimal": MINIMAL, "maximal": MAXIMAL, **{f"by chance {seed}": chosen_by(seed) for seed in range(1, 13)}}
# `make template-test` runs all tests of these; of the others what can be seen without running the service.
WHOLE = ("minimal", "by chance 1")


@pytest.fixture
def service(request, template, tmp_path):
    """A service with the answers that a test names."""
    return made(template, SELECTIONS[request.param], "v0.1.0", tmp_path / "service")


def texts(folder):
    names = git(folder, "ls-files").splitlines()
    return {name: (folder / name).read_bytes().decode(errors="replace") for name in names}


def test_the_default_rendering_is_the_repository_but_for_the_maker_of_services(template, tmp_path):
    service = texts(made(template, {}, "v0.1.0", tmp_path / "service"))
    git(template.folder, "worktree", "add", "--quiet", "--detach", str(tmp_path / "template"), "v0.1.0")
    removed = tried(tmp_path / "template", "python", "-m", "devtools.removal", "template")
    assert removed.status == 0, removed.said
    git(tmp_path / "template", "add", "--all")
    repository = texts(tmp_path / "template")
    assert set(service) - set(repository) == {".copier-answers.yml"}
    assert set(repository) - set(service) == set()
    differing = {name for name in repository if service[name] != repository[name]}
    assert differing == {"CHANGELOG.md"}  # a service begins its own


def test_each_part_is_asked_for_and_what_stands_on_it_after_it():
    asked = [name for name in QUESTIONS if not name.startswith("_")]
    assert set(CHOICES) <= set(asked)
    assert {name for name in asked if QUESTIONS[name]["type"] == "bool"} == set(CHOICES)
    for part in CHOICES:
        for other in after(part):
            assert QUESTIONS[other]["when"] == f"[[ {part} ]]", f"{other} needs {part}"
            assert asked.index(part) < asked.index(other)


def test_each_question_has_a_default_and_refuses_what_cannot_be():
    for name, question in QUESTIONS.items():
        if not name.startswith("_"):
            assert question["help"], name
            assert "default" in question, name
            assert "validator" in question or "choices" in question or question["type"] == "bool", name


@pytest.mark.parametrize("service", SELECTIONS, indirect=True)
def test_no_trace_of_the_template_is_left_but_its_origin(service):
    for name, text in texts(service).items():
        assert "slipway" not in name.lower()
        assert not name.startswith(MAKER)
        origin = r"^_src_path: .*$" if name == ".copier-answers.yml" else r"$^"
        assert "slipway" not in re.sub(origin, "", text, flags=re.MULTILINE).lower(), name
        spoken_of = re.search(r"make (new|rename)\b|copier\.yml|devtools[./]template", text)
        assert not spoken_of or name == "tests/removal/leftovers.py", name  # which knows of all parts


@pytest.mark.parametrize("service", SELECTIONS, indirect=True)
def test_it_is_sound(service, types_known):
    for command in (
        ("ruff", "format", "--check", "."),
        ("ruff", "check", "."),
        ("mypy", "--cache-dir", str(types_known)),
        ("lint-imports", "--no-cache"),
        ("pytest", "--no-cov", "-q", "--collect-only", "-m", "", "tests"),
        ("pytest", "--no-cov", "-q", "tests/guardrails", "--ignore=tests/guardrails/test_readme.py"),
    ):
        done = tried(service, *command)
        assert done.status == 0, done.said[-4000:]


@pytest.mark.parametrize("service", WHOLE, indirect=True)
def test_it_passes_its_own_tests(service):
    done = tried(service, "pytest", "-q", "--numprocesses=2", "--dist=loadfile", "--no-cov")
    assert done.status == 0, done.said[-4000:]


@pytest.mark.parametrize("licence", ["MIT", "Apache-2.0", "proprietary"])
def test_the_answers_are_in_its_files(template, tmp_path, licence):
    service = made(template, {**DESK, "licence": licence}, "v0.1.0", tmp_path / "service")
    spdx = {"proprietary": "LicenseRef-Proprietary"}.get(licence, licence)
    said = {name: (service / name).read_text() for name in ("LICENSE", "README.md", "pyproject.toml", "Dockerfile")}
    assert "Example Shops" in said["LICENSE"]
    assert said["LICENSE"].lstrip().startswith({"MIT": "MIT", "Apache-2.0": "Apache"}.get(licence, "Copyright"))
    assert f'license = "{spdx}"' in said["pyproject.toml"]
    assert f'licenses="{spdx}"' in said["Dockerfile"]
    assert 'description = "Takes orders, and says where they are"' in said["pyproject.toml"]
    assert said["README.md"].startswith("# Order desk\n\nTakes orders, and says where they are.\n")
    guides = "".join(path.read_text() for path in (service / "docs").glob("*.md")) + said["README.md"]
    assert "git clone https://git.example.com/shop/order-desk.git && cd order-desk" in guides
    assert "--domain orders.example.com --email ops@example.com" in guides
    assert not re.search(r"app\.example\.org|git\.example\.org/you|ops@example\.org", guides)


def made_by_command(template, *words):
    """Run `make new` without a terminal, in the newest version of the template."""
    command = [sys.executable, "-m", "devtools.template.new", *words]
    return subprocess.run(
        command, cwd=template.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


def test_the_command_makes_a_repository_with_a_commit_and_pins_that_fit(template, tmp_path):
    folder = tmp_path / "front-desk"
    done = made_by_command(template, "NAME=front-desk", f"DEST={folder}", "ANSWERS=jobs=no mail=no title='Front desk'")
    assert done.returncode == 0, done.stderr
    assert f"cd {folder}; make check" in done.stdout
    assert git(folder, "log", "--format=%s").strip() == "Made of v0.3.0"
    assert git(folder, "status", "--porcelain") == ""
    assert not re.search(r"^rq==", (folder / "requirements.txt").read_text(), re.MULTILINE)
    assert "_commit: v0.3.0" in (folder / ".copier-answers.yml").read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["NAME=postgres"], "something beside a service has it"),
        (["NAME=web"], "something beside a service has it"),
        (["NAME=a"], "3 to 24 characters"),
        (["NAME=Order_Desk"], "lowercase letters, digits and single hyphens"),
        (["NAME=order-desk", "ANSWERS=nonsense=1"], "nobody asks for nonsense"),
        (["NAME=order-desk", "ANSWERS=domain=x_y"], "'domain': a domain in lowercase letters"),
        (["NAME=order-desk", "ANSWERS=jobs=no mail=yes"], "mail needs jobs"),
        (["NAME=order-desk", "ANSWERS=licence=GPL"], "'licence'"),
        (["NAME=order-desk", "ANSWERS='"], "ANSWERS: No closing quotation"),
        ([], "say the name: make new NAME=order-desk"),
    ],
)
def test_answers_that_cannot_be_are_refused_and_nothing_is_left_behind(template, tmp_path, words, said):
    done = made_by_command(template, *words, f"DEST={tmp_path / 'service'}")
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert list(Path(tmp_path).iterdir()) == []


def test_a_folder_that_is_there_and_a_dirty_template_are_refused(template, tmp_path):
    (tmp_path / "mine").write_text("mine")
    done = made_by_command(template, "NAME=order-desk", f"DEST={tmp_path}")
    assert done.returncode == 1
    assert "is there already" in done.stderr
    (template.folder / "dirty").touch()
    try:
        done = made_by_command(template, "NAME=order-desk", f"DEST={tmp_path / 'service'}")
    finally:
        (template.folder / "dirty").unlink()
    assert done.returncode == 1
    assert "commit first what has changed here:\n?? dirty" in done.stderr


def test_no_question_is_without_its_part():
    assert set(parts()) - {"template"} == set(CHOICES)
