"""A history of migrations of the tests' own: revision 0001 makes `papers`, and a release has its models."""

import shutil
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from devtools.migrations.released import Release
from tests.conftest import PROJECT

FIRST = """\
op.create_table(
    "papers",
    sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column("title", sa.Text(), nullable=False),
    sa.Column("pages", sa.Integer(), nullable=True),
    sa.PrimaryKeyConstraint("id", name="pk_papers"),
)"""
MODELS = """\
from types import SimpleNamespace

import sqlalchemy as sa

db = SimpleNamespace(metadata=sa.MetaData())
sa.Table("papers", db.metadata, sa.Column("id", sa.BigInteger), sa.Column("title", sa.Text))
"""
BEGINS_AT = 12  # the line of a revision on which its upgrade has its first statement

Write = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A migrations folder with the project's own `env.py`, and revision 0001."""
    folder = tmp_path / "migrations"
    (folder / "versions").mkdir(parents=True)
    for name in ("env.py", "alembic.ini"):
        shutil.copy(PROJECT / "migrations" / name, folder)
    revision(folder, "0001", None, FIRST, 'op.drop_table("papers")')
    return folder


@pytest.fixture
def write(folder: Path) -> Write:
    """A function that adds a revision with these statements in its upgrade, after 0001 or the one that is named."""
    return lambda upgrade, name="0002", follows="0001", **others: revision(folder, name, follows, upgrade, **others)


@pytest.fixture
def release(folder: Path, tmp_path: Path) -> Release:
    """A release that has revision 0001, and models that read `papers` with its title, not with its pages."""
    released = tmp_path / "release"
    shutil.copytree(folder, released / "migrations")
    (released / "app/core/data").mkdir(parents=True)
    for package in ("app", "app/core", "app/core/data"):
        (released / package / "__init__.py").touch()
    (released / "app/core/data/database.py").write_text(MODELS)
    return Release("v1.0.0", released)


def revision(folder: Path, name: str, follows: str | None, upgrade: str, downgrade: str = "op.get_context()") -> Path:
    path = folder / "versions" / f"{name}.py"
    indented = textwrap.indent(upgrade, "    ")
    path.write_text(
        '"""What it is."""\n\nimport sqlalchemy as sa\nfrom alembic import op\n\n'
        f"revision = {name!r}\ndown_revision = {follows!r}\n\n\n"
        f"def upgrade():\n    NAME = {name!r}\n{indented}\n\n\n"
        f"def downgrade():\n    {downgrade}\n"
    )
    return path
