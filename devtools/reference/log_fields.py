"""The page of the log fields: their names are found in the code, and what they mean is said here."""

import ast
from collections.abc import Iterator
from pathlib import Path

from devtools.reference import markdown

APP = Path(__file__).parents[2] / "app"
INTRODUCTION = """A line is one JSON object; `LOG_FORMAT=console` shows less. Names with dots are Elastic's (ECS);
`http.route`, which ECS does not have, is OpenTelemetry's. To these comes what the caller gave as `extra`.
[Logs](../logs.md) says where lines go, and what the short names are called in Elasticsearch."""
MEANINGS = {
    "timestamp": ("every line", "when, in UTC with milliseconds"),
    "level": ("every line", "DEBUG, INFO, WARNING, ERROR or CRITICAL"),
    "logger": ("every line", "who logs: a module, or `access`, `jobs`, `gunicorn.error`"),
    "message": ("every line", "what, for people"),
    "service": ("every line", "`SERVICE_NAME`"),
    "release": ("every line", "`RELEASE`"),
    "request_id": ("of a request, and of its jobs", "what `X-Request-ID` carries, in the answer too"),
    "trace.id": ("of a request that is traced", "the trace, as `traceparent` has it"),
    "span.id": ("of a request that is traced", "the span of the service in it"),
    "error.stack_trace": ("with an exception", "the traceback, in one value"),
    "stack_info": ("with `stack_info=True`", "where it was logged from"),
    "http.request.method": ("access", "the method, as it was sent"),
    "http.route": ("access", "the rule, such as `/v1/notes/<int:note_id>`; null for a path that does not exist"),
    "url.path": ("access", "the path, never the query"),
    "http.response.status_code": ("access", "the status"),
    "http.response.body.bytes": ("access", "how much of the body was sent"),
    "event.duration": ("access, jobs", "nanoseconds, to the last byte or the end of the job"),
    "client.address": ("access", "the client, as `PROXY_HOPS_FOR` yields it"),
    "user_agent.original": ("access", "what the client calls itself"),
    "event.outcome": ("jobs", "`success` or `failure`"),
    "job.name": ("jobs", "the task"),
    "job.id": ("every line of a job", "its id, the same at every try"),
}


def page() -> str:
    """Return the page; a field that has no meaning here is an error."""
    found = {name for path in APP.rglob("*.py") for name in _names(path)}
    if unknown := found - MEANINGS.keys():
        raise ValueError(f"say in {Path(__file__).name} what these fields mean: {', '.join(sorted(unknown))}")
    rows = [(markdown.code(name), lines, says) for name, (lines, says) in MEANINGS.items() if name in found]
    return markdown.page("Log fields", INTRODUCTION, markdown.section("Fields", ("field", "on", "says"), rows))


def _names(path: Path) -> Iterator[str]:
    """Yield the names that a module gives to fields: the keys of a literal, and those that are set one by one."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Assign):
            target = node.targets[0]
            if (
                isinstance(target, ast.Subscript)
                and isinstance(target.slice, ast.Constant)
                and _holds_fields(target.value)
            ):
                yield str(target.slice.value)
            elif isinstance(node.value, ast.Dict) and _holds_fields(target):
                yield from (str(key.value) for key in node.value.keys if isinstance(key, ast.Constant))


def _holds_fields(node: ast.expr) -> bool:
    """Whether this is where fields of lines are kept, by the names that the code has for it."""
    return ast.unparse(node) in {"fields", "exchange.log_fields", "self._always", "vars(made)"}
