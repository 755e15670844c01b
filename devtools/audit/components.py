"""What the service is made of, as a CycloneDX document: https://cyclonedx.org."""

import json
import subprocess
from pathlib import Path

from devtools import DevelopmentError

PROGRAM = ".dev/audit/bin/cyclonedx-py"


def write(project: Path) -> Path:
    """Write `.dev/sbom.json` from requirements.txt; it is held against the schema, and two of a commit are the same."""
    path = project / ".dev" / "sbom.json"
    options = ["--pyproject=pyproject.toml", "--output-reproducible", "--validate", f"--output-file={path}"]
    command = [PROGRAM, "requirements", *options, "requirements.txt"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DevelopmentError(f"the list of components could not be written: {done.stderr.strip()}")
    return path


def count(path: Path) -> int:
    """Return how many components a document lists."""
    return len(json.loads(path.read_text())["components"])
