"""Services that are made of this tree: what they are, what is left of the template in them, and that they are sound."""

import contextlib
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from devtools.removal import parts
from tests.conftest import PROJECT
from tests.copies import BIN
from tests.template.services import CHOICES, DESK, MAXIMAL, MINIMAL, after, chosen_by, git, made, tried
from tests.template.traces import traces

pytestmark = pytest.mark.template

QUESTIONS = yaml.safe_load((PROJECT / "copier.yml").read_text())
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
    assert list(traces(texts(service))) == []


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


def test_its_tutorial_holds_without_the_parts_that_it_has_not(template, tmp_path):
    service = made(template, MINIMAL, "v0.1.0", tmp_path / "service")
    (service / ".venv").symlink_to(BIN.parent)
    for pins in service.glob("requirements*.txt"):
        os.utime(pins, (0, 0))  # or make would install what this environment has
    done = tried(service, "pytest", "--no-cov", "-q", "-m", "docs", "tests/documentation/test_tutorial.py")
    assert done.status == 0, done.said[-4000:]
    assert "1 passed" in done.said


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


def test_a_trial_makes_nothing_and_refuses_what_the_command_would(template, tmp_path):
    words = ["NAME=order-desk", f"DEST={tmp_path / 'service'}", "DRY_RUN=1"]
    done = made_by_command(template, *words, "ANSWERS=mail=no")
    assert done.returncode == 0, done.stderr
    assert f"Would make {tmp_path / 'service'}: " in done.stdout
    assert "  mail: false\n" in done.stdout
    for wrong, said in (
        ("ANSWERS=domain=x_y", "'domain': a domain in lowercase letters"),
        ("ANSWERS=jobs=no mail=yes", "mail needs jobs"),
        ("REF=v9.9.9", "there is no version 'v9.9.9' here"),
    ):
        refused = made_by_command(template, *words, wrong)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert said in refused.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_trial_that_is_said_not_to_be_one_is_none(template, tmp_path):
    done = made_by_command(template, "NAME=order-desk", f"DEST={tmp_path / 'service'}", "DRY_RUN=0")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "service/Makefile").exists()


def test_a_folder_that_cannot_be_written_is_told_in_a_line(template, tmp_path):
    (tmp_path / "file").touch()
    for folder in (
        tmp_path / "file/service",
        Path("/proc/service"),
    ):  # the second one nobody may write to, root included
        done = made_by_command(template, "NAME=order-desk", f"DEST={folder}")
        assert done.returncode == 1
        assert re.fullmatch(rf"devtools: {folder}.* cannot be (made|written): .*\n", done.stderr)


def test_whoever_stops_it_at_a_question_sees_no_answers_but_a_word(template, tmp_path):
    said, status = interrupted(
        [sys.executable, "-m", "devtools.template.new", "NAME=order-desk", f"DEST={tmp_path / 'service'}"],
        template.folder,
        at=b"Its name where people read it",
    )
    assert status == 130
    assert "devtools: stopped; nothing was made" in said
    assert not re.search(r"AnswersMap|Traceback|KeyboardInterrupt", said)
    assert list(tmp_path.iterdir()) == []


def interrupted(command, folder, *, at):
    """Run a command at a terminal, press Ctrl-C when it has asked for that; return what was seen, and its status."""
    ours, its = pty.openpty()
    process = subprocess.Popen(
        command,
        cwd=folder,
        stdin=its,
        stdout=its,
        stderr=its,
        start_new_session=True,
        env=os.environ | {"TERM": "xterm"},
    )
    os.close(its)
    seen = b""
    with contextlib.suppress(OSError):  # the end, as a terminal tells it
        while piece := os.read(ours, 4096):
            seen += piece
            if b"\x1b[6n" in piece:
                os.write(ours, b"\x1b[1;1R")  # a terminal tells where its cursor is
            if at in seen:
                os.write(ours, b"\x03")
                at = b"\0 once is enough"
    os.close(ours)
    return seen.decode(errors="replace"), process.wait(60)


def test_no_question_is_without_its_part():
    assert set(parts()) - {"template"} == set(CHOICES)
