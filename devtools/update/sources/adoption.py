"""What a service was made of that does not say so: a clone that was renamed, and has lost parts, in place."""

import re
import tomllib
from pathlib import Path
from typing import Any

from devtools import DevelopmentError
from devtools.project.git import tried
from devtools.removal import is_there, parts
from devtools.update.sources.origin import Origin, commit_of, tags

LICENCES = {"LicenseRef-Proprietary": "proprietary"}


def adopted(service: Path, url: str, version: str, template: Path) -> Origin:
    """Return the origin that the tree itself tells of; without a version, the newest one that its history has."""
    version = version or _version_in_history(service, template)
    commit_of(template, version)
    return Origin(url, version, answers(service))


def answers(service: Path) -> dict[str, Any]:
    """Return what would have been answered to get this tree: its name, and the parts that are there."""
    about = tomllib.loads((service / "pyproject.toml").read_text())["project"]
    [title] = re.findall(r"\A# (.*)", (service / "README.md").read_text())
    said: dict[str, Any] = {"name": about["name"], "title": title, "description": about["description"]}
    licence = about.get("license", "MIT")
    said["licence"] = LICENCES.get(licence, licence)
    if owner := re.findall(r"^Copyright \(c\) \d+ (.*)$", (service / "LICENSE").read_text(), re.MULTILINE):
        said["owner"] = owner[0]
    return said | {name: is_there(part, service) for name, part in parts().items()}


def _version_in_history(service: Path, template: Path) -> str:
    for tag in tags(template):
        if not tried(service, "merge-base", "--is-ancestor", commit_of(template, tag), "HEAD").returncode:
            return tag
    known = ", ".join(tags(template)) or "no version"
    raise DevelopmentError(
        f"the history here has none of the template's versions ({known}); say of which one it was made: FROM=v1.2.0"
    )
