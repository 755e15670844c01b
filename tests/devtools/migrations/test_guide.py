"""What docs/migrations.md shows: each revision, one after the other, on a real PostgreSQL and against the check."""

import re

import flask_migrate
import pytest

from devtools.migrations import checking
from devtools.migrations.released import Release
from devtools.migrations.rules import RULES
from tests.conftest import PROJECT
from tests.devtools.migrations.conftest import revision

GUIDE = (PROJECT / "docs/migrations.md").read_text()
EXAMPLES = re.findall(r"```python\n(def upgrade.*?)```", GUIDE, re.DOTALL)


@pytest.fixture
def shown(folder):
    """The history of the guide after revision 0001; and a release whose models have lost the title meanwhile."""
    for number, example in enumerate(EXAMPLES, 2):
        path = revision(folder, f"{number:04}", f"{number - 1:04}", "pass")
        path.write_text(path.read_text().split("\ndef upgrade")[0] + f"\n{example}")
    return folder


def test_the_check_allows_what_the_guide_shows(shown, release):
    models = release.folder / "app/core/data/database.py"
    models.write_text(models.read_text().replace('"title"', '"heading"'))
    assert len(EXAMPLES) == 7
    assert checking.check(shown, Release("v1.0.0", release.folder)) == []


@pytest.mark.usefixtures("bare_database")
def test_what_the_guide_shows_can_be_done_undone_and_done_again(shown, app):
    with app.app_context():
        for _ in range(2):
            flask_migrate.upgrade(directory=str(shown))
            flask_migrate.downgrade(directory=str(shown), revision="base")


def test_the_guide_names_each_rule():
    named = set(re.findall(r"`([a-z]+(?:-[a-z]+)+|autocommit|heads)`", GUIDE)) | {"require-concurrent-index-deletion"}
    assert set(RULES) - {"override"} <= named
