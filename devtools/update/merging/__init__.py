"""The difference between two versions of the template, merged into the service by git."""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from devtools import DevelopmentError
from devtools.project.git import git, tried

WHO = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in {"NAME": "template", "EMAIL": "template@localhost", "DATE": "2000-01-01T00:00:00Z"}.items()
}
# What git says of a path that both have changed: its two letters, and what a person has to decide there.
CONFLICTS = {
    "UU": "both have changed the same lines",
    "AA": "both have added it",
    "UD": "changed here, and gone from the template: delete it, or keep it as yours",
    "AU": "moved or added here, in the way of a file that the template has moved",
    "UA": "moved or added by the template, in the way of one of yours",
}


@dataclass
class Merged:
    """What a merge has done: files that it has changed, that stay removed, and that wait for a person."""

    changed: list[tuple[str, str]] = field(default_factory=list)
    removed_here: list[str] = field(default_factory=list)
    conflicts: dict[str, str] = field(default_factory=dict)


def merge(service: Path, former: Path, later: Path, label: str) -> Merged:
    """Merge what leads from `former` to `later` into the service's clean tree, and stage it.

    It is a cherry-pick: git finds what was renamed, marks what collides, and has all three sides in its index.
    """
    base = committed(service, former, "template before")
    picked = committed(service, later, label, base)
    _refuse_to_overwrite(service, base, picked)
    done = tried(service, "-c", "merge.renameLimit=10000", "cherry-pick", "--no-commit", picked)
    merged = Merged()
    for status, name in _unmerged(service):
        if status in CONFLICTS:
            merged.conflicts[name] = CONFLICTS[status]
        else:  # deleted here, and what is gone from a service stays gone
            git(service, "rm", "--quiet", "--force", "--", name)
            if (later / name).exists():
                merged.removed_here.append(name)
    if done.returncode and not merged.conflicts and not merged.removed_here:
        said = (done.stderr or done.stdout).strip()
        raise DevelopmentError(f"git could not merge, and `git reset --hard` takes back what it began: {said}")
    changes = git(service, "diff", "--staged", "--name-status", "--no-renames", "HEAD").splitlines()
    pairs = [(line.partition("\t")[0], line.partition("\t")[2]) for line in changes]
    merged.changed = [(status, name) for status, name in pairs if status != "U"]
    return merged


def committed(service: Path, folder: Path, message: str, parent: str = "") -> str:
    """Put the files of a folder into the service's repository as a commit that no branch has; return its name."""
    kept = git(service, "rev-parse", "--absolute-git-dir")
    with tempfile.TemporaryDirectory() as scratch:
        around = {"GIT_DIR": kept, "GIT_WORK_TREE": str(folder), "GIT_INDEX_FILE": f"{scratch}/index"}
        git(folder, "-c", "core.autocrlf=false", "add", "--all", "--force", ".", **around)
        tree = git(folder, "write-tree", **around)
    on = ["-p", parent] if parent else []
    return git(service, "commit-tree", *on, "-m", message, tree, **WHO)


def _refuse_to_overwrite(service: Path, base: str, picked: str) -> None:
    """Raise `DevelopmentError` where a file that git ignores, such as `.env`, is in the way: git would overwrite it."""
    added = git(service, "diff", "--name-only", "--no-renames", "--diff-filter=A", "-z", base, picked).split("\0")
    tracked = set(git(service, "ls-files", "-z").split("\0"))
    if in_the_way := [name for name in added if name and name not in tracked and (service / name).exists()]:
        raise DevelopmentError(f"the template adds what is here and not in git; move it away: {', '.join(in_the_way)}")


def _unmerged(service: Path) -> list[tuple[str, str]]:
    letters = {"DD", "AU", "UD", "UA", "DU", "AA", "UU"}
    entries = git(service, "status", "--porcelain", "--untracked-files=no", "-z").split("\0")
    return [(entry[:2], entry[3:]) for entry in entries if entry[:2] in letters]
