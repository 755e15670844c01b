import ast
import re
import shutil
import subprocess
import sys

import pytest

from devtools.template.names import LONGEST, Name, named
from devtools.template.renaming import changes, formatted, present_name, rename
from tests.conftest import PROJECT
from tests.copies import AS_SOMEBODY, copied

PRESENT = present_name(PROJECT)
# The tests of renaming speak of other names, too; they go with the part `template`.
EXAMPLES = [":!tests/devtools/template", ":!tests/template"]
KEYWORDS = r"(?:TO|ROLE|OWNER|DATABASE|FROM|USER)"


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of this tree, which each test leaves as it was."""
    return copied(tmp_path_factory.mktemp("copy"))


@pytest.fixture
def tree(copy):
    yield copy
    subprocess.run(["git", "reset", "--quiet", "--hard"], cwd=copy, check=True)
    subprocess.run(["git", "clean", "--quiet", "-fd"], cwd=copy, check=True)


def git(folder, *arguments):
    command = ["git", *AS_SOMEBODY, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


def renamed(tree, *words):
    """Run the command there."""
    command = [sys.executable, "-m", "devtools.template", *words]
    return subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)


def test_nothing_is_left_of_the_former_name(tree):
    done = renamed(tree, "NAME=order-desk")
    assert done.returncode == 0, done.stderr
    assert git(tree, "ls-files", "--others", "--exclude-standard", "*slipway*") == ""
    assert [path for path in tree.rglob("*") if "slipway" in path.name and ".git" not in path.parts] == []
    found = subprocess.run(["git", "grep", "-liI", "slipway"], cwd=tree, capture_output=True, text=True, check=False)
    assert {name.rpartition("/")[0] for name in found.stdout.splitlines()} <= {
        "tests/devtools/template",
        "tests/template",
    }


def test_a_name_of_the_same_length_and_back_is_the_same_tree(tree):
    new = named("harbour")
    rename(tree, PRESENT, new)
    assert present_name(tree) == new
    rename(tree, new, PRESENT)
    assert git(tree, "status", "--porcelain", "--", ".", *EXAMPLES) == ""


@pytest.mark.parametrize("name", ["front-office", "kiosk"])
def test_another_name_and_back_is_the_same_tree_but_for_line_breaks_and_columns(tree, name):
    """What ruff has once broken over lines it leaves so, and columns that had no room have moved apart."""
    before = meanings(tree)
    rename(tree, PRESENT, named(name))
    rename(tree, named(name), PRESENT)
    git(tree, "add", "--all")
    assert meanings(tree) == before


def meanings(tree):
    return {path: meaning(tree / path) for path in git(tree, "ls-files", "--", ".", *EXAMPLES).splitlines()}


def meaning(path):
    text = path.read_bytes().decode(errors="replace")
    if path.suffix == ".py":
        return ast.dump(ast.parse(text)).replace("\\n", "")
    return re.sub(r"(?<=\S) {2,}", "  ", text) if path.suffix == ".md" else text


def test_the_longest_name_breaks_no_rule_of_format(tree):
    made = rename(tree, PRESENT, Name("x" * 10 + "-" + "y" * (LONGEST - 11), "Title " * 6 + "four"))
    code = [path for path in (str(change.target) for change in made) if path.endswith(".py")]
    for command in (["format", "--check", "--no-cache", *code], ["check", "--no-cache", *code]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command], cwd=tree, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout


def test_a_trial_says_what_would_change_and_changes_nothing(tree):
    done = renamed(tree, "NAME=order-desk", "DRY_RUN=1")
    assert done.returncode == 0
    assert "deploy/systemd/slipway-web@.service would be moved to deploy/systemd/order-desk-web@.service" in done.stdout
    assert "Dockerfile would be edited" in done.stdout
    assert git(tree, "status", "--porcelain") == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "say the name: make rename NAME=order-desk"),
        (["NAME=postgres"], "something beside a service has it"),
        (["NAME=slipway-two"], "has the present name 'slipway' in it"),
        (["NAME=order-desk", "TITLE=100%"], "cannot be a title"),
    ],
)
def test_names_that_cannot_be_are_refused_before_anything_changes(tree, words, said):
    done = renamed(tree, *words)
    assert done.returncode == 1
    assert said in done.stderr
    assert git(tree, "status", "--porcelain") == ""


def test_a_tree_with_changes_that_are_not_committed_is_refused_unless_forced(tree):
    (tree / "README.md").write_text((tree / "README.md").read_text() + "\nslipway\n")
    done = renamed(tree, "NAME=order-desk")
    assert done.returncode == 1
    assert "commit first what has changed here, or add FORCE=1:\n M README.md" in done.stderr
    assert renamed(tree, "NAME=order-desk", "FORCE=1").returncode == 0
    assert (tree / "README.md").read_text().endswith("\norder-desk\n")


def test_a_trial_refuses_what_the_command_would(tree):
    (tree / "new").touch()
    done = renamed(tree, "NAME=order-desk", "DRY_RUN=1")
    assert "Dockerfile would be edited" in done.stdout
    assert (done.returncode, "?? new" in done.stderr) == (1, True)
    refused = renamed(tree, "NAME=order-desk", "DRY_RUN=perhaps")
    assert (refused.returncode, "DRY_RUN=perhaps is neither yes nor no" in refused.stderr) == (1, True)


def test_links_and_what_is_no_text_keep_their_content(tmp_path):
    shutil.copy2(PROJECT / "pyproject.toml", tmp_path)
    (tmp_path / "README.md").write_text("# Slipway\n")
    (tmp_path / "picture").write_bytes(b"slipway\0")
    (tmp_path / "latin").write_bytes(b"slipway \xe9")
    (tmp_path / "link").symlink_to("/srv/slipway")
    assert {str(change.path) for change in changes(tmp_path, PRESENT, named("order-desk"))} == {
        "README.md",
        "pyproject.toml",
    }


def test_the_name_stands_in_quotation_marks_in_sql_so_that_it_may_have_a_hyphen():
    bare = re.compile(rf"\b{KEYWORDS} {PRESENT.hyphened}\b(?![/.-])")
    command = [
        "git",
        "grep",
        "-nE",
        rf"{KEYWORDS} {PRESENT.hyphened}\b",
        "--",
        "deploy",
        "tests",
        ":!tests/devtools/template",
    ]
    lines = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False).stdout.splitlines()
    assert [line for line in lines if bare.search(line)] == []


def test_without_files_there_is_nothing_to_format(tmp_path):
    assert formatted(tmp_path, [])
