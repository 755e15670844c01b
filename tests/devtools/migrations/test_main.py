"""The command as it is called, in a copy of this tree with a release of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

from app.core.data import migrations
from tests.copies import AS_SOMEBODY, copied

BODY = '''"""A change."""

from alembic import op

revision = "added"
down_revision = {follows!r}


def upgrade():
    op.execute("{sql}")


def downgrade():
    op.execute("SELECT 1")
'''


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    return copied(tmp_path_factory.mktemp("copy"))


def git(copy, *arguments):
    subprocess.run(["git", *AS_SOMEBODY, *arguments], cwd=copy, check=True, capture_output=True)


def lint(copy, *arguments):
    command = [sys.executable, "-m", "devtools.migrations", *arguments]
    return subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)


def add(copy: Path, sql: str) -> None:
    follows, _ = migrations._revisions()
    (copy / "migrations/versions").mkdir(exist_ok=True)  # where nobody has written one yet
    (copy / "migrations/versions/added.py").write_text(BODY.format(follows=follows, sql=sql))


def test_this_projects_own_migrations_are_safe(copy):
    done = lint(copy)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("and no release that it would follow: safe.\n")


def test_the_newest_tag_before_this_commit_is_the_release_that_runs(copy):
    for tag in ("v0.9.0", "v1.0.0", "v1.0.0-rc1", "not-a-release"):
        git(copy, "tag", tag)
    add(copy, "CREATE INDEX ix ON alembic_version (version_num)")
    git(copy, "add", "--all")
    git(copy, "commit", "--message=further")
    git(copy, "tag", "v1.1.0")
    done = lint(copy)
    assert done.returncode == 1
    assert done.stdout.startswith("migrations/versions/added.py:10: require-concurrent-index-creation: ")
    assert done.stdout.endswith("Migrations: 1 new, since v1.0.0: 1 refused.\n")
    assert lint(copy, "v1.1.0").stdout == "Migrations: 0 new, since v1.1.0: safe.\n"


def test_a_tag_on_this_commit_is_before_migrations_that_are_not_committed(copy):
    git(copy, "tag", "v1.2.0")
    (copy / "migrations/versions/later.py").write_text(
        BODY.format(follows="added", sql="SELECT 1").replace('"added"', '"later"', 1)
    )
    try:
        assert lint(copy).stdout == "Migrations: 1 new, since v1.2.0: safe.\n"
    finally:
        (copy / "migrations/versions/later.py").unlink()
    (copy / "README.md").write_text("another one")  # is no migration
    assert lint(copy).stdout.endswith("Migrations: 1 new, since v1.0.0: 1 refused.\n")


def test_a_release_that_is_not_here_is_no_release(copy):
    done = lint(copy, "v9.9.9")
    assert done.returncode == 1
    assert "there is no commit v9.9.9 here" in done.stderr
