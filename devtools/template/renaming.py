"""The name of the service, in all files and folders of a tree."""

import importlib.util
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from devtools.template.names import Name, named
from devtools.template.replacing import in_columns, replacer

LEFT_ALONE = {".git", ".venv", ".dev", "__pycache__"}


@dataclass(frozen=True)
class Change:
    """One file: where it is, where it goes, and its new text, if that changes."""

    path: Path
    target: Path
    text: str | None


def present_name(project: Path) -> Name:
    """Return what the tree calls itself now: in `pyproject.toml`, and at the top of README."""
    about = tomllib.loads((project / "pyproject.toml").read_text())["project"]
    title = (project / "README.md").read_text().partition("\n")[0].removeprefix("# ").strip()
    return Name(about["name"], title)


def changes(project: Path, former: Name, new: Name) -> Iterator[Change]:
    """Yield what a new name changes in a tree; links and what is no text keep their content."""
    replace = replacer(former, new)
    for path in sorted(_files(project)):
        target = Path(replace(str(path)))
        before = "" if (project / path).is_symlink() else _text(project / path)
        after = in_columns(before, replace) if path.suffix == ".md" else replace(before)
        if target != path or after != before:
            yield Change(path, target, after if after != before else None)


def rename(project: Path, former: Name, new: Name) -> list[Change]:
    """Write the new name into the tree, format what has changed, and return what that was."""
    made = list(changes(project, former, new))
    for change in made:
        if change.text is not None:
            (project / change.path).write_text(change.text)
        if change.target != change.path:
            (project / change.target).parent.mkdir(parents=True, exist_ok=True)
            (project / change.path).rename(project / change.target)
            _remove_empty(project, change.path.parent)
    formatted(project, [str(change.target) for change in made if change.target.suffix == ".py"])
    return made


def formatted(project: Path, files: list[str]) -> bool:
    """Have ruff format Python files: lines break where the length of names wants it. Return whether it was there."""
    if not importlib.util.find_spec("ruff"):
        return False
    if files:
        command = [sys.executable, "-m", "ruff", "format", "--quiet", "--no-cache", *files]
        subprocess.run(command, cwd=project, check=True)
    return True


def checked(new: str, title: str, former: Name) -> Name:
    """Return the name that is asked for; raises `DevelopmentError` when it cannot be one, or not after the former."""
    return former if new == former.hyphened and title in {"", former.title} else named(new, title)


def _files(project: Path) -> Iterator[Path]:
    if (project / ".git").exists():
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, cwd=project, capture_output=True, text=True, check=True).stdout
        yield from {Path(name) for name in listed.split("\0") if name and (project / name).is_file()}
        return
    for folder, folders, names in os.walk(project):
        folders[:] = [name for name in folders if name not in LEFT_ALONE]
        yield from (Path(folder, name).relative_to(project) for name in names)


def _text(path: Path) -> str:
    content = path.read_bytes()
    if b"\0" in content:
        return ""
    try:
        return content.decode()
    except UnicodeDecodeError:
        return ""


def _remove_empty(project: Path, folder: Path) -> None:
    while folder != Path() and not any((project / folder).iterdir()):
        (project / folder).rmdir()
        folder = folder.parent
