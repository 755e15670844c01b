"""The command: it looks whether the parts can go, deletes and edits, and says what is left to do."""

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from devtools import DevelopmentError
from devtools.project import words
from devtools.project.git import refuse_uncommitted
from devtools.removal import answers, edits
from devtools.removal.manifest import Part, going, in_order, is_there, parts

PROJECT = Path(__file__).parents[2]


def remove(name: str, project: Path, *, force: bool = False) -> None:
    """Take one part out of `project`; raises as `remove_all` does."""
    remove_all([name], project, force=force)


def remove_all(names: Iterable[str], project: Path, *, force: bool = False, dry_run: bool = False) -> None:
    """Take the parts out of `project`, or print what that would delete and edit and refuse what it would refuse.

    Raises `DevelopmentError` where it cannot or should not be done, and has touched nothing then: a part is unknown or
    gone, another that stays stands on it, or what would change is not committed (unless `force` is set).
    """
    names = in_order(names, project)
    goes, stays = going(names, project)
    gone = edits.deleted(goes, stays, project)
    edited = dict(edits.edited(goes, project, gone)) | answers.noted(names, project)
    if dry_run:
        _print("would remove", gone, "would edit  ", edited, project)
    if not force:
        refuse_uncommitted(project, *gone, *edited, hint=", or add FORCE=1")
    if dry_run:
        return
    _print("removed", gone, "edited ", edited, project)
    for path in gone:
        _delete(path, project)
    for path, text in edited.items():
        path.write_text(text)
    _format([path for path in edited if path.suffix == ".py"], project)
    _say_what_is_left(goes, project)


def _print(removed: str, gone: Sequence[Path], edited: str, texts: Mapping[Path, str], project: Path) -> None:
    for path in gone:
        print(f"{removed} {path.relative_to(project)}")
    for path, text in texts.items():
        lines = len(path.read_text().splitlines()) - len(text.splitlines())
        print(f"{edited} {path.relative_to(project)}" + (f" ({lines} lines fewer)" if lines > 0 else ""))


def _delete(path: Path, project: Path) -> None:
    """Delete a file or a folder, and the folders above it that have nothing left but bytecode."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    for folder in path.parents:
        if folder == project or any(child.name != "__pycache__" for child in folder.iterdir()):
            return
        shutil.rmtree(folder)


def _format(changed: Sequence[Path], project: Path) -> None:
    """Format what was edited, where ruff is at hand."""
    if not changed:
        return
    ruff = [sys.executable, "-m", "ruff"] if importlib.util.find_spec("ruff") else [shutil.which("ruff") or ""]
    if not ruff[0]:
        print("\nThere is no ruff here, so what was edited is not formatted: `make format` does that.")
        return
    for command in (["check", "--quiet", "--fix-only", "--select=I001"], ["format", "--quiet"]):
        subprocess.run([*ruff, *command, *map(str, changed)], cwd=project, check=False)


def _say_what_is_left(goes: Sequence[Part], project: Path) -> None:
    """Print the lines that still speak of the parts, and the commands to run."""
    names = "|".join(name for part in goes for name in part.get("names", []))
    grep = ["git", "grep", "-I", "--line-number", "--extended-regexp", names, "--", ".", ":!CHANGELOG.md"]
    grep += [":!devtools/removal", ":!*.txt", ":!tests/devtools/removal"]
    lines = subprocess.run(grep, cwd=project, capture_output=True, text=True, check=False).stdout if names else ""
    if lines:
        print(f"\nLines that may still speak of it, for you to judge:\n{lines}")
    locked = any(part.get(key) for part in goes for key in ("requirements", "extras", "groups"))
    then = [command for part in goes for command in part.get("then", [])]
    print("Then:", "; ".join(dict.fromkeys([*then, *(["make relock"] if locked else []), "make check"])))


def _list_parts() -> None:
    for name, part in parts().items():
        if is_there(part, PROJECT):
            print(f"make remove PART={name:14} {part['what']}")


def main(arguments: list[str]) -> int:
    """Remove the parts that are named, or list those that are there; return an exit status."""
    names = [argument for argument in arguments if "=" not in argument]
    try:
        said = words.read([argument for argument in arguments if "=" in argument], "PART", "FORCE", "DRY_RUN")
        names += said["PART"].split()
        if not names:
            _list_parts()
        else:
            remove_all(names, PROJECT, force=words.yes(said, "FORCE"), dry_run=words.yes(said, "DRY_RUN"))
    except DevelopmentError as error:
        print(f"devtools: {error}", file=sys.stderr)
        return 1
    return 0
