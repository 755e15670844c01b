"""Pages of tables, one row for each thing, so that what is taken out of the code is one row less."""

from collections.abc import Iterable, Sequence

Row = Sequence[str]


def page(title: str, introduction: str, *sections: str) -> str:
    """Return a page that says how it came to be; sections that are empty are left out."""
    note = "Written from the code by `make reference`; a test compares the two. Do not edit it."
    return "\n\n".join([f"# {title}", introduction, note, *filter(None, sections)]) + "\n"


def section(heading: str, columns: Row, rows: Iterable[Row]) -> str:
    """Return a heading with a table, or nothing where there are no rows."""
    lines = [_line(row) for row in rows]
    head = [_line(columns), _line(["---"] * len(columns))]
    return "\n".join([f"## {heading}", "", *head, *lines]) if lines else ""


def code(text: object) -> str:
    """Return `text` as code, or nothing for nothing."""
    return f"`{text}`" if str(text) else ""


def sentence(text: str) -> str:
    """Return the first sentence of a docstring or help text, without its full stop."""
    return " ".join(text.partition("\n\n")[0].split()).rstrip(".")


def _line(row: Row) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |"
