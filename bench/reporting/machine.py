"""On what it was measured: the machine, and the versions of what was running."""

import os
import platform
import re
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psycopg

from app.config.cpus import usable_cpus
from bench.running import programs
from bench.running.place import Place

PACKAGES = ("flask", "werkzeug", "gunicorn", "sqlalchemy", "psycopg")


def about(place: Place) -> dict[str, str]:
    """Return what a reader has to know to judge the figures."""
    return {
        "Date": f"{datetime.now(UTC):%Y-%m-%d}",
        "Processor": f"{_processor()}, {usable_cpus()} usable",
        "Memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "System": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
        "nginx": _number(programs.version("nginx", "-v")),
        "wrk": _number(programs.version("wrk", "-v")),
        "PostgreSQL": _postgresql(place),
    }


def _processor() -> str:
    text = Path("/proc/cpuinfo").read_text()
    found = re.search(r"^model name\s*: (.*)$", text, re.MULTILINE)
    return found[1] if found else platform.machine()


def _number(printed: str) -> str:
    found = re.search(r"\d+(\.\d+)+", printed)
    return found[0] if found else printed


def _postgresql(place: Place) -> str:
    with psycopg.connect(place.postgres.uri("postgres")) as connection:
        return _number(connection.info.parameter_status("server_version") or "unknown")
