"""The picture of docs/performance.md: bars of processor time per request, for light pages and dark ones."""

from collections.abc import Iterator, Sequence
from html import escape

from bench.reporting.findings import Table
from bench.reporting.runs import Run
from bench.reporting.tables import number

WIDTH, LABELS, FIGURES, ROW, BAR = 880, 310, 110, 26, 16
PANELS = {
    "served": "Under Gunicorn behind Nginx: processor time of a request",
    "inprocess": "In the process: processor time of a request",
}
BARE = "bare Flask"
OURS = ("ours", "+ ")
STYLE = """
    text { font: 13px system-ui, sans-serif; fill: #1f2328; paint-order: stroke; stroke: #ffffff; stroke-width: 4px; }
    .title { font-weight: 600; font-size: 15px; }
    .bar { fill: #8c959f; } .ours { fill: #0969da; } .base { stroke: #8c959f; stroke-dasharray: 3 3; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3; stroke: #0d1117; }
      .bar { fill: #6e7681; } .ours { fill: #4493f8; } .base { stroke: #8b949e; }
    }
"""


def svg(run: Run) -> str:
    """Return the picture of a run: a panel for each section that has one."""
    top, parts = 8, list[str]()
    for section, title in PANELS.items():
        if table := run.table(section):
            parts += _panel(title, table, top)
            top += (len(table.rows) + 2) * ROW
    size = f'viewBox="0 0 {WIDTH} {top}" width="{WIDTH}" height="{top}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">'
    title = "<title>Processor time of a request, by contender and by piece</title>"
    return "\n".join([head, title, f"<style>{STYLE}</style>", *parts, "</svg>", ""])


def _panel(title: str, table: Table, top: int) -> Iterator[str]:
    bars = [(str(name), float(value or 0), float(times or 0)) for name, value, times, *_ in table.rows]
    scale = (WIDTH - LABELS - FIGURES) / max(value for _, value, _ in bars)
    yield f'<text class="title" x="8" y="{top + 14}">{escape(title)}, µs</text>'
    for row, (name, value, _) in enumerate(bars, 1):
        if name == BARE:
            x = f"{LABELS + value * scale:.1f}"
            yield f'<line class="base" x1="{x}" x2="{x}" y1="{top + row * ROW}" y2="{top + (len(bars) + 1) * ROW}"/>'
    for row, bar in enumerate(bars, 1):
        yield from _bar(*bar, scale, top + row * ROW)


def _bar(name: str, value: float, times: float, scale: float, y: int) -> Sequence[str]:
    kind = "bar ours" if name.startswith(OURS) else "bar"
    baseline = y + BAR - 3
    return [
        f'<text x="{LABELS - 8}" y="{baseline}" text-anchor="end">{escape(name)}</text>',
        f'<rect class="{kind}" x="{LABELS}" y="{y}" width="{max(1, value * scale):.1f}" height="{BAR}" rx="2"/>',
        f'<text x="{LABELS + value * scale + 8:.1f}" y="{baseline}">{number(value)} ({times:.2f} x)</text>',
    ]
