"""Markdown without what a removal has emptied: tables of no rows, headings with nothing beneath, their contents."""

import re

_TABLE = re.compile(r"^\|.*\n\|[-:| ]+\|\n(?!\|)\n?", re.MULTILINE)
_HEADING = re.compile(r"^(#+) (.*)\n", re.MULTILINE)


def without_empty(text: str) -> str:
    """Return the text without tables, sections and code blocks that have become empty, and items that lead to none."""
    text = _TABLE.sub("", re.sub(r"^```\w*\n```\n\n?", "", text, flags=re.MULTILINE))
    while (shorter := _without_one(text)) != text:
        text = shorter
    anchors = {anchor(found[2]) for found in _HEADING.finditer(text)}
    lines = [line for line in text.splitlines(keepends=True) if _leads_somewhere(line, anchors)]
    pieces = re.split(r"(^```.*?^```$)", "".join(lines), flags=re.MULTILINE | re.DOTALL)
    pieces[::2] = [re.sub(r"\n{3,}", "\n\n", prose) for prose in pieces[::2]]
    return "".join(pieces).rstrip("\n") + "\n"


def _without_one(text: str) -> str:
    """Return the text without the first heading that is followed by another of its level, or a higher one."""
    headings = [found for found in _HEADING.finditer(text) if not _in_code(text, found.start())]
    for number, heading in enumerate(headings):
        following = headings[number + 1 : number + 2]
        end = following[0].start() if following else len(text)
        is_last = not following or len(following[0][1]) <= len(heading[1])
        if is_last and len(heading[1]) > 1 and not text[heading.end() : end].strip():
            return text[: heading.start()] + text[end:]
    return text


def _in_code(text: str, position: int) -> bool:
    return text.count("\n```", 0, position) % 2 == 1


def _leads_somewhere(line: str, anchors: set[str]) -> bool:
    """Whether an item of a list of contents has still the section that it begins with."""
    found = re.match(r"\s*- \[[^]]*\]\(#([\w-]+)\)", line)
    return not found or found[1] in anchors


def anchor(heading: str) -> str:
    """Return the name by which a page leads to the section of this heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
