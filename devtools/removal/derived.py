"""What follows from what a part is: where its settings, requirements, and suites of tests are named in the tree."""

import re
from pathlib import Path

from devtools.removal.manifest import Part

Patterns = dict[str, list[str]]

_LINES = {
    "settings": {
        ".env.example": r"^#?{}=",
        "app/config/environments.py": r"^    {}\b.* = ",
        "tests/config/test_refusals.py": r'^    \({{"{}(_FILE)?":',
        "docs/reference/settings.md": r"^\| `{}`",
    },
    "requirements": {"pyproject.toml": r'^    "{}[\[>=;"]'},
    "extras": {"pyproject.toml": r"^{} = ", ".dockerignore": r"^!requirements-{}\.txt"},
    "groups": {"pyproject.toml": r'^{} = \[(\s|$|"[\w-]+>=)'},
    "suites": {
        "pyproject.toml": r'^    "{}: ',
        "tests/conftest.py": r'^    "{}":',
        "Makefile": r"^(\.PHONY: )?{}-test\b",
        ".ci/run": r"^ *(with|suite|left_out)\b.*\b{}-test\b",
        "CONTRIBUTING.md": r"^- `make {}-test`",
        ".github/workflows/ci.yml": r"^ +- \{{suite: {}-test\b",
        ".gitlab-ci.yml": r"^ +- \{{SUITE: {}-test\b",
        "docs/reference/commands.md": r"^\| `make {}-test`",
        "docs/proof.md": r"^\|.*\| `make {}-test\b",
    },
}
_WORDS = {
    "extras": {"Makefile": r"(?P<stays>^EXTRAS :=.*) {}\b"},
    "groups": {"Makefile": r"(?P<stays>^GROUPS :=.*) {}\b"},
    "suites": {"pyproject.toml": r" and not {}\b|(?<=')not {} and "},
}


def lines(part: Part) -> Patterns:
    """Return, by file, the patterns of lines that go with what belongs to them: those named, and those that follow."""
    found = _filled(_LINES, part, part.get("cuts", {}))
    for path in part.get("files", []):
        if path.startswith("docs/"):
            found.setdefault("mkdocs.yml", []).append(rf" {re.escape(path.removeprefix('docs/'))}$")
        elif path.startswith("tests/"):
            found.setdefault("docs/proof.md", []).append(rf"^\|.*\| `[^`]*\b{re.escape(path)}")
    if "module" in part:
        found.setdefault("app/__init__.py", []).append(rf"^    {Path(part['module']).stem}\.init_app\(app\)")
    return found


def words(part: Part) -> Patterns:
    """Return, by file, the patterns of which nothing goes but what they find."""
    return _filled(_WORDS, part, part.get("words", {}))


def rest(part: Part) -> Patterns:
    """Return, by file, the patterns of words that are there when another part has gone."""
    return {name: list(patterns) for name, patterns in part.get("rest", {}).items()}


def _filled(table: dict[str, dict[str, str]], part: Part, named: Patterns) -> Patterns:
    found = {name: list(patterns) for name, patterns in named.items()}
    for key, files in table.items():
        for word in part.get(key, []):
            for name, pattern in files.items():
                found.setdefault(name, []).append(pattern.format(*[word] * pattern.count("{}")))
    return found
