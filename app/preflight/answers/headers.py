"""Security headers: on pages, on the API, on errors and on static files alike, each once."""

import re
from collections.abc import Iterator

from app.preflight.asking.answer import Answer
from app.preflight.asking.site import Site
from app.preflight.checks import Wrong, check

# What is enough, as a pattern: a service may well be stricter, or name another policy than ours.
PROMISED = {
    "X-Content-Type-Options": r"nosniff",
    "X-Frame-Options": r"(?i:deny|sameorigin)",
    "Referrer-Policy": r"(no-referrer|same-origin|strict-origin|origin|no-referrer-when-downgrade|, )+.*",
    "Permissions-Policy": r".+",
    "Cross-Origin-Opener-Policy": r"same-origin.*",
    "Cross-Origin-Resource-Policy": r"same-.*",
    "Content-Security-Policy": r".*default-src .*",
    "Cache-Control": r".+",
}
PROXY = "Have the proxy pass the application's headers on, and set them only where it answers by itself."


def kinds(site: Site) -> dict[str, Answer]:
    """Return an answer of each kind that a service gives."""
    return {
        "a page": site.page(),
        "the API": site.get("/v1/ping"),
        "an error of the API": site.get(site.nowhere("/v1")),
        "an error page": site.page(site.nowhere()),
        **dict(zip(["a static file"], map(site.get, site.static()), strict=False)),
    }


@check(
    "headers",
    "medium",
    promise="Every answer carries the security headers, each once: pages, API, errors, static files.",
    why="A browser protects nobody on an answer that does not say so; of two values it may take the weaker.",
)
def headers(site: Site) -> Iterator[Wrong]:
    """Look at an answer of each kind."""
    for kind, answer in kinds(site).items():
        lacking = [name for name in PROMISED if not answer.all(name)]
        if lacking:
            yield Wrong(f"On {kind} there is no {', '.join(lacking)}.", PROXY)
        for name, pattern in PROMISED.items():
            values = answer.all(name)
            if len(values) > 1:
                yield Wrong(f"On {kind}, {name} is there {len(values)} times.", PROXY)
            elif values and not re.fullmatch(pattern, values[0]):
                yield Wrong(f"On {kind}, {name} is {values[0]!r}.", "Leave it as app/core/edge/headers.py has it.")


@check(
    "banner",
    "low",
    promise="No answer tells what serves it, to the version.",
    why="Robots look for versions with a known hole.",
)
def banner(site: Site) -> Iterator[Wrong]:
    """Look for numbers in headers that exist to tell names."""
    for name in ("Server", "X-Powered-By", "Via", "X-AspNet-Version"):
        told = {
            value for answer in kinds(site).values() for value in answer.all(name) if re.search(r"/\d|\d\.\d", value)
        }
        for value in sorted(told):
            yield Wrong(f"{name}: {value}", "server_tokens off; in Nginx.")


@check(
    "request-id",
    "low",
    promise="Every answer carries the id that its log lines have.",
    why="Who reports an error has nothing to quote, and its log lines are not found.",
)
def request_id(site: Site) -> Iterator[Wrong]:
    """Send an id, which has to come back."""
    for kind, answer in kinds(site).items():
        if answer.header("X-Request-ID") != site.id and kind != "a static file":
            told = answer.header("X-Request-ID") or "none"
            yield Wrong(f"On {kind} it is {told}, where {site.id} was sent.", "Have the proxy pass X-Request-ID on.")
