"""Whether this computer can boot another: what it lacks for that, and how to get it."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.vps.machine import cgroups

# Programs, by the Debian packages that bring them.
PROGRAMS = {
    "debootstrap": "debootstrap",
    "ip": "iproute2",
    "iptables": "iptables",
    "nsenter": "util-linux",
    "systemd-nspawn": "systemd-container",
    "unshare": "util-linux",
}
# What a machine does first: namespaces of its own, and in them a disk made of layers.
ATTEMPT = "mkdir below above work disk && mount -t overlay disk -o lowerdir=below,upperdir=above,workdir=work disk"


def lacking(folder: Path) -> list[str]:
    """Return what is missing, a sentence each; machines would have their disks in `folder`."""
    if sys.platform != "linux":
        return ["Machines are booted by systemd-nspawn, on Linux only: run this on one, or in a virtual machine."]
    if os.geteuid():
        return ["Root is needed, for namespaces, mounts and addresses: sudo make vps-test"]
    if packages := sorted({package for program, package in PROGRAMS.items() if not shutil.which(program)}):
        return [f"Programs are missing. Debian, Ubuntu: apt-get install --no-install-recommends {' '.join(packages)}"]
    found = []
    if not cgroups.trees():
        found.append("No cgroup2 is mounted: mount -t cgroup2 none /sys/fs/cgroup (or /sys/fs/cgroup/unified)")
    if refusal := _refusal(folder):
        found.append(
            f"The kernel refuses a mount namespace with an overlay in {folder}: {refusal}. In a container, it has to be"
            " a privileged one, with that folder on a volume; elsewhere: modprobe overlay"
        )
    return found


def _refusal(folder: Path) -> str:
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        command = ["unshare", "--mount", "--net", "sh", "-ec", ATTEMPT]
        result = subprocess.run(command, cwd=scratch, capture_output=True, text=True, check=False)
    return result.stderr.strip() if result.returncode else ""
