"""`make new NAME=order-desk` makes a service of the present commit, as a git repository with its first commit."""

import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from devtools import DevelopmentError
from devtools.project import words
from devtools.project.git import git, refuse_uncommitted, tried
from devtools.removal import PROJECT, relock
from devtools.update.sources import questions
from devtools.update.sources.copying import copied
from devtools.update.sources.origin import FILE, credit, read, without_password

INTERRUPTED = 130  # as a shell tells Ctrl-C


def main(arguments: Sequence[str]) -> int:
    """Make a service; return an exit status."""
    folder = None
    try:
        said = words.read(arguments, "NAME", "DEST", "ANSWERS", "REF", "SOURCE", "DRY_RUN")
        ref, act = said["REF"] or "HEAD", attempt if words.yes(said, "DRY_RUN") else make
        answers = chosen(said["NAME"], words.answers(said["ANSWERS"]), ref)
        folder = destination(said["DEST"], answers["name"])
        refuse_uncommitted(PROJECT)  # what is made has to be of a commit, or it could not be updated
        act(folder, answers, ref, said["SOURCE"] or source(), ask=asks(said))
    except DevelopmentError as error:
        print(f"devtools: {error}", file=sys.stderr)
        return 1
    except (KeyboardInterrupt, EOFError):
        made = f"{folder} is not finished, delete it" if folder and folder.exists() else "nothing was made"
        print(f"\ndevtools: stopped; {made}", file=sys.stderr)
        return INTERRUPTED
    return 0


def attempt(folder: Path, answers: Mapping[str, str], ref: str, url: str, *, ask: bool) -> None:
    """Make the service where nobody sees it, so that what would be refused is refused, and say what it would be."""
    with tempfile.TemporaryDirectory(prefix="new-") as scratch:
        trial = Path(scratch, folder.name)
        copied(str(PROJECT), ref, answers, trial, ask=ask)
        files = sum(path.is_file() for path in trial.rglob("*"))
        told = "\n".join(f"  {line}" for line in (trial / FILE).read_text().splitlines() if line[0] not in "#_")
    print(f"Would make {folder}: {files} files of {version(ref)}, updated from {url}, of these answers:\n{told}")


def make(folder: Path, answers: Mapping[str, str], ref: str, url: str, *, ask: bool) -> None:
    """Make the service, commit it, pin what it needs, and say what comes next."""
    copied(str(PROJECT), ref, answers, folder, ask=ask)
    credit(folder, url)
    print(f"Made {folder} of {version(ref)}; updates come from {url}.")
    begin(folder)
    try:
        relock(folder)
        git(folder, "add", "--all")
        git(folder, *somebody(folder), "commit", "--quiet", "--amend", "--no-edit")
    except DevelopmentError as error:
        print(f"Its pins are those of all parts: {error}\nWith a network: make relock", file=sys.stderr)
    print(f"Then: cd {folder}; make check; make run")


def chosen(name: str, answers: Mapping[str, str], ref: str = "HEAD") -> dict[str, str]:
    """Return the answers, the name among them; raises `DevelopmentError` for what nobody asks, and for a maybe."""
    if tried(PROJECT, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}").returncode:
        raise DevelopmentError(f"there is no version {ref!r} here; git tag lists those that there are: REF=...")
    questions.check(git(PROJECT, "show", f"{ref}:{questions.FILE}"), answers)
    name = name or answers.get("name", "")
    if not name and sys.stdin.isatty():
        name = input("Name of the service, as in order-desk: ").strip()
    if not name:
        raise DevelopmentError("say the name: make new NAME=order-desk")
    return {**answers, "name": name}


def destination(said: str, name: str) -> Path:
    """Return where the service goes; raises `DevelopmentError` when something is there, or nothing can be."""
    folder = Path(said).expanduser().resolve() if said else PROJECT.parent / name
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DevelopmentError(f"{folder} is there already; say another: DEST=...")
    if folder.is_relative_to(PROJECT):
        raise DevelopmentError(f"{folder} is inside of this repository; say another: DEST=...")
    above = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not above.is_dir() or not os.access(above, os.W_OK | os.X_OK):
        raise DevelopmentError(f"{folder} cannot be made: {above} cannot be written by you; say another: DEST=...")
    return folder


def asks(said: Mapping[str, Any]) -> bool:
    """Whether to ask for what has no answer: at a terminal, unless answers came along."""
    return sys.stdin.isatty() and not said["ANSWERS"]


def source() -> str:
    """Return where a service is updated from: the origin of this clone, without passwords in it, or this clone."""
    origin = tried(PROJECT, "remote", "get-url", "origin").stdout.strip()
    if origin and not tried(PROJECT, "branch", "--remotes", "--contains", "HEAD").stdout.strip():
        print(f"The present commit is not in {origin} yet: push it, before somebody updates.", file=sys.stderr)
    return without_password(origin) or str(PROJECT)


def version(ref: str = "HEAD") -> str:
    """Return what the answers will call a version."""
    return git(PROJECT, "describe", "--tags", "--always", ref)


def begin(folder: Path) -> None:
    """Make the folder a git repository, and commit all of it."""
    origin = read(folder)
    made_of = origin.version if origin else "the template"
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all")
    git(folder, *somebody(folder), "commit", "--quiet", f"--message=Made of {made_of}")


def somebody(folder: Path) -> list[str]:
    """Return options that name who commits, where git does not know it: the owner."""
    origin = read(folder)
    if not tried(folder, "config", "user.email").stdout.strip() and origin:
        return ["-c", f"user.name={origin.answers['owner']}", "-c", f"user.email={origin.answers['email']}"]
    return []


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
