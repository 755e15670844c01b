"""Programs of the machine that the benchmark needs."""

import os
import shutil
import subprocess
from pathlib import Path

from bench import BenchmarkError

PACKAGES = {"wrk": "wrk", "nginx": "nginx-light"}
ALSO_IN = "/usr/sbin"  # where Debian has nginx, and no user's PATH


def find(name: str) -> Path:
    """Return the path of a program; raises `BenchmarkError` that says how to get it."""
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", os.defpath), ALSO_IN]))
    if not found:
        raise BenchmarkError(
            f"{name} is not on this machine. Debian and Ubuntu, as root:"
            f" apt-get install --no-install-recommends {' '.join(PACKAGES.values())}"
        )
    return Path(found)


def version(name: str, *arguments: str) -> str:
    """Return the first line that a program prints of itself."""
    done = subprocess.run([find(name), *arguments], capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip().splitlines()[0]
