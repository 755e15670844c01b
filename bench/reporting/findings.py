"""What a section has found: figures that targets speak of, and a table for people."""

from dataclasses import asdict, dataclass, field
from typing import Any

from bench.measuring.rounds import Spread

Cell = str | float | None


@dataclass
class Table:
    """Rows of figures under their headings; what is not a number says so in words."""

    title: str
    note: str
    columns: list[str]
    rows: list[list[Cell]] = field(default_factory=list)


@dataclass
class Findings:
    """A section's tables, and its figures by the name that a target knows them by."""

    tables: list[Table]
    figures: dict[str, Spread] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return what a file keeps of it."""
        return asdict(self)

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> "Findings":
        """Return the findings that a file has kept."""
        figures = {name: Spread(**figure) for name, figure in kept["figures"].items()}
        return cls([Table(**table) for table in kept["tables"]], figures)
