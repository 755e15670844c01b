"""Plain HTTP: it leads to TLS, to our own name, and browsers remember that."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from app.preflight.asking.answer import Answer
from app.preflight.asking.site import Site
from app.preflight.checks import NoAnswerError, NotHereError, Wrong, check

TARGET = "/v1/ping?by=preflight"
STRANGER = "attacker.example"
SHORTEST_HSTS = 180 * 86_400  # Mozilla's HTTP Observatory asks for six months
PERMANENT = {301, 308}
REDIRECTS = {301, 302, 303, 307, 308}


@check(
    "redirect",
    "high",
    promise="Plain HTTP is redirected to the same address over TLS, for good.",
    why="What is answered without TLS can be read and changed on its way, cookies and forms included.",
)
def redirect(site: Site) -> Iterator[Wrong]:
    """Ask for an address with a query, which has to survive."""
    mend = f"return 308 https://{site.host}$request_uri; in Nginx, for port {_port(site)}."
    try:
        answer = site.ask(TARGET, plain=True)
    except NoAnswerError as silence:
        yield Wrong(f"{silence}. Who types the name alone may be told that nothing is there.", mend, "low")
        return
    if answer.status not in REDIRECTS:
        yield Wrong(f"{answer}.", mend)
    elif answer.header("Location") != f"{site.url}{TARGET}":
        yield Wrong(f"{answer}, and not to {site.url}{TARGET}.", mend)
    elif answer.status not in PERMANENT:
        yield Wrong(f"{answer}: it is not permanent, and asked for again each time.", mend, "low")


@check(
    "redirect-host",
    "high",
    promise="The redirect leads to our own name, whatever host the client claims.",
    why="A cache or a link would carry visitors to an attacker's host, with our name in front.",
)
def redirect_host(site: Site) -> Iterator[Wrong]:
    """Claim another host; no answer at all is a good one."""
    mend = "Redirect to the configured name ($server_name, PUBLIC_URL), never to $host."
    _port(site)
    try:
        answer = site.ask(TARGET, plain=True, host=STRANGER)
    except NoAnswerError:
        return
    if answer.leads_to.endswith(STRANGER):
        yield Wrong(f"For the host {STRANGER}, plain HTTP is redirected there.", mend)


def _port(site: Site) -> int:
    if site.http_port is None:
        reason = f"which port answers plain HTTP beside {site.port} is not known"
        raise NotHereError(reason, "name it by --http-port")
    return site.http_port


@check(
    "redirect-loop",
    "critical",
    promise="What is asked over TLS is answered, not redirected to itself.",
    why="Browsers give up after twenty redirects, and show nothing.",
)
def redirect_loop(site: Site) -> Iterator[Wrong]:
    """Ask for the page, and for an operation."""
    mend = "Have the proxy say how the client came: X-Forwarded-Proto $scheme, and PROXY_HOPS_PROTO=1."
    for answer in (site.page(), site.get("/v1/ping")):
        if answer.header("Location") == answer.asked.partition(" ")[2]:
            yield Wrong(f"{answer}, again and again.", mend)


@check(
    "hsts",
    "medium",
    promise="Browsers are told to use TLS for six months at least (HSTS), on pages, errors and files.",
    why="Without it each visit can begin in plain text, where somebody in between answers first.",
)
def hsts(site: Site) -> Iterator[Wrong]:
    """Look at an answer of each kind, and at plain HTTP, where browsers ignore it (RFC 6797, section 7.2)."""
    for answer in [site.page(), site.get(site.nowhere("/v1")), *map(site.get, site.static()[:1])]:
        yield from _remembered(answer)


def _remembered(answer: Answer) -> Iterator[Wrong]:
    mend = "Set HSTS_SECONDS, and in Nginx the same (deploy/nginx/slipway/answers.conf)."
    values = answer.all("Strict-Transport-Security")
    seconds = [int(age) for value in values for age in re.findall(r"max-age=\"?(\d+)", value)]
    path = urlsplit(answer.asked.partition(" ")[2]).path
    if not seconds:
        yield Wrong(f"{path} comes without Strict-Transport-Security.", mend)
    elif len(values) > 1:
        yield Wrong(f"{path} has it more than once: {' and '.join(values)}.", mend, "low")
    elif seconds[0] < SHORTEST_HSTS:
        yield Wrong(f"{path} has it for {seconds[0]} seconds only.", mend, "low")
