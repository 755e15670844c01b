"""Starts uWSGI with the settings of the service: `python -m deploy.uwsgi.start`, in the folder of the release.

A configuration that is not acceptable ends here, with status 78.
"""

import os
import sys
from pathlib import Path

from app.config import Config, load_config_or_exit

INI = Path(__file__).with_name("uwsgi.ini")
NUMBERS = (
    "WEB_CONCURRENCY",
    "WEB_THREADS",
    "WEB_MAX_REQUESTS",
    "WEB_MAX_REQUESTS_JITTER",
    "WEB_GRACEFUL_TIMEOUT_SECONDS",
)


def variables(settings: Config) -> dict[str, str]:
    """Return what uwsgi.ini reads from the environment; not as UWSGI_*, for all of these are options of uWSGI."""
    numbers = {name: str(getattr(settings, name)) for name in NUMBERS}
    return {**numbers, "WEB_SOCKET": settings.BIND.removeprefix("unix:")}


if __name__ == "__main__":
    os.environ.update(variables(load_config_or_exit()))
    os.execv(Path(sys.executable).with_name("uwsgi"), ["uwsgi", "--ini", str(INI)])  # noqa: S606  no shell is wanted
