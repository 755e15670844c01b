"""The site as MkDocs builds it: nothing in it leads nowhere, and its pages ask no foreign host for anything."""

import re
import shutil
import subprocess
import sys

import pytest

from tests.conftest import PROJECT

pytestmark = pytest.mark.docs

FETCHED = re.compile(
    r'<(?:script|img|iframe|link rel="(?:stylesheet|preconnect|icon)")[^>]*(?:src|href)="(?:https?:)?//'
)


@pytest.fixture
def source(tmp_path):
    """A copy of what the site is made of; what is beside it is the project's own."""
    shutil.copytree(PROJECT / "docs", tmp_path / "docs")
    (tmp_path / "devtools").mkdir()
    for name in ("mkdocs.yml", "devtools/site.py"):
        shutil.copy2(PROJECT / name, tmp_path / name)
    for path in PROJECT.iterdir():
        if not (tmp_path / path.name).exists() and path.name not in {".dev", ".git", ".venv"}:
            (tmp_path / path.name).symlink_to(path)
    return tmp_path


def built(source):
    command = [sys.executable, "-m", "mkdocs", "build", "--strict"]
    return subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)


def test_its_pages_ask_no_foreign_host_for_anything(source):
    done = built(source)
    assert done.returncode == 0, done.stderr
    pages = sorted((source / ".dev/site").rglob("*.html"))
    assert len(pages) > len(list((source / "docs/reference").iterdir()))
    assert [page.name for page in pages if FETCHED.search(page.read_text())] == []


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("[x](nothing.md)", "'nothing.md', but the target is not found"),
        ("[x](proof.md#nothing)", "does not contain an anchor '#nothing'"),
        ("[x](../nothing.txt)", "leads to nothing.txt, which is not there"),
        ("![x](images/nothing.png)", "'images/nothing.png', but the target is not found"),
    ],
)
def test_what_leads_nowhere_is_an_error(source, written, said):
    with (source / "docs/index.md").open("a") as page:
        page.write(f"\n{written}\n")
    done = built(source)
    assert done.returncode != 0
    assert said in done.stderr


def test_a_page_to_which_no_entry_leads_is_an_error(source):
    (source / "docs/orphan.md").write_text("# Orphan\n")
    done = built(source)
    assert done.returncode != 0
    assert "orphan.md" in done.stderr
