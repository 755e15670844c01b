"""The texts of this tree, those that a removal would leave, without writing them, and what their lines name."""

import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import PurePosixPath
from typing import NamedTuple

from devtools.removal import answers, edits, manifest
from tests.conftest import PROJECT

Tree = dict[str, str]

NOT_READ = (
    "CHANGELOG.md",
    "devtools/mutants/",
    "devtools/removal/",
    "devtools/template/",
    "devtools/project/",
    "devtools/update/",
    "docs/comparison.md",
    "tests/devtools/removal/",
    "tests/removal/",
    "tests/devtools/template/",
    "tests/devtools/update/",
    "tests/story/",
    "tests/template/",
    "copier.yml",
    "requirements",
)
# A line that looks whether something is there, before it leads to it.
LOOKS = re.compile(r"find_spec|exists\(|is_file\(|\[\[ -e|skipif|bench\.apps\.usual")
PATH = re.compile(r"(?:app|bench|deploy|devtools|docs|migrations|tests)/[\w./@-]*[\w@-]")
OTHERS = re.compile(r"requirements-\w+\.txt|docker-compose[\w.]*\.yml|\.ci/[\w-]+|\.github/workflows/\w+\.yml")
MODULE = re.compile(r"\b(?:app|bench|devtools|tests)(?:\.\w+)+")
IMPORT = re.compile(r"\s*from ([\w.]+) import (.*)")
TARGET = re.compile(r"\bmake ([a-z-]+)")


@cache
def full() -> Tree:
    """Return the texts of this tree, by path."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True).stdout.splitlines()
    contents = {name: (PROJECT / name).read_bytes() for name in listed if (PROJECT / name).is_file()}
    return {name: content.decode(errors="replace") for name, content in contents.items()}


def without(names: list[str]) -> Tree:
    """Return the texts of the tree that a removal of these parts would leave."""
    names = manifest.in_order(names, PROJECT)
    goes, stays = manifest.going(names, PROJECT)
    gone = {str(path.relative_to(PROJECT)) for path in edits.deleted(goes, stays, PROJECT)}
    left = {name: text for name, text in full().items() if not gone.intersection(above(name))}
    gone_paths = [PROJECT / name for name in gone]
    for path, text in [*edits.edited(goes, PROJECT, gone_paths), *answers.noted(names, PROJECT).items()]:
        left[str(path.relative_to(PROJECT))] = text
    return left


def above(name: str) -> list[str]:
    """Return the path itself and the folders that it is in."""
    return [name, *map(str, PurePosixPath(name).parents)]


def read(tree: Tree) -> Iterator[tuple[str, int, "Line"]]:
    """Yield each line that leads somewhere, with its file and number."""
    for name, text in tree.items():
        if not name.startswith(NOT_READ):
            yield from ((name, line.number, line) for line in _lines(text))


class Line(NamedTuple):
    """A line, and what it names: files and folders, modules, targets of make."""

    number: int
    text: str
    paths: frozenset[str]
    modules: frozenset[str]
    targets: frozenset[str]


@cache
def _lines(text: str) -> list[Line]:
    return [_line(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]


def _line(number: int, text: str) -> Line:
    if LOOKS.search(text):
        return Line(number, text, frozenset(), frozenset(), frozenset())
    paths = {*PATH.findall(text), *OTHERS.findall(text)}
    modules = set(MODULE.findall(text))
    if imported := IMPORT.match(text):
        modules |= {f"{imported[1]}.{each}" for each in re.findall(r"\w+", imported[2])}
    return Line(number, text, frozenset(paths), frozenset(modules), frozenset(TARGET.findall(text)))
