"""The list of defects, which has to fit the tree."""

import pytest

from devtools import DevelopmentError
from devtools.mutants import defects
from tests.conftest import PROJECT

LISTED = defects.read(PROJECT)
# Each needs something that the default tests leave out.
SEPARATE = ("browser", "cluster", "containers", "monitoring", "nginx", "servers", "uploads", "vps")


@pytest.mark.parametrize("defect", LISTED, ids=lambda defect: defect.name)
def test_a_defect_can_be_planted_and_changes_something(defect):
    text = (PROJECT / defect.file).read_text()
    assert defect.planted(text) != text


@pytest.mark.parametrize("defect", LISTED, ids=lambda defect: defect.name)
def test_it_is_for_the_default_tests_to_notice(defect):
    for test in defect.tests:
        assert (PROJECT / test).exists()
        assert not test.startswith(tuple(f"tests/{folder}/" for folder in SEPARATE))


def test_a_file_that_was_removed_has_taken_its_defects_along(tmp_path):
    (tmp_path / "gunicorn.conf.py").touch()
    assert {defect.file for defect in defects.read(tmp_path)} == {"gunicorn.conf.py"}


@pytest.mark.parametrize("text", ["", "once more, once more"])
def test_what_is_not_there_once_is_refused(text):
    defect = defects.Defect("name", "what", "file.py", "once more", "never", ())
    with pytest.raises(DevelopmentError, match=r"name: .* in file\.py, not once"):
        defect.planted(text)
