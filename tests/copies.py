"""Copies of this tree, for tests that change it."""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.conftest import PROJECT

BIN = Path(sys.executable).parent
AS_SOMEBODY = ["-c", "user.name=test", "-c", "user.email=test@example.org"]


def copied(folder: Path) -> Path:
    """Copy the project's own files, as git knows them, to `folder`, and commit them there."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True).stdout.splitlines()
    for name in listed:
        if (PROJECT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, folder / name)
    for arguments in (["init", "--quiet"], ["add", "--all"], [*AS_SOMEBODY, "commit", "--quiet", "--message=copied"]):
        subprocess.run(["git", *arguments], cwd=folder, check=True)
    return folder


def run(folder: Path, *command: str) -> str:
    """Run one of this environment's programs there, and return what it printed; it has to succeed."""
    result = subprocess.run([BIN / command[0], *command[1:]], cwd=folder, capture_output=True, text=True, check=False)
    assert result.returncode == 0, f"{' '.join(command)}\n{result.stdout}\n{result.stderr}"
    return result.stdout
