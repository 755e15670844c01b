"""Static files: kept for ever under names that change with them, and sent compressed; pages not."""

import re
from collections.abc import Iterator

from app.preflight.asking.site import AS_A_BROWSER, Site
from app.preflight.checks import NotHereError, Wrong, check

FINGERPRINT = re.compile(r"\.[0-9a-f]{8,}\.[a-z0-9]+$")
A_YEAR = 31_536_000
WORTH_IT = 1_024  # bytes; below, compression hardly saves a packet
TEXT = (".css", ".js", ".svg", ".json")
GZIP = {"Accept-Encoding": "gzip"}


@check(
    "static",
    "medium",
    promise="Static files are there, kept for a year under fingerprinted names, and never so under others.",
    why="Visitors fetch them anew with each page, or keep the former release's for a year.",
)
def static(site: Site) -> Iterator[Wrong]:
    """Ask for what the home page names."""
    for path in _named(site):
        answer = site.get(path)
        kept = answer.header("Cache-Control")
        age = max([0, *map(int, re.findall(r"max-age=(\d+)", kept))])
        for_ever = "immutable" in kept and age >= A_YEAR
        if not answer.served:
            yield Wrong(f"{answer}.", "flask assets export FOLDER, as a step of each release.", "high")
        elif FINGERPRINT.search(path) and not for_ever:
            yield Wrong(f"{path}: Cache-Control is {kept!r}.", "public, max-age=31536000, immutable.", "low")
        elif not FINGERPRINT.search(path) and for_ever:
            yield Wrong(
                f"{path} is kept for ever under a name that stays.", "Name it by url_for, which adds a fingerprint."
            )


@check(
    "compression",
    "low",
    promise="Static text is sent compressed.",
    why="It is three times as long on its way.",
)
def compression(site: Site) -> Iterator[Wrong]:
    """Ask for it as browsers do."""
    for path in _named(site):
        if path.endswith(TEXT) and len(site.get(path).body) > WORTH_IT:
            answer = site.get(path, GZIP)
            if answer.header("Content-Encoding") not in {"gzip", "br", "zstd"}:
                yield Wrong(f"{path} is sent as it is.", "gzip_static on; for the folder of `flask assets export`.")
            elif "accept-encoding" not in answer.header("Vary").lower():
                yield Wrong(f"{path}: no Vary: Accept-Encoding.", "gzip_vary on;")


@check(
    "compressed-pages",
    "medium",
    promise="Pages and the API are not compressed.",
    why="A page that shows input beside a token gives the token away by its length (BREACH).",
)
def compressed_pages(site: Site) -> Iterator[Wrong]:
    """Ask for a page as browsers do."""
    for answer in (site.get(site.home, AS_A_BROWSER | GZIP), site.get("/v1/ping", GZIP)):
        if answer.header("Content-Encoding"):
            yield Wrong(f"{answer}, compressed.", "gzip off; in Nginx, where the application is asked.")


def _named(site: Site) -> list[str]:
    named = site.static()
    if not named:
        raise NotHereError("the home page names no static file", "ask for one of yours: curl --head")
    return named
