"""The pinned requirements, brought in line with what `pyproject.toml` asks for now; what is pinned already stays.

`python -m devtools.removal.locking` does it here, as `make relock`.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from devtools import DevelopmentError

SAID = re.compile(r"^(EXTRAS|GROUPS|LOCK) :=(.*)$", re.MULTILINE)


def relock(project: Path) -> None:
    """Bring each requirements file in line, as `make lock` does but upgrading nothing.

    Raises `DevelopmentError` where uv is missing, or gets no answer from the index of packages.
    """
    for arguments in commands(project):
        done = subprocess.run([uv(), *arguments], cwd=project, capture_output=True, text=True, check=False)
        if done.returncode:
            raise DevelopmentError(f"the requirements are not locked anew; run `make relock`: {done.stderr.strip()}")


def commands(project: Path) -> list[list[str]]:
    """Return the arguments for uv, one list for each file, in the order in which files stand on each other."""
    said = {name: _words(value) for name, value in SAID.findall((project / "Makefile").read_text())}
    options = ["pip", "compile", *(word for word in said["LOCK"] if word != "--upgrade")]

    def locked(name: str, *more: str) -> list[str]:
        return [*options, *more, "pyproject.toml", "-o", f"requirements{name}.txt"]

    every = [locked("")]
    every += [locked(f"-{extra}", "-c", "requirements.txt", "--extra", extra) for extra in said["EXTRAS"]]
    every += [locked("-dev", "-c", "requirements.txt", "--all-extras", "--group", "dev")]
    every += [_group(options, group, "-c", "requirements-dev.txt") for group in said["GROUPS"]]
    others = {path.stem.removeprefix("requirements-") for path in project.glob("requirements-*.txt")}
    alone = sorted(others - {"dev", *said["EXTRAS"], *said["GROUPS"]})
    return every + [_group(options, group) for group in alone]


def _group(options: list[str], group: str, *more: str) -> list[str]:
    return [*options, *more, "--group", group, "-o", f"requirements-{group}.txt"]


def _words(value: str) -> list[str]:
    return [word.strip('"') for word in re.findall(r'"[^"]*"|\S+', value)]


def uv() -> str:
    """Return where uv is: beside this Python, or on the path."""
    found = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if not found:
        raise DevelopmentError("there is no uv here, so the requirements are as before: run `make relock`")
    return found


def main() -> int:
    """Lock the requirements of this project; return an exit status."""
    try:
        relock(Path(__file__).parents[2])
    except DevelopmentError as error:
        print(f"devtools: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
