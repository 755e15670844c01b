import pytest

from devtools import DevelopmentError
from devtools.project.git import git
from devtools.update.merging import merge
from tests.devtools.update.trees import committed, written

LINES = "".join(f"line {number}\n" for number in range(1, 21))


@pytest.fixture
def merged(tmp_path):
    """Merge what leads from one version of the template to the next into a service; return it with what was done."""

    def merged(service, former, later, gone=()):
        folder = committed(tmp_path / "service", former)
        committed(folder, service)
        for name in gone:
            (folder / name).unlink()
        committed(folder, {})
        done = merge(folder, written(tmp_path / "former", former), written(tmp_path / "later", later), "template v2")
        return folder, done

    return merged


def test_changes_in_other_lines_are_both_kept(merged):
    service, done = merged(
        {"a": LINES.replace("line 2\n", "ours\n")}, {"a": LINES}, {"a": LINES.replace("line 19\n", "theirs\n")}
    )
    assert (service / "a").read_text() == LINES.replace("line 2\n", "ours\n").replace("line 19\n", "theirs\n")
    assert done.changed == [("M", "a")]
    assert not done.conflicts
    assert git(service, "status", "--porcelain") == "M  a"


def test_the_same_line_is_marked_and_all_three_sides_are_in_the_index(merged):
    service, done = merged({"a": "ours\n"}, {"a": "was\n"}, {"a": "theirs\n"})
    text = (service / "a").read_text()
    assert text.startswith("<<<<<<< HEAD\nours\n=======\ntheirs\n>>>>>>> ")
    assert text.endswith("(template v2)\n")
    assert done.conflicts == {"a": "both have changed the same lines"}
    assert len(git(service, "ls-files", "--unmerged").splitlines()) == 3


def test_what_is_new_comes_and_what_is_gone_goes(merged):
    service, done = merged({"ours": "1\n"}, {"old": "1\n", "kept": "2\n"}, {"new": "3\n", "kept": "2\n"})
    assert sorted(path.name for path in service.iterdir()) == [".git", "kept", "new", "ours"]
    assert sorted(done.changed) == [("A", "new"), ("D", "old")]


def test_what_was_deleted_here_stays_deleted(merged):
    service, done = merged({}, {"a": LINES, "b": "b\n"}, {"a": LINES + "more\n", "b": "b\n"}, gone=["a"])
    assert not (service / "a").exists()
    assert (done.removed_here, done.conflicts, done.changed) == (["a"], {}, [])
    assert git(service, "status", "--porcelain") == ""


def test_what_the_template_deletes_and_was_changed_here_is_for_a_person(merged):
    service, done = merged({"a": LINES + "ours\n"}, {"a": LINES, "b": ""}, {"b": ""})
    assert (service / "a").read_text() == LINES + "ours\n"
    assert list(done.conflicts) == ["a"]
    assert "delete it, or keep it" in done.conflicts["a"]


def test_own_changes_follow_a_file_that_moves(merged):
    service, done = merged({"old/a": LINES + "ours\n"}, {"old/a": LINES}, {"new/a": LINES})
    assert (service / "new/a").read_text() == LINES + "ours\n"
    assert not (service / "old").exists()
    assert not done.conflicts


def test_a_file_that_git_ignores_comes_along(merged):
    service, _ = merged({}, {".gitignore": "*.log\n"}, {".gitignore": "*.log\n", "kept.log": "1\n"})
    assert (service / "kept.log").read_text() == "1\n"


def test_a_file_of_ones_own_in_the_way_that_git_does_not_know_stops_the_merge(tmp_path):
    service = committed(tmp_path / "service", {".gitignore": ".env\n"})
    written(service, {".env": "SECRET=1\n"})
    former = written(tmp_path / "former", {".gitignore": ".env\n"})
    later = written(tmp_path / "later", {".gitignore": ".env\n", ".env": "theirs\n"})
    with pytest.raises(DevelopmentError, match=r"not in git; move it away: \.env"):
        merge(service, former, later, "template v2")
    assert (service / ".env").read_text() == "SECRET=1\n"
