"""One name in place of another in a text, in the form that each place needs."""

import re
from collections.abc import Callable

from devtools.template.names import Name

# Where a hyphen would be an operator or an error: beside an underscore, behind a $, as a method, and in the names of
# Elastic's data streams, which are cut at their hyphens. In SQL the name stands in quotation marks, so it may have one.
_IDENTIFIER = (
    r"(?<=[_$])W",
    r"(?<=\$\{)W",
    r"W(?=_)",
    r"(?<=\.)W(?=\()",
    r"(?<=def )W(?=\()",
    r"(?<=\blogs-)W",
    r'(?<=dataset => ")W',
)
_ALONE = r"(?<![A-Za-z0-9])W(?![A-Za-z0-9])"


def replacer(former: Name, new: Name) -> Callable[[str], str]:
    """Return a function that replaces the former name in a text."""
    as_identifier = re.compile("|".join(_IDENTIFIER).replace("W", former.hyphened))
    plain = [
        (former.upper, new.upper),
        (former.title, new.title),
        *([(former.underscored, new.underscored)] if former.underscored != former.hyphened else []),
    ]
    words = [(re.compile(_ALONE.replace("W", re.escape(old))), replacement) for old, replacement in plain]
    everywhere = re.compile(_ALONE.replace("W", former.hyphened))

    anywhere = re.compile("|".join({former.hyphened, former.underscored, re.escape(former.title)}), re.IGNORECASE)

    def replaced(text: str) -> str:
        if not anywhere.search(text):
            return text
        for word, replacement in words:
            text = word.sub(replacement, text)
        return everywhere.sub(new.hyphened, as_identifier.sub(new.underscored, text))

    return replaced


def in_columns(text: str, replace: Callable[[str], str]) -> str:
    """Replace in prose and in what it shows of terminals: what stands in columns goes on doing so, if there is room."""
    return "\n".join(_in_columns(line, replace) for line in text.split("\n"))


def _in_columns(line: str, replace: Callable[[str], str]) -> str:
    if line.startswith("|"):  # a table's cells are told by their bars, and an empty one is no room
        return replace(line)
    pieces, grown = re.split(r"((?<=\S) {2,}(?=\S))", line), 0
    for number, piece in enumerate(pieces):
        if number % 2:
            pieces[number] = " " * max(2, len(piece) - grown)
            grown += len(pieces[number]) - len(piece)
        else:
            pieces[number] = replace(piece)
            grown += len(pieces[number]) - len(piece)
    return "".join(pieces)
