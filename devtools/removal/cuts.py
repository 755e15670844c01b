"""Takes out of a text what speaks of something, together with what belongs to it, as the form of the file has it.

- Python, TOML, shell, Makefile: the line with what is indented beneath it, and the decorators of a function.
- YAML, JSON: the smallest item of a list around the line.
- Markdown: a heading with its section; a row of a table, an item of a list; else the paragraph.
- `.env.example`: the setting with the comment above it, and a heading that has no setting left.
"""

import re
from collections.abc import Callable
from pathlib import Path

_CLOSERS = (")", "]", "}", "else", "elif", "except", "finally", "fi")

Span = tuple[int, int]


def cut(name: str, text: str, pattern: str) -> str:
    """Return the `text` of the file `name` without each line that `pattern` finds, and what belongs to it."""
    lines = text.splitlines(keepends=True)
    span = _span_of(name)
    while (at := next((number for number, line in enumerate(lines) if re.search(pattern, line)), None)) is not None:
        first, last = span(lines, at)
        if last < len(lines) and not lines[last].strip() and not (first and lines[first - 1].strip()):
            last += 1  # of the blank lines before and after it, one stays
        del lines[first:last]
    return _tidy(name, "".join(lines))


def cut_words(text: str, pattern: str) -> str:
    """Return `text` without what `pattern` finds, and nothing around it; what is in the group `stays` stays."""
    return re.sub(pattern, lambda found: found.groupdict().get("stays") or "", text, flags=re.MULTILINE)


def _span_of(name: str) -> Callable[[list[str], int], Span]:
    if name.endswith(".env.example"):
        return _setting
    return {".yml": _item, ".json": _item, ".md": _passage}.get(Path(name).suffix, _block)


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def _end(lines: list[str], at: int) -> int:
    """Return where the block that begins at `at` ends; blank lines after it are not part of it."""
    depth, end = _depth(lines[at]), at + 1
    for number in range(at + 1, len(lines)):
        line = lines[number]
        if line.strip():
            if _depth(line) < depth or (_depth(line) == depth and not line.lstrip().startswith(_CLOSERS)):
                break
            end = number + 1
    return end


def _block(lines: list[str], at: int) -> Span:
    first = at
    while first and lines[at].lstrip().startswith(("def ", "class ")) and _is_decorator(lines, first - 1, at):
        first -= 1
    return first, _end(lines, at)


def _is_decorator(lines: list[str], number: int, at: int) -> bool:
    """Whether a line belongs to the decorators of the function at `at`: they end at a blank line."""
    if not lines[number].strip():
        return False
    above = next((line for line in reversed(lines[: number + 1]) if _depth(line) <= _depth(lines[at])), "")
    return above.lstrip().startswith(("@", *_CLOSERS))


def _item(lines: list[str], at: int) -> Span:
    first, depth = at, _depth(lines[at])
    while first and not lines[first].lstrip().startswith(("- ", "{")):
        first -= 1
        while first and (not lines[first].strip() or _depth(lines[first]) >= depth):
            first -= 1
        depth = _depth(lines[first])
    return first, _end(lines, first)


def _passage(lines: list[str], at: int) -> Span:
    line = lines[at]
    if heading := re.match(r"#+ ", line):
        return at, _next(lines, at + 1, rf"#{{1,{len(heading[0]) - 1}}} ")
    if line.startswith("|"):
        return at, at + 1
    first = at
    while first and not re.match(r"\s*(- |$)", lines[first]):
        first -= 1
    first += not lines[first].strip()
    return first, _next(lines, first + 1, r"- |\s*$")


def _next(lines: list[str], start: int, pattern: str) -> int:
    return next((number for number in range(start, len(lines)) if re.match(pattern, lines[number])), len(lines))


def _setting(lines: list[str], at: int) -> Span:
    first = at
    while first and lines[first - 1].startswith("# ") and not lines[first - 1].startswith("# ---"):
        first -= 1
    return first, at + 1


def _tidy(name: str, text: str) -> str:
    if name.endswith(".env.example"):
        text = re.sub(r"^# --- .*\n+(?=# --- |\Z)", "", text, flags=re.MULTILINE)
    if name.endswith(".json"):
        text = re.sub(r",(\n\s*[]}])", r"\1", text)
    return text.rstrip("\n") + "\n"
