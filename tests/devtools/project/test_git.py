import pytest

from devtools import DevelopmentError
from devtools.project.git import git, refuse_uncommitted


def test_gits_complaint_is_told(tmp_path):
    with pytest.raises(DevelopmentError, match="git log: fatal: not a git repository"):
        git(tmp_path, "log")


def test_whatever_is_not_committed_is_refused_by_name(tmp_path):
    git(tmp_path, "init", "--quiet")
    refuse_uncommitted(tmp_path)
    (tmp_path / "new").touch()
    refuse_uncommitted(tmp_path, tmp_path / "other")
    with pytest.raises(DevelopmentError, match="commit first what has changed here:\n\\?\\? new"):
        refuse_uncommitted(tmp_path)


def test_of_many_that_are_not_committed_ten_are_told_and_a_count(tmp_path):
    git(tmp_path, "init", "--quiet")
    for number in range(300):
        (tmp_path / f"{number:03}").touch()
    with pytest.raises(DevelopmentError) as refused:
        refuse_uncommitted(tmp_path, hint=", or else")
    said = str(refused.value).splitlines()
    assert said[0] == "commit first what has changed here, or else:"
    assert (len(said), said[-2:]) == (12, ["?? 009", "... and 290 more: git status"])
