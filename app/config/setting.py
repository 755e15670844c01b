"""What one setting is: the variable it is read from, how its text becomes a value, and its default."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

REQUIRED: Final = object()


@dataclass(frozen=True)
class Setting:
    """One variable of the environment.

    `parse` takes the text and returns the value, or raises `ValueError` with a
    message for an operator that never repeats the text. `default` is a value,
    or a function that computes it when the configuration is loaded. A `secret`
    may also be given as the file that `NAME_FILE` names.
    """

    parse: Callable[[str], Any]
    default: Any = REQUIRED
    secret: bool = False
    variable: str | None = None


def setting(
    parse: Callable[[str], Any], *, default: Any = REQUIRED, secret: bool = False, variable: str | None = None
) -> Any:  # the annotation beside each setting says what it holds once it is loaded
    """Declare a setting in the body of a configuration class."""
    return Setting(parse, default, secret, variable)


def settings_of(cls: type) -> dict[str, Setting]:
    """All settings that a configuration class and its bases declare, by name; the nearest declaration wins."""
    declared = (vars(base) for base in reversed(cls.__mro__))
    merged = {name: value for attributes in declared for name, value in attributes.items()}
    return {name: value for name, value in merged.items() if isinstance(value, Setting)}


def text(raw: str) -> str:
    """Accept anything but control characters, which could forge lines in a log or a header."""
    if re.search(r"[\x00-\x1f\x7f]", raw):
        raise ValueError("contains control characters")
    return raw


def words(raw: str) -> tuple[str, ...]:
    """Accept a list separated by commas or white space."""
    return tuple(word for word in re.split(r"[,\s]+", raw) if word)


def boolean(raw: str) -> bool:
    """Accept 1 or 0, true or false, yes or no, on or off."""
    if raw.lower() in {"1", "true", "yes", "on"}:
        return True
    if raw.lower() in {"0", "false", "no", "off"}:
        return False
    raise ValueError("neither true nor false")


def integer(low: int, high: int) -> Callable[[str], int]:
    """Return a parser of whole numbers from `low` to `high`."""

    def parse(raw: str) -> int:
        if not re.fullmatch(r"[+-]?[0-9]{1,18}", raw, re.ASCII) or not low <= int(raw) <= high:
            raise ValueError(f"not a whole number from {low} to {high}")
        return int(raw)

    return parse


def fraction(raw: str) -> float:
    """Accept a number from 0 to 1, such as 0.05."""
    if not re.fullmatch(r"[0-9]{0,9}\.?[0-9]{1,9}", raw, re.ASCII) or float(raw) > 1:
        raise ValueError("not a number from 0 to 1")
    return float(raw)


def pairs(raw: str) -> dict[str, str]:
    """Accept `name=value` separated by commas, values percent-encoded, as OpenTelemetry writes headers."""
    split = [item.partition("=") for item in text(raw).split(",") if item.strip()]
    found = {name.strip(): unquote(value.strip()) for name, _, value in split}
    if not all(re.fullmatch(r"[A-Za-z0-9-]+=[\x20-\x7e]+", "=".join(pair)) for pair in found.items()):
        raise ValueError("not name=value, separated by commas")
    return found


def choice(*allowed: str) -> Callable[[str], str]:
    """Return a parser of one word out of `allowed`, in any case."""
    canonical = {word.lower(): word for word in allowed}

    def parse(raw: str) -> str:
        if raw.lower() not in canonical:
            raise ValueError(f"not one of {', '.join(allowed)}")
        return canonical[raw.lower()]

    return parse
