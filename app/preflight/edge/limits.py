"""Limits of how often a client may ask, as they show themselves from outside, and by which address it is counted."""

import re
from collections.abc import Iterator

from app.preflight.asking.answer import Answer
from app.preflight.asking.site import Site
from app.preflight.checks import NotHereError, Wrong, check
from app.preflight.edge.believing import OVERWRITE


@check(
    "rate-limit",
    "low",
    promise="Clients are told how often they may ask, and how much of that is left.",
    why="Without a limit one client can take what is meant for all.",
)
def rate_limit(site: Site) -> Iterator[Wrong]:
    """Look for a limit on what was asked; views that change something have their own, which nobody tries here."""
    answers: list[Answer] = [site.page(), site.get("/v1/ping")]
    if not any(answer.header("RateLimit-Policy") for answer in answers):
        raise NotHereError(
            "neither the page nor /v1/ping has a limit; views may have one of their own",
            "set RATE_LIMIT for one over all, or send one of these views more than it allows",
        )
    if not all(answer.header("RateLimit") for answer in answers if answer.header("RateLimit-Policy")):
        yield Wrong("The limit is told, and not what is left of it.", "See that the proxy passes RateLimit on.")


@check(
    "forged-client",
    "high",
    promise="A client cannot claim to be another address (X-Forwarded-For).",
    why="Limits would count nobody, and the log would blame whomever an attacker names.",
)
def forged_client(site: Site) -> Iterator[Wrong]:
    """Claim a new address at each request, and see whether what is left of the limit goes down all the same."""
    left = {_left(site, f"192.0.2.{number}") for number in (1, 2, 3)}
    if None in left:
        how = "curl -H 'X-Forwarded-For: 192.0.2.1' it, and read client.address in its access line"
        raise NotHereError("no answer tells how a client is counted, or nothing is left of the limit", how)
    if len(left) == 1:
        yield Wrong("Each address that is claimed has a limit of its own.", OVERWRITE)


def _left(site: Site, address: str) -> str | None:
    told = site.ask("/v1/ping", headers={"X-Forwarded-For": address}).header("RateLimit")
    found = re.search(r"\br=([1-9]\d*)", told)
    return found[1] if found else None
