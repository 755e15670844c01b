"""The words of a command, as the Makefile hands them on: NAME=value."""

import shlex
from collections.abc import Sequence

from devtools import DevelopmentError


def read(arguments: Sequence[str], *known: str) -> dict[str, str]:
    """Return the values by name, and nothing for what was not said."""
    said = dict.fromkeys(known, "")
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if not equals or name not in said:
            raise DevelopmentError(f"{argument!r} is not understood; there are {', '.join(f'{one}=' for one in known)}")
        said[name] = value
    return said


def answers(text: str) -> dict[str, str]:
    """Return the answers in a line such as `mail=no title="Order desk"`."""
    try:
        pairs = [word.partition("=") for word in shlex.split(text)]
    except ValueError as error:
        raise DevelopmentError(f"ANSWERS: {error}") from error
    if wrong := [name for name, equals, _ in pairs if not equals]:
        raise DevelopmentError(f"ANSWERS: {', '.join(wrong)} without a value; they are written key=value")
    return {name: value for name, _, value in pairs}
