"""What a process and its descendants have cost: processor time and memory, as the kernel counts them (proc(5))."""

import os
from pathlib import Path

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")
PARENT, USER_TIME, CHILDREN_SYSTEM_TIME = 1, 11, 14  # in /proc/PID/stat, counted from the field after the name


def tree(root: int) -> list[int]:
    """Return the process and all that descend from it."""
    parents = {pid: int(fields[PARENT]) for pid in _processes() if (fields := _stat(pid))}
    found = [root]
    for parent in found:
        found += [pid for pid, its in parents.items() if its == parent]
    return found


def cpu_seconds(root: int) -> float:
    """Return the processor time of the tree, of those included that have ended and were waited for."""
    ticks = 0
    for pid in tree(root):
        ticks += sum(map(int, _stat(pid)[USER_TIME : CHILDREN_SYSTEM_TIME + 1]))
    return ticks / TICKS


def pss_mib(root: int) -> float:
    """Return the tree's proportional set size: a page that n processes share counts for each as its n-th part."""
    return sum(own_pss_mib(pid) for pid in tree(root))


def own_pss_mib(pid: int) -> float:
    """Return the part of one process."""
    return _pss_kib(pid) / 1024


def _processes() -> list[int]:
    return [int(path.name) for path in PROC.iterdir() if path.name.isdecimal()]


def _stat(pid: int) -> list[str]:
    try:
        text = (PROC / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return text.rpartition(")")[2].split()  # the name before it may contain anything


def _pss_kib(pid: int) -> int:
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
