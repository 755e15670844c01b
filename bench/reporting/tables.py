"""Findings as Markdown, the same in the terminal and in the guide."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from bench.measuring.rounds import Spread
from bench.reporting.findings import Cell, Table
from bench.reporting.targets import judged

LARGE, MIDDLE, SMALL = 1_000, 100, 10


def number(value: Cell) -> str:
    """Return a cell with as many digits as mean something."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if value == int(value) and abs(value) < LARGE:
        return f"{value:.0f}"
    return f"{value:,.{_digits(abs(value))}f}"


def _digits(size: float) -> int:
    if size >= MIDDLE:
        return 0
    return 1 if size >= SMALL else 2


def markdown(table: Table) -> str:
    """Return a table under its heading."""
    cells = [[number(cell) for cell in row] for row in table.rows]
    numeric = [any(not isinstance(row[at], str) for row in table.rows) for at in range(len(table.columns))]
    return f"### {table.title}\n\n{table.note}\n\n{_lines(table.columns, cells, numeric)}"


def spoken(table: Table) -> Iterator[str]:
    """Yield a line for each row."""
    for row in table.rows:
        figures = (f"{head} {number(cell)}" for head, cell in zip(table.columns[1:], row[1:], strict=True) if cell)
        yield f"{table.title}: {row[0]}: {', '.join(figures)}"


def targets(figures: Mapping[str, Spread]) -> str:
    """Return the targets beside what was measured."""
    rows = [
        [
            target.measure,
            f"≤ {target.limit:g} {target.unit}".rstrip(),
            target.text(found.median),
            f"{target.text(found.low)} to {target.text(found.high)}",
            "yes" if target.is_met(found) else "**no**",
        ]
        for target, found in judged(figures)
    ]
    return _lines(["measure", "target", "median", "quartiles", "met"], rows, [False] * 5)


def _lines(columns: Sequence[str], rows: Iterable[Sequence[str]], numeric: Sequence[bool]) -> str:
    rule = ["---:" if right else "---" for right in numeric]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [columns, rule, *rows])
