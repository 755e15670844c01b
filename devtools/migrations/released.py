"""What the release that runs is made of: the newest tag `v...` before this commit, or the commit that is named."""

import json
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from devtools import DevelopmentError
from devtools.migrations import history
from devtools.migrations.history import Revision

ASK_MODELS = """
import json, app
from app.core.data.database import db
print(json.dumps({table.name: [column.name for column in table.columns] for table in db.metadata.tables.values()}))
"""


@dataclass(frozen=True)
class Release:
    """A commit of this repository, unpacked in `folder`."""

    name: str
    folder: Path

    @cached_property
    def revisions(self) -> dict[str, Revision]:
        """The revisions that it has, by name."""
        return {revision.name: revision for revision in history.read(self.folder / "migrations")}

    @cached_property
    def models(self) -> dict[str, list[str]] | None:
        """The columns that its models name, by table; None when its code cannot be loaded beside what is installed."""
        asked = subprocess.run(
            [sys.executable, "-c", ASK_MODELS], cwd=self.folder, capture_output=True, text=True, check=False
        )
        return json.loads(asked.stdout) if asked.returncode == 0 else None

    def reads(self, table: str, column: str = "") -> bool:
        """Tell whether its models name this table, or this column of it; yes, where that is not known."""
        if self.models is None:
            return True
        return table in self.models and (not column or column in self.models[table])


def newest(project: Path) -> str | None:
    """Return the newest version tag before what is here; None if there is none, or no git.

    A tag on this very commit is the release that brings its migrations, so the one before it runs; unless there are
    further migrations here that are not committed: then the tag's release is what they come after.
    """
    in_order = ["-c", "versionsort.suffix=-", "tag", "--sort=-version:refname"]  # v1.0.0-rc1 comes before v1.0.0
    before = ["--list", "v[0-9]*", "--merged=HEAD"]
    if not _git(project, "status", "--porcelain", "--", "migrations/versions").stdout:
        before.append("--no-contains=HEAD")
    return next(iter(_git(project, *in_order, *before).stdout.split()), None)


def resolve(project: Path, name: str) -> str:
    """Return the full commit that `name` means; raise DevelopmentError if there is none here."""
    found = _git(project, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}").stdout.strip()
    if not found:
        raise DevelopmentError(
            f"there is no commit {name} here; a shallow clone lacks them: git fetch --unshallow --tags"
        )
    return found


@contextmanager
def unpacked(project: Path, name: str) -> Iterator[Release]:
    """The release of that name, for as long as the block lasts."""
    commit = resolve(project, name)
    with tempfile.TemporaryDirectory(prefix="release-") as scratch:
        archive = Path(scratch, "release.tar")
        _git(project, "archive", f"--output={archive}", commit)
        folder = Path(scratch, "release")
        with tarfile.open(archive) as packed:
            packed.extractall(folder, filter="data")
        yield Release(name, folder)


def _git(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(["git", *arguments], cwd=project, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return subprocess.CompletedProcess(arguments, 1, "", "")
