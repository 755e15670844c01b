"""What in the tree that a removal would leave still leads to something that is gone, or cannot be read."""

import ast
import json
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import PurePosixPath

import yaml

from devtools.removal import manifest
from devtools.removal.sections import anchor
from tests.conftest import PROJECT
from tests.removal.texts import NOT_READ, Tree, above, full, read, without

# Where a part is spoken of, and where that is no lead to follow: what was measured, others' features, a walk to read.
PROSE = (".md", ".env.example", "Makefile", "Dockerfile", "mkdocs.yml", "pyproject.toml", ".ci/run", ".ci/images")
RECORDS = (
    "docs/comparison.md",
    "docs/new-service.md",
    "docs/update.md",
    "docs/performance.md",
    "docs/pipelines.md",
    "docs/proof.md",
)


def problems(names: list[str]) -> list[str]:
    """Return what is wrong with the tree without these parts, a line each."""
    tree = without(names)
    checks = [
        unreadable(tree),
        hollow(tree),
        lost_links(tree),
        lost_pages(tree),
        lost_checks(tree),
        lost_paths(names, tree),
        lost_targets(tree),
        lost_settings(names, tree),
    ]
    return [problem for check in checks for problem in check] + list(still_named(names, tree))


def unreadable(tree: Tree) -> Iterator[str]:
    """Yield the files that their own readers would refuse."""
    for name, text in tree.items():
        reader = {".py": ast.parse, ".toml": tomllib.loads, ".json": json.loads, ".yml": _yaml}.get(
            PurePosixPath(name).suffix
        )
        try:
            if reader and text != full().get(name):
                reader(text)
        except (SyntaxError, ValueError, yaml.YAMLError) as error:
            yield f"{name} cannot be read: {error}"


def _yaml(text: str) -> None:
    for _ in yaml.compose_all(text, Loader=yaml.SafeLoader):
        pass


def hollow(tree: Tree) -> Iterator[str]:
    """Yield the keys of YAML of which nothing is left: their readers would get nothing where they count on a list."""
    for name, text in tree.items():
        if name.endswith(".yml") and text != full()[name]:
            yield from (f"{name}: nothing is left of {key}" for key in sorted(_empty(text) - _empty(full()[name])))


def _empty(text: str) -> set[str]:
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return {
        line.strip()
        for line, following in pairwise([*lines, ""])
        if (found := re.fullmatch(r"( *)(?:- )?[\w-]+:", line))
        and not following.startswith((f"{found[1]}  ", f"{found[1]}- "))
    }


def lost_links(tree: Tree) -> Iterator[str]:
    """Yield the links of guides that lead to a page or a section which is not there any more."""
    folders = _places(tree)
    before = _places(full())
    for name, text in tree.items():
        if not name.endswith(".md") or name.startswith(NOT_READ):
            continue
        for target in re.findall(r"\]\(([^)#\s:]*(?:#[\w-]+)?)\)", text):
            page, _, section = target.partition("#")
            path = _beside(name, page) if page else name
            if path not in folders and path in before:
                yield f"{name}: no {target}"
            elif section and path in tree and section in _anchors(full()[path]) - _anchors(tree[path]):
                yield f"{name}: no section {target}"


def lost_pages(tree: Tree) -> Iterator[str]:
    """Yield entries of the site's navigation that lead nowhere or hold none, and pages to which no entry leads."""
    groups = yaml.safe_load(tree["mkdocs.yml"])["nav"]
    yield from (f"mkdocs.yml: nothing in {name}" for group in groups for name, entries in group.items() if not entries)
    entries = [entry for group in groups for entries in group.values() for entry in entries or ()]
    listed = {f"docs/{page}" for entry in entries for page in ([entry] if isinstance(entry, str) else entry.values())}
    pages = {name for name in tree if name.startswith("docs/") and name.endswith(".md")}
    yield from (f"mkdocs.yml: no {name}" for name in sorted(listed - pages))
    yield from (f"{name}: no entry of mkdocs.yml leads to it" for name in sorted(pages - listed))


def lost_checks(tree: Tree) -> Iterator[str]:
    """Yield the rows of preflight's guide whose check has gone."""
    code = "".join(text for name, text in tree.items() if name.startswith("app/preflight/"))
    for check in re.findall(
        r"^\| `([\w-]+)` \| (?:critical|high|medium|low) \|", tree["docs/preflight.md"], re.MULTILINE
    ):
        if f'"{check}"' not in code:
            yield f"docs/preflight.md: no check {check}"


def _beside(name: str, page: str) -> str:
    parts: list[str] = list(PurePosixPath(name).parent.parts)
    for part in PurePosixPath(page).parts:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)


@cache
def _anchors(text: str) -> set[str]:
    return {anchor(heading) for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE)}


def lost_paths(names: list[str], tree: Tree) -> Iterator[str]:
    """Yield the lines that name a file, folder or module which this tree has and that one has not."""
    gone = _places(full()) - _places(tree) - {"migrations/versions"}  # it is made again
    modules = {name.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for name in gone}
    for name, number, line in read(tree):
        found = (line.paths & gone) | (line.modules & modules)
        if found and not has_reason(names, name, line.text):
            yield f"{name}:{number}: {', '.join(sorted(found))} is gone: {line.text.strip()[:160]}"


def _places(tree: Tree) -> set[str]:
    return {folder for name in tree for folder in above(name)}


def lost_targets(tree: Tree) -> Iterator[str]:
    """Yield the lines that name a target which the Makefile has not any more."""
    gone = _targets(full()) - _targets(tree)
    for name, number, line in read(tree):
        for target in line.targets & gone:
            yield f"{name}:{number}: no target {target}: {line.text.strip()[:160]}"


def _targets(tree: Tree) -> set[str]:
    return set(re.findall(r"^([a-z-]+):", tree["Makefile"], re.MULTILINE))


def lost_settings(names: list[str], tree: Tree) -> Iterator[str]:
    """Yield the lines that name a setting of a part that is gone."""
    settings = [setting for name in names for setting in manifest.parts()[name].get("settings", [])]
    pattern = re.compile("|".join(rf"\b{setting}\b" for setting in settings) or r"\Z.")
    for name, number, line in read(tree):
        if settings and pattern.search(line.text):
            yield f"{name}:{number}: a setting that is gone: {line.text.strip()[:160]}"


def still_named(names: list[str], tree: Tree) -> Iterator[str]:
    """Yield the lines that still speak of a part, but those for which its list has a reason."""
    goes, _ = manifest.going(names, PROJECT)
    tree = {name: text for name, text in tree.items() if name.endswith(PROSE) and name not in RECORDS}
    for named in (re.compile("|".join(part["names"])) for part in goes if "names" in part):
        for name, number, line in read(tree):
            if (found := named.search(line.text)) and not has_reason(names, name, line.text):
                yield f"{name}:{number}: {found[0]!r} is spoken of: {line.text.strip()[:160]}"


def has_reason(names: list[str], name: str, line: str) -> bool:
    """Whether the list of a part says that this line stays."""
    return any(re.search(pattern, line) for pattern in _reasons(tuple(names)).get(name, []))


@cache
def _reasons(names: tuple[str, ...]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    goes, _ = manifest.going(names, PROJECT)
    for part in goes:
        for name, patterns in part.get("stays", {}).items():
            found.setdefault(name, []).extend(patterns)
    return found
