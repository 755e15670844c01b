"""Python code without the imports that only what has been cut out needed."""

import ast
import re
from collections.abc import Iterator

LINE_LENGTH = 120

Import = ast.Import | ast.ImportFrom


def without_unused(before: str, after: str) -> str:
    """Return `after` without the names that it imports and, unlike `before`, does not use; raises `SyntaxError`."""
    tree = ast.parse(after)
    unused = set(_used(ast.parse(before))) - set(_used(tree))
    lines = after.splitlines(keepends=True)
    for node in sorted(_imports(tree), key=lambda node: -node.lineno):
        left = [alias for alias in node.names if _bound(alias) not in unused]
        if len(left) == len(node.names):
            continue
        first, last = node.lineno - 1, node.end_lineno or node.lineno
        lines[first:last] = _written(node, left, lines[first]) if left else []
        if not left and first and lines[first - 1 : first] == ["\n"] and lines[first : first + 1] == ["\n"]:
            del lines[first]  # of the blank lines around a section of imports, one stays
    code = "".join(lines).lstrip("\n")
    ast.parse(code)
    return code


def _imports(tree: ast.Module) -> Iterator[Import]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom))


def _bound(alias: ast.alias) -> str:
    return alias.asname or alias.name.split(".")[0]


def _used(tree: ast.Module) -> Iterator[str]:
    """Yield the names that code reads, in annotations that are strings and in `__all__` too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg  # of a test: a fixture, which may have been imported
        for field in ("annotation", "returns"):
            yield from _words(getattr(node, field, None))
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            yield from _words(node.value)


def _words(node: ast.AST | None) -> Iterator[str]:
    for inner in ast.walk(node) if node else ():
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            yield from re.findall(r"\w+", inner.value)


def _written(node: Import, names: list[ast.alias], line: str) -> list[str]:
    """Return the statement with these names, as the formatter would write it."""
    indent = " " * node.col_offset
    start = f"{indent}import " if isinstance(node, ast.Import) else f"{indent}from {_source(node)} import "
    said = [alias.name + (f" as {alias.asname}" if alias.asname else "") for alias in names]
    comment = f"  {line[line.index('#') :].rstrip()}" if "#" in line else ""
    statement = f"{start}{', '.join(said)}"
    if len(statement + comment) <= LINE_LENGTH:
        return [f"{statement}{comment}\n"]
    return [f"{start}({comment}\n", *(f"{indent}    {name},\n" for name in said), f"{indent})\n"]


def _source(node: ast.ImportFrom) -> str:
    return "." * node.level + (node.module or "")
