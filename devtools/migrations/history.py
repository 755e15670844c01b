"""The revisions in the migrations folder, as their files say it; nothing is imported or run."""

import ast
import io
import re
import tokenize
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

OVERRIDE = re.compile(r"#\s*migration-safety:\s*(.*)")
FORM = re.compile(r"allow ([a-z-]+) because (\S.*)")


@dataclass(frozen=True)
class Override:
    """A comment that allows a rule at one place, and the lines where it holds."""

    line: int
    rule: str  # empty when the comment is not of the form that it should have
    reason: str
    covers: range


@dataclass(frozen=True)
class Revision:
    """One file of the migrations folder."""

    path: Path
    text: str = field(repr=False)

    @cached_property
    def tree(self) -> ast.Module:
        """The file's code."""
        return ast.parse(self.text, str(self.path))

    @cached_property
    def name(self) -> str:
        """What the revision is called by those that follow it; empty when the file is none."""
        return str(self._constants().get("revision", ""))

    @cached_property
    def follows(self) -> tuple[str, ...]:
        """The revisions before it: none, one, or several that it merges."""
        before = self._constants().get("down_revision") or ()
        return (before,) if isinstance(before, str) else tuple(str(each) for each in before)

    def function(self, name: str) -> ast.FunctionDef | None:
        """Return `upgrade` or `downgrade`, if it is there."""
        found = [node for node in self.tree.body if isinstance(node, ast.FunctionDef) and node.name == name]
        return found[0] if found else None

    def does(self, name: str) -> bool:
        """Tell whether that function is there and holds more than a docstring and `pass`."""
        function = self.function(name)
        idle = (ast.Pass, ast.Constant)
        return function is not None and any(
            not isinstance(node.value if isinstance(node, ast.Expr) else node, idle) for node in function.body
        )

    @cached_property
    def overrides(self) -> list[Override]:
        """The comments that allow something: each holds for the statement that it stands above, beside or in."""
        tokens = tokenize.generate_tokens(io.StringIO(self.text).readline)
        comments = {token.start[0]: token.string for token in tokens if token.type == tokenize.COMMENT}
        found = []
        for line, comment in comments.items():
            if override := OVERRIDE.match(comment):
                form = FORM.fullmatch(override[1].strip())
                rule, reason = form.groups() if form else ("", "")
                found.append(Override(line, rule, reason, self._statement(line, comments)))
        return found

    def _statement(self, line: int, comments: dict[int, str]) -> range:
        below = line
        while below in comments and not self._at(below):
            below += 1  # a reason may go on in comments beneath it
        node = self._at(line) or self._at(below)
        return range(line, (node.end_lineno or node.lineno) + 1) if node else range(line, line + 1)

    def _at(self, line: int) -> ast.stmt | None:
        """Return the innermost statement of which this line is a part; of a function or a block, its first line is."""
        inside = [
            node
            for node in ast.walk(self.tree)
            if isinstance(node, ast.stmt) and node.lineno <= line <= _last_line(node)
        ]
        return max(inside, key=lambda node: node.lineno, default=None)

    def _constants(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for node in self.tree.body:
            match node:
                case ast.Assign([ast.Name(name)], value) | ast.AnnAssign(ast.Name(name), value=ast.expr() as value):
                    if name in {"revision", "down_revision"}:
                        found[name] = ast.literal_eval(value)
        return found


def _last_line(node: ast.stmt) -> int:
    body = getattr(node, "body", None)
    return body[0].lineno - 1 if body else node.end_lineno or node.lineno


def read(folder: Path) -> list[Revision]:
    """Return the revisions of the folder, each after those that it follows."""
    files = [path for path in sorted((folder / "versions").glob("*.py")) if path.name != "__init__.py"]
    waiting = [revision for path in files if (revision := Revision(path, path.read_text())).name]
    ordered: list[Revision] = []
    while waiting:
        names = {revision.name for revision in waiting}
        ready = [revision for revision in waiting if not names & set(revision.follows)] or waiting
        ordered += ready
        waiting = [revision for revision in waiting if revision not in ready]
    return ordered


def collisions(revisions: list[Revision]) -> list[tuple[Revision, Revision]]:
    """Return the pairs of files that call themselves the same."""
    first: dict[str, Revision] = {}
    pairs = [(first.setdefault(revision.name, revision), revision) for revision in revisions]
    return [(one, other) for one, other in pairs if one is not other]


def heads(revisions: list[Revision]) -> list[Revision]:
    """Return those that nothing follows; a history that can be run has one."""
    followed = {name for revision in revisions for name in revision.follows}
    return [revision for revision in revisions if revision.name not in followed]
