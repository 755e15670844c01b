"""A template's repository with three versions: this tree, and two that change it as templates change."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from devtools.removal.locking import commands, uv
from tests.copies import AS_SOMEBODY, copied, run

NEW_REVISION = '''"""What the template says of the table, since 0.3.0."""

from alembic import op

revision = "0002_template"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("COMMENT ON TABLE notes IS 'What people want to remember'")


def downgrade() -> None:
    op.execute("COMMENT ON TABLE notes IS NULL")
'''
NEWS = {
    "v0.2.0": "- `GREETING`, a new setting.\n- Units may have more files open.\n",
    "v0.3.0": "- A comment on the table of notes.\n- **Breaking**: there is no `.editorconfig` any more.\n",
}


def repinned(folder: Path) -> None:
    """Pin anew what the service and its development need; the other files of pins would take minutes."""
    for arguments in commands(folder):
        if arguments[-1] in {"requirements.txt", "requirements-dev.txt"}:
            subprocess.run([uv(), *arguments], cwd=folder, check=True)


@dataclass(frozen=True)
class Repository:
    """The template as git has it, at the newest of its versions."""

    folder: Path

    def edit(self, name: str, former: str, later: str) -> None:
        """Replace what stands in a file once."""
        text = (self.folder / name).read_text()
        assert text.count(former) == 1, f"{name}: {former!r}"
        (self.folder / name).write_text(text.replace(former, later))

    def release(self, version: str) -> None:
        """Commit what has changed, and publish it; the changelog says what is new."""
        text = (self.folder / "CHANGELOG.md").read_text()
        section = f"## {version[1:]}\n\n### Changed\n\n{NEWS[version]}\n## " if version in NEWS else "## "
        (self.folder / "CHANGELOG.md").write_text(text.replace("## ", section, 1))
        for arguments in (["add", "--all"], ["commit", "--quiet", f"--message={version}"], ["tag", version]):
            subprocess.run(["git", *AS_SOMEBODY, *arguments], cwd=self.folder, check=True)


def published(folder: Path) -> Repository:
    """Make the repository, with v0.1.0, v0.2.0 and v0.3.0."""
    template = Repository(copied(folder))
    subprocess.run(["git", "tag", "v0.1.0"], cwd=folder, check=True)
    _second(template)
    template.release("v0.2.0")
    _third(template)
    template.release("v0.3.0")
    return template


def _second(template: Repository) -> None:
    """Change code, a unit and a guide; add a setting."""
    template.edit(
        "app/features/ping/routes.py", '"""The answer to a ping."""', '"""The answer to a ping, in a word."""'
    )
    template.edit(
        "app/config/environments.py",
        "    DEBUG: bool",
        '    GREETING: str = setting(text, default="hello")\n    DEBUG: bool',
    )
    template.edit(
        ".env.example",
        "#SERVICE_NAME=slipway\n",
        "#SERVICE_NAME=slipway\n# What slipway says first.\n#GREETING=hello\n",
    )
    template.edit("deploy/systemd/slipway-web@.service", "LimitNOFILE=16384", "LimitNOFILE=32768")
    template.edit("docs/troubleshoot.md", "By what you see.", "First of all, `slipway status`. Then by what you see.")
    run(template.folder, "python", "-m", "devtools.reference")


def _third(template: Repository) -> None:
    """Add a revision, which goes with the example, and a dependency; delete a file; rename one; change a line again."""
    (template.folder / "migrations/versions/0002_template.py").write_text(NEW_REVISION)
    template.edit(
        "devtools/removal/parts/example.toml",
        '    "migrations/versions/0001_notes.py",\n',
        '    "migrations/versions/0001_notes.py",\n    "migrations/versions/0002_template.py",\n',
    )
    (template.folder / ".editorconfig").unlink()
    (template.folder / "app/static/app.js").rename(template.folder / "app/static/site.js")
    template.edit("app/templates/base.html", "app.js", "site.js")
    template.edit("app/features/ping/routes.py", "in a word.", "in one word.")
    template.edit("pyproject.toml", '    "limits>=5.8",\n', '    "humanize>=4.9",\n    "limits>=5.8",\n')
    repinned(template.folder)
