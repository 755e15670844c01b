"""Whom the service believes: what clients claim in X-Forwarded-* and Host is theirs, and must not arrive."""

import re
from collections.abc import Iterator

from app.preflight.asking.answer import Answer
from app.preflight.asking.site import AS_A_BROWSER, Site
from app.preflight.checks import NoAnswerError, NotHereError, Wrong, check

STRANGER = "attacker.example"
FORGED = {
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Host": STRANGER,
    "X-Forwarded-Prefix": "/attacker-example",
    "X-Forwarded-Port": "81",
    "X-Forwarded-Ssl": "on",
    "Forwarded": f"for=192.0.2.1;host={STRANGER};proto=http",
    "X-Original-URL": "/attacker-example",
    "SCRIPT_NAME": "/attacker-example",
}
OVERWRITE = (
    "Have the proxy in front overwrite it or leave it out, never pass it on, and count the proxies"
    " that set it in PROXY_HOPS_*."
)
_TRACE = re.compile(r"attacker[.-]example", re.IGNORECASE)


@check(
    "forged-headers",
    "high",
    promise="Forwarded headers of a client (scheme, host, prefix) change nothing.",
    why="Whoever is believed here decides where links and redirects lead, and what caches keep for others.",
)
def forged_headers(site: Site) -> Iterator[Wrong]:
    """Send each alone, and compare the page with the one that comes without."""
    honest = site.page()
    for header, claim in FORGED.items():
        answer = site.ask(site.home, headers=AS_A_BROWSER | {header: claim})
        if answer.status != honest.status:
            yield Wrong(f"With {header}: {claim}, {_told(answer)}, not with {honest.status}.", OVERWRITE)
        elif _repeated(answer):
            yield Wrong(f"With {header}: {claim}, the answer repeats it.", OVERWRITE)


@check(
    "forged-scheme",
    "high",
    promise="A client cannot claim over plain HTTP to have come by TLS.",
    why="The service would answer in plain text what is meant for TLS alone, its cookies included.",
)
def forged_scheme(site: Site) -> Iterator[Wrong]:
    """Claim it where plain HTTP is answered."""
    if site.http_port is None:
        raise NotHereError("which port answers plain HTTP is not known", "name it by --http-port")
    for header, claim in [("X-Forwarded-Proto", "https"), ("X-Forwarded-Ssl", "on"), ("Forwarded", "proto=https")]:
        try:
            answer = site.ask(site.home, headers={header: claim}, plain=True)
        except NoAnswerError:
            return
        if answer.served:
            yield Wrong(f"With {header}: {claim}, {_told(answer)} over plain HTTP.", OVERWRITE)


@check(
    "hosts",
    "high",
    promise="A request for a host that is not ours is refused.",
    why="Its name would end in links, mails and caches that others get.",
)
def hosts(site: Site) -> Iterator[Wrong]:
    """Name another host over a connection to ours."""
    mend = "Set TRUSTED_HOSTS, or leave it to PUBLIC_URL; have the proxy refuse other names (a default server)."
    try:
        answer = site.ask(site.home, headers=AS_A_BROWSER, host=STRANGER)
    except NoAnswerError:
        return
    if not answer.refused or _repeated(answer):
        yield Wrong(f"For the host {STRANGER}, {_told(answer)}.", mend)


def _told(answer: Answer) -> str:
    return str(answer).replace(answer.asked, "the page", 1)


def _repeated(answer: Answer) -> bool:
    return bool(_TRACE.search(answer.text) or _TRACE.search(str(answer.headers)))
