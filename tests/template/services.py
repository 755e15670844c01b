"""Services: made of a version of the template, worked on, and updated. Nothing here asserts; others may use it too."""

import atexit
import json
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devtools.removal import parts, relock
from devtools.update.report import Report
from devtools.update.sources.copying import copied
from devtools.update.taking import Wish, update
from tests.copies import AS_SOMEBODY, BIN
from tests.template.repository import Repository

DESK = {
    "name": "order-desk",
    "title": "Order desk",
    "description": "Takes orders, and says where they are",
    "domain": "orders.example.com",
    "repository": "https://git.example.com/shop/order-desk.git",
    "owner": "Example Shops",
    "email": "ops@example.com",
}
CHOICES = tuple(name for name in parts() if name != "template")
MINIMAL = {**DESK, "licence": "proprietary", **dict.fromkeys(CHOICES, False)}
MAXIMAL = {**DESK, "licence": "Apache-2.0", **dict.fromkeys(CHOICES, True)}
WORDS = (
    "ash",
    "birch",
    "cedar-9",
    "dog-rose",
    "elm",
    "fir-and-yew",
    "gorse",
    "hazel-nut-2",
    "ivy",
    "juniper-berry-bush",
)


def chosen_by(seed: int) -> dict[str, Any]:
    """Return answers by chance, the same for the same seed: what stands on a part that is not there is not there."""
    dice = random.Random(seed)
    chosen = {name: dice.random() < 0.5 for name in CHOICES}
    while wrong := [(part, other) for part in CHOICES if not chosen[part] for other in after(part) if chosen[other]]:
        for _, other in wrong:
            chosen[other] = False
    name = dice.choice(WORDS)
    return {**DESK, "name": name, "title": name.replace("-", " ").capitalize(), **chosen}


def after(part: str) -> list[str]:
    """Return the parts that stand on one."""
    return [name for name in parts()[part].get("after", []) if name in CHOICES]


def made(template: Repository, answers: dict[str, Any], at: str, folder: Path, *, locked: bool = False) -> Path:
    """Make a service of a version, as a git repository; with `locked` its pins are brought in line (needs PyPI)."""
    commit = git(template.folder, "rev-parse", f"{at}^{{commit}}").strip()
    rendered_once(str(template.folder), commit, answers, folder)
    git(folder, "init", "--quiet", "--initial-branch=main")
    if locked:
        relock(folder)
    committed(folder, f"Made of {at}")
    return folder


def updated(service: Path, to: str = "", **wish: Any) -> Report:
    """Update a service; the tree is left as `make update` leaves it: staged, with what collides marked."""
    return update(service, Wish(to, **wish), rendered_once)


_renderings: dict[str, Path] = {}


def rendered_once(template: str, version: str, answers: Mapping[str, Any], folder: Path) -> None:
    """Make a service as `copied` does, or copy what was made before of the same version and answers."""
    key = json.dumps([version, dict(answers)], sort_keys=True)
    if key not in _renderings:
        _renderings[key] = Path(tempfile.mkdtemp(prefix="rendered-"), "service")
        atexit.register(shutil.rmtree, _renderings[key].parent, ignore_errors=True)
        copied(template, version, answers, _renderings[key])
    shutil.copytree(_renderings[key], folder, symlinks=True)


def updated_by_command(service: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Update it by its own program, as it is when it was made."""
    command = [sys.executable, "-m", "devtools.update", *words]
    return subprocess.run(command, cwd=service, capture_output=True, text=True, check=False)


def git(folder: Path, *arguments: str) -> str:
    """Return what git prints there; it has to succeed."""
    command = ["git", *AS_SOMEBODY, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


def committed(folder: Path, message: str) -> None:
    """Commit all that has changed."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", f"--message={message}")


@dataclass(frozen=True)
class Tried:
    """What came of a program."""

    status: int
    said: str


def tried(folder: Path, *command: str) -> Tried:
    """Run one of this environment's programs there."""
    done = subprocess.run([BIN / command[0], *command[1:]], cwd=folder, capture_output=True, text=True, check=False)
    return Tried(done.returncode, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}")
