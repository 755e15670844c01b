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
    with pytest.raises(DevelopmentError, match="commit first what has changed here:\n\\?\\? new"):
        refuse_uncommitted(tmp_path)
