"""The Content-Security-Policy of pages: no script but ours, and a nonce that nobody can know."""

import re
from collections.abc import Iterator

from app.preflight.asking.answer import Answer
from app.preflight.asking.site import AS_A_BROWSER, Site
from app.preflight.checks import NotHereError, Wrong, check

LOOSE = ("'unsafe-inline'", "'unsafe-eval'", "'unsafe-hashes'", "*", "http:", "https:", "data:", "blob:")
OWN_DEFAULT = ("base-uri", "form-action", "frame-ancestors")  # default-src does not stand for these
SHORTEST_NONCE = 16  # characters; W3C's CSP3 asks for 128 bits, which are 22 of base64
POLICY = 'Leave it as app/core/edge/headers.py has it; give scripts a nonce: nonce="{{ csp_nonce() }}".'


@check(
    "csp",
    "high",
    promise="Pages have a Content-Security-Policy without 'unsafe-inline', wildcards or gaps.",
    why="It is what keeps a script from running that somebody has smuggled into a page.",
)
def csp(site: Site) -> Iterator[Wrong]:
    """Look at what each page allows to scripts, and at what has no default."""
    for path, policy in {answer.asked.rpartition("/")[2]: _policy(answer) for answer in site.pages()}.items():
        where = f"On /{path}"
        if not policy:
            yield Wrong(f"{where} there is none.", POLICY)
            continue
        for name in ("script-src", "style-src"):
            allowed = policy.get(name, policy.get("default-src", ["*"]))
            if loose := [source for source in allowed if source in LOOSE and not _outdone(source, allowed)]:
                yield Wrong(
                    f"{where}, {name} allows {' '.join(loose)}.", POLICY, "high" if name == "script-src" else "medium"
                )
        if absent := [name for name in OWN_DEFAULT if name not in policy]:
            yield Wrong(f"{where} nothing is said of {', '.join(absent)}.", POLICY, "medium")


def _policy(answer: Answer) -> dict[str, list[str]]:
    directives = [part.split() for part in answer.header("Content-Security-Policy").split(";")]
    return {words[0].lower(): words[1:] for words in directives if words}


def _outdone(source: str, allowed: list[str]) -> bool:
    """Whether browsers pass over 'unsafe-inline', as they do where there is a nonce or a hash (CSP3, section 6.7.3)."""
    return source == "'unsafe-inline'" and any(other.startswith(("'nonce-", "'sha")) for other in allowed)


@check(
    "csp-nonce",
    "high",
    promise="The nonce of scripts is long, and another one in each answer.",
    why="A nonce that can be known is permission for everybody's script.",
)
def csp_nonce(site: Site) -> Iterator[Wrong]:
    """Ask for the page twice; a cache in between would repeat the first."""
    first, second = (_nonces(site.ask(site.home, headers=AS_A_BROWSER)) for _ in range(2))
    if not first:
        raise NotHereError("the page has no nonce, so it needs none, or its scripts do not run", "open it in a browser")
    if first & second:
        yield Wrong("Two answers have the same.", "Let no proxy keep pages; Cache-Control: no-cache is theirs to heed.")
    if any(len(nonce) < SHORTEST_NONCE for nonce in first):
        yield Wrong("It is shorter than 16 characters.", POLICY)


def _nonces(answer: Answer) -> set[str]:
    return set(re.findall(r"'nonce-([^']+)'", answer.header("Content-Security-Policy")))
