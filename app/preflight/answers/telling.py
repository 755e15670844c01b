"""What the service tells of itself: its time, and which release it is."""

import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

from app.preflight.asking.site import Site
from app.preflight.checks import NotHereError, Wrong, check

LARGEST_DIFFERENCE = 30  # seconds


@check(
    "clock",
    "medium",
    promise="Its clock shows the same time as that of this machine.",
    why="Cookies end too early, signatures are refused, and log lines of two machines cannot be put in order.",
)
def clock(site: Site) -> Iterator[Wrong]:
    """Compare Date with our own time, half way between question and answer."""
    before = time.time()
    answer = site.ask("/healthz")
    ours = (before + time.time()) / 2
    try:
        theirs = parsedate_to_datetime(answer.header("Date")).timestamp()
    except ValueError as error:
        raise NotHereError("the answer has no Date", "date -u, on both machines") from error
    ahead = round(theirs + 0.5 - ours)  # Date has no fractions
    if abs(ahead) > LARGEST_DIFFERENCE:
        direction = "ahead of" if ahead > 0 else "behind"
        yield Wrong(f"It is {abs(ahead)} seconds {direction} this machine's.", "timedatectl, on both: is NTP at work?")


@check(
    "release",
    "low",
    promise="The service says which release it is.",
    why="After a release nobody can tell whether it is there.",
)
def release(site: Site) -> Iterator[Wrong]:
    """Look into its OpenAPI document."""
    info = site.get("/openapi.json").json().get("info", {})
    if not info.get("version"):
        raise NotHereError("/openapi.json names no version", "read `release` in a log line")
    if info["version"] == "unreleased":
        yield Wrong("It calls itself unreleased.", "Set RELEASE, and GIT_SHA, when it is built.")
