"""The page of the metrics: every one that is declared somewhere in `app/`, found by reading the code."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from devtools.reference import markdown

APP = Path(__file__).parents[2] / "app"
INTRODUCTION = """What `METRICS_BIND` serves at `/metrics`, added up over all workers, those that have ended too.
Queues are one for all instances, and each instance reports the same: take their `max`, never their `sum`. What is not
configured is absent or stays at zero. [Observe](../observe.md#metrics) says what is made of them."""
_KIND = re.compile(r"(Counter|Gauge|Histogram|Summary)(?:MetricFamily)?|info")


def page() -> str:
    """Return the page."""
    rows = sorted({row for path in APP.rglob("*.py") for row in _declared(path)})
    columns = ("metric", "kind", "labels", "says")
    return markdown.page("Metrics", INTRODUCTION, markdown.section("Of the service", columns, rows))


def _declared(path: Path) -> Iterator[tuple[str, ...]]:
    calls = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
    for call in calls:
        texts = [str(argument.value) for argument in call.args[:2] if isinstance(argument, ast.Constant)]
        kind = _KIND.fullmatch(_name(call.func))
        if kind and texts[1:] and re.fullmatch(r"\w+", texts[0]):  # _log.info("...", "...") is none
            name, said = texts
            family = (kind[1] or "gauge").lower()
            name += "_total" if family == "counter" and not name.endswith("_total") else ""
            labels = _labels(call, info=kind[1] is None)
            yield markdown.code(name), family, ", ".join(map(markdown.code, labels)), said


def _labels(call: ast.Call, *, info: bool) -> list[str]:
    """Return the names of the labels: of `info` its keywords, of the others their third argument or `labels`."""
    if info:
        return [str(keyword.arg) for keyword in call.keywords]
    given = [*call.args[2:3], *(keyword.value for keyword in call.keywords if keyword.arg in {"labels", "labelnames"})]
    return [label for value in given if isinstance(value, ast.List) for label in ast.literal_eval(value)]


def _name(function: ast.expr) -> str:
    return str(getattr(function, "id", None) or getattr(function, "attr", ""))
