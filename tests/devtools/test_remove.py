import shutil
import subprocess

import pytest

from devtools import DevelopmentError, remove
from tests.copies import AS_SOMEBODY

PARTS = """
[thing]
what = "a thing"
module = "app/core/edge/thing.py"
after = ["other"]
files = ["docs/thing.md", "docs/gone-already.md"]
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
"""
FILES = {
    "README.md": "# A\n\nA thing too.\n\n## Thing\n\nHow.\n",
    ".env.example": "# Is kept.\n#KEPT=\n# Goes.\n#THING_URL=\n",
    "pyproject.toml": 'dependencies = [\n    "thing-library[fast]>=2",\n    "thing-library-not",\n]\n',
    "app/__init__.py": '"""Factory."""\n\nfrom app.core.edge import hosts, thing\n\n\ndef create_app(app):\n'
    "    hosts.init_app(app)\n    thing.init_app(app)\n",
    "app/core/edge/thing.py": "",
    "app/core/edge/other.py": "",
    "docs/thing.md": "",
    "tests/core/edge/test_thing.py": "",
}


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A small project under git, which knows two parts."""
    manifest = tmp_path / "parts.toml"
    manifest.write_text(PARTS)
    monkeypatch.setattr(remove, "MANIFEST", manifest)
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
    remove.remove("thing", free)
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
    assert printed.endswith("Then: make clean-data; make lock; make check\n")


def test_a_part_that_another_stands_on_stays(project):
    with pytest.raises(DevelopmentError, match="other needs thing: remove other first"):
        remove.remove("thing", project)
    assert (project / "app/core/edge/thing.py").exists()


@pytest.mark.parametrize("changed", ["README.md", "app/core/edge/thing.py"])
def test_work_that_is_not_committed_is_not_touched_unless_that_is_asked_for(free, changed):
    (free / changed).write_text("mine")
    with pytest.raises(DevelopmentError, match=rf"commit first(.|\n)* M {changed}"):
        remove.remove("thing", free)
    assert (free / changed).read_text() == "mine"
    assert "thing" in (free / "app/__init__.py").read_text()
    remove.remove("thing", free, force=True)
    assert not (free / "app/core/edge/thing.py").exists()


def test_without_git_nothing_is_touched_unless_that_is_asked_for(free):
    shutil.rmtree(free / ".git")
    with pytest.raises(DevelopmentError, match="git"):
        remove.remove("thing", free)
    assert (free / "app/core/edge/thing.py").exists()


def test_a_list_that_does_not_fit_any_more_touches_nothing(free):
    (free / "app/__init__.py").write_text("if True:\n    thing.init_app(app)\n")
    with pytest.raises(DevelopmentError, match=r"__init__.py has changed, parts.toml does not fit it any more: .*"):
        remove.remove("thing", free, force=True)
    assert (free / "app/core/edge/thing.py").exists()


def test_what_is_unknown_or_gone_is_said(free):
    with pytest.raises(DevelopmentError, match="there is no part 'nothing'; there are thing, other"):
        remove.remove("nothing", free)
    with pytest.raises(DevelopmentError, match="other is not there any more"):
        remove.remove("other", free)


def test_the_command_lists_the_parts_that_there_are(project, monkeypatch, capsys):
    monkeypatch.setattr(remove, "PROJECT", project)
    assert remove.main([]) == 0
    assert "make remove PART=thing" in capsys.readouterr().out
    assert remove.main(["nothing"]) == 1
    assert capsys.readouterr().err.startswith("devtools: there is no part")
