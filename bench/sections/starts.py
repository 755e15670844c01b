"""How much processor time passes from the start of a fresh process to its first answer."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from functools import partial

from bench import BenchmarkError
from bench.measuring.rounds import spread, take_turns
from bench.reporting.findings import Findings, Table
from bench.running.place import PROJECT, Place
from bench.sections.options import Options
from devtools import lifeline

TITLE = "Start"
NOTE = "Processor time of a fresh Python process from its first instruction to its first answer, modules compiled."
CORE = "ours, core: database and metrics"


def run(place: Place, options: Options) -> Findings:
    """Measure starts of all contenders in turns; the first of each only compiles its modules."""
    contenders = {
        "bare Flask": ("bench.apps.bare:app", place.bare()),
        CORE: ("wsgi:app", place.core()),
        "ours, with Redis": ("wsgi:app", place.service()),
        "ours, everything: Redis, metrics, Sentry": ("wsgi:app", place.everything()),
    }
    for one in contenders.values():
        milliseconds(*one, place.log)
    found = take_turns(
        {name: partial(milliseconds, *one, place.log) for name, one in contenders.items()}, options.starts
    )
    table = Table(TITLE, NOTE, ["application", "ms", "quartiles"])
    for name, values in found.items():
        middle = spread(values)
        table.rows.append([name, middle.median, f"{middle.low:.0f} to {middle.high:.0f}"])
    return Findings([table], {"start": spread(found[CORE])})


def milliseconds(application: str, environ: Mapping[str, str], log: int) -> float:
    """Start the application, have it answer, and return its processor time."""
    results, remote = os.pipe()
    with os.fdopen(results) as reader:
        try:
            process = subprocess.Popen(
                [sys.executable, "-m", "bench.measuring.start", application, str(remote)],
                cwd=PROJECT,
                env=environ,
                stdout=log,
                pass_fds=[remote],
                preexec_fn=lifeline.tie(signal.SIGTERM),  # noqa: PLW1509  there is one thread
            )
        finally:
            os.close(remote)
        written = reader.read()
    if process.wait():
        raise BenchmarkError(f"{application} did not start")
    return float(written) * 1000
