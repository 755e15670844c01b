"""`make new NAME=order-desk` makes a service of the present commit, as a git repository with its first commit."""

import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from devtools import DevelopmentError
from devtools.project import words
from devtools.project.git import git, refuse_uncommitted, tried
from devtools.removal import PROJECT, relock
from devtools.update.sources.copying import copied
from devtools.update.sources.origin import credit, read

YES_OR_NO = {"yes", "no", "true", "false", "on", "off"}


def main(arguments: Sequence[str]) -> int:
    """Make a service; return an exit status."""
    try:
        said = words.read(arguments, "NAME", "DEST", "ANSWERS", "REF", "SOURCE", "DRY_RUN")
        answers = chosen(said["NAME"], words.answers(said["ANSWERS"]))
        folder = destination(said["DEST"], answers["name"])
        refuse_uncommitted(PROJECT)  # what is made has to be of a commit, or it could not be updated
        if said["DRY_RUN"]:
            print(f"Would make {answers['name']} in {folder}, of {version(said['REF'] or 'HEAD')}, with {answers}")
            return 0
        make(folder, answers, said["REF"] or "HEAD", said["SOURCE"] or source(), ask=asks(said))
    except DevelopmentError as error:
        print(f"devtools: {error}", file=sys.stderr)
        return 1
    return 0


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


def chosen(name: str, answers: Mapping[str, str]) -> dict[str, str]:
    """Return the answers, the name among them; raises `DevelopmentError` for what nobody asks, and for a maybe."""
    questions = yaml.safe_load((PROJECT / "copier.yml").read_text())
    asked = {key for key in questions if not key.startswith("_")}
    if unknown := sorted(set(answers) - asked):
        raise DevelopmentError(f"nobody asks for {', '.join(unknown)}; the questions are {', '.join(sorted(asked))}")
    wanted = {key: value for key, value in answers.items() if questions[key]["type"] == "bool"}
    if unclear := [f"{key}={value}" for key, value in wanted.items() if value.lower() not in YES_OR_NO]:
        raise DevelopmentError(f"yes or no: {', '.join(unclear)}")
    name = name or answers.get("name", "")
    if not name and sys.stdin.isatty():
        name = input("Name of the service, as in order-desk: ").strip()
    if not name:
        raise DevelopmentError("say the name: make new NAME=order-desk")
    return {**answers, "name": name}


def destination(said: str, name: str) -> Path:
    """Return where the service goes; raises `DevelopmentError` when something is there."""
    folder = Path(said).expanduser().resolve() if said else PROJECT.parent / name
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DevelopmentError(f"{folder} is there already; say another: DEST=...")
    if folder.is_relative_to(PROJECT):
        raise DevelopmentError(f"{folder} is inside of this repository; say another: DEST=...")
    return folder


def asks(said: Mapping[str, Any]) -> bool:
    """Whether to ask for what has no answer: at a terminal, unless answers came along."""
    return sys.stdin.isatty() and not said["ANSWERS"]


def source() -> str:
    """Return where a service is updated from: the origin of this clone, without passwords in it, or this clone."""
    origin = tried(PROJECT, "remote", "get-url", "origin").stdout.strip()
    if origin and not tried(PROJECT, "branch", "--remotes", "--contains", "HEAD").stdout.strip():
        print(f"The present commit is not in {origin} yet: push it, before somebody updates.", file=sys.stderr)
    return re.sub(r"^(https?://)[^/@]+@", r"\1", origin) or str(PROJECT)


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
