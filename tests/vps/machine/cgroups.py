"""The place of a machine in this computer's control groups: its systemd must find a tree that is its own."""

import time
from contextlib import suppress
from pathlib import Path

GENEROUS_SECONDS = 30


def trees() -> list[Path]:
    """Return the roots that a machine's systemd would touch: version 2, and where both exist systemd's of version 1."""
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    roots = {kind: Path(path) for _, path, kind, options, *_ in mounts if _is_touched(kind, options)}
    return sorted(roots.values()) if "cgroup2" in roots else []


def _is_touched(kind: str, options: str) -> bool:
    return kind == "cgroup2" or (kind == "cgroup" and "name=systemd" in options.split(","))


def make(name: str) -> list[Path]:
    """Make the place `name` in each tree, and return the files into which a process writes itself to go there."""
    places = [root / name for root in trees()]
    for place in places:
        place.mkdir(exist_ok=True)
    return [place / "cgroup.procs" for place in places]


def remove(name: str) -> None:
    """Remove the place from each tree; what was in it has ended, or is about to."""
    deadline = time.monotonic() + GENEROUS_SECONDS
    while left := [root / name for root in trees() if (root / name).exists()]:
        for place in left:
            for folder in [*sorted((path for path in place.rglob("*") if path.is_dir()), reverse=True), place]:
                with suppress(OSError):  # somebody is in there still
                    folder.rmdir()
        assert time.monotonic() < deadline, f"processes stay in {left}"
        time.sleep(0.02)
