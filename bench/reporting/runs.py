"""What is kept of a run, in a file that one can read: on what it was measured, and the findings of each section."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.measuring.rounds import Spread
from bench.reporting.findings import Findings, Table


@dataclass
class Run:
    """Some or all sections, measured on one machine."""

    about: dict[str, str]
    sections: dict[str, Findings] = field(default_factory=dict)

    @property
    def figures(self) -> dict[str, Spread]:
        """Return those of all sections."""
        return {name: figure for findings in self.sections.values() for name, figure in findings.figures.items()}

    def table(self, section: str) -> Table | None:
        """Return a section's first table, if it was measured."""
        return self.sections[section].tables[0] if section in self.sections else None

    def write(self, path: Path) -> None:
        """Write the file."""
        content = {
            "about": self.about,
            "sections": {name: findings.as_json() for name, findings in self.sections.items()},
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(_rounded(content), indent=1, ensure_ascii=False) + "\n")


def read(path: Path) -> Run:
    """Return what the file has kept."""
    kept = json.loads(path.read_text())
    return Run(kept["about"], {name: Findings.from_json(findings) for name, findings in kept["sections"].items()})


def merged(runs: list[Run]) -> Run:
    """Return the newest findings of each section, in the order of the first run that had it; the last is the newest."""
    all_of_them = Run(dict(runs[-1].about))
    for run in runs:
        all_of_them.sections |= run.sections
    return all_of_them


def _rounded(value: Any) -> Any:
    """More digits than these are noise, and make every later file differ in all lines."""
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, dict):
        return {name: _rounded(item) for name, item in value.items()}
    return [_rounded(item) for item in value] if isinstance(value, list) else value
