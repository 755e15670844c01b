"""Where a service comes from: the template's repository and version, and what was answered then."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from devtools import DevelopmentError
from devtools.project.git import git, tried

FILE = ".copier-answers.yml"


@dataclass(frozen=True)
class Origin:
    """What the file of answers says."""

    url: str
    version: str
    answers: Mapping[str, Any]


def read(service: Path) -> Origin | None:
    """Return what the service was made of, if it says so."""
    path = service / FILE
    if not path.is_file():
        return None
    said = yaml.safe_load(path.read_text())
    if not isinstance(said, dict) or not said.get("_src_path") or not said.get("_commit"):
        raise DevelopmentError(
            f"{FILE} does not say what it was made of: it needs _src_path, an address for git, and _commit, a version"
        )
    answers = {name: value for name, value in said.items() if not name.startswith("_")}
    return Origin(str(said["_src_path"]), str(said["_commit"]), answers)


def credit(folder: Path, url: str) -> None:
    """Have the answers name the repository that others can reach too, in place of the clone that was used."""
    path = folder / FILE
    path.write_text(
        re.sub(r"^_src_path: .*$", lambda _: f"_src_path: {json.dumps(url)}", path.read_text(), flags=re.MULTILINE)
    )


def cloned(url: str, folder: Path) -> Path:
    """Clone the template to have all of its versions at hand; raises `DevelopmentError` where it cannot be reached."""
    try:
        git(folder.parent, "clone", "--quiet", "--no-checkout", "--", url, str(folder))
    except DevelopmentError as error:
        where = without_password(url)
        raise DevelopmentError(
            f"the template cannot be had from {where}; another address: TEMPLATE=...\n{error}"
        ) from error
    return folder


def without_password(url: str) -> str:
    """Return an address as it may be shown and committed."""
    return re.sub(r"^(https?://)[^/@]+@", r"\1", url)


def tags(template: Path) -> list[str]:
    """Return the versions that the template has published, the newest first."""
    found = [
        (match, tag) for tag in git(template, "tag").split() if (match := re.fullmatch(r"v?(\d+)\.(\d+)\.(\d+)", tag))
    ]
    return [
        tag for _, tag in sorted(found, key=lambda pair: [int(number) for number in pair[0].groups()], reverse=True)
    ]


def commit_of(template: Path, version: str) -> str:
    """Return the commit of a version; raises `DevelopmentError` when the template does not have it."""
    for name in (version, f"origin/{version}"):
        found = tried(template, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        if not found.returncode:
            return found.stdout.strip()
    known = ", ".join(tags(template)) or "no version at all"
    where = without_password(tried(template, "remote", "get-url", "origin").stdout.strip() or str(template))
    raise DevelopmentError(f"the template at {where} has no version {version!r}; it has published {known}")


def is_earlier(template: Path, one: str, other: str) -> bool:
    """Whether a version of the template leads to the other."""
    return not tried(template, "merge-base", "--is-ancestor", one, other).returncode
