"""What must not be open: metrics, files of the checkout, a debugger, answers for scripts of other sites."""

from collections.abc import Iterator

from app.preflight.asking.site import Site
from app.preflight.checks import Wrong, check

STRANGER = "https://attacker.example"
# What a file holds that is really there; a page that answers everything holds none of it.
FILES = {
    "/.env": ("SECRET_KEY", "DATABASE_URL", "="),
    "/.git/HEAD": ("ref: ",),
    "/.git/config": ("[core]",),
    "/requirements.txt": ("flask==", "--hash"),
    "/wsgi.py": ("import ",),
}
DEBUGGER = ("/console", *(f"/?__debugger__=yes&cmd=resource&f={name}" for name in ("style.css", "debugger.js")))


@check(
    "metrics",
    "high",
    promise="/metrics is not open to the public.",
    why="It tells every address of the service, how busy it is, and what fails.",
)
def metrics(site: Site) -> Iterator[Wrong]:
    """Ask for it."""
    answer = site.get("/metrics")
    if not answer.refused:
        yield Wrong(f"{answer}.", "Serve it inside the network alone; location = /metrics { return 404; }")


@check(
    "files",
    "critical",
    promise="Files of the checkout (.env, .git, code) are not served.",
    why="They hold secrets, or lead to them; robots ask every server for them, all day.",
)
def files(site: Site) -> Iterator[Wrong]:
    """Ask for those that everybody tries."""
    for path, signs in FILES.items():
        answer = site.get(path)
        if answer.served and answer.type != "text/html" and any(sign in answer.text for sign in signs):
            yield Wrong(f"{answer}.", "Serve the folder of exported static files only, and change every secret in it.")


@check(
    "debugger",
    "critical",
    promise="No debugger answers.",
    why="It executes code for whoever reaches it.",
)
def debugger(site: Site) -> Iterator[Wrong]:
    """Ask as Werkzeug's debugger is asked for its own files."""
    for path in DEBUGGER:
        answer = site.get(path)
        if answer.served and "debugger" in answer.text and ("Werkzeug" in answer.text or "traceback" in answer.text):
            yield Wrong(f"Werkzeug's answers {path}.", "Turn FLASK_DEBUG off, and run Gunicorn, not flask run.")


@check(
    "cors",
    "high",
    promise="Scripts of any other site cannot read answers.",
    why="A page anywhere could read what the service tells its visitor.",
)
def cors(site: Site) -> Iterator[Wrong]:
    """Ask in the name of a strange origin."""
    for path in ("/", "/v1/ping"):
        answer = site.get(path, {"Origin": STRANGER})
        allowed = answer.header("Access-Control-Allow-Origin")
        with_cookies = answer.header("Access-Control-Allow-Credentials").lower() == "true"
        if allowed in {STRANGER, "null"} or (allowed == "*" and with_cookies):
            yield Wrong(f"{path} may be read by {STRANGER}.", "Name the origins that may, in CORS_ORIGINS.")
        elif allowed == "*":
            yield Wrong(
                f"{path} may be read by every site, without cookies.", "Name those that may, in CORS_ORIGINS.", "low"
            )
