"""The schema's history after an update: whether it still leads to one place."""

import ast
from collections.abc import Iterator
from pathlib import Path

from devtools.update.merging.own import VERSIONS


def complaints(service: Path) -> Iterator[str]:
    """Yield what is wrong with the history: a name twice, two ends, a revision on one that is not there."""
    files: dict[str, list[str]] = {}
    history: dict[str, list[str]] = {}
    for path, name, names in _revisions(service / VERSIONS):
        files.setdefault(name, []).append(str(path.relative_to(service)))
        history.setdefault(name, []).extend(names)
    for name, same in files.items():
        if len(same) > 1:
            yield (
                f"{' and '.join(same)} are both the revision {name}, and Alembic would run one of them: in the one that"
                " no database has run, another revision, and the other one as its down_revision"
            )
    below = {name for names in history.values() for name in names}
    for name in sorted(below - set(history)):
        standing = ", ".join(sorted(each for each, names in history.items() if name in names))
        yield f"{standing} stands on the revision {name}, which is not here: have it stand on one that is"
    ends = sorted(set(history) - below)
    if len(ends) > 1:
        named = " ".join(ends)
        yield f"the history has {len(ends)} ends: make shell, then flask db merge -m 'Join both histories' {named}"


def _revisions(folder: Path) -> Iterator[tuple[Path, str, list[str]]]:
    for path in sorted(folder.glob("*.py")):
        try:
            said = dict(_constants(ast.parse(path.read_text())))
        except SyntaxError:  # in conflict; that is told already
            continue
        below = said.get("down_revision") or ()
        yield path, str(said.get("revision", path.stem)), [below] if isinstance(below, str) else list(below)


def _constants(tree: ast.Module) -> Iterator[tuple[str, str | tuple[str, ...] | None]]:
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value:
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Name) and target.id in {"revision", "down_revision"}:
                    yield target.id, ast.literal_eval(node.value)
