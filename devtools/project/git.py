"""What git says of a working tree, and does in it."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from devtools import DevelopmentError


def git(folder: Path, *arguments: str, **environment: str) -> str:
    """Return what git prints there, without the newline at its end; raises `DevelopmentError` with its complaint."""
    done = tried(folder, *arguments, **environment)
    if done.returncode:
        raise DevelopmentError(f"git {arguments[0]}: {(done.stderr or done.stdout).strip()}")
    return done.stdout.rstrip("\n")


def tried(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run git there, without hooks and signatures, and return what came of it."""
    command = ["git", "-c", f"core.hooksPath={os.devnull}", "-c", "commit.gpgSign=false", *arguments]
    around = os.environ | {"LC_ALL": "C"} | environment
    return subprocess.run(command, cwd=folder, env=around, capture_output=True, text=True, check=False)


def refuse_uncommitted(folder: Path, *paths: Path, hint: str = "") -> None:
    """Raise `DevelopmentError` where something is not committed: what a command changes could not be told from it.

    With `paths`, only what is there counts; `hint` is said beside the way out that there is always.
    """
    changed = git(folder, "status", "--porcelain", "--", *map(str, paths)).splitlines()
    if changed:
        raise DevelopmentError("\n".join([f"commit first what has changed here{hint}:", *few(changed)]))


def few(lines: Sequence[str], most: int = 10) -> list[str]:
    """Return the first of the lines, and how many there are beside them."""
    left = len(lines) - most
    return [*lines[:most], f"... and {left} more: git status"] if left > 0 else list(lines)
