"""The pinned requirements of an updated service: the template's, and beside them those of the service."""

import re
from pathlib import Path

from packaging.version import Version

_PINNED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^ ;\\]+)")


def started(service: str, template: str) -> str:
    """Return the pins from which a lock is made anew: of each package, those of the side that has the newer version.

    uv keeps to what it finds there, as far as `pyproject.toml` lets it; it drops what nobody wants any more.
    """
    head, own = _pins(service)
    _, theirs = _pins(template)
    chosen = {name: _newer(own.get(name, []), theirs.get(name, [])) for name in sorted({*own, *theirs})}
    return head + "".join(block for blocks in chosen.values() for block in blocks)


def start(service: Path, template: dict[str, str]) -> list[str]:
    """Write such pins into the service's files; return the names of those that have changed."""
    changed = []
    for name, text in template.items():
        path = service / name
        if path.exists() and (pins := started(path.read_text(), text)) != path.read_text():
            path.write_text(pins)
            changed.append(name)
    return changed


def _pins(text: str) -> tuple[str, dict[str, list[str]]]:
    """Return what stands before the pins, and by package the blocks of lines that pin it, one for each marker."""
    head, name = "", ""
    pins: dict[str, list[str]] = {}
    for line in text.splitlines(keepends=True):
        if pinned := _PINNED.match(line):
            name = pinned[1]
            pins.setdefault(name, []).append(line)
        elif pins:
            pins[name][-1] += line
        else:
            head += line
    return head, pins


def _newer(own: list[str], theirs: list[str]) -> list[str]:
    return own if _version(own) > _version(theirs) else theirs


def _version(blocks: list[str]) -> Version:
    found = [pinned for block in blocks if (pinned := _PINNED.match(block))]
    return max((Version(pinned[2]) for pinned in found), default=Version("0.dev0"))
