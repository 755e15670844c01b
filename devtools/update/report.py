"""What an update says at its end: from where to where, what has changed, what to read, and what is left to do."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from devtools.update.merging import Merged

WORDS = {"A": "new", "D": "gone", "M": "changed", "T": "changed"}


@dataclass
class Report:
    """All that is told."""

    former: str
    later: str
    merged: Merged
    news: str = ""
    settings: Sequence[str] = ()
    locks: str = ""
    complaints: Sequence[str] = field(default_factory=list)
    staged: bool = True
    dry: bool = False

    @property
    def status(self) -> int:
        """0 when nothing is left but to look, and 1 when somebody has to mend something first."""
        return 1 if self.merged.conflicts or self.complaints else 0

    def __str__(self) -> str:
        """Return the text."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        if self.staged:
            yield f"{self.former} -> {self.later}{' (a trial: nothing here has changed)' if self.dry else ''}"
        else:
            yield f"{self.later}: nothing new. That is what this service is of, with the same answers."
        if self.news:
            yield f"\nWhat the template says of it:\n\n{self.news}"
        if self.merged.changed:
            yield "\nFiles:"
            yield from (f"  {WORDS.get(status, status):8} {name}" for status, name in self.merged.changed)
        yield from _listed("Gone from this service before, and left so:", self.merged.removed_here)
        yield from _listed("New settings, explained in .env.example:", self.settings)
        if self.locks:
            yield f"\nRequirements: {self.locks}"
        yield from _listed("To mend, as after any merge of git:", _told(self.merged.conflicts))
        yield from _listed("To mend:", self.complaints)
        if self.staged and not self.dry:
            yield from self._then()

    def _then(self) -> Iterator[str]:
        guides = [name for _, name in self.merged.changed if re.fullmatch(r"docs/[\w/-]+\.md|README\.md", name)]
        yield from _listed("To read:", guides)
        mend = "mend; git add; " if self.merged.conflicts else ""
        yield f"\nThen: {mend}git diff --staged; make check; git commit -m 'Template {self.later}'"
        yield "Or take all of it back: git reset --hard"


def _told(conflicts: dict[str, str]) -> list[str]:
    return [f"{name}: {what}" for name, what in conflicts.items()]


def _listed(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield f"\n{title}"
        yield from (f"  {line}" for line in lines)
