"""What was removed is noted among the answers of the template, so that an update does not bring it back."""

import re
from collections.abc import Iterable
from pathlib import Path

FILE = ".copier-answers.yml"


def noted(names: Iterable[str], project: Path) -> dict[Path, str]:
    """Return the file of answers with a `false` for each of the parts, if the project has such a file."""
    path = project / FILE
    if not path.is_file():
        return {}
    before = text = path.read_text()
    for name in names:
        answer = f"{name}: false\n"
        text, found = re.subn(rf"^{name}:.*\n", answer, text, flags=re.MULTILINE)
        if not found:
            text = text.rstrip("\n") + f"\n{answer}"
    return {path: text} if text != before else {}
