"""Rate limits: they are counted somewhere, and by the right address."""

from collections.abc import Iterator

from app.preflight.checks import Wrong, check
from app.preflight.inside.here import Here


@check(
    "rate-limits",
    "low",
    promise="Limits of views are counted, in Redis, and refuse nobody else while that is away.",
    why="A limit that nobody counts is none.",
)
def limits(here: Here) -> Iterator[Wrong]:
    """Look at what they stand on; from outside a limit over all shows itself (rate-limit)."""
    config = here.config
    if not config["REDIS_URL"]:
        yield Wrong("REDIS_URL is not set: limits that views declare are not counted.", "Set REDIS_URL.")
    elif config["RATE_LIMIT_STORE_DOWN"] == "refuse":
        yield Wrong(
            "RATE_LIMIT_STORE_DOWN is refuse: without Redis, what is limited is answered with 503.",
            "allow, unless that is what you want.",
        )
