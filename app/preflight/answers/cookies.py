"""Cookies: over TLS only, out of the reach of scripts, of this host alone."""

from collections.abc import Iterator

from app.preflight.asking.site import Site
from app.preflight.checks import NotHereError, Wrong, check

PREFIXES = ("__Host-", "__Secure-")
FLAGS = "Leave SESSION_COOKIE_* to the configuration, and set PUBLIC_URL to the address with https."


@check(
    "cookies",
    "high",
    promise="Every cookie is Secure, HttpOnly and SameSite, and bound to this host (__Host-).",
    why="A session that is sent in plain text, read by a script or sent along from elsewhere is somebody else's.",
)
def cookies(site: Site) -> Iterator[Wrong]:
    """Look at the cookies of the home page and of those that it leads to; a form sets one, for its token."""
    found = {line.partition("=")[0].strip(): line for answer in site.pages() for line in answer.all("Set-Cookie")}
    if not found:
        raise NotHereError("no page that the home page leads to sets a cookie", "name a page that does by --page")
    for name, line in found.items():
        yield from _judged(name, _attributes(line))


def _attributes(line: str) -> dict[str, str]:
    parts = (part.partition("=") for part in line.split(";")[1:])
    return {name.strip().lower(): value.strip() for name, _, value in parts}


def _judged(name: str, attributes: dict[str, str]) -> Iterator[Wrong]:
    if "secure" not in attributes:
        yield Wrong(f"{name} is not Secure.", FLAGS)
    if "httponly" not in attributes:
        yield Wrong(f"{name} is not HttpOnly.", FLAGS)
    if attributes.get("samesite", "").lower() not in {"lax", "strict"}:
        yield Wrong(f"{name} is not SameSite=Lax or Strict.", FLAGS)
    if "domain" in attributes:
        yield Wrong(f"{name} goes to all hosts of {attributes['domain']}.", "Set no SESSION_COOKIE_DOMAIN.", "medium")
    elif not name.startswith(PREFIXES):
        yield Wrong(f"{name}, without the prefix __Host-, can be set by a neighbouring host.", FLAGS, "low")
