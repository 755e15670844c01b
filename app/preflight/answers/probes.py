"""Probes: liveness looks at nothing else, readiness at all that is leaned on; neither is kept, limited or talkative."""

from collections.abc import Iterator

from app.preflight.asking.answer import Answer
from app.preflight.asking.site import Site
from app.preflight.checks import Wrong, check

READY = {200, 503}
TALK = {"status", "failing", "degraded"}


@check(
    "liveness",
    "high",
    promise="/healthz answers 200, speaks of itself alone, and is neither kept nor limited; HEAD does.",
    why="Whoever restarts what is not live restarts everything while a database is away, or nothing at all.",
)
def liveness(site: Site) -> Iterator[Wrong]:
    """Ask as orchestrators do."""
    answer = site.get("/healthz")
    if not answer.served or answer.type != "application/json":
        yield Wrong(f"{answer}.", "It answers as long as the process can answer; see app/core/observability/health.py.")
    if talk := sorted(answer.json().keys() - {"status"}):
        yield Wrong(f"It speaks of {', '.join(talk)}.", "Leave dependencies to /readyz.")
    yield from _as_probes_are(site, "/healthz", answer)


@check(
    "readiness",
    "critical",
    promise="/readyz says that the service is ready, by names alone, and is neither kept nor limited; HEAD does.",
    why="A service that is not ready answers its visitors with errors.",
)
def readiness(site: Site) -> Iterator[Wrong]:
    """Ask what it leans on."""
    answer = site.get("/readyz")
    said = answer.json()
    if answer.status not in READY or answer.type != "application/json" or "status" not in said:
        yield Wrong(f"{answer}.", "See that the proxy passes /readyz on to the application.")
        return
    if said.get("failing"):
        yield Wrong(
            f"Not ready: {_names(said['failing'])}.", "The log says why, at level WARNING: readiness: ... failed."
        )
    if said.get("degraded"):
        yield Wrong(
            f"It does without {_names(said['degraded'])}.", "The log says why; it is slower, or does less.", "medium"
        )
    if talk := sorted(said.keys() - TALK):
        yield Wrong(f"It tells more than names: {', '.join(talk)}.", "Leave reasons to the log.", "medium")
    yield from _as_probes_are(site, "/readyz", answer)


def _names(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _as_probes_are(site: Site, path: str, answer: Answer) -> Iterator[Wrong]:
    if "no-store" not in answer.header("Cache-Control"):
        yield Wrong(f"{path} may be kept: Cache-Control is {answer.header('Cache-Control')!r}.", "no-store.", "medium")
    if answer.header("Age") or answer.header("X-Cache").upper().startswith("HIT"):
        yield Wrong(f"{path} comes out of a cache.", "Have the cache pass probes by.")
    if answer.all("RateLimit-Policy"):
        yield Wrong(f"{path} is limited.", "Who is refused there is taken for dead: leave probes uncounted.", "medium")
    head = site.ask(path, "HEAD")
    if head.status != answer.status:
        yield Wrong(
            f"{head}, where GET is with {answer.status}.", "Some probes send HEAD: let the proxy pass it.", "low"
        )
