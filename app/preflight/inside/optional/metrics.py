"""The address of metrics and probes: there is one, and it is not for everybody."""

from collections.abc import Iterator

from app.preflight.checks import Wrong, check
from app.preflight.inside.here import Here

EVERYWHERE = ("0.0.0.0:", "[::]:")


@check(
    "metrics-address",
    "low",
    promise="Metrics are served, at an inner address.",
    why="Without them no alert can fire; in public they tell every address, and how busy it is.",
)
def metrics_address(here: Here) -> Iterator[Wrong]:
    """Look at the setting; whether the public reaches /metrics is seen from outside (metrics)."""
    bind = here.config["METRICS_BIND"]
    if not bind:
        yield Wrong("METRICS_BIND is not set.", "METRICS_BIND=127.0.0.1:8001, or a socket; docs/observe.md.")
    elif bind.startswith(EVERYWHERE):
        yield Wrong(f"METRICS_BIND is {bind}.", "Loopback or a socket; in a container, publish no such port.")
