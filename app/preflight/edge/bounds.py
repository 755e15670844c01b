"""What the service bounds: the size of a body."""

from collections.abc import Iterator

from app.preflight.asking.site import Site
from app.preflight.checks import NoAnswerError, NotHereError, Wrong, check

TOO_LARGE = 413
GIGANTIC = str(2 * 1024**3)  # more than MAX_CONTENT_LENGTH can be


@check(
    "body-limit",
    "medium",
    promise="A body that is too large is refused before it has arrived, with problem details.",
    why="Memory or disk would be filled by whoever sends enough.",
)
def body_limit(site: Site) -> Iterator[Wrong]:
    """Announce two gigabytes, and send none of them."""
    mend = "Set MAX_CONTENT_LENGTH, and the same in the proxy: client_max_body_size."
    path = _path_with_a_body(site)
    try:
        answer = site.ask(path or "/", "POST", {"Content-Type": "application/json", "Content-Length": GIGANTIC})
    except NoAnswerError as silence:
        yield Wrong(f"Two gigabytes are announced: {silence}.", mend)
        return
    if answer.status == TOO_LARGE:
        if path and answer.type != "application/problem+json":
            yield Wrong(f"{answer}, and not as problem details.", mend, "low")
    elif path:
        yield Wrong(f"Two gigabytes are announced: {answer}, and not with 413.", mend)
    else:
        raise NotHereError("no operation that takes a body is known", "POST two megabytes to one of yours")


def _path_with_a_body(site: Site) -> str | None:
    paths = site.get("/openapi.json").json().get("paths", {})
    taking = (path for path, operations in paths.items() if "requestBody" in operations.get("post", {}))
    return next((path for path in taking if "{" not in path), None)
