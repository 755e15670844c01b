import shutil
import subprocess
import sys

import pytest

from devtools import DevelopmentError
from devtools.removal import command, manifest, remove, remove_all
from tests.conftest import PROJECT
from tests.copies import AS_SOMEBODY

PARTS = """
[thing]
what = "a thing"
module = "app/core/edge/thing.py"
after = ["other"]
files = ["docs/thing.md", "docs/gone-already.md", "tools"]
settings = ["THING_[A-Z]+"]
requirements = ["thing-library"]
then = ["make clean-data"]
names = ["thing"]

[thing.cuts]
"gone-already.py" = ["thing"]
"README.md" = ["^## Thing"]

[other]
what = "stands on it"
module = "app/core/edge/other.py"

[tool]
what = "no module"
place = "tool"

[tools]
last = ["thing", "tool"]
files = ["tools/common"]
"""
FILES = {
    "README.md": "# A\n\nA thing too.\n\n## Thing\n\nHow.\n",
    ".env.example": "# Is kept.\n#KEPT=\n# Goes.\n#THING_URL=\n",
    "pyproject.toml": 'dependencies = [\n    "thing-library[fast]>=2",\n    "thing-library-not",\n]\n',
    "app/__init__.py": '"""Factory."""\n\nfrom app.core.edge import hosts, thing\n\n\ndef create_app(app):\n'
    "    hosts.init_app(app)\n    thing.init_app(app)\n",
    "app/core/edge/thing.py": "",
    "tool": "",
    "tools/common": "",
    "tools/thing": "",
    "app/core/edge/other.py": "",
    "docs/thing.md": "",
    "tests/core/edge/test_thing.py": "",
}


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A small project under git, which knows three parts."""
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts/all.toml").write_text(PARTS)
    monkeypatch.setattr(manifest, "FOLDER", tmp_path / "parts")
    for name, content in FILES.items():
        (tmp_path / "project" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "project" / name).write_text(content)
    commit(tmp_path / "project", "init", "--quiet")
    return tmp_path / "project"


def commit(folder, *first):
    for arguments in (list(first), ["add", "--all"], [*AS_SOMEBODY, "commit", "--quiet", "--message=all"]):
        subprocess.run(["git", *arguments], cwd=folder, check=bool(arguments))


@pytest.fixture
def free(project):
    """The project, when nothing stands on the thing any more."""
    (project / "app/core/edge/other.py").unlink()
    commit(project, "status", "--short")
    return project


def test_a_part_goes_with_all_that_belongs_to_it(free, capsys):
    remove("thing", free)
    assert not list(free.glob("app/core/edge/*.py"))
    assert not list(free.glob("tests/core/edge/*.py"))
    assert (free / "app/__init__.py").read_text() == (
        '"""Factory."""\n\nfrom app.core.edge import hosts\n\n\ndef create_app(app):\n    hosts.init_app(app)\n'
    )
    assert (free / ".env.example").read_text() == "# Is kept.\n#KEPT=\n"
    assert (free / "pyproject.toml").read_text() == 'dependencies = [\n    "thing-library-not",\n]\n'
    assert (free / "README.md").read_text() == "# A\n\nA thing too.\n"
    printed = capsys.readouterr().out
    assert "removed app/core/edge/thing.py" in printed
    assert "edited  app/__init__.py" in printed
    assert "README.md:3:A thing too." in printed
    assert printed.endswith("Then: make clean-data; make relock; make check\n")


def test_a_part_that_another_stands_on_stays(project):
    with pytest.raises(DevelopmentError, match="other needs thing: remove other too, or first"):
        remove("thing", project)
    assert (project / "app/core/edge/thing.py").exists()


@pytest.mark.parametrize("changed", ["README.md", "app/core/edge/thing.py"])
def test_work_that_is_not_committed_is_not_touched_unless_that_is_asked_for(free, changed):
    (free / changed).write_text("mine")
    with pytest.raises(DevelopmentError, match=rf"commit first(.|\n)* M {changed}"):
        remove("thing", free)
    assert (free / changed).read_text() == "mine"
    assert "thing" in (free / "app/__init__.py").read_text()
    remove("thing", free, force=True)
    assert not (free / "app/core/edge/thing.py").exists()


def test_without_git_nothing_is_touched_unless_that_is_asked_for(free):
    shutil.rmtree(free / ".git")
    with pytest.raises(DevelopmentError, match="git"):
        remove("thing", free)
    assert (free / "app/core/edge/thing.py").exists()


def test_a_list_that_does_not_fit_any_more_touches_nothing(free):
    (free / "app/__init__.py").write_text("if True:\n    thing.init_app(app)\n")
    with pytest.raises(
        DevelopmentError, match=r"__init__.py has changed, the list of parts does not fit it any more: .*"
    ):
        remove("thing", free, force=True)
    assert (free / "app/core/edge/thing.py").exists()


def test_what_is_unknown_or_gone_is_said(free):
    with pytest.raises(DevelopmentError, match="there is no part 'nothing'; there are thing, other, tool"):
        remove("nothing", free)
    with pytest.raises(DevelopmentError, match="other is not there any more"):
        remove("other", free)


def test_the_command_lists_the_parts_that_there_are(project, monkeypatch, capsys):
    monkeypatch.setattr(command, "PROJECT", project)
    assert command.main([]) == 0
    assert "make remove PART=thing" in capsys.readouterr().out
    assert command.main(["nothing"]) == 1
    assert capsys.readouterr().err.startswith("devtools: there is no part")


def test_parts_go_together_in_whichever_order_they_are_named(project):
    remove_all(["thing", "other", "thing"], project)
    assert not list(project.glob("app/core/edge/*.py"))


def test_what_parts_share_stays_until_the_last_of_them_goes(free):
    remove("thing", free)
    commit(free, "status", "--short")
    assert sorted(path.name for path in free.glob("tools/*")) == ["common"]
    remove("tool", free)
    assert not (free / "tools").exists()


def test_a_dry_run_says_what_would_be_done_and_does_nothing(free, capsys):
    (free / "README.md").write_text("## Thing\n\nMine.\n\n## Other\n\nHow.\n")
    commit(free, "status", "--short")
    before = contents(free)
    remove_all(["thing", "tool"], free, dry_run=True)
    assert contents(free) == before
    printed = capsys.readouterr().out
    assert "would remove tools\n" in printed
    assert "would edit   README.md (4 lines fewer)\n" in printed


def test_a_dry_run_refuses_what_would_be_refused(free, capsys):
    (free / "README.md").write_text("## Thing\n\nMine, and not committed.\n")
    with pytest.raises(DevelopmentError, match=r"commit first .* or add FORCE=1:\n M README\.md"):
        remove_all(["thing"], free, dry_run=True)
    assert "would remove app/core/edge/thing.py" in capsys.readouterr().out


def test_the_command_takes_its_words_as_make_hands_them_on(free, monkeypatch, capsys):
    monkeypatch.setattr(command, "PROJECT", free)
    assert command.main(["PART=thing tool", "DRY_RUN=1"]) == 0
    assert (free / "tools").exists()
    assert command.main(["PART=thing", "DRY_RUN=maybe"]) == 1
    assert "DRY_RUN=maybe is neither yes nor no" in capsys.readouterr().err
    assert command.main(["PART=thing tool", "DRY_RUN=0"]) == 0
    assert not (free / "tools").exists()


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_was_removed_is_noted_among_the_answers_of_the_template(free):
    answers = free / ".copier-answers.yml"
    answers.write_text("_commit: v1\nthing: true\n")
    remove_all(["thing", "tool"], free, force=True)
    assert answers.read_text() == "_commit: v1\nthing: false\ntool: false\n"


def test_it_runs_on_a_bare_python_and_says_that_nothing_is_formatted(free):
    script = "import sys; from pathlib import Path; from devtools.removal import command, manifest;"
    script += "manifest.FOLDER = Path(sys.argv[1]); command.PROJECT = Path(sys.argv[2]); command.main(['thing'])"
    bare = [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(PROJECT)!r}); {script}"]
    said = subprocess.run(
        [*bare, str(manifest.FOLDER), str(free)],
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "There is no ruff here" in said.stdout
    assert "from app.core.edge import hosts\n" in (free / "app/__init__.py").read_text()
