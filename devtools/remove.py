"""`python -m devtools.remove PART` takes an optional part out of the tree: `parts.toml` says what goes.

It edits the working tree and commits nothing: `git restore .` brings everything back.
"""

import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from devtools import DevelopmentError, cuts

PROJECT = Path(__file__).parents[1]
MANIFEST = Path(__file__).with_name("parts.toml")

Part = dict[str, Any]


def parts() -> dict[str, Part]:
    """Return what is known about each part, by its name."""
    return tomllib.loads(MANIFEST.read_text())


def remove(name: str, project: Path, *, force: bool = False) -> None:
    """Take the part out of `project`; raises `DevelopmentError` when it cannot or should not be done."""
    part = _removable(name, project)
    patterns = [part["module"], *mirror(part), *part.get("files", [])]
    gone = [path for pattern in patterns for path in project.glob(pattern)]
    edited = dict(_edits(part, project, gone))
    if not force:
        _refuse_uncommitted(project, [*gone, *edited])
    for path in gone:
        _delete(path)
        print(f"removed {path.relative_to(project)}")
    for path, text in edited.items():
        path.write_text(text)
        print(f"edited  {path.relative_to(project)}")
    _say_what_is_left(part, project)


def _removable(name: str, project: Path) -> Part:
    known = parts()
    if name not in known:
        raise DevelopmentError(f"there is no part {name!r}; there are {', '.join(known)}")
    if not (project / known[name]["module"]).exists():
        raise DevelopmentError(f"{name} is not there any more")
    for other in known[name].get("after", []):
        if (project / known[other]["module"]).exists():
            raise DevelopmentError(f"{other} needs {name}: remove {other} first")
    return known[name]


def mirror(part: Part) -> list[str]:
    """Return where the tests of a part's own module are, as the tree has it."""
    module = Path(part["module"])
    tests = Path("tests", *module.parts[1:])
    return [str(tests.with_name(f"test_{module.name}") if module.suffix == ".py" else tests)]


def _edits(part: Part, project: Path, gone: list[Path]) -> Iterator[tuple[Path, str]]:
    """Yield each file that changes, with its new text; what another part has taken along is no error."""
    lines, words = _cuts(part), part.get("words", {})
    for name in dict.fromkeys([*lines, *words]):
        path = project / name
        if not path.exists() or any(path.is_relative_to(other) for other in gone):
            continue
        before = text = path.read_text()
        for pattern in lines.get(name, []):
            text = cuts.cut(name, text, pattern)
        for pattern in words.get(name, []):
            text = cuts.cut_words(text, pattern)
        if text != before:
            yield path, _without_unused_imports(path, text) if path.suffix == ".py" else text


def _cuts(part: Part) -> dict[str, list[str]]:
    """Return the patterns by file: those that the part names, and those that follow from what it is."""
    found = {name: list(patterns) for name, patterns in part.get("cuts", {}).items()}

    def add(name: str, pattern: str) -> None:
        found.setdefault(name, []).append(pattern)

    add("app/__init__.py", rf"^    {Path(part['module']).stem}\.init_app\(app\)")
    for setting in part.get("settings", []):
        add(".env.example", rf"^#?{setting}=")
        add("app/config/environments.py", rf"^    {setting}\b.* = ")
        add("tests/config/test_refusals.py", rf'^    \({{"{setting}(_FILE)?":')
    for requirement in part.get("requirements", []):
        add("pyproject.toml", rf'^    "{requirement}[\[>=;"]')
    return found


def _without_unused_imports(path: Path, code: str) -> str:
    """Return Python code without the imports that only the part needed, formatted again."""
    for command in (["check", "--quiet", "--fix-only", "--select=F401,I001"], ["format", "--quiet"]):
        # Under a name that is not __init__.py, where every import counts as used.
        name = f"--stdin-filename={path.with_name('module.py')}"
        ruff = [sys.executable, "-m", "ruff", *command, name, "-"]
        done = subprocess.run(ruff, input=code, capture_output=True, text=True, check=False)
        if done.returncode:
            raise DevelopmentError(f"{path.name} has changed, {MANIFEST.name} does not fit it any more: {done.stderr}")
        code = done.stdout
    return code


def _refuse_uncommitted(project: Path, touched: list[Path]) -> None:
    command = ["git", "status", "--porcelain", "--", *map(str, touched)]
    status = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    if changed := status.stdout + status.stderr:
        raise DevelopmentError(f"commit first what has changed here, or add FORCE=1:\n{changed.rstrip()}")


def _delete(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def _say_what_is_left(part: Part, project: Path) -> None:
    """Print the prose that still speaks of the part, and the commands to run."""
    names = "|".join(part.get("names", []))
    grep = ["git", "grep", "--line-number", "--ignore-case", "--extended-regexp", names, "--", "*.md"]
    prose = subprocess.run(grep, cwd=project, capture_output=True, text=True, check=False).stdout if names else ""
    if prose:
        print(f"\nProse that may still speak of it, for you to judge:\n{prose}")
    lock = ["make lock"] if part.get("requirements") or part.get("locked") else []
    print("Then:", "; ".join([*part.get("then", []), *lock, "make check"]))


def main(arguments: list[str]) -> int:
    """Remove the part that is named, or list those that are there; return an exit status."""
    named = [argument for argument in arguments if argument != "--force"]
    if not named:
        for name, part in parts().items():
            if (PROJECT / part["module"]).exists():
                print(f"make remove PART={name:14} {part['what']}")
        return 0
    try:
        remove(named[0], PROJECT, force="--force" in arguments)
    except DevelopmentError as error:
        print(f"devtools: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
