"""Settings: accepted, those of production, and in agreement with what stands in front."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from werkzeug.sansio.utils import host_is_trusted

from app.preflight.checks import NotHereError, Wrong, check
from app.preflight.inside.here import Here

IN_PUBLIC = {"production", "staging"}
EVERYWHERE = ("0.0.0.0:", "[::]:")


@check(
    "settings",
    "critical",
    promise="The settings are accepted.",
    why="The service does not start: it ends with status 78, and its supervisor does not try again.",
)
def settings(here: Here) -> Iterator[Wrong]:
    """Tell what the configuration itself says, each by its variable."""
    where = here.environ.get("APP_CONFIG_FILE", "the environment")
    for variable, problem in here.problems.items():
        yield Wrong(f"{variable}: {problem}", f"Mend it in {where}; .env.example explains it.")


@check(
    "environment",
    "critical",
    promise="The environment is production or staging, and debug mode is off.",
    why="Development accepts what is dangerous in public: plain HTTP, any key, a debugger.",
)
def environment(here: Here) -> Iterator[Wrong]:
    """Look at what the settings say of themselves."""
    if here.config["ENVIRONMENT"] not in IN_PUBLIC:
        yield Wrong(f"APP_ENV is {here.config['ENVIRONMENT']}.", "Unset APP_ENV, or set it to production.")
    if here.config["DEBUG"]:
        yield Wrong("FLASK_DEBUG is on.", "Unset FLASK_DEBUG.")


@check(
    "hops",
    "medium",
    promise="PROXY_HOPS_* agree with each other, and with who can reach the service.",
    why="One too many, and clients choose their address and scheme; one too few, and all are the proxy.",
)
def hops(here: Here) -> Iterator[Wrong]:
    """Compare them; whether they are right is seen from outside (forged-headers)."""
    config = here.config
    counted = {name: config[f"PROXY_HOPS_{name}"] for name in ("FOR", "PROTO", "HOST", "PREFIX")}
    if counted["FOR"] != counted["PROTO"]:
        yield Wrong(
            f"PROXY_HOPS_FOR is {counted['FOR']}, and PROXY_HOPS_PROTO {counted['PROTO']}.",
            "Count the proxies in front that set each; nearly always they set both.",
        )
    for name in ("HOST", "PREFIX"):
        if counted[name] > counted["PROTO"]:
            yield Wrong(
                f"PROXY_HOPS_{name} counts more proxies than PROXY_HOPS_PROTO.", "0, unless each proxy sets it."
            )
    if any(counted.values()) and str(config["BIND"]).startswith(EVERYWHERE):
        yield Wrong(
            f"BIND is {config['BIND']}: whoever reaches that address is taken for the proxy.",
            "Listen on loopback or a socket; in a container, see that its network has nobody else.",
            "low",
        )


@check(
    "own-host",
    "critical",
    promise="The service answers to the host of its public address.",
    why="Every visitor would be told that this host is not served here.",
)
def own_host(here: Here) -> Iterator[Wrong]:
    """Ask as the service does at each request."""
    host, allowed = urlsplit(here.config["PUBLIC_URL"]).hostname or "", list(here.config["ALLOWED_HOSTS"])
    if allowed and not host_is_trusted(host, allowed):
        yield Wrong(f"TRUSTED_HOSTS has no {host}, the host of PUBLIC_URL.", "Add it, or unset TRUSTED_HOSTS.")


@check(
    "log-format",
    "medium",
    promise="Log lines are JSON, and not of level DEBUG.",
    why="What is written for people cannot be searched by field; DEBUG fills disks, and tells too much.",
)
def log_format(here: Here) -> Iterator[Wrong]:
    """Look at the two settings."""
    if here.config["LOG_FORMAT"] != "json":
        yield Wrong(f"LOG_FORMAT is {here.config['LOG_FORMAT']}.", "Unset LOG_FORMAT.")
    if here.config["LOG_LEVEL"] == "DEBUG":
        yield Wrong("LOG_LEVEL is DEBUG.", "Unset LOG_LEVEL.", "low")


@check(
    "hsts-setting",
    "medium",
    promise="HSTS is on.",
    why="Each visit can begin in plain text, where somebody in between answers first.",
)
def hsts_setting(here: Here) -> Iterator[Wrong]:
    """Look at the setting; what browsers get is seen from outside (hsts)."""
    if not here.config["SECURE"]:
        raise NotHereError("PUBLIC_URL is plain HTTP", "mend that first")
    if here.config["HSTS_SECONDS"] == 0:
        yield Wrong("HSTS_SECONDS is 0.", "Unset HSTS_SECONDS once all names below this one are served by TLS.")


@check(
    "release-name",
    "low",
    promise="RELEASE and GIT_SHA say what runs.",
    why="Logs, metrics and error reports cannot tell one release from the next.",
)
def release_name(here: Here) -> Iterator[Wrong]:
    """Look at both."""
    if here.config["RELEASE"] == "unreleased":
        yield Wrong("RELEASE is not set.", "Set it when a release is built; deploy/vps/release and the image do.")
    if here.config["GIT_SHA"] == "unknown":
        yield Wrong("GIT_SHA is not set.", "Set it likewise.")
