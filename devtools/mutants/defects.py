"""The defects that `defects.toml` lists, and how one is planted."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from devtools import DevelopmentError

LIST = Path(__file__).with_name("defects.toml")


@dataclass(frozen=True)
class Defect:
    """One thing that is wrong, in one file, and the tests that have to notice."""

    name: str
    what: str
    file: str
    before: str
    after: str
    tests: tuple[str, ...]

    def planted(self, text: str) -> str:
        """Return the file's text with the defect; raises `DevelopmentError` if it is not clear where that goes."""
        if (found := text.count(self.before)) != 1:
            raise DevelopmentError(f"{self.name}: what it replaces is there {found} times in {self.file}, not once")
        return text.replace(self.before, self.after)


def read(project: Path) -> list[Defect]:
    """Return the defects of what is there; a part that was removed has taken its own along."""
    listed = tomllib.loads(LIST.read_text())
    defects = [Defect(name, **{**told, "tests": tuple(told["tests"])}) for name, told in listed.items()]
    return [defect for defect in defects if (project / defect.file).exists()]
