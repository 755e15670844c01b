"""`python -P -m devtools.template.rendering ANSWERS` makes a service of a copy of this repository, where it is run.

Copier runs it, as its only task, from the template's checkout and not from the copy. It needs no network, and the same
answers give the same files: `make update` renders the former version again, to know what has changed since.
"""

import contextlib
import io
import json
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from devtools import DevelopmentError
from devtools.removal import is_there, parts, remove_all
from devtools.template.details import describe
from devtools.template.names import Name
from devtools.template.renaming import checked, formatted, present_name, rename

MAKER = "template"  # the part that makes services; no service has it
ANSWERS = ".copier-answers.yml"


def render(project: Path, answers: Mapping[str, Any]) -> Name:
    """Take out what was not chosen, write the answers into the files, and give all of it the new name."""
    present = present_name(project)
    new = checked(answers["name"], answers["title"], present)
    with contextlib.redirect_stdout(io.StringIO()):
        remove_all(unwanted(project, answers), project, force=True)
    describe(project, answers, present)
    rename(project, present, new)
    describe_itself(project)
    return new


def unwanted(project: Path, answers: Mapping[str, Any]) -> list[str]:
    """Return the parts that are there and were not chosen; one that copier has not asked for was not, either."""
    return [name for name, part in parts().items() if is_there(part, project) and not answers.get(name)]


def describe_itself(project: Path) -> None:
    """Leave in the file of answers what copier has asked, and no more: that a service has no maker is no answer."""
    path = project / ANSWERS
    if path.exists():
        path.write_text(re.sub(rf"^{MAKER}:.*\n", "", path.read_text(), flags=re.MULTILINE))


def main(arguments: list[str]) -> int:
    """Render as the answers say, a JSON object; return an exit status."""
    os.environ["RUFF_NO_CACHE"] = "true"
    try:
        render(Path.cwd(), json.loads(arguments[0]))
    except DevelopmentError as error:
        print(f"devtools: {error}", file=sys.stderr)
        return 1
    if not formatted(Path.cwd(), []):
        print("There is no ruff here, so lines break where the former name wanted it: `make format`, then commit.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
