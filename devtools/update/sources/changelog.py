"""What the template's changelog says of the versions between two."""

import re


def between(former: str, later: str) -> str:
    """Return the sections that only the later changelog has; of one that both have, the lines that are new."""
    before = _sections(former)
    news = []
    for heading, lines in _sections(later).items():
        known = set(before.get(heading, []))
        new = [line for line in lines if line not in known or (not line and heading not in before)]
        if any(line.strip() for line in new):
            news.append("\n".join([f"## {heading}", *new]).strip())
    return "\n\n".join(news)


def _sections(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        heading, *lines = part.splitlines()
        found[heading.strip()] = lines
    return found
