"""How many processors this process may really use; the host's count is not the answer in a container."""

import os
import re
from pathlib import Path

CGROUP_ROOT = Path("/sys/fs/cgroup")

_MEMBERSHIP = re.compile(r"[0-9]+:[^:]*:/.*")  # cgroups(7): hierarchy, controllers, path


def usable_cpus(cgroup_root: Path = CGROUP_ROOT, membership: Path = Path("/proc/self/cgroup")) -> int:
    """Return the processors that affinity and the cgroup's quota leave to this process, at least 1.

    A quota of one and a half processors counts as two: workers wait more often than they compute.
    """
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quotas = [quota for folder in _cgroups(cgroup_root, membership) if (quota := _quota(folder)) is not None]
    return max(1, min([affinity, *quotas]))


def _cgroups(root: Path, membership: Path) -> list[Path]:
    """List the folders whose limits apply: this process's cgroup and its ancestors, version 2 and version 1."""
    folders = [root, root / "cpu"]
    try:
        lines = membership.read_text().splitlines()
    except OSError:
        return folders
    for line in filter(_MEMBERSHIP.fullmatch, lines):
        _, controllers, path = line.split(":", 2)
        if controllers == "" or "cpu" in controllers.split(","):
            base = root / "cpu" if controllers else root
            own = base / path.lstrip("/")
            folders += [own, *(parent for parent in own.parents if parent.is_relative_to(base))]
    return folders


def _quota(folder: Path) -> int | None:
    """Return the quota of one cgroup in whole processors, rounded up; None when it has no limit.

    Source: https://docs.kernel.org/admin-guide/cgroup-v2.html (cpu.max) and cgroup-v1's cpu.cfs_quota_us.
    """
    try:
        if (folder / "cpu.max").exists():
            quota, period = (folder / "cpu.max").read_text().split()
        else:
            quota = (folder / "cpu.cfs_quota_us").read_text().strip()
            period = (folder / "cpu.cfs_period_us").read_text().strip()
        return None if quota in {"max", "-1"} else -(-int(quota) // int(period))
    except (OSError, ValueError, ZeroDivisionError):
        return None
