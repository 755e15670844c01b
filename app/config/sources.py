"""Where settings come from besides the environment: files of `NAME=value`, and secrets mounted as files."""

import shlex
from pathlib import Path
from typing import NamedTuple


class SettingsFile(NamedTuple):
    """What a file of settings says: values by name, the number of each name's last line, what cannot be read."""

    values: dict[str, str]
    lines: dict[str, int]
    problems: list[str]


def read_secret(path: str) -> str:
    """Return the content of a mounted secret without white space around it; `ValueError` if there is none."""
    content = _read(path).strip()
    if not content:
        raise ValueError("its file is empty")
    return content


def read_settings(path: Path) -> SettingsFile:
    """Return what a file of `NAME=value` lines says, whatever the names.

    Quotes and comments are the shell's; nothing is expanded. Not python-dotenv:
    where that is installed, the flask command reads `.env` in every environment.
    """
    said = SettingsFile({}, {}, [])
    try:
        content = _read(str(path))
    except ValueError as error:
        said.problems.append(str(error))
        return said
    for number, line in enumerate(content.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, separator, value = line.strip().removeprefix("export ").partition("=")
        words = _split(value)
        if not separator or not name.isidentifier() or len(words) > 1:
            said.problems.append(f"line {number} of {path.name} is not NAME=value; spaces need quotes")
        else:
            said.values[name] = "".join(words)
            said.lines[name] = number
    return said


def writable_file(raw: str) -> str:
    """Accept the path of a file to append to, in a folder that is there; it is created if it is missing."""
    try:
        with Path(raw).open("a"):
            return raw
    except OSError as error:
        raise ValueError(f"cannot be written to ({error.strerror or 'unknown error'})") from None


def _split(value: str) -> list[str]:
    try:
        return shlex.split(value, comments=True)
    except ValueError:
        return ["a quote", "is open"]


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise ValueError(f"its file cannot be read ({error.strerror or 'unknown error'})") from None
    except ValueError:
        raise ValueError("its file cannot be read (it is not UTF-8 text)") from None
