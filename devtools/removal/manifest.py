"""What is known about each part: the tables of `parts/`, which parts stand on which, and what they share."""

import tomllib
from collections.abc import Iterable
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from devtools import DevelopmentError

FOLDER = Path(__file__).with_name("parts")

Part = dict[str, Any]


def parts() -> dict[str, Part]:
    """Return what is known about each part, by its name."""
    return {name: table for name, table in _tables().items() if "last" not in table}


def shared() -> dict[str, Part]:
    """Return what goes when the last of several parts does: those are its `last`."""
    return {name: table for name, table in _tables().items() if "last" in table}


def _tables() -> dict[str, Part]:
    tables: dict[str, Part] = {}
    for path in sorted(FOLDER.glob("*.toml")):
        tables |= tomllib.loads(path.read_text())
    return tables


def place(part: Part) -> str:
    """Return what a part is: its module in app/, or its place elsewhere."""
    return str(part.get("module") or part["place"])


def is_there(part: Part, project: Path) -> bool:
    """Whether the project still has the part."""
    return (project / place(part)).exists()


def in_order(names: Iterable[str], project: Path) -> list[str]:
    """Return the parts in the order in which they can go; raises `DevelopmentError` where one cannot."""
    known, names = parts(), list(dict.fromkeys(names))
    for name in names:
        if name not in known:
            raise DevelopmentError(f"there is no part {name!r}; there are {', '.join(known)}")
        if not is_there(known[name], project):
            raise DevelopmentError(f"{name} is not there any more")
        for other in known[name].get("after", []):
            if other not in names and is_there(known[other], project):
                raise DevelopmentError(f"{other} needs {name}: remove {other} too, or first")
    before = {name: set(known[name].get("after", [])) & set(names) for name in names}
    return list(TopologicalSorter(before).static_order())


def going(names: Iterable[str], project: Path) -> tuple[list[Part], list[Part]]:
    """Return all that goes with these parts, and what they share with parts that stay."""
    known, names = parts(), list(names)
    left = {name for name, part in known.items() if name not in names and is_there(part, project)}
    goes = [known[name] for name in names]
    stays: list[Part] = []
    for table in shared().values():
        (stays if left & set(table["last"]) else goes).append(table)
    return goes, stays
