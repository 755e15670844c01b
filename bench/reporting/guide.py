"""The part of docs/performance.md that is made from the stored results: nobody writes a figure there by hand."""

import re
from pathlib import Path

from bench.reporting import tables
from bench.reporting.runs import Run

BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"
PICTURE = "images/bench.svg"


def block(run: Run) -> str:
    """Return what stands between the marks: targets, picture, tables, machine."""
    parts = [
        "`make bench` and `make bench-workers` have measured what follows; `python -m bench store` has written it.",
        ", ".join(f"{name} {value}" for name, value in run.about.items()) + ".",
        "### Targets",
        tables.targets(run.figures),
        f"![Processor time of a request, by contender and by piece]({PICTURE})",
        *(tables.markdown(table) for findings in run.sections.values() for table in findings.tables),
    ]
    return "\n\n".join(parts)


def between_marks(text: str) -> str:
    """Return what stands between the marks now."""
    [found] = re.findall(f"{BEGIN}\n(.*?)\n{END}", text, re.DOTALL)
    return str(found)


def rewritten(text: str, run: Run) -> str:
    """Return the guide with the block of this run."""
    before, rest = text.split(BEGIN, 1)
    _, after = rest.split(END, 1)
    return f"{before}{BEGIN}\n{block(run)}\n{END}{after}"


def rewrite(guide: Path, run: Run) -> None:
    """Put the block of this run into the guide."""
    guide.write_text(rewritten(guide.read_text(), run))
