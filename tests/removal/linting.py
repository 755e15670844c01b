"""What ruff says of the code that a removal has edited; it is written to a folder of its own, not to the tree."""

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.removal.texts import full, without

# As `make remove` formats what it has edited. Beside these files there are none, so INP001 would call it no package.
FORMATS = (["check", "--fix-only", "--select=I001"], ["format"])
LOOKS = ["check", "--ignore=INP001"]


def complaints(names: list[str]) -> str:
    """Return what is not as `make lint` wants it once these parts are gone."""
    tree = without(names)
    edited = {name: text for name, text in tree.items() if name.endswith(".py") and text != full()[name]}
    with tempfile.TemporaryDirectory() as folder:
        for name, text in {**edited, "pyproject.toml": tree["pyproject.toml"]}.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        for words in FORMATS:
            _ruff(folder, words)
        return _ruff(folder, LOOKS)


def _ruff(folder: str, words: list[str]) -> str:
    command = [sys.executable, "-m", "ruff", *words, "--quiet", "--no-cache", "."]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout
