"""Whether planted defects are told from others, in a tree of two files."""

import subprocess

import pytest

from devtools import DevelopmentError
from devtools.mutants.defects import Defect
from devtools.mutants.trying import Copy

CODE = "def double(number):\n    return number * 2\n"
TEST = "import code_of_ours\n\n\ndef test_it_doubles():\n    assert code_of_ours.double(3) == 6\n"


def defect(before, after):
    return Defect("name", "what", "code_of_ours.py", before, after, ("test_doubling.py",))


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "code_of_ours.py").write_text(CODE)
    (folder / "test_doubling.py").write_text(TEST)
    (folder / "pytest.ini").write_text("[pytest]\npythonpath = .\n")
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    return folder


@pytest.fixture
def copy(project, tmp_path):
    return Copy(project, tmp_path / "copy")


def test_the_first_test_that_fails_is_named(copy, project, tmp_path):
    assert copy.noticed(defect("* 2", "* 3")) == "`test_it_doubles`"
    assert (tmp_path / "copy/code_of_ours.py").read_text() == CODE  # for the next one
    assert (project / "code_of_ours.py").read_text() == CODE


def test_a_defect_that_changes_nothing_is_noticed_by_nobody(copy):
    assert copy.noticed(defect("number * 2", "2 * number")) == ""


def test_code_that_cannot_be_read_is_no_defect_that_a_test_has_noticed(copy):
    assert copy.noticed(defect("return", "retrun")) == ""


def test_tests_that_fail_anyway_prove_nothing(copy, tmp_path):
    copy.expect_green([defect("* 2", "* 3")])
    (tmp_path / "copy/code_of_ours.py").write_text(CODE.replace("* 2", "* 3"))
    with pytest.raises(DevelopmentError, match="they prove nothing"):
        copy.expect_green([defect("* 3", "* 2")])


def test_without_git_it_says_so(tmp_path):
    with pytest.raises(DevelopmentError, match="git does not list"):
        Copy(tmp_path, tmp_path / "copy")
