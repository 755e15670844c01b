import json
import subprocess

import pytest

from devtools import DevelopmentError
from devtools.project.git import git
from devtools.update.merging import Merged
from devtools.update.report import Report
from devtools.update.sources import questions
from devtools.update.taking import Wish, update
from tests.devtools.update.trees import committed, written

QUESTIONS = "name: {type: str}\nmail: {type: bool}\n"
LINES = "".join(f"line {number}\n" for number in range(1, 21))


def render(template, version, answers, folder):
    """Stand in for copier, which only `make update` installs: the files of a version, and the answers."""
    folder.mkdir()
    archive = subprocess.run(["git", "archive", version], cwd=template, capture_output=True, check=True).stdout
    subprocess.run(["tar", "-x"], cwd=folder, input=archive, check=True)
    said = {"_commit": git_in(template, "describe", "--tags", version), "_src_path": template, **answers}
    (folder / ".copier-answers.yml").write_text("".join(f"{key}: {json.dumps(said[key])}\n" for key in sorted(said)))


def git_in(folder, *arguments):
    return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def template(tmp_path):
    """A template with two versions."""
    files = {"a": LINES, "CHANGELOG.md": "# Changes\n\n## 1.0.0\n\n- One.\n", questions.FILE: QUESTIONS}
    folder = committed(tmp_path / "template", files)
    git(folder, "tag", "v1.0.0")
    news = "# Changes\n\n## 2.0.0\n\n- Two.\n\n## 1.0.0\n\n- One.\n"
    committed(folder, {"a": LINES.replace("line 19\n", "theirs\n"), ".env.example": "#NEW=\n", "CHANGELOG.md": news})
    git(folder, "tag", "v2.0.0")
    return folder


@pytest.fixture
def service(template, tmp_path):
    """A service of the first one, with a change of its own."""
    folder = tmp_path / "service"
    render(str(template), "v1.0.0", {"name": "order-desk"}, folder)
    return committed(folder, {"a": LINES.replace("line 2\n", "ours\n"), "CHANGELOG.md": "# Ours\n"})


def test_an_update_is_staged_and_told(service, template):
    report = update(service, Wish(), render)
    assert (service / "a").read_text() == LINES.replace("line 2\n", "ours\n").replace("line 19\n", "theirs\n")
    assert (service / "CHANGELOG.md").read_text() == "# Ours\n"
    assert f'_commit: "v2.0.0"\n_src_path: "{template}"\n' in (service / ".copier-answers.yml").read_text()
    assert git(service, "status", "--porcelain").splitlines() == ["M  .copier-answers.yml", "A  .env.example", "M  a"]
    text = str(report)
    assert report.status == 0
    assert text.startswith("v1.0.0 -> v2.0.0\n\nWhat the template says of it:\n\n## 2.0.0\n\n- Two.\n\nFiles:\n")
    assert "New settings, explained in .env.example:\n  NEW\n" in text
    assert "git commit -m 'Template v2.0.0'" in text


def test_a_trial_leaves_the_tree_as_it_was(service):
    report = update(service, Wish(dry=True), render)
    assert ("M", "a") in report.merged.changed
    assert "a trial" in str(report)
    assert git(service, "status", "--porcelain") == ""


def test_the_same_version_again_changes_nothing(service):
    report = update(service, Wish("v1.0.0"), render)
    assert (report.status, report.merged.changed, report.news) == (0, [], "")
    assert git(service, "status", "--porcelain") == ""


def test_when_nothing_is_new_it_says_so_and_no_more(service):
    update(service, Wish(), render)
    committed(service, {})
    for wish in (Wish(), Wish(dry=True), Wish(answers={"name": "order-desk"})):
        assert str(update(service, wish, render)) == (
            "v2.0.0: nothing new. That is what this service is of, with the same answers."
        )
    changed = update(service, Wish(answers={"name": "order-table"}), render)
    assert "git commit -m 'Template v2.0.0'" in str(changed)


def test_a_version_that_nobody_has_published_has_a_name_all_the_same(service, template):
    committed(template, {"b": "further\n"})
    commit = git(template, "describe", "--tags")
    assert str(update(service, Wish("HEAD"), render)).startswith(f"v1.0.0 -> {commit}\n")


def test_answers_that_nobody_asks_for_are_refused(service):
    for answers, said in (({"colour": "red"}, "nobody asks for colour"), ({"mail": "maybe"}, "yes or no: mail=maybe")):
        with pytest.raises(DevelopmentError, match=said):
            update(service, Wish(answers=answers), render)
    assert git(service, "status", "--porcelain") == ""


def test_a_conflict_is_status_1_and_the_rest_is_taken(service):
    committed(service, {"a": LINES.replace("line 19\n", "ours\n")})
    report = update(service, Wish(), render)
    assert report.status == 1
    assert "To mend, as after any merge of git:\n  a: both have changed the same lines" in str(report)
    assert (service / ".env.example").exists()


def test_where_it_cannot_be_it_says_so_and_changes_nothing(service, tmp_path):
    (service / "inside").mkdir()
    with pytest.raises(DevelopmentError, match="top of its git repository"):
        update(service / "inside", Wish(), render)
    with pytest.raises(DevelopmentError, match="has no version 'v3'"):
        update(service, Wish("v3"), render)
    written(service, {"new": ""})
    with pytest.raises(DevelopmentError, match="commit first"):
        update(service, Wish(), render)
    alone = committed(tmp_path / "alone", {"a": ""})
    with pytest.raises(DevelopmentError, match=r"TEMPLATE=GIT-URL FROM=v1\.2\.0"):
        update(alone, Wish(), render)


def test_an_earlier_version_is_refused(service):
    update(service, Wish(), render)
    committed(service, {})
    with pytest.raises(DevelopmentError, match=r"v1\.0\.0 does not come after v2\.0\.0"):
        update(service, Wish("v1.0.0"), render)


def test_a_complaint_is_status_1():
    report = Report("v1", "v2", Merged(), complaints=["two ends"])
    assert report.status == 1
    assert "To mend:\n  two ends" in str(report)
