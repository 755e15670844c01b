import pytest

from devtools.update.merging.revisions import complaints
from tests.devtools.update.trees import written


def history(folder, **below):
    files = {
        f"migrations/versions/{name}.py": f'revision: str = "{name}"\ndown_revision = {under!r}\n'
        for name, under in below.items()
    }
    return list(complaints(written(folder, files)))


@pytest.mark.parametrize(
    "below", [{}, {"a": None}, {"a": None, "b": "a"}, {"a": None, "b": "a", "c": "a", "d": ("b", "c")}]
)
def test_a_history_with_one_end_is_in_order(tmp_path, below):
    assert history(tmp_path, **below) == []


def test_two_ends_are_told_with_the_command_that_joins_them(tmp_path):
    [said] = history(tmp_path, a=None, b="a", c="a")
    assert "2 ends" in said
    assert said.endswith("flask db merge -m 'Join both histories' b c")


def test_a_revision_that_both_call_the_same_is_told_with_both_files(tmp_path):
    files = {
        f"migrations/versions/0002_{name}.py": 'revision = "0002"\ndown_revision = "0001"\n' for name in ("a", "b")
    }
    files["migrations/versions/0001.py"] = 'revision = "0001"\ndown_revision = None\n'
    [said] = complaints(written(tmp_path, files))
    assert said.startswith("migrations/versions/0002_a.py and migrations/versions/0002_b.py are both the revision 0002")


def test_a_revision_on_one_that_is_not_there_is_told(tmp_path):
    assert history(tmp_path, b="a") == ["b stands on the revision a, which is not here: have it stand on one that is"]


def test_a_file_with_marks_of_a_conflict_is_left_to_those(tmp_path):
    written(tmp_path, {"migrations/versions/x.py": "<<<<<<< HEAD\n"})
    assert list(complaints(tmp_path)) == []
