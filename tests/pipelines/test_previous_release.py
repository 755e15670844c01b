"""The tests of a release run on the schema of the next one: in a copy of this tree with a history of its own."""

import subprocess
import sys

import pytest

from tests.copies import AS_SOMEBODY, copied

pytestmark = pytest.mark.pipelines

MODEL = '''"""Papers."""

from sqlalchemy.orm import Mapped, mapped_column

from app.core.data.database import Model


class Paper(Model):
    """A paper."""

    __tablename__ = "papers"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
'''
TEST = """
import pytest

from app.core.data.database import db
from app.features.papers import Paper


@pytest.mark.usefixtures("database")
def test_a_paper_is_kept(app):
    with app.app_context():
        db.session.add(Paper(title="On time"))
        db.session.commit()
        assert db.session.scalar(db.select(Paper.title)) == "On time"


def test_what_needs_no_schema_is_not_run():
    raise AssertionError
"""
REVISION = '''"""A revision."""

from alembic import op

revision = {name!r}
down_revision = {follows!r}


def upgrade():
    op.execute("{sql}")


def downgrade():
    op.execute("SELECT 1")
'''


def git(copy, *arguments):
    subprocess.run(["git", *AS_SOMEBODY, *arguments], cwd=copy, check=True, capture_output=True)


def migrate(copy, name, follows, sql):
    (copy / "migrations/versions").mkdir(exist_ok=True)  # where nobody has written one yet
    (copy / f"migrations/versions/{name}.py").write_text(REVISION.format(name=name, follows=follows, sql=sql))


def compare(copy, *arguments):
    command = [sys.executable, "-m", "devtools.previous_release", *arguments, "tests/test_papers.py"]
    return subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A tree whose release v1.0.0 keeps papers."""
    copy = copied(tmp_path_factory.mktemp("copy"))
    files = sorted((copy / "migrations/versions").glob("[0-9]*.py"))
    newest = files[-1].stem.split("_")[0] if files else None
    migrate(copy, "papers", newest, "CREATE TABLE papers (id serial PRIMARY KEY, title text NOT NULL)")
    (copy / "app/features/papers").mkdir()
    (copy / "app/features/papers/__init__.py").write_text(MODEL)
    (copy / "tests/test_papers.py").write_text(TEST)
    git(copy, "add", "--all")
    git(copy, "commit", "--message=Papers")
    git(copy, "tag", "v1.0.0")
    git(copy, "commit", "--message=Further", "--allow-empty")
    return copy


def test_a_release_goes_on_with_a_schema_that_was_expanded(copy):
    migrate(copy, "next", "papers", "ALTER TABLE papers ADD COLUMN pages integer")
    done = compare(copy)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
    assert "v1.0.0 goes on with this schema." in done.stdout


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE papers DROP COLUMN title",
        "ALTER TABLE papers ADD COLUMN pages integer NOT NULL",
    ],
)
def test_a_release_is_seen_to_fail_on_a_schema_that_it_cannot_use(copy, change):
    migrate(copy, "next", "papers", change)
    done = compare(copy)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "v1.0.0 could not go on with this schema." in done.stdout
    assert "papers" in done.stdout


def test_a_migration_that_fails_is_told(copy):
    migrate(copy, "next", "papers", "ALTER TABLE nothing RENAME TO something")
    done = compare(copy)
    assert done.returncode == 1
    assert 'relation "nothing" does not exist' in done.stderr.replace("\\", "")


def test_a_release_whose_tests_take_no_schema_is_no_success(copy):
    migrate(copy, "next", "papers", "SELECT 1")
    (copy / "tests/conftest.py").write_text((copy / "tests/conftest.py").read_text().replace("TEST_TEMPLATE", "OTHER"))
    git(copy, "commit", "--all", "--message=Another conftest")
    done = compare(copy, "--since=HEAD")
    assert done.returncode == 3
    assert "UNAVAILABLE" in done.stderr


def test_before_the_first_release_there_is_nothing_to_try(copy):
    git(copy, "tag", "--delete", "v1.0.0")
    done = compare(copy)
    assert done.returncode == 0
    assert "nothing to try" in done.stdout
