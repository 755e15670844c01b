"""Errors: what the client can read and quote, and nothing of what happened inside."""

import re
from collections.abc import Iterator
from http import HTTPStatus

from app.preflight.asking.answer import Answer
from app.preflight.asking.site import Site
from app.preflight.checks import Wrong, check

PROBLEM = "application/problem+json"
MEMBERS = ("type", "title", "status", "detail", "instance", "request_id")
ODD = {  # what has made services of this kind stumble
    "a session that nobody signed": ("GET", "/", {"Cookie": "__Host-session=eyJ4IjoxfQ.x.y; session=eyJ4IjoxfQ.x.y"}),
    "a zero byte in the address": ("GET", "/%00", {}),
    "bytes that are no text": ("GET", "/v1/%ff%fe?q=%ff", {}),
    "a type of content that is none": ("POST", "/v1/ping", {"Content-Type": "/;=", "Content-Length": "0"}),
    "a path that leads out": ("GET", "/static/..%2f..%2fwsgi.py", {}),
    "a range that makes no sense": ("GET", "/", {"Range": "bytes=9-1"}),
}
_INSIDE = re.compile(r"Traceback \(most recent|File \"/|sqlalchemy\.exc|psycopg\.|werkzeug\.exceptions|jinja2\.")
ERRORS = "See that the proxy passes errors on (no proxy_intercept_errors), and answers its own in the same form."


@check(
    "errors-api",
    "medium",
    promise="Errors of the API are problem details (RFC 9457) with the request's id: 404, 405.",
    why="Programs that meet a page of HTML report nonsense, and nobody finds the request in the log.",
)
def errors_api(site: Site) -> Iterator[Wrong]:
    """Ask for what is not there, and in a way that is not offered."""
    for answer, status in ((site.get(site.nowhere("/v1")), 404), (site.ask("/v1/ping", "DELETE"), 405)):
        problem = answer.json()
        if answer.status != status:
            yield Wrong(f"{answer}, and not with {status}.", ERRORS)
        elif answer.type != PROBLEM or (absent := [name for name in MEMBERS if name not in problem]):
            lacking = "" if answer.type != PROBLEM else f" without {', '.join(absent)}"
            yield Wrong(f"{answer}{lacking}.", ERRORS)
        elif problem["request_id"] != answer.header("X-Request-ID"):
            yield Wrong(f"{answer}, and its id is not that of its header.", ERRORS)
        if status == HTTPStatus.METHOD_NOT_ALLOWED and not answer.header("Allow"):
            yield Wrong(f"{answer}, without Allow.", ERRORS, "low")


@check(
    "errors-pages",
    "medium",
    promise="A browser gets a page for an error, with the request's id, that no cache keeps.",
    why="Visitors are left without a word, or see an error long after it was mended.",
)
def errors_pages(site: Site) -> Iterator[Wrong]:
    """Ask for a page that is not there."""
    answer = site.page(site.nowhere())
    if answer.status != HTTPStatus.NOT_FOUND or answer.type != "text/html":
        yield Wrong(f"{answer}, and not with a page and 404.", ERRORS)
    elif answer.header("X-Request-ID") not in answer.text:
        yield Wrong("The page of an error does not show the request's id.", "Have templates/error.html show it.", "low")
    if "no-store" not in answer.header("Cache-Control"):
        yield Wrong(f"{answer}, and may be kept.", ERRORS, "low")


@check(
    "errors-odd",
    "high",
    promise="What makes no sense is refused, not crashed on, and no answer shows what happened inside.",
    why="A crash is a way in, or a way to stop the service; its traceback is a map.",
)
def errors_odd(site: Site) -> Iterator[Wrong]:
    """Send what clients and robots do send."""
    for what, (method, path, headers) in ODD.items():
        answer = site.ask(path, method, headers)
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            yield Wrong(f"{what.capitalize()}: {answer}.", f"Look for {site.id} in the log, and mend the crash.")
        yield from _shown(answer)
    for answer in (site.get(site.nowhere("/v1")), site.page(site.nowhere()), site.get("/readyz")):
        yield from _shown(answer)


def _shown(answer: Answer) -> Iterator[Wrong]:
    if found := _INSIDE.search(answer.text):
        yield Wrong(
            f"{answer}, and shows {found[0]!r}.", "Turn FLASK_DEBUG off; let app/core/web/errors.py answer.", "critical"
        )
