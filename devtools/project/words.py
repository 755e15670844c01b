"""The words of a command, as the Makefile hands them on: NAME=value."""

import shlex
from collections.abc import Sequence

from devtools import DevelopmentError

YES, NO = {"1", "yes", "true", "on"}, {"0", "no", "false", "off"}


def read(arguments: Sequence[str], *known: str) -> dict[str, str]:
    """Return the values by name, and nothing for what was not said."""
    said = dict.fromkeys(known, "")
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if not equals or name not in said:
            raise DevelopmentError(f"{argument!r} is not understood; there are {', '.join(f'{one}=' for one in known)}")
        said[name] = value
    return said


def yes(said: dict[str, str], name: str) -> bool:
    """Whether that was asked for, as by DRY_RUN=1; raises `DevelopmentError` for what is neither yes nor no."""
    word = said[name].strip().lower()
    if word not in YES | NO | {""}:
        raise DevelopmentError(f"{name}={said[name]} is neither yes nor no; say {name}=1, or leave it out")
    return word in YES


def answers(text: str) -> dict[str, str]:
    """Return the answers in a line such as `mail=no title="Order desk"`."""
    try:
        pairs = [word.partition("=") for word in shlex.split(text)]
    except ValueError as error:
        raise DevelopmentError(f"ANSWERS: {error}") from error
    if wrong := [name for name, equals, _ in pairs if not equals]:
        raise DevelopmentError(f"ANSWERS: {', '.join(wrong)} without a value; they are written key=value")
    return {name: value for name, _, value in pairs}
