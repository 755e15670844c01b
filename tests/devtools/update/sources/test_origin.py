import pytest

from devtools import DevelopmentError
from devtools.project.git import git
from devtools.update.sources import origin
from tests.devtools.update.trees import committed, written


@pytest.fixture
def template(tmp_path):
    """A template with versions that no dictionary would sort."""
    folder = committed(tmp_path / "template", {"a": "1\n"})
    for tag in ("v0.9.0", "v0.10.0", "v1.0.0rc1", "v0.2.0", "nightly"):
        git(folder, "tag", tag)
    return folder


def test_versions_are_sorted_as_numbers_and_others_are_none(template):
    assert origin.tags(template) == ["v0.10.0", "v0.9.0", "v0.2.0"]


def test_a_version_that_is_not_there_is_told_with_those_that_are(template):
    assert origin.commit_of(template, "v0.9.0") == git(template, "rev-parse", "HEAD")
    for wrong in ("v3", "--help", "a b"):
        with pytest.raises(
            DevelopmentError, match=rf"at {template} has no version .* it has published v0\.10\.0, v0\.9\.0, v0\.2\.0"
        ):
            origin.commit_of(template, wrong)


def test_which_version_leads_to_which(template):
    former = git(template, "rev-parse", "HEAD")
    committed(template, {"a": "2\n"})
    assert origin.is_earlier(template, former, "HEAD")
    assert origin.is_earlier(template, former, former)
    assert not origin.is_earlier(template, "HEAD", former)


def test_a_service_says_where_it_comes_from(tmp_path):
    assert origin.read(tmp_path) is None
    written(
        tmp_path,
        {".copier-answers.yml": "# by copier\n_commit: v1\n_src_path: /tmp/x\nmail: false\nname: order-desk\n"},
    )
    assert origin.read(tmp_path) == origin.Origin("/tmp/x", "v1", {"mail": False, "name": "order-desk"})
    origin.credit(tmp_path, 'https://example.org/"x".git')
    assert origin.read(tmp_path).url == 'https://example.org/"x".git'


@pytest.mark.parametrize("text", ["", "name: order-desk\n", "- a\n", "_commit: v1\n"])
def test_a_file_that_does_not_say_it_is_refused(tmp_path, text):
    written(tmp_path, {".copier-answers.yml": text})
    with pytest.raises(DevelopmentError, match="does not say what it was made of"):
        origin.read(tmp_path)


def test_an_address_that_leads_nowhere_is_told_without_its_password(tmp_path):
    with pytest.raises(
        DevelopmentError, match=r"cannot be had from https://127\.0\.0\.1:1/x\.git; another address: TEMPLATE="
    ):
        origin.cloned("https://me:secret@127.0.0.1:1/x.git", tmp_path / "template")
