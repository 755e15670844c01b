"""What this computer has been told about the way to the outside, for a machine that is to go the same way.

Whoever works behind a proxy or a mirror has set it up once already: certificates added by hand, apt, pip.
"""

import shutil
import subprocess
from pathlib import Path

CERTIFICATES = Path("/usr/local/share/ca-certificates")
PIP = Path("/etc/pip.conf")
MIRROR = "http://deb.debian.org/debian"


def files() -> dict[str, str]:
    """Return the contents of the files that say so, by their paths."""
    found = {str(path): path.read_text() for path in sorted(CERTIFICATES.rglob("*.crt"))}
    if PIP.exists():
        found[str(PIP)] = PIP.read_text()
    found["/etc/apt/apt.conf.d/90-as-outside"] = _output("apt-config", "dump", "Acquire")
    return found


def sources(suite: str) -> list[str]:
    """Return apt's sources of this Debian release: this computer's if it runs the same, else the mirror alone."""
    listed = [line for line in _targets("deb $(REPO_URI) $(RELEASE) $(COMPONENT)") if line.split()[2].startswith(suite)]
    return listed or [f"deb {mirror()} {suite} main"]


def mirror() -> str:
    """Return the address from which this computer gets Debian, or the one that all can use."""
    return next((line.rstrip("/") for line in _targets("$(REPO_URI)") if "security" not in line), MIRROR)


def _targets(form: str) -> list[str]:
    printed = _output("apt-get", "indextargets", "--format", form, "Created-By: Packages", "Origin: Debian")
    return list(dict.fromkeys(printed.splitlines()))


def _output(*command: str) -> str:
    if not shutil.which(command[0]):  # another system than Debian
        return ""
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
